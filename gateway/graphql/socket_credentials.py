"""Who opens a socket: by what its first message, its headers or its cookie show."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from auth.credentials import Credential
from auth.principal import ANONYMOUS, Principal
from gateway.authentication import (
    Refused,
    authenticate_credential,
    credential_of,
    refuse_credential_in_address,
    with_sender,
)
from gateway.graphql.frames import BAD_MESSAGE, FORBIDDEN, TRY_AGAIN, Closing
from gateway.graphql.origins import origin_of
from gateway.graphql.rights import Rights, rights_of

_MEMBERS = ("authorization", "Authorization")


async def rights_at_init(connection: HTTPConnection, payload: Mapping[str, object]) -> Rights:
    """Return whom a socket acts for.

    What the payload shows goes before a cookie, which a browser sends unasked. A cookie counts
    only where a browser says which page opened the socket; that it may was seen before.

    Raises:
        Closing: 4400 for two credentials or one in the address, 4403 for one that is not good,
            1013 where the store that could tell does not answer.
    """
    try:
        refuse_credential_in_address(connection)
        credential = _of_payload(payload)
        if credential is None:
            credential = credential_of(connection.headers)
        elif {"authorization", "x-api-key"} & set(connection.headers):
            raise Closing(BAD_MESSAGE, "Send one credential")
        if credential is None:
            return rights_of(ANONYMOUS, None)
        if credential.cookie and origin_of(connection) is None:
            raise Closing(FORBIDDEN, "A session in a cookie needs `Origin`")
        principal = await authenticate_credential(connection, credential)
        return rights_of(principal, with_sender(connection, credential))
    except Refused as refused:
        raise _closing(refused) from None


async def renewed_rights(
    connection: HTTPConnection, payload: Mapping[str, object], rights: Rights
) -> Rights | None:
    """Return the rights of the credential that a ping carries; None where it carries none.

    Raises:
        Closing: as at the beginning; 4403 where it is another caller's, or bounds what may be done
            more narrowly: operations that run were begun with more.
    """
    try:
        credential = _of_payload(payload)
        if credential is None:
            return None
        principal = await authenticate_credential(connection, credential)
    except Refused as refused:
        raise _closing(refused) from None
    before = rights.principal
    if _caller(principal) != _caller(before):
        raise Closing(FORBIDDEN, "This token is not of who opened the socket")
    if not principal.scopes >= before.scopes:
        raise Closing(FORBIDDEN, "This token has fewer scopes than the one before")
    return rights_of(principal, with_sender(connection, credential))


def _caller(principal: Principal) -> tuple[object, ...]:
    """Return what stays the same when a caller shows a new credential; a key's text may change."""
    key = None if principal.key is None else principal.key.id
    return principal.kind, principal.user_id, principal.app_id, principal.service, key


def _of_payload(payload: Mapping[str, object]) -> Credential | None:
    shown = [payload[name] for name in _MEMBERS if payload.get(name) is not None]
    if not shown:
        return None
    (value,) = shown if len(shown) == 1 else (None,)
    if not isinstance(value, str):
        raise Closing(BAD_MESSAGE, "`authorization` is one string: `Bearer …`")
    # As in a header, where no other characters can be.
    return credential_of(Headers(raw=[(b"authorization", value.encode("latin-1", "replace"))]))


def _closing(refused: Refused) -> Closing:
    match refused.status:
        case HTTPStatus.BAD_REQUEST:
            return Closing(BAD_MESSAGE, refused.message)
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return Closing(TRY_AGAIN, refused.message)
        case _:
            return Closing(FORBIDDEN, refused.message)
