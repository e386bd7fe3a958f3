"""What PostgreSQL holds about one person, read page by page: some hundred rows at a time."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, literal, or_, select, tuple_

from datasources.postgres.account_tables import audit_log, token_families
from datasources.postgres.api_key_tables import api_key_secrets, api_keys
from datasources.postgres.app_tables import app_consents, apps
from datasources.postgres.client import Postgres
from datasources.postgres.notification_tables import notification_preferences, notifications
from datasources.postgres.playlist_tables import (
    artist_follows,
    blocks,
    playlist_invitations,
    saved_albums,
    share_links,
)
from datasources.postgres.reading import any_of
from datasources.postgres.tables import (
    albums,
    artists,
    external_ids,
    playlist_collaborators,
    playlist_followers,
    playlist_items,
    playlists,
    saved_tracks,
    tracks,
    user_follows,
    users,
)
from datasources.records.external_ids import EntityKind

_ROWS_AT_ONCE = 500

Rows = Sequence[Mapping[str, Any]]
"""Rows by the names of their columns."""


async def fetch_external_ids(postgres: Postgres, user_id: UUID) -> Rows:
    """Return what other services call a person: `source` and `value` (`external_ids`)."""
    statement = (
        select(external_ids.c.source, external_ids.c.value)
        .where(external_ids.c.type == EntityKind.USER, external_ids.c.entity_id == user_id)
        .order_by(external_ids.c.source, external_ids.c.value)
    )
    return [row._asdict() for row in await postgres.read(statement)]


def iter_playlists(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield a person's playlists, all columns but the owner, the oldest first (`playlists`)."""
    columns = [column for column in playlists.c if column.name != "owner_id"]
    return _iter(
        postgres, select(*columns).where(playlists.c.owner_id == user_id), [playlists.c.id]
    )


def iter_items(postgres: Postgres, playlist_id: UUID) -> AsyncIterator[Rows]:
    """Yield the items of a playlist in its order, with the titles of their tracks.

    Read from `playlist_items` and `tracks`.
    """
    items = playlist_items.c
    statement = (
        select(items.id, items.track_id, tracks.c.title, items.added_by, items.added_at)
        .join(tracks, tracks.c.id == items.track_id)
        .where(items.playlist_id == playlist_id)
    )
    return _iter(postgres, statement, [items.position, items.id])


def iter_collaborators(postgres: Postgres, playlist_id: UUID) -> AsyncIterator[Rows]:
    """Yield with whom a playlist is shared (`playlist_collaborators`, `users`)."""
    theirs = playlist_collaborators.c
    statement = (
        select(theirs.user_id, users.c.handle, theirs.role, theirs.added_at)
        .join(users, users.c.id == theirs.user_id)
        .where(theirs.playlist_id == playlist_id)
    )
    return _iter(postgres, statement, [theirs.user_id])


def iter_memberships(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield the playlists that others share with a person (`playlist_collaborators`)."""
    theirs = playlist_collaborators.c
    statement = (
        select(theirs.playlist_id, playlists.c.title, theirs.role, theirs.added_at)
        .join(playlists, playlists.c.id == theirs.playlist_id)
        .where(theirs.user_id == user_id)
    )
    return _iter(postgres, statement, [theirs.playlist_id])


def iter_invitations(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield invitations that a person got or sent (`playlist_invitations`, `playlists`)."""
    theirs = playlist_invitations.c
    columns = (theirs.playlist_id, playlists.c.title, theirs.user_id, theirs.role)
    statement = (
        select(*columns, theirs.invited_by, theirs.invited_at)
        .join(playlists, playlists.c.id == theirs.playlist_id)
        .where(or_(theirs.user_id == user_id, theirs.invited_by == user_id))
    )
    return _iter(postgres, statement, [theirs.playlist_id, theirs.user_id])


def iter_share_links(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield the links that a person made, without what opens them (`share_links`)."""
    columns = [column for column in share_links.c if column.name not in {"hash", "created_by"}]
    statement = select(*columns).where(share_links.c.created_by == user_id)
    return _iter(postgres, statement, [share_links.c.id])


def iter_api_keys(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield the texts of a person's API keys without these, a row for each, with its key's data.

    `api_keys`, `api_key_secrets`.
    """
    key, secret = api_keys.c, api_key_secrets.c
    columns = [column for column in api_keys.c if column.name != "user_id"]
    statement = (
        select(
            *columns,
            secret.prefix,
            secret.created_at.label("text_created_at"),
            secret.expires_at.label("text_expires_at"),
            secret.last_used_at,
        )
        .join(api_key_secrets, secret.key_id == key.id)
        .where(key.user_id == user_id)
    )
    return _iter(postgres, statement, [key.id, secret.hash])


def iter_apps(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield the apps that a person registered, without their secrets (`apps`)."""
    hidden = {"owner_id", "secret_hash", "old_secret_hash", "deleted_at"}
    columns = [column for column in apps.c if column.name not in hidden]
    return _iter(postgres, select(*columns).where(apps.c.owner_id == user_id), [apps.c.id])


def iter_authorized_apps(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield what a person lets apps do (`app_consents`, `apps`)."""
    consent = app_consents.c
    statement = (
        select(consent.app_id, apps.c.name, apps.c.website, consent.scopes, consent.granted_at)
        .join(apps, apps.c.id == consent.app_id)
        .where(consent.user_id == user_id)
    )
    return _iter(postgres, statement, [consent.app_id])


def iter_app_sign_ins(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield where apps got tokens of a person, and from where they last did (`token_families`)."""
    family = token_families.c
    columns = [column for column in family if column.name != "user_id"]
    statement = select(*columns).where(family.user_id == user_id, family.app_id.is_not(None))
    return _iter(postgres, statement, [family.id])


def iter_followed_playlists(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield the ids of the playlists that a person follows (`playlist_followers`)."""
    column = playlist_followers.c.playlist_id
    statement = select(column).where(playlist_followers.c.user_id == user_id)
    return _iter(postgres, statement, [column])


def iter_additions(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield what a person added to the playlists of others (`playlist_items`, `tracks`)."""
    items = playlist_items.c
    statement = (
        select(items.id, items.playlist_id, items.track_id, tracks.c.title, items.added_at)
        .join(tracks, tracks.c.id == items.track_id)
        .join(playlists, playlists.c.id == items.playlist_id)
        .where(items.added_by == user_id, playlists.c.owner_id != user_id)
    )
    return _iter(postgres, statement, [items.id])


def iter_saved_tracks(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield a person's library with the titles of the tracks (`saved_tracks`, `tracks`)."""
    statement = (
        select(saved_tracks.c.track_id, tracks.c.title, saved_tracks.c.saved_at)
        .join(tracks, tracks.c.id == saved_tracks.c.track_id)
        .where(saved_tracks.c.user_id == user_id)
    )
    return _iter(postgres, statement, [saved_tracks.c.track_id])


def iter_saved_albums(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield the albums that a person saved, with their titles (`saved_albums`, `albums`)."""
    statement = (
        select(saved_albums.c.album_id, albums.c.title, saved_albums.c.saved_at)
        .join(albums, albums.c.id == saved_albums.c.album_id)
        .where(saved_albums.c.user_id == user_id)
    )
    return _iter(postgres, statement, [saved_albums.c.album_id])


def iter_followed_artists(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield the artists whom a person follows, with their names (`artist_follows`, `artists`)."""
    statement = (
        select(artist_follows.c.artist_id, artists.c.name, artist_follows.c.followed_at)
        .join(artists, artists.c.id == artist_follows.c.artist_id)
        .where(artist_follows.c.user_id == user_id)
    )
    return _iter(postgres, statement, [artist_follows.c.artist_id])


def iter_blocked(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield whom a person blocked: `user_id`, `handle`, `blocked_at` (`blocks`, `users`)."""
    blocked = blocks.c.blocked_id
    statement = (
        select(blocked.label("user_id"), users.c.handle, blocks.c.blocked_at)
        .join(users, users.c.id == blocked)
        .where(blocks.c.blocker_id == user_id)
    )
    return _iter(postgres, statement, [blocked])


def iter_following(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield whom a person follows: `user_id` and `handle` (`user_follows`, `users`)."""
    return _iter_people(postgres, user_follows.c.followed_id, user_follows.c.follower_id == user_id)


def iter_followers(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield who follows a person: `user_id` and `handle` (`user_follows`, `users`)."""
    return _iter_people(postgres, user_follows.c.follower_id, user_follows.c.followed_id == user_id)


def iter_notifications(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield what a person was told, the oldest first, with ids and no names (`notifications`)."""
    hidden = {"user_id", "in_app", "in_digest"}
    columns = [column for column in notifications.c if column.name not in hidden]
    statement = select(*columns).where(notifications.c.user_id == user_id)
    return _iter(postgres, statement, [notifications.c.seq])


def iter_notification_preferences(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield how a person said that they want to be told (`notification_preferences`)."""
    theirs = notification_preferences.c
    statement = select(theirs.kind, theirs.in_app, theirs.email_digest)
    return _iter(postgres, statement.where(theirs.user_id == user_id), [theirs.kind])


def iter_security_events(postgres: Postgres, user_id: UUID) -> AsyncIterator[Rows]:
    """Yield what a person did, and what was done to their account, the oldest first (`audit_log`).

    `by_you` tells the two apart; of somebody else's act the place is not theirs to know.
    """
    log = audit_log.c
    by_you = or_(log.actor_id == user_id, log.actor_id.is_(None))
    columns = (log.id, log.at, log.action, log.result, by_you.label("by_you"))
    where = (log.address, log.user_agent)
    own = select(*columns, *where).where(log.subject_id == user_id, by_you)
    others = select(*columns, *(literal("").label(column.name) for column in where)).where(
        log.subject_id == user_id, ~by_you
    )
    elsewhere = select(*columns, *where).where(
        log.actor_id == user_id,
        or_(log.subject_id.is_(None), log.subject_id != user_id),
    )
    union = own.union_all(others, elsewhere).subquery("events")
    return _iter(postgres, select(union), [union.c.id])


async def fetch_titles(postgres: Postgres, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the titles of tracks; one that the catalogue has no more is absent (`tracks`)."""
    return await _fetch_names(postgres, tracks, tracks.c.title, ids)


async def fetch_artist_names(postgres: Postgres, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the names of artists; one that the catalogue has no more is absent (`artists`)."""
    return await _fetch_names(postgres, artists, artists.c.name, ids)


async def _fetch_names(
    postgres: Postgres, table: Table, name: ColumnElement[str], ids: Collection[UUID]
) -> Mapping[UUID, str]:
    rows = await postgres.read(select(table.c.id, name).where(any_of(table.c.id, ids)))
    return {row[0]: row[1] for row in rows}


def _iter_people(
    postgres: Postgres, shown: ColumnElement[UUID], condition: ColumnElement[bool]
) -> AsyncIterator[Rows]:
    statement = (
        select(shown.label("user_id"), users.c.handle)
        .select_from(user_follows)
        .join(users, users.c.id == shown)
        .where(condition)
    )
    return _iter(postgres, statement, [shown])


async def _iter(
    postgres: Postgres, statement: Select[Any], keys: Sequence[ColumnElement[Any]]
) -> AsyncIterator[Rows]:
    """Yield a statement's rows in the order of columns that are unique together.

    Each page is a statement of its own: nothing is held while whoever reads takes their time.
    """
    names = [f"key_{number}" for number in range(len(keys))]
    labelled = [key.label(name) for key, name in zip(keys, names, strict=True)]
    ordered = statement.add_columns(*labelled).order_by(*keys).limit(_ROWS_AT_ONCE)
    page = ordered
    while rows := await postgres.read(page):
        yield [
            {name: value for name, value in row._asdict().items() if name not in names}
            for row in rows
        ]
        last = zip(names, keys, strict=True)
        after = [literal(getattr(rows[-1], name), key.type) for name, key in last]
        page = ordered.where(tuple_(*keys) > tuple_(*after))
