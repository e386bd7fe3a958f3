"""Who works on a playlist, and who was asked to.

What changes a list takes a connection on which the playlist is locked: `lock_playlist`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    cast,
    delete,
    extract,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.blocks import unhidden
from datasources.postgres.client import Postgres
from datasources.postgres.paging import fetch_pages
from datasources.postgres.playlist_follows import remove_followers
from datasources.postgres.playlist_tables import playlist_invitations
from datasources.postgres.reading import any_of, fetch_counts, fetch_lists
from datasources.postgres.tables import playlist_collaborators, playlist_followers, playlists
from datasources.records.collaboration import InvitationRecord
from datasources.records.page import Keyset, Page, PageRequest
from datasources.records.playlists import CollaboratorRole

INVITATIONS_OF_USER = Keyset("invitations", (int, UUID), descending=True)
"""When, in microseconds since 1970, and to which playlist."""

_INVITATION = (
    playlist_invitations.c.playlist_id,
    playlists.c.title,
    playlists.c.owner_id,
    playlist_invitations.c.user_id,
    playlist_invitations.c.role,
    playlist_invitations.c.invited_by,
    playlist_invitations.c.invited_at,
)


# --- collaborators ------------------------------------------------------------------------------


async def fetch_role(
    connection: AsyncConnection, playlist_id: UUID, user_id: UUID
) -> CollaboratorRole | None:
    """Return the role of a person, None for no collaborator (`playlist_collaborators`)."""
    theirs = playlist_collaborators.c
    statement = select(theirs.role).where(
        theirs.playlist_id == playlist_id, theirs.user_id == user_id
    )
    return (await connection.execute(statement)).scalar_one_or_none()


async def count_collaborators(connection: AsyncConnection, playlist_id: UUID) -> int:
    """Return how many people a playlist is shared with (`playlist_collaborators`)."""
    statement = select(func.count()).where(playlist_collaborators.c.playlist_id == playlist_id)
    return int((await connection.execute(statement)).scalar_one())


async def put_collaborator(
    connection: AsyncConnection,
    playlist_id: UUID,
    user_id: UUID,
    role: CollaboratorRole,
    at: datetime,
) -> None:
    """Share a playlist with a person, or give them another role (`playlist_collaborators`)."""
    row = {"playlist_id": playlist_id, "user_id": user_id, "role": role, "added_at": at}
    statement = insert(playlist_collaborators).values(row)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["playlist_id", "user_id"], set_={"role": statement.excluded.role}
        )
    )


async def set_role(
    connection: AsyncConnection, playlist_id: UUID, user_id: UUID, role: CollaboratorRole
) -> bool:
    """Give a collaborator a role; False where the person is none (`playlist_collaborators`)."""
    theirs = playlist_collaborators.c
    statement = update(playlist_collaborators).where(
        theirs.playlist_id == playlist_id, theirs.user_id == user_id
    )
    return (await connection.execute(statement.values(role=role))).rowcount > 0


async def remove_collaborator(
    connection: AsyncConnection, playlist_id: UUID, user_id: UUID
) -> bool:
    """End the part of a collaborator; False where there is none (`playlist_collaborators`)."""
    theirs = playlist_collaborators.c
    statement = delete(playlist_collaborators).where(
        theirs.playlist_id == playlist_id, theirs.user_id == user_id
    )
    return (await connection.execute(statement)).rowcount > 0


async def remove_apart(connection: AsyncConnection, playlist_id: UUID, owner_id: UUID) -> None:
    """End the part of those who do not see the owner of a playlist, for a new owner.

    They follow it no more, either (`playlist_collaborators`, `playlist_invitations`,
    `playlist_followers`, with the count in `playlists`; `blocks` says who they are).
    """
    for table in (playlist_collaborators, playlist_invitations):
        hidden = ~unhidden(table.c.user_id, owner_id)
        await connection.execute(delete(table).where(table.c.playlist_id == playlist_id, hidden))
    hidden = ~unhidden(playlist_followers.c.user_id, owner_id)
    await remove_followers(connection, playlist_id, hidden)


# --- invitations --------------------------------------------------------------------------------


async def put_invitation(
    connection: AsyncConnection,
    playlist_id: UUID,
    user_id: UUID,
    role: CollaboratorRole,
    invited_by: UUID,
    at: datetime,
) -> bool:
    """Invite a person; False for again, maybe in another role (`playlist_invitations`)."""
    row = {
        "playlist_id": playlist_id,
        "user_id": user_id,
        "role": role,
        "invited_by": invited_by,
        "invited_at": at,
    }
    statement = insert(playlist_invitations).values(row)
    again = statement.on_conflict_do_update(
        index_elements=["playlist_id", "user_id"], set_={"role": statement.excluded.role}
    )
    # No update leaves it so.
    is_new: ColumnElement[bool] = literal_column("xmax = 0", Boolean)
    return bool((await connection.execute(again.returning(is_new))).scalar_one())


async def take_invitation(
    connection: AsyncConnection, playlist_id: UUID, user_id: UUID
) -> CollaboratorRole | None:
    """Remove an invitation and return its role; None where there is none.

    `playlist_invitations`.
    """
    theirs = playlist_invitations.c
    statement = delete(playlist_invitations).where(
        theirs.playlist_id == playlist_id, theirs.user_id == user_id
    )
    taken = await connection.execute(statement.returning(theirs.role))
    return taken.scalar_one_or_none()


async def count_other_invitations(
    connection: AsyncConnection, playlist_id: UUID, user_id: UUID
) -> int:
    """Return how many people but this one are invited to a playlist (`playlist_invitations`)."""
    statement = select(func.count()).where(
        playlist_invitations.c.playlist_id == playlist_id,
        playlist_invitations.c.user_id != user_id,
    )
    return int((await connection.execute(statement)).scalar_one())


async def fetch_invitations_of_playlists(
    postgres: Postgres, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[InvitationRecord]]:
    """Return the open invitations to each playlist, the first invited first.

    Read from `playlist_invitations` and `playlists`.
    """
    theirs = playlist_invitations.c
    statement = (
        select(theirs.playlist_id.label("parent"), *_INVITATION)
        .join(playlists, playlists.c.id == theirs.playlist_id)
        .where(any_of(theirs.playlist_id, ids))
        .order_by(theirs.playlist_id, theirs.invited_at, theirs.user_id)
    )
    return await fetch_lists(postgres, statement, InvitationRecord)


async def fetch_invitations_of_users(
    postgres: Postgres, ids: Sequence[UUID], request: PageRequest
) -> Mapping[UUID, Page[InvitationRecord]]:
    """Return to what each person is invited, the newest first.

    Read from `playlist_invitations` and `playlists`.
    """
    theirs = playlist_invitations.c
    microseconds = cast(extract("epoch", theirs.invited_at) * 1_000_000, BigInteger)
    return await fetch_pages(
        postgres,
        ids,
        request,
        keyset=INVITATIONS_OF_USER,
        items_of=lambda person: (
            select(*_INVITATION)
            .join(playlists, playlists.c.id == theirs.playlist_id)
            .where(theirs.user_id == person)
        ),
        order=[microseconds, theirs.playlist_id],
        record=InvitationRecord,
    )


async def fetch_invitations_to(
    postgres: Postgres, playlist_ids: Sequence[UUID], person: UUID | None
) -> Mapping[UUID, InvitationRecord]:
    """Return a person's open invitations to some playlists, by the playlist's id.

    Read from `playlist_invitations` and `playlists`.
    """
    theirs = playlist_invitations.c
    rows = await postgres.read(
        select(*_INVITATION)
        .join(playlists, playlists.c.id == theirs.playlist_id)
        .where(any_of(theirs.playlist_id, playlist_ids), theirs.user_id == person)
    )
    return {row[0]: InvitationRecord(*row) for row in rows}


async def count_invitations_of_users(postgres: Postgres, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return to how many playlists each person is invited (`playlist_invitations`)."""
    return await fetch_counts(postgres, playlist_invitations.c.user_id, ids)
