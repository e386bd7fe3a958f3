"""Ends accounts: at once what lets somebody in and who they were, then in batches what they had."""

from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Delete,
    Table,
    Text,
    Update,
    cast,
    delete,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.account_tables import (
    accounts,
    jobs,
    mail_tokens,
    passkeys,
    recovery_codes,
    token_families,
)
from datasources.postgres.api_key_tables import api_keys
from datasources.postgres.client import Postgres
from datasources.postgres.identity_tables import identities
from datasources.postgres.notification_tables import (
    inboxes,
    notification_preferences,
    notifications,
)
from datasources.postgres.playlist_tables import (
    ADDERS,
    artist_follows,
    blocks,
    idempotent_requests,
    playlist_changes,
    playlist_invitations,
    saved_albums,
    share_links,
)
from datasources.postgres.reading import any_of
from datasources.postgres.tables import (
    external_ids,
    playlist_collaborators,
    playlist_followers,
    playlist_items,
    playlists,
    saved_tracks,
    search_entries,
    user_follows,
    users,
)
from datasources.records.external_ids import EntityKind
from datasources.records.users import ListeningVisibility

DELETED_NAME = "Deleted account"
_ROWS_AT_ONCE = 500
_PLAYLISTS_AT_ONCE = 50


async def close_account(connection: AsyncConnection, user_id: UUID, handle: str) -> None:
    """Take away all that lets a person in, and what shows who they were.

    Whoever finds them meanwhile sees `handle` and "Deleted account". Sessions and tokens are ended
    by others, before this (`accounts`, `passkeys`, `identities`, `recovery_codes`, `api_keys`,
    `mail_tokens`, `users`, `search_entries`, `external_ids`).
    """
    for table in (passkeys, identities, recovery_codes, api_keys, accounts):
        await connection.execute(delete(table).where(table.c.user_id == user_id))
    await connection.execute(delete(mail_tokens).where(mail_tokens.c.subject_id == user_id))
    # Families stay for as long as the work takes: those that are revoked are read from there.
    scrubbed = update(token_families).where(token_families.c.user_id == user_id)
    await connection.execute(scrubbed.values(device="", address=""))
    nobody = update(users).where(users.c.id == user_id)
    await connection.execute(
        nobody.values(
            handle=handle,
            display_name=DELETED_NAME,
            avatar_url=None,
            listening_visibility=ListeningVisibility.PRIVATE,
        )
    )
    for statement in _names_of_person(user_id):
        await connection.execute(statement)


async def remove_belongings(postgres: Postgres, user_id: UUID) -> None:
    """Remove what a person had, some hundred rows in each transaction; may be repeated.

    Playlists with their items, followers and search entries; what they followed, saved and worked
    on. What they added to the playlists of others stays there, added by nobody, and so does what
    the history of these tells of them. What they were told goes, and what others were told of
    them.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; what is removed stays removed.
    """
    await _remove_playlists(postgres, user_id)
    await _unfollow_playlists(postgres, user_id)
    await _forget_who_added(postgres, user_id)
    await _forget_who_changed(postgres, user_id)
    await _remove(postgres, playlist_collaborators, playlist_collaborators.c.user_id == user_id)
    await _remove(postgres, playlist_invitations, playlist_invitations.c.user_id == user_id)
    await _remove(postgres, playlist_invitations, playlist_invitations.c.invited_by == user_id)
    await _remove(postgres, share_links, share_links.c.created_by == user_id)
    for kept in (saved_tracks, saved_albums, artist_follows):
        await _remove(postgres, kept, kept.c.user_id == user_id)
    await _remove(postgres, blocks, blocks.c.blocker_id == user_id)
    await _remove(postgres, blocks, blocks.c.blocked_id == user_id)
    await _remove(postgres, user_follows, user_follows.c.follower_id == user_id)
    await _remove(postgres, user_follows, user_follows.c.followed_id == user_id)
    await _remove(postgres, notifications, notifications.c.user_id == user_id)
    await _remove(postgres, notifications, notifications.c.actor_id == user_id)
    for own in (notification_preferences, inboxes):
        await _remove(postgres, own, own.c.user_id == user_id)
    await _remove(postgres, idempotent_requests, idempotent_requests.c.principal == str(user_id))


async def remove_person(connection: AsyncConnection, user_id: UUID) -> None:
    """Remove the row of a person, and what points at it without a key.

    `users`, with it `token_families`; `external_ids`, `search_entries`, `mail_tokens`, and mails
    of `jobs` that were for them.
    """
    await connection.execute(delete(users).where(users.c.id == user_id))
    # After the row: a change of the profile that began before has now ended.
    for statement in _names_of_person(user_id):
        await connection.execute(statement)
    await connection.execute(delete(mail_tokens).where(mail_tokens.c.subject_id == user_id))
    await connection.execute(delete(jobs).where(jobs.c.payload["user_id"].astext == str(user_id)))


# --- parts --------------------------------------------------------------------------------------


async def _remove_playlists(postgres: Postgres, user_id: UUID) -> None:
    """Remove what a person owns, in many transactions: in each, what is theirs at that moment."""
    left = True
    while left:
        async with postgres.transaction() as connection:
            left = await _remove_some_playlists(connection, user_id)


async def _remove_some_playlists(connection: AsyncConnection, user_id: UUID) -> bool:
    """Remove some rows of a person's playlists, and those that are empty then; False at the end.

    The playlists are locked: one that is being given away is the other person's now, or theirs
    until the transaction ends.
    """
    theirs = playlists.c.owner_id == user_id
    some = select(playlists.c.id).where(theirs).order_by(playlists.c.id).limit(_PLAYLISTS_AT_ONCE)
    ids = list((await connection.execute(some.with_for_update())).scalars())
    if not ids:
        return False
    for table in (playlist_items, playlist_followers, playlist_collaborators):
        keys = list(table.primary_key)
        rows = select(*keys).where(any_of(table.c.playlist_id, ids)).limit(_ROWS_AT_ONCE)
        gone = await connection.execute(delete(table).where(tuple_(*keys).in_(rows)))
        if gone.rowcount == _ROWS_AT_ONCE:
            return True
    await connection.execute(delete(playlists).where(any_of(playlists.c.id, ids), theirs))
    for table, kind in ((search_entries, "kind"), (external_ids, "type")):
        of_them = any_of(table.c.entity_id, ids)
        await connection.execute(delete(table).where(table.c[kind] == EntityKind.PLAYLIST, of_them))
    return True


async def _unfollow_playlists(postgres: Postgres, user_id: UUID) -> None:
    """Remove the person from the followers of playlists, and from their number."""
    theirs = playlist_followers.c.user_id == user_id
    while True:
        async with postgres.transaction() as connection:
            followed = select(playlist_followers.c.playlist_id).where(theirs).limit(_ROWS_AT_ONCE)
            # In order: two people who leave at once do not wait for each other in a circle.
            locked = (
                select(playlists.c.id)
                .where(playlists.c.id.in_(followed))
                .order_by(playlists.c.id)
                .with_for_update()
            )
            ids = list((await connection.execute(locked)).scalars())
            if not ids:
                return
            # Not all of them: while we waited, a block may have ended some, and counted them.
            left = await connection.execute(
                delete(playlist_followers)
                .where(theirs, any_of(playlist_followers.c.playlist_id, ids))
                .returning(playlist_followers.c.playlist_id)
            )
            fewer = func.greatest(playlists.c.follower_count - 1, 0)
            await connection.execute(
                update(playlists)
                .where(any_of(playlists.c.id, left.scalars().all()))
                .values(follower_count=fewer)
            )


async def _forget_who_added(postgres: Postgres, user_id: UUID) -> None:
    column = playlist_items.c
    some = select(column.id).where(column.added_by == user_id).limit(_ROWS_AT_ONCE)
    await _repeat(postgres, update(playlist_items).where(column.id.in_(some)).values(added_by=None))


async def _forget_who_changed(postgres: Postgres, user_id: UUID) -> None:
    past = playlist_changes.c
    keys = (past.playlist_id, past.version)
    acted = select(*keys).where(past.actor_id == user_id).limit(_ROWS_AT_ONCE)
    await _repeat(
        postgres, update(playlist_changes).where(tuple_(*keys).in_(acted)).values(actor_id=None)
    )
    # In `items` a person's id stands for who added one, and for nothing else.
    added = select(*keys).where(ADDERS.has_key(str(user_id))).limit(_ROWS_AT_ONCE)
    items = func.replace(cast(past["items"], Text), f'"{user_id}"', "null")
    without = (
        update(playlist_changes).where(tuple_(*keys).in_(added)).values(items=cast(items, JSONB))
    )
    await _repeat(postgres, without)


async def _remove(postgres: Postgres, table: Table, condition: ColumnElement[bool]) -> None:
    keys = list(table.primary_key)
    some = select(*keys).where(condition).limit(_ROWS_AT_ONCE)
    await _repeat(postgres, delete(table).where(tuple_(*keys).in_(some)))


async def _repeat(postgres: Postgres, statement: Update | Delete) -> None:
    """Run a statement in a transaction of its own, until there is nothing that it changes."""
    while True:
        async with postgres.transaction() as connection:
            if not (await connection.execute(statement)).rowcount:
                return


def _names_of_person(user_id: UUID) -> tuple[Delete, Delete]:
    """Return what removes the words that find a person, and what others call them."""
    return (
        delete(search_entries).where(
            search_entries.c.kind == EntityKind.USER, search_entries.c.entity_id == user_id
        ),
        delete(external_ids).where(
            external_ids.c.type == EntityKind.USER, external_ids.c.entity_id == user_id
        ),
    )
