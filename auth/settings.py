"""How people sign in, and for how long."""

import base64
import binascii

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from auth.providers import Providers

_KEY_BYTES = 32


class AuthSettings(BaseModel):
    """`POLYPHONY_AUTH_*`."""

    model_config = ConfigDict(frozen=True)

    key_encryption_key: SecretStr | None = Field(
        None,
        description=(
            "32 bytes in base64 that seal signing keys and second factors; after a comma, older"
            " ones that still open."
        ),
    )
    session_idle_s: int = Field(14 * 86_400, gt=0, description="Sessions end unused after this.")
    session_lifetime_s: int = Field(90 * 86_400, gt=0, description="No session lasts longer.")
    access_token_s: int = Field(900, ge=60, le=3600, description="Life of an access token.")
    refresh_token_s: int = Field(30 * 86_400, gt=0, description="Life of an unused refresh token.")
    refresh_grace_s: float = Field(
        10, ge=0, description="How long a spent refresh token may be sent again."
    )
    challenge_s: int = Field(300, gt=0, description="Time for a second factor or a passkey.")
    providers: Providers = Field(
        default_factory=dict,
        description="OpenID providers by name: a JSON object, or the path of a file with one.",
    )
    provider_sign_in_s: int = Field(
        600, ge=60, le=3600, description="Time to sign in at an OpenID provider."
    )
    mail_link_s: int = Field(86_400, gt=0, description="Life of a link that confirms an address.")
    reset_link_s: int = Field(3600, gt=0, description="Life of a link that resets a password.")
    failures_per_account: int = Field(5, gt=0, description="Failed sign-ins until it is limited.")
    failures_per_address: int = Field(20, gt=0, description="The same, for a network address.")
    failures_window_s: int = Field(900, gt=0, description="The time in which they are counted.")
    mails_per_hour: int = Field(5, gt=0, description="Mails asked for, for one address.")
    password_threads: int = Field(2, gt=0, description="Passwords hashed at the same time.")
    password_queue: int = Field(200, gt=0, description="How many may wait to be hashed.")

    @field_validator("key_encryption_key")
    @classmethod
    def _keys_of_32_bytes(cls, keys: SecretStr | None) -> SecretStr | None:
        for key in keys.get_secret_value().split(",") if keys is not None else ():
            try:
                size = len(base64.b64decode(key.strip(), validate=True))
            except binascii.Error:
                size = 0
            if size != _KEY_BYTES:
                raise ValueError("not 32 bytes in base64: `openssl rand -base64 32` makes some")
        return keys
