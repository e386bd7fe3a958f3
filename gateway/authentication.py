"""Finds out who sends a request: from a session's cookie, a bearer token, or an API key."""

from dataclasses import dataclass, replace
from http import HTTPStatus

import structlog
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from auth.api_key_text import has_key
from auth.api_keys import NotFromHere, Sender
from auth.credentials import BadCredential, Credential, principal_of
from auth.identity import Identity
from auth.principal import ANONYMOUS, Principal, PrincipalKind
from datasources.errors import StoreError
from datasources.stores import Stores
from gateway.context import build_context, has_preflight, is_of_our_page
from gateway.cookies import session_cookies
from resolvers.audit import record_denials
from resolvers.context import utc_now
from resolvers.sessions import NEEDS_PREFLIGHT
from schema.errors import ErrorCode

log = structlog.get_logger(__name__)

CHALLENGE = 'Bearer error="invalid_token"'
"""`WWW-Authenticate` of an answer to a credential that is not good (RFC 6750)."""

_SCHEME = "bearer"
_KEY_HEADER = "x-api-key"
# Addresses end up in logs, histories and Referer headers.
_NOT_IN_AN_ADDRESS = frozenset(
    {
        "access_token",
        "accesstoken",
        "api_key",
        "apikey",
        "authorization",
        "bearer",
        "id_token",
        "jwt",
        "refresh_token",
        "refreshtoken",
        "session",
        "token",
        "x_api_key",
    }
)


_PEOPLE = (PrincipalKind.ANONYMOUS, PrincipalKind.USER)


class Refused(Exception):
    """A request that is not run: the status, code and words of its answer.

    `service` is the store that did not answer; `dead_cookie` says that the browser is to forget
    its session.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: ErrorCode,
        message: str,
        *,
        service: str = "",
        dead_cookie: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.extensions = {"code": code.value} | ({"service": service} if service else {})
        self.dead_cookie = dead_cookie

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says beside its status."""
        unauthorized = self.status is HTTPStatus.UNAUTHORIZED
        return {"WWW-Authenticate": CHALLENGE} if unauthorized else {}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who comes to a page; `ended` says that the browser's cookie is to be forgotten."""

    principal: Principal
    ended: bool = False


async def authenticate(connection: HTTPConnection) -> Principal:
    """Return who sends a request: nobody only where it shows no credential at all.

    Raises:
        Refused: 400 for two credentials, 401 for one that is not good, 403 for a key that may not
            be used from there, 503 where the store that could tell does not answer.
    """
    credential = credential_of(connection.headers)
    return ANONYMOUS if credential is None else await _resolved(connection, credential)


async def authenticate_operation(connection: HTTPConnection) -> Principal:
    """Return who sends an operation; a browser's session needs the preflight header, too.

    Raises:
        Refused: as for `authenticate`; 400 for a token in the address, 403 without the header.
    """
    refuse_credential_in_address(connection)
    credential = credential_of(connection.headers)
    if credential is None:
        return ANONYMOUS
    if credential.cookie and not (has_preflight(connection) or is_of_our_page(connection)):
        raise Refused(HTTPStatus.FORBIDDEN, ErrorCode.FORBIDDEN, NEEDS_PREFLIGHT)
    return await _resolved(connection, credential)


async def caller_of(connection: HTTPConnection) -> Caller:
    """Return who comes to a page: a dead cookie is nobody's, and to be forgotten.

    Raises:
        Refused: as for `authenticate`, but for that; and 403 for a key or a service: pages are for
            people.
    """
    try:
        caller = Caller(await authenticate(connection))
    except Refused as refused:
        if not refused.dead_cookie:
            raise
        return Caller(ANONYMOUS, ended=True)
    if caller.principal.kind not in _PEOPLE:
        message = "Pages are for people: sign in, and send no key."
        raise Refused(HTTPStatus.FORBIDDEN, ErrorCode.FORBIDDEN, message)
    return caller


def credential_in_address(connection: HTTPConnection) -> bool:
    """Whether an address has a parameter with the name of a credential, or a key in any."""
    parameters = connection.query_params.multi_items()
    return any(_plain(name) in _NOT_IN_AN_ADDRESS or has_key(value) for name, value in parameters)


def credential_of(headers: Headers) -> Credential | None:
    """Return the credential that a request shows, or None.

    Raises:
        Refused: there are two, or one of no known form.
    """
    cookies, tokens = session_cookies(headers), headers.getlist("authorization")
    keys = headers.getlist(_KEY_HEADER)
    if len(cookies) + len(tokens) + len(keys) > 1:
        message = "Send one credential: the session's cookie, one token, or one key."
        raise Refused(HTTPStatus.BAD_REQUEST, ErrorCode.BAD_USER_INPUT, message)
    if cookies:
        return Credential(cookies[0], cookie=True)
    if keys:
        return Credential(keys[0].strip(), key=True)
    if not tokens:
        return None
    scheme, _, token = tokens[0].strip().partition(" ")
    if scheme.lower() != _SCHEME or not token.strip():
        raise _bad_token()
    return Credential(token.strip())


def refuse_credential_in_address(connection: HTTPConnection) -> None:
    """Refuse what has a token in its address.

    Raises:
        Refused: 400.
    """
    if credential_in_address(connection):
        message = "Credentials do not belong into an address: send `Authorization: Bearer …`."
        raise Refused(HTTPStatus.BAD_REQUEST, ErrorCode.BAD_USER_INPUT, message)


async def authenticate_credential(connection: HTTPConnection, credential: Credential) -> Principal:
    """Return whom a credential stands for that came in another way than in a header.

    Raises:
        Refused: as for `authenticate`.
    """
    return await _resolved(connection, credential)


def with_sender(connection: HTTPConnection, credential: Credential) -> Credential:
    """Return a credential with where it comes from: keys may be bound to that."""
    address = connection.client.host if connection.client else ""
    return replace(credential, sender=Sender(address, connection.headers.get("origin")))


async def _resolved(connection: HTTPConnection, credential: Credential) -> Principal:
    identity: Identity = connection.state.identity
    stores: Stores = connection.state.stores
    try:
        return await principal_of(identity, stores, with_sender(connection, credential), utc_now())
    except NotFromHere as error:
        log.info("credential refused", reason=error.what)
        context = build_context(connection, error.principal)
        context.reply.denied.add(f"apiKey:{error.what}")
        await record_denials(context)
        message = f"This key may not be used from this {error.what}."
        raise Refused(HTTPStatus.FORBIDDEN, ErrorCode.FORBIDDEN, message) from None
    except BadCredential as error:
        log.info("credential refused", reason=str(error))
        if not credential.cookie:
            raise _bad_token() from None
        message = "This session is over. Sign in again."
        raise Refused(
            HTTPStatus.UNAUTHORIZED, ErrorCode.UNAUTHENTICATED, message, dead_cookie=True
        ) from None
    except StoreError as error:
        message = f"The {error.store} service does not answer, so nobody can tell who you are."
        raise Refused(
            HTTPStatus.SERVICE_UNAVAILABLE,
            ErrorCode.SERVICE_UNAVAILABLE,
            message,
            service=error.store,
        ) from error


def _bad_token() -> Refused:
    message = "This token is not good, or not any more."
    return Refused(HTTPStatus.UNAUTHORIZED, ErrorCode.UNAUTHENTICATED, message)


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_")
