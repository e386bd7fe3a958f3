"""Settings of other services that call the graph: who issues their tokens, and what they may do."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_settings import NoDecode

from auth.scopes import Scope
from auth.strict_json import read_object

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ServiceSettings(BaseModel):
    """One service: the name that logs give it, and the most that it may do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=60, description="What the audit log calls it.")
    scopes: frozenset[Scope] = Field(description="What its tokens may be used for, at most.")


class ServiceIssuer(BaseModel):
    """Who issues tokens to services, and to which of them that matter here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: str = Field(description="The `iss` of its tokens, to the letter.")
    jwks: tuple[str, ...] = Field(min_length=1, description="Addresses of its keys.")
    audience: str = Field("", description="The `aud` of its tokens; by default this graph.")
    services: Mapping[str, ServiceSettings] = Field(
        min_length=1, description="Its services, by the `client_id` of their tokens."
    )
    private_network: bool = Field(
        default=False, description="Keys may be at a private address; HTTPS is needed all the same."
    )

    @field_validator("jwks")
    @classmethod
    def _addresses(cls, jwks: tuple[str, ...]) -> tuple[str, ...]:
        for one in jwks:
            parts = urlsplit(one)
            local = parts.scheme == "http" and parts.hostname in _LOOPBACK  # not in production
            if not parts.hostname or parts.username or not (parts.scheme == "https" or local):
                raise ValueError("keys are at an https:// address")
        return jwks


def _read(value: Any) -> Any:
    """Return the issuers of a variable: JSON, or the path of a file of it."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text and not text.startswith("{"):
        try:
            text = Path(text).read_text()
        except OSError:
            raise ValueError("neither a JSON object nor a file that can be read") from None
    return read_object(text.encode()) if text else {}


def _once(issuers: Mapping[str, ServiceIssuer]) -> Mapping[str, ServiceIssuer]:
    names = [one.issuer for one in issuers.values()]
    if len(set(names)) != len(names):
        raise ValueError("two entries have one issuer")
    return issuers


ServiceIssuers = Annotated[
    Mapping[str, ServiceIssuer], NoDecode, BeforeValidator(_read), AfterValidator(_once)
]
"""Issuers, by the name that logs and errors give them."""
