"""OpenID providers, as one process knows them: where they are, and what they say of somebody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT

from auth.id_token import Asked, read_id_token
from auth.jwks import MAX_BYTES as MAX_JWKS_BYTES
from auth.jwks import JwksCache
from auth.jwt import BadToken
from auth.logout_token import Logout, read_logout_token
from auth.outgoing import Outgoing, OutgoingError
from auth.providers import ProviderSettings
from auth.remembered import Remembered
from auth.strict_json import read_object

METADATA_LIFETIME_S: Final = 3600.0
METADATA_STALE_S: Final = 86_400.0

_DISCOVERY = "/.well-known/openid-configuration"
_MAX_EMAIL_CHARS = 254
_MAX_NAME_CHARS = 200
_MAX_SID_CHARS = 255
_OK = 200


class Refused(Exception):
    """What came back is not good: forged, for another attempt, used. The reason is for logs."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What we take of a provider's metadata, and no more: it is the provider that writes it."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    names_itself: bool  # in what comes back through the browser (RFC 9207)
    takes_basic: bool


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a provider vouches for. `email` is one that it says it has confirmed, else None."""

    issuer: str
    subject: str
    email: str | None
    name: str
    sid: str | None
    id_token: str = field(repr=False)


class Provider:
    """One provider. What it publishes is fetched when it is needed, and kept for an hour."""

    def __init__(self, name: str, settings: ProviderSettings, outgoing: Outgoing) -> None:
        self.name = name
        self.settings = settings
        self._outgoing = outgoing
        self._metadata = Remembered(
            self._discover, lifetime_s=METADATA_LIFETIME_S, stale_s=METADATA_STALE_S
        )
        self._keys = JwksCache(self._fetch_keys)

    @property
    def issuer(self) -> str:
        """What it calls itself."""
        return self.settings.issuer

    @property
    def title(self) -> str:
        """What people call it."""
        return self.settings.name or self.name.capitalize()

    async def metadata(self) -> Metadata:
        """Return what it says of itself.

        Raises:
            OutgoingError: it is not known, and the provider does not answer as it should.
        """
        return await self._metadata.current()

    async def sign_in_url(self, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Return where a browser is sent, with the challenge of the verifier (PKCE, S256).

        Raises:
            OutgoingError: the provider does not answer as it should.
        """
        metadata = await self.metadata()
        async with self._client(metadata, redirect_uri) as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint, state=state, nonce=nonce, code_verifier=verifier
            )
        return str(url)

    async def check_sender(self, iss: str | None) -> None:
        """Let pass what came back through the browser from this provider (RFC 9207).

        Raises:
            Refused: it came from another one, or does not say so though it always does.
            OutgoingError: the provider does not answer as it should.
        """
        if iss is None and not (await self.metadata()).names_itself:
            return
        if iss != self.issuer:
            raise Refused("iss")

    async def exchange(
        self, code: str, redirect_uri: str, nonce: str, verifier: str, now: datetime
    ) -> Person:
        """Return for whom a code stands; it is worth nothing afterwards.

        Raises:
            Refused: the code, or what came for it, is not good.
            OutgoingError: the provider does not answer as it should.
        """
        metadata = await self.metadata()
        tokens = await self._redeemed(metadata, code, redirect_uri, verifier)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str | None):
            raise OutgoingError("no ID token")
        asked = Asked(self.issuer, self.settings.client_id, nonce, access_token)
        try:
            claims = await read_id_token(id_token, self._keys, asked, now)
        except BadToken as error:
            raise Refused(f"ID token: {error}") from error
        if "email" not in claims and "email" in self.settings.scopes and access_token:
            beside = await self._userinfo(metadata, access_token, claims["sub"])
            # One of them says an address, and whether it is confirmed: never each a half.
            claims = {**beside, **{one: claims[one] for one in claims if one != "email_verified"}}
        return _person(claims, id_token)

    async def logout(self, token: str, now: datetime) -> Logout:
        """Return whose sessions a logout token ends.

        Raises:
            Refused: it is not the provider's, or not good.
            OutgoingError: the provider does not answer as it should.
        """
        try:
            return await read_logout_token(
                token, self._keys, self.issuer, self.settings.client_id, now
            )
        except BadToken as error:
            raise Refused(f"logout token: {error}") from error

    async def _redeemed(
        self, metadata: Metadata, code: str, redirect_uri: str, verifier: str
    ) -> Mapping[str, Any]:
        try:
            async with self._client(metadata, redirect_uri) as client:
                tokens = await client.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                )
        except OAuthError as error:
            # Anything else than a code that is not good is between the provider and us.
            if error.error == "invalid_grant":
                raise Refused("code") from None
            raise OutgoingError(f"token: {str(error.error)[:40]!r}") from None
        except (httpx2.HTTPError, ValueError, TypeError, AttributeError, KeyError) as error:
            raise OutgoingError(f"token: {type(error).__name__}") from None
        if not isinstance(tokens, dict):
            raise OutgoingError("token: no object")
        return tokens

    async def _userinfo(
        self, metadata: Metadata, access_token: str, subject: str
    ) -> Mapping[str, Any]:
        """Return what the provider says of a person beside the ID token; {} where it does not."""
        if metadata.userinfo_endpoint is None:
            return {}
        request = httpx2.Request(
            "GET",
            metadata.userinfo_endpoint,
            headers={"Authorization": f"Bearer {access_token}", "Accept": "application/json"},
        )
        response = await self._outgoing.send(request)
        if response.status_code != _OK:
            raise OutgoingError(f"userinfo: status {response.status_code}")
        try:
            claims = read_object(response.content)
        except ValueError as error:
            raise OutgoingError("userinfo: no JSON object") from error
        if claims.get("sub") != subject:  # somebody else's (Core, 5.3.4)
            raise Refused("userinfo: sub")
        return {
            name: claims[name] for name in ("email", "email_verified", "name") if name in claims
        }

    def _client(self, metadata: Metadata, redirect_uri: str) -> AsyncOAuth2Client:
        settings = self.settings
        method = "client_secret_basic" if metadata.takes_basic else "client_secret_post"
        secret: Any = settings.client_secret and settings.client_secret.get_secret_value()
        if settings.private_key is not None:
            secret, algorithm = settings.signing_key()
            method = "private_key_jwt"
        client = AsyncOAuth2Client(
            settings.client_id,
            secret,
            token_endpoint_auth_method=method,
            scope=" ".join(settings.scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            transport=self._outgoing.transport(),
            trust_env=False,
        )
        if settings.private_key is not None:
            headers = {"kid": settings.private_key_id} if settings.private_key_id else {}
            client.register_client_auth_method(PrivateKeyJWT(headers=headers, alg=algorithm))
        return client

    async def _discover(self) -> Metadata:
        found = await self._outgoing.fetch_json(self.issuer.rstrip("/") + _DISCOVERY)
        if not isinstance(found, dict) or found.get("issuer") != self.issuer:
            raise OutgoingError("metadata: issuer")
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return Metadata(
            authorization_endpoint=self._address(found, "authorization_endpoint"),
            token_endpoint=self._address(found, "token_endpoint"),
            jwks_uri=self._address(found, "jwks_uri"),
            userinfo_endpoint=self._optional_address(found, "userinfo_endpoint"),
            end_session_endpoint=self._optional_address(found, "end_session_endpoint"),
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
            takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
        )

    async def _fetch_keys(self) -> object:
        return await self._outgoing.fetch_json(
            (await self.metadata()).jwks_uri, max_bytes=MAX_JWKS_BYTES
        )

    def _optional_address(self, found: Mapping[str, Any], name: str) -> str | None:
        return None if found.get(name) is None else self._address(found, name)

    def _address(self, found: Mapping[str, Any], name: str) -> str:
        """Return an address that browsers may be sent to as well: no script, no other scheme."""
        address = found.get(name)
        if not isinstance(address, str) or not address.isascii() or not address.isprintable():
            raise OutgoingError(f"metadata: {name}")
        try:
            parts = urlsplit(address)
        except ValueError as error:
            raise OutgoingError(f"metadata: {name}") from error
        # Where the issuer itself is asked without TLS, on this machine, so is the rest.
        plain = self.issuer.startswith("http://") and parts.scheme == "http"
        if not (parts.scheme == "https" or plain) or not parts.hostname or parts.username:
            raise OutgoingError(f"metadata: {name}")
        return address


def _person(claims: Mapping[str, Any], id_token: str) -> Person:
    email, name, sid = (claims.get(one) for one in ("email", "name", "sid"))
    confirmed = claims.get("email_verified") is True and isinstance(email, str)
    return Person(
        issuer=claims["iss"],
        subject=claims["sub"],
        email=email if confirmed and 0 < len(str(email)) <= _MAX_EMAIL_CHARS else None,
        name=name[:_MAX_NAME_CHARS] if isinstance(name, str) else "",
        sid=sid if isinstance(sid, str) and 0 < len(sid) <= _MAX_SID_CHARS else None,
        id_token=id_token,
    )
