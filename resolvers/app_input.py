"""What may be said of an app when it is registered."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from auth.jwks import JwksCache
from auth.redirects import problem_with
from auth.scopes import SCOPES_OF_APPS, SCOPES_OF_OWN
from datasources.records.apps import AppAuthentication, AppGrant
from resolvers.errors import InvalidInput

_MIN_NAME_CHARS, _MAX_NAME_CHARS = 2, 50
_MAX_URL_CHARS = 300
_MAX_REDIRECTS = 10
_MAX_KEYS, _MAX_JWKS_BYTES = 10, 16 * 1024
_OUR_NAME = "polyphony"
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_USUAL = {"RSA": "RS256", "EC": "ES256", "OKP": "Ed25519"}


@dataclass(frozen=True, slots=True)
class AppValues:
    """All that is said of an app."""

    name: str
    website: str
    authentication: AppAuthentication
    grants: Sequence[str]
    redirect_uris: Sequence[str]
    scopes: Sequence[str]
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None


async def checked_app(values: AppValues, *, local: bool) -> AppValues:
    """Return the values, tidied up. `local` lets keys lie at this machine: for development.

    Raises:
        InvalidInput: one of them cannot be taken, or they do not go together.
    """
    public = values.authentication is AppAuthentication.NONE
    grants = _grants(values.grants, public=public)
    _check_keys(values, local=local)
    if values.jwks is not None:
        await _check_key_set(values.jwks)
    return AppValues(
        _name(values.name),
        _website(values.website),
        values.authentication,
        grants,
        _redirect_uris(values.redirect_uris, grants, public=public),
        _scopes(values.scopes, grants),
        values.jwks,
        values.jwks_uri,
    )


def _name(given: str) -> str:
    """Return a name that people can tell from others: it stands on the page that asks them."""
    name = " ".join(unicodedata.normalize("NFKC", given).split())
    strange = any(unicodedata.category(char).startswith("C") for char in name)
    if not _MIN_NAME_CHARS <= len(name) <= _MAX_NAME_CHARS or strange:
        message = f"A name has {_MIN_NAME_CHARS} to {_MAX_NAME_CHARS} characters that can be seen."
        raise _wrong("name", message)
    if _OUR_NAME in name.casefold():
        raise _wrong("name", "An app of somebody else is not called as we are.")
    return name


def _website(url: str) -> str:
    if not _is_https(url) or len(url) > _MAX_URL_CHARS:
        raise _wrong("website", "A website has an address with https.")
    return url


def _is_https(url: str) -> bool:
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _grants(given: Sequence[str], *, public: bool) -> list[str]:
    grants = [one.value for one in AppGrant if one.value in given]
    if not grants:
        raise _wrong("grants", "An app gets tokens in one way at least.")
    if public and AppGrant.CLIENT_CREDENTIALS in grants:
        raise _wrong("grants", "An app without a secret cannot act for itself.")
    return grants


def _redirect_uris(given: Sequence[str], grants: Sequence[str], *, public: bool) -> list[str]:
    uris = list(dict.fromkeys(given))
    if len(uris) > _MAX_REDIRECTS:
        raise _wrong("redirectUris", f"An app has at most {_MAX_REDIRECTS} of these.")
    for uri in uris:
        problem = problem_with(uri, public=public)
        if problem is not None:
            raise _wrong("redirectUris", problem)
    if not uris and AppGrant.AUTHORIZATION_CODE in grants:
        raise _wrong("redirectUris", "Say where people come back to with their code.")
    return uris


def _scopes(given: Sequence[str], grants: Sequence[str]) -> list[str]:
    scopes = sorted(set(given))
    unknown = set(scopes) - SCOPES_OF_APPS
    if unknown or not scopes:
        known = ", ".join(sorted(SCOPES_OF_APPS))
        raise _wrong("scopes", f"An app has some of these scopes: {known}.")
    if list(grants) == [AppGrant.CLIENT_CREDENTIALS] and set(scopes) - SCOPES_OF_OWN:
        raise _wrong("scopes", "An app that acts for nobody only reads what is public.")
    return scopes


def _check_keys(values: AppValues, *, local: bool) -> None:
    given = [one for one in (values.jwks, values.jwks_uri) if one is not None]
    needed = values.authentication is AppAuthentication.PRIVATE_KEY_JWT
    if len(given) != int(needed):
        message = "Name `jwks` or `jwksUri`, one of them." if needed else "This app has no keys."
        raise _wrong("jwks", message)
    uri = values.jwks_uri
    if uri is None:
        return
    here = local and problem_with(uri, public=False) is None
    if not (here or _is_https(uri)) or len(uri) > _MAX_URL_CHARS or "#" in uri:
        raise _wrong("jwksUri", "Keys lie at an address with https.")


async def _check_key_set(jwks: Mapping[str, Any]) -> None:
    """Let a set of public keys pass, each with a name of its own, and none too weak."""
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not 0 < len(keys) <= _MAX_KEYS:
        raise _wrong("jwks", f"A JSON Web Key Set has 1 to {_MAX_KEYS} `keys`.")
    try:
        too_long = len(orjson.dumps(jwks)) > _MAX_JWKS_BYTES
    except TypeError:
        too_long = True
    if too_long:
        raise _wrong("jwks", f"A set of keys has at most {_MAX_JWKS_BYTES} bytes.")
    if any(isinstance(key, dict) and _PRIVATE & key.keys() for key in keys):
        message = "This holds a private key, which is not for us: make another one, and keep it."
        raise _wrong("jwks", message)

    async def fetch() -> object:
        return jwks

    known = JwksCache(fetch)
    for key in keys:
        kid = key.get("kid") if isinstance(key, dict) else None
        usual = _USUAL.get(str(key.get("kty"))) if isinstance(key, dict) else None
        algorithm = key.get("alg", usual) if isinstance(key, dict) else None
        named = isinstance(kid, str) and kid and isinstance(algorithm, str)
        if not named or await known.key(str(kid), str(algorithm)) is None:
            message = "A key has a `kid` of its own, and is RSA of 2048 bits, P-256, or Ed25519."
            raise _wrong("jwks", message)


def _wrong(field: str, message: str) -> InvalidInput:
    return InvalidInput(("input", field), message)
