"""Tokens of other services (RFC 9068): of issuers that the configuration names, and no others."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from auth import jwt
from auth.jwks import MAX_BYTES, STALE_S, JwksCache
from auth.jwt import BadToken, Expected
from auth.outgoing import Outgoing, OutgoingError
from auth.principal import Principal, PrincipalKind
from auth.service_settings import ServiceIssuer
from datasources.errors import StoreUnavailable

_ALGORITHMS = ("RS256", "ES256", "EdDSA", "Ed25519")


class Services:
    """The issuers of this installation, and their keys as one process knows them.

    Once keys are known a token costs no round trip. They are fetched when a token comes that needs
    them, for unknown names at most twice a minute for each issuer.
    """

    def __init__(
        self, issuers: Mapping[str, ServiceIssuer] | None = None, *, loopback: bool = False
    ) -> None:
        self._issuers: dict[str, _Issuer] = {}
        for name, one in (issuers or {}).items():
            outgoing = Outgoing(loopback=loopback, private=one.private_network)
            keys = JwksCache(_KeySets(one.jwks, outgoing))
            self._issuers[one.issuer] = _Issuer(name, one, keys)

    async def principal(self, token: str, audience: str, now: datetime) -> Principal | None:
        """Return the service that a token was issued to; None where no issuer of ours claims it.

        Its scopes are those of the token that the configuration allows it. `audience` is whom the
        token must be for, where the configuration says nothing else.

        Raises:
            BadToken: it is not good, or its service is not one of the configuration's.
            StoreUnavailable: keys are not known, and the issuer does not answer.
        """
        if not self._issuers:
            return None
        issuer = self._issuers.get(jwt.claimed_issuer(token) or "")
        return None if issuer is None else await issuer.principal(token, audience, now)


@dataclass(frozen=True, slots=True)
class _Issuer:
    """One issuer, its settings, and its keys."""

    name: str
    settings: ServiceIssuer
    keys: JwksCache

    async def principal(self, token: str, audience: str, now: datetime) -> Principal:
        header = jwt.read_header(token)
        if header.algorithm not in _ALGORITHMS:
            raise BadToken("alg")
        try:
            key = await self.keys.key(header.kid, header.algorithm)
        except OutgoingError as error:
            raise StoreUnavailable(self.name, str(error)) from None
        if key is None:
            raise BadToken("kid")
        whom = self.settings.audience or audience
        expected = Expected(self.settings.issuer, whom, (header.algorithm,))
        claims = jwt.read_claims(token, key, expected, now)
        service = self.settings.services.get(jwt.text_claim(claims, "client_id"))
        if service is None:
            raise BadToken("client_id")
        scopes = _scopes(claims)
        return Principal(
            PrincipalKind.SERVICE,
            scopes=frozenset(one for one in service.scopes if one in scopes),
            service=service.name,
        )


def _scopes(claims: Mapping[str, Any]) -> Sequence[str]:
    """Return the scopes that a token names; none where it names none.

    Raises:
        BadToken: they are not written as RFC 9068 says.
    """
    scope = claims.get("scope", "")
    if not isinstance(scope, str):
        raise BadToken("scope")
    return scope.split(" ")


class _KeySets:
    """Fetches all key sets of an issuer at once, as one; what does not answer keeps its last one.

    That is so for an hour: then its keys are not believed any more.
    """

    def __init__(self, urls: Sequence[str], outgoing: Outgoing) -> None:
        self._urls = urls
        self._outgoing = outgoing
        self._last: dict[str, tuple[float, list[Any]]] = {}

    async def __call__(self) -> object:
        """Return the keys of all sets, as one set.

        Raises:
            OutgoingError: none of the addresses answers as it should.
        """
        found = await asyncio.gather(*map(self._keys, self._urls), return_exceptions=True)
        failed: OutgoingError | None = None
        for url, keys in zip(self._urls, found, strict=True):
            if isinstance(keys, OutgoingError):
                failed = keys
            elif isinstance(keys, BaseException):
                raise keys
            else:
                self._last[url] = (monotonic(), keys)
        if failed is not None and all(isinstance(one, OutgoingError) for one in found):
            raise failed
        since = monotonic() - STALE_S
        return {"keys": [key for at, keys in self._last.values() if at > since for key in keys]}

    async def _keys(self, url: str) -> list[Any]:
        answer = await self._outgoing.fetch_json(url, max_bytes=MAX_BYTES)
        keys = answer.get("keys") if isinstance(answer, dict) else None
        if not isinstance(keys, list):
            raise OutgoingError("no key set")
        return keys
