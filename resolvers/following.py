"""People follow people: who does, and who no longer does."""

from dataclasses import dataclass
from uuid import UUID

from datasources.postgres import follows
from datasources.postgres.blocks import are_apart, lock_pair
from datasources.postgres.client import Connection
from datasources.records.external_ids import EntityKind
from resolvers.context import RequestContext
from resolvers.errors import InvalidInput, NotFound
from resolvers.idempotency import change
from resolvers.live import rights_changed
from resolvers.notifying import NewNotification, NotificationKind, publish_told, tell
from resolvers.playlist_input import id_in
from resolvers.signed_in import signed_in

NO_SUCH_PERSON = "There is no such person."


@dataclass(frozen=True, slots=True)
class UserFollowChanged:
    """The person who was named, and whether it had been different before: 0 or 1."""

    user_id: UUID
    changed: int


async def follow_user(context: RequestContext, user_id: str) -> UserFollowChanged:
    """Let the caller follow somebody; again changes nothing.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a person, or the caller's own.
        NotFound: there is no such person for the caller.
    """
    caller, person = other_person(context, user_id)

    async def work(connection: Connection) -> UserFollowChanged:
        await _check_visible(connection, caller, person)
        now = context.clock()
        new = await follows.write_follow(connection, caller, person, now)
        if new:
            kind = NotificationKind.NEW_FOLLOWER
            await tell(connection, NewNotification(person, kind, now, actor_id=caller))
        return UserFollowChanged(person, int(new))

    followed = await change(context, work)
    if followed.changed:
        await publish_told(context.stores, person)
        await rights_changed(context.stores.redis, caller)
    return followed


async def unfollow_user(context: RequestContext, user_id: str) -> UserFollowChanged:
    """Let the caller not follow somebody; again changes nothing.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a person, or the caller's own.
        NotFound: there is no such person for the caller.
    """
    caller, person = other_person(context, user_id)

    async def work(connection: Connection) -> UserFollowChanged:
        await _check_visible(connection, caller, person)
        return UserFollowChanged(
            person, int(await follows.remove_follow(connection, caller, person))
        )

    unfollowed = await change(context, work)
    if unfollowed.changed:
        await rights_changed(context.stores.redis, caller)
    return unfollowed


def other_person(context: RequestContext, user_id: str) -> tuple[UUID, UUID]:
    """Return the ids of the caller and of somebody else.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a person, or the caller's own.
    """
    caller = signed_in(context)
    person = id_in(("userId",), EntityKind.USER, user_id)
    if person == caller:
        raise InvalidInput(("userId",), "That is you.")
    return caller, person


async def _check_visible(connection: Connection, caller: UUID, person: UUID) -> None:
    """Let pass who sees somebody, and let no block come between until the transaction ends.

    Raises:
        NotFound: one of them is not there, or there is a block between them: it sounds the same.
    """
    await lock_pair(connection, caller, person)
    there = await follows.hold_people(connection, caller, person)
    apart = await are_apart(connection, caller, person)
    if there != {caller, person} or apart:
        raise NotFound(NO_SUCH_PERSON)
