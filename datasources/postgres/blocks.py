"""Blocks: whom somebody does not see, and what ends between two people when one blocks the other.

A block hides both ways. Whoever reads people, or what belongs to them, for a viewer says so with
`unhidden`. Whoever brings two people together asks `are_apart` first, in a statement of its own
after it took `lock_pair`: of the two, or of a person and the owner of a playlist. Whoever gives a
playlist away, and so brings many people to another owner, holds that owner's row: see
`lock_people`.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.notification_tables import notifications
from datasources.postgres.playlist_tables import blocks, playlist_invitations
from datasources.postgres.reading import any_of
from datasources.postgres.tables import (
    playlist_collaborators,
    playlist_followers,
    playlists,
    user_follows,
    users,
)

_of = blocks.c


def unhidden(
    person: ColumnElement[UUID], viewer: ColumnElement[UUID | None] | UUID | None
) -> ColumnElement[bool]:
    """Return what keeps rows of people that a viewer sees; nothing is asked for nobody.

    Those whom the viewer blocked fall out, and those who blocked the viewer (`blocks`). It is NOT
    IN and not NOT EXISTS: so it stays a filter, and the plan of what it filters the same. The
    viewer may be a column of another table, where null is nobody.
    """
    if viewer is None:
        return true()
    hidden = union_all(
        select(_of.blocked_id).where(_of.blocker_id == viewer),
        select(_of.blocker_id).where(_of.blocked_id == viewer),
    )
    return person.not_in(hidden)


async def lock_pair(connection: AsyncConnection, one: UUID, other: UUID) -> None:
    """Let nobody else begin or end anything between two people, until the transaction ends.

    To be taken before any row: then what two people are to one another changes in an order, and
    following does not begin beside the block that ends it.
    """
    first, second = sorted((one, other))
    key = func.hashtextextended(bindparam(None, f"pair {first} {second}"), 0)
    await connection.execute(select(func.pg_advisory_xact_lock(key)))


async def lock_people(connection: AsyncConnection, *ids: UUID) -> set[UUID]:
    """Return those of the people that are there; nobody gives them a playlist until the end.

    Who gets one is held in the same way (`lock_owner`): giving waits for the block and finds it, or
    the block waits and finds the new owner. To be taken before any playlist (`users`).
    """
    id_ = users.c.id
    statement = select(id_).where(any_of(id_, ids)).order_by(id_)
    return set((await connection.execute(statement.with_for_update(key_share=True))).scalars())


async def are_apart(connection: AsyncConnection, one: UUID, other: UUID) -> bool:
    """Return whether one of two people has blocked the other (`blocks`)."""
    between = or_(_pair(one, other), _pair(other, one))
    return bool((await connection.execute(select(exists().where(between)))).scalar_one())


async def has_blocked(connection: AsyncConnection, blocker: UUID, blocked: UUID) -> bool:
    """Return whether the first of two people has blocked the second (`blocks`)."""
    found = await connection.execute(select(exists().where(_pair(blocker, blocked))))
    return bool(found.scalar_one())


async def write_block(
    connection: AsyncConnection, blocker: UUID, blocked: UUID, at: datetime
) -> bool:
    """Write a block (`blocks`); return False where it is there already."""
    row = {"blocker_id": blocker, "blocked_id": blocked, "blocked_at": at}
    statement = insert(blocks).values(row).on_conflict_do_nothing().returning(_of.blocked_id)
    return (await connection.execute(statement)).first() is not None


async def remove_block(connection: AsyncConnection, blocker: UUID, blocked: UUID) -> bool:
    """Remove a block (`blocks`); return False where there is none. What it ended stays ended."""
    statement = delete(blocks).where(_pair(blocker, blocked)).returning(_of.blocked_id)
    return (await connection.execute(statement)).first() is not None


async def end_relations(connection: AsyncConnection, one: UUID, other: UUID) -> None:
    """End all that there is between two people, both ways, under `lock_pair` and `lock_people`.

    That is following one another (`user_follows`), invitations to each other's playlists and by
    each other (`playlist_invitations`), collaboration on these (`playlist_collaborators`),
    following them (`playlist_followers`, with the count in `playlists`), and what they were told of
    each other (`notifications`). The playlists that this is about are locked first, in order: what
    somebody changes on one of them is done before, or not at all. Their other playlists have
    nothing to do with it.
    """
    await _lock_shared(connection, one, other)
    follows = user_follows.c
    await connection.execute(
        delete(user_follows).where(
            or_(
                and_(follows.follower_id == one, follows.followed_id == other),
                and_(follows.follower_id == other, follows.followed_id == one),
            )
        )
    )
    invited = playlist_invitations.c
    await connection.execute(
        delete(playlist_invitations).where(
            or_(
                _on_playlists_of(invited.playlist_id, invited.user_id, one, other),
                and_(invited.user_id == one, invited.invited_by == other),
                and_(invited.user_id == other, invited.invited_by == one),
            )
        )
    )
    shared = playlist_collaborators.c
    await connection.execute(
        delete(playlist_collaborators).where(
            _on_playlists_of(shared.playlist_id, shared.user_id, one, other)
        )
    )
    await _end_following(connection, one, other)
    told = notifications.c
    await connection.execute(
        delete(notifications).where(
            or_(
                and_(told.user_id == one, told.actor_id == other),
                and_(told.user_id == other, told.actor_id == one),
            )
        )
    )


async def _lock_shared(connection: AsyncConnection, one: UUID, other: UUID) -> None:
    """Lock the playlists of two people that the other follows, works on, or is invited to."""

    def of(owner: UUID, person: UUID) -> ColumnElement[bool]:
        tables = (playlist_followers, playlist_collaborators, playlist_invitations)
        known = (select(table.c.playlist_id).where(table.c.user_id == person) for table in tables)
        return and_(playlists.c.owner_id == owner, playlists.c.id.in_(union_all(*known)))

    shared = select(playlists.c.id).where(or_(of(one, other), of(other, one)))
    await connection.execute(shared.order_by(playlists.c.id).with_for_update(key_share=True))


async def _end_following(connection: AsyncConnection, one: UUID, other: UUID) -> None:
    """Let two people follow none of each other's playlists, and count again."""
    kept = playlist_followers.c
    gone = (
        delete(playlist_followers)
        .where(_on_playlists_of(kept.playlist_id, kept.user_id, one, other))
        .returning(kept.playlist_id)
        .cte("gone")
    )
    await connection.execute(
        update(playlists)
        .where(playlists.c.id == gone.c.playlist_id)
        .values(follower_count=playlists.c.follower_count - 1)
    )


def _pair(blocker: UUID, blocked: UUID) -> ColumnElement[bool]:
    return and_(_of.blocker_id == blocker, _of.blocked_id == blocked)


def _on_playlists_of(
    playlist: ColumnElement[UUID], person: ColumnElement[UUID], one: UUID, other: UUID
) -> ColumnElement[bool]:
    """Return what keeps rows of one of two people about playlists of the other."""

    def of(owner: UUID) -> ColumnElement[bool]:
        return playlist.in_(select(playlists.c.id).where(playlists.c.owner_id == owner))

    return or_(and_(person == one, of(other)), and_(person == other, of(one)))
