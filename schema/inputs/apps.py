"""Inputs of apps."""

from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from auth.scopes import SCOPES_OF_APPS
from datasources.records.apps import AppAuthentication, AppGrant
from resolvers.app_input import AppValues

_NAME = "What people read when they are asked: 2 to 50 characters."
_WEBSITE = "Where they learn more of it: an address with https."
_GRANTS = "The ways in which it gets tokens."
_REDIRECTS = (
    "Where people come back to with their code: up to 10 addresses, compared letter by letter. With"
    " https; for an app without a secret also `http://127.0.0.1/…` (of any port then), or a scheme"
    " of its own, as `org.example.app:/back`."
)
_SCOPES = f"What it may ask for, at the most: some of {', '.join(sorted(SCOPES_OF_APPS))}."
_JWKS = "For `PRIVATE_KEY_JWT`: its public keys, as a JSON Web Key Set."
_JWKS_URI = "For `PRIVATE_KEY_JWT`: where its public keys are, in place of `jwks`."


@strawberry.input(description="An app that asks people to let it act for them.")
class RegisterAppInput:
    """A new app."""

    name: str = strawberry.field(description=_NAME)
    website: str = strawberry.field(description=_WEBSITE)
    scopes: list[str] = strawberry.field(description=_SCOPES)
    redirect_uris: list[str] = strawberry.field(description=_REDIRECTS, default_factory=list)
    authentication: AppAuthentication = strawberry.field(
        description="How it shows who it is; it cannot be changed.",
        default=AppAuthentication.SECRET,
    )
    grants: list[AppGrant] = strawberry.field(
        description=_GRANTS, default_factory=lambda: [AppGrant.AUTHORIZATION_CODE]
    )
    jwks: JSON | None = strawberry.field(description=_JWKS, default=None)
    jwks_uri: str | None = strawberry.field(description=_JWKS_URI, default=None)

    def values(self) -> AppValues:
        """Return it for the use case."""
        return AppValues(
            name=self.name,
            website=self.website,
            authentication=self.authentication,
            grants=[one.value for one in self.grants],
            redirect_uris=self.redirect_uris,
            scopes=self.scopes,
            jwks=_object(self.jwks),
            jwks_uri=self.jwks_uri,
        )


def _member(description: str) -> Any:
    return strawberry.field(description=description, default=UNSET)


@strawberry.input(description="What to change; what is left out, or null, stays as it is.")
class UpdateAppInput:
    """Changes to an app."""

    name: str | None = _member(_NAME)
    website: str | None = _member(_WEBSITE)
    scopes: list[str] | None = _member(_SCOPES)
    redirect_uris: list[str] | None = _member(_REDIRECTS)
    grants: list[AppGrant] | None = _member(_GRANTS)
    jwks: JSON | None = _member(_JWKS)
    jwks_uri: str | None = _member(_JWKS_URI)

    def changes(self) -> dict[str, Any]:
        """Return what was given, by the records' names."""
        given = {name: one for name, one in vars(self).items() if one not in (UNSET, None)}
        if "grants" in given:
            given["grants"] = [one.value for one in given["grants"]]
        if "jwks" in given:
            given["jwks"] = _object(given["jwks"])
        return given


def _object(value: object) -> dict[str, Any] | None:
    """Return JSON that is an object; of what is none, one that is no key set."""
    if value is None:
        return None
    return value if isinstance(value, dict) else {}
