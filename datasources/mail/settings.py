"""How mail is sent."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class MailSettings(BaseModel):
    """`POLYPHONY_MAIL_*`."""

    model_config = ConfigDict(frozen=True)

    url: SecretStr | None = Field(
        None,
        description=(
            "smtp://user:password@host:587 (STARTTLS) or smtps://…:465. Absent: into a folder."
        ),
    )
    sender: str = Field("Polyphony <no-reply@localhost>", description="Whom mails are from.")
    timeout_s: float = Field(10.0, gt=0, description="Longest wait for the mail server.")
    plaintext: bool = Field(
        False, description="Let smtp:// go without TLS: for a server on this machine only."
    )

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("smtp://", "smtps://")):
            raise ValueError("not an address like smtp://user:password@host:587")
        return url
