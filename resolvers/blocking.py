"""Blocking: two people are hidden from each other, and nothing stays between them."""

from dataclasses import dataclass
from uuid import UUID

from datasources.postgres import blocks
from datasources.postgres.client import Connection
from resolvers.context import RequestContext
from resolvers.errors import NotFound
from resolvers.following import NO_SUCH_PERSON, other_person
from resolvers.idempotency import change
from resolvers.live import rights_changed


@dataclass(frozen=True, slots=True)
class UserBlocked:
    """Who blocked whom, and whether it had been different before: 0 or 1."""

    blocker_id: UUID
    blocked_id: UUID
    changed: int


@dataclass(frozen=True, slots=True)
class UserUnblocked:
    """The person who was named, and whether it had been different before: 0 or 1."""

    user_id: UUID
    changed: int


async def block_user(context: RequestContext, user_id: str) -> UserBlocked:
    """Hide the caller and somebody from each other; again changes nothing.

    It ends for good, both ways: following each other and each other's playlists, working on them,
    and invitations to do so.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a person, or the caller's own.
        NotFound: there is no such person for the caller.
    """
    caller, person = other_person(context, user_id)

    async def work(connection: Connection) -> UserBlocked:
        await _check_not_blocked_by(connection, caller, person)
        new = await blocks.write_block(connection, caller, person, context.clock())
        if new:
            await blocks.end_relations(connection, caller, person)
        return UserBlocked(caller, person, int(new))

    blocked = await change(context, work)
    if blocked.changed:  # who follows one of them listens for both: one is enough
        await rights_changed(context.stores.redis, caller)
    return blocked


async def unblock_user(context: RequestContext, user_id: str) -> UserUnblocked:
    """Let the caller and somebody see each other; what the block ended stays ended.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a person, or the caller's own.
        NotFound: there is no such person for the caller.
    """
    caller, person = other_person(context, user_id)

    async def work(connection: Connection) -> UserUnblocked:
        await _check_not_blocked_by(connection, caller, person)
        gone = await blocks.remove_block(connection, caller, person)
        return UserUnblocked(person, int(gone))

    unblocked = await change(context, work)
    if unblocked.changed:
        await rights_changed(context.stores.redis, caller)
    return unblocked


async def _check_not_blocked_by(connection: Connection, caller: UUID, person: UUID) -> None:
    """Let pass whom somebody has not blocked: whom the caller blocked is there for them here.

    Raises:
        NotFound: one of them is not there, or the other has blocked the caller.
    """
    await blocks.lock_pair(connection, caller, person)
    there = await blocks.lock_people(connection, caller, person)
    hidden = await blocks.has_blocked(connection, person, caller)
    if there != {caller, person} or hidden:
        raise NotFound(NO_SUCH_PERSON)
