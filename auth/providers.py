"""Settings of the OpenID providers at which people may sign in."""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode

from auth.strict_json import read_object

SigningKey = ECKey | RSAKey | OKPKey

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ICON_TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}
_MAX_ICON_BYTES = 32 * 1024
_MIN_RSA_BITS = 2048
_MAX_NAME_CHARS = 40


class ProviderSettings(BaseModel):
    """One OpenID provider. Of `client_secret` and `private_key` it has one."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    issuer: str = Field(description="What the provider calls itself: its `iss`, to the letter.")
    client_id: str = Field(min_length=1, max_length=500)
    client_secret: SecretStr | None = Field(None, min_length=1)
    private_key: SecretStr | None = Field(
        None, description="A PEM or JWK that signs what shows who we are (`private_key_jwt`)."
    )
    private_key_id: str | None = Field(None, description="Its `kid`, as the provider knows it.")
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    name: str = Field("", max_length=_MAX_NAME_CHARS, description="What the button says.")
    icon: str = Field("", description="A file, SVG, PNG or WebP, up to 32 KiB; or a data: URL.")
    private_network: bool = Field(
        default=False, description="It may be at a private address; HTTPS is needed all the same."
    )
    sign_out_there: bool = Field(
        default=False, description="Signing out here goes on to signing out there, unasked."
    )

    @field_validator("issuer")
    @classmethod
    def _an_address(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        safe = parts.scheme == "https" or (
            parts.scheme == "http" and parts.hostname in _LOOPBACK  # refused in production
        )
        if not safe or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError("an issuer is an https:// address, without a query")
        return issuer

    @field_validator("scopes", mode="before")
    @classmethod
    def _words(cls, scopes: Any) -> Any:
        return tuple(scopes.split()) if isinstance(scopes, str) else scopes

    @field_validator("scopes")
    @classmethod
    def _with_openid(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes or any(not one or " " in one for one in scopes):
            raise ValueError("scopes are words, and `openid` is one of them")
        return scopes

    @field_validator("icon")
    @classmethod
    def _picture(cls, icon: str) -> str:
        """Return the picture as a data: URL: no page of ours loads one from elsewhere."""
        if not icon or icon.startswith("data:image/"):
            return icon
        path = Path(icon)
        kind = _ICON_TYPES.get(path.suffix)
        if kind is None or not path.is_file() or path.stat().st_size > _MAX_ICON_BYTES:
            raise ValueError("an icon is a file .svg, .png or .webp of up to 32 KiB")
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"

    @model_validator(mode="after")
    def _one_way_to_show_who_we_are(self) -> Self:
        if (self.client_secret is None) == (self.private_key is None):
            raise ValueError("either client_secret or private_key is needed, and not both")
        if self.private_key is not None:
            self.signing_key()
        return self

    def signing_key(self) -> tuple[SigningKey, str]:
        """Return the private key and the algorithm that it signs with.

        Raises:
            ValueError: there is none, or none that is strong enough.
        """
        if self.private_key is None:
            raise ValueError("there is no private key")
        text = self.private_key.get_secret_value().strip()
        for kind, algorithm in ((ECKey, "ES256"), (RSAKey, "RS256"), (OKPKey, "Ed25519")):
            try:
                key = kind.import_key(json.loads(text) if text.startswith("{") else text)
            except (JoseError, ValueError, TypeError, KeyError):
                continue
            if key.is_private and _strong(key):
                return key, algorithm
        raise ValueError("not a private key that can sign: P-256, RSA from 2048 bits, or Ed25519")


def _strong(key: SigningKey) -> bool:
    if isinstance(key, RSAKey):
        return key.public_key.key_size >= _MIN_RSA_BITS
    return key.curve_name in ("P-256", "Ed25519")


def _read(value: Any) -> Any:
    """Return the providers of a variable: JSON, or the path of a file of it."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text and not text.startswith("{"):
        try:
            text = Path(text).read_text()
        except OSError:
            raise ValueError("neither a JSON object nor a file that can be read") from None
    try:
        return read_object(text.encode()) if text else {}
    except ValueError:
        # Without the text: it holds secrets.
        raise ValueError("not a JSON object of providers by name") from None


def _named(providers: Mapping[str, ProviderSettings]) -> Mapping[str, ProviderSettings]:
    for name in providers:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be part of an address: use a-z, 0-9 and -")
    issuers = [one.issuer for one in providers.values()]
    if len(set(issuers)) != len(issuers):
        raise ValueError("two providers have one issuer")
    return providers


Providers = Annotated[
    Mapping[str, ProviderSettings], NoDecode, BeforeValidator(_read), AfterValidator(_named)
]
"""Providers by the name that they have in our addresses: /auth/login/<name>."""
