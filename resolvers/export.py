"""Everything that is held about a person, as one JSON document that is made while it is sent.

`docs/accounts.md` describes it. Never in it: hashes, sealed secrets, keys.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from datasources.ids import new_id
from datasources.loaders.accounts import AccountOfUser
from datasources.loaders.identities import IdentitiesOfUser
from datasources.loaders.passkeys import PasskeysOfUser
from datasources.loaders.sessions import SessionsOfPerson
from datasources.loaders.users import UserById
from datasources.mongo import personal_data as mongo_data
from datasources.mongo.key_use import iter_use
from datasources.postgres import audit
from datasources.postgres import personal_data as rows
from datasources.redis.attempts import Counter, reserve
from datasources.redis.now_playing import fetch_now_playing
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.errors import NotFound, RateLimited
from resolvers.sessions import sessions_key
from resolvers.signed_in import signed_in

PATH = "/account/export"
FORMAT, VERSION = "polyphony-export", 1
_CHUNK_BYTES = 32 * 1024
_PER_HOUR = 20
_HOUR = timedelta(hours=1)

Pages = AsyncIterator[Any]


@dataclass(frozen=True, slots=True)
class DataExport:
    """Where the document is to be got, by the same person."""

    url: str


async def export_my_data(context: RequestContext) -> DataExport:
    """Return where the caller's data is.

    Raises:
        Unauthenticated: nobody is signed in.
        RateLimited: too often in an hour.
    """
    await count_export(context)
    async with context.stores.postgres.transaction() as connection:
        await audit.record(connection, entry(context, "exportMyData", step="asked"))
    return DataExport(f"{context.identity.public_url}{PATH}")


async def count_export(context: RequestContext) -> None:
    """Count an export of the caller's: it reads all they have.

    Raises:
        Unauthenticated: nobody is signed in.
        RateLimited: too often in an hour.
        StoreUnavailable, StoreTimeout: Redis does not answer.
    """
    counter = Counter(("export", str(signed_in(context))), _PER_HOUR)
    found = await reserve(context.stores.redis, [counter], _HOUR, context.clock(), str(new_id()))
    if found.wait is not None:
        seconds = max(1, int(found.wait.total_seconds()))
        raise RateLimited(seconds, f"That was often. Try again in {seconds} seconds.")


async def export(context: RequestContext) -> AsyncIterator[bytes]:
    """Yield the document in pieces; memory holds some hundred rows of it at a time.

    All three stores are asked before the first piece. Where one fails later the document ends in
    the middle, and is no JSON.

    Raises:
        Unauthenticated: nobody is signed in.
        StoreUnavailable, StoreTimeout: a store did not answer.
    """
    user_id = signed_in(context)
    gathered = bytearray()
    async for piece in _document(context, user_id):
        gathered += piece
        if len(gathered) >= _CHUNK_BYTES:
            yield bytes(gathered)
            gathered.clear()
    yield bytes(gathered)


async def _document(context: RequestContext, user_id: UUID) -> AsyncIterator[bytes]:
    postgres, mongo = context.stores.postgres, context.stores.mongo
    head = await _head(context, user_id)
    async with postgres.transaction() as connection:
        await audit.record(connection, entry(context, "exportMyData", step="sent"))
    yield _json(head)[:-1]
    titles, artists = _Named(context, rows.fetch_titles), _Named(context, rows.fetch_artist_names)
    lists: Mapping[str, Pages] = {
        "securityEvents": rows.iter_security_events(postgres, user_id),
        "sharedPlaylists": rows.iter_memberships(postgres, user_id),
        "invitations": rows.iter_invitations(postgres, user_id),
        "shareLinks": rows.iter_share_links(postgres, user_id),
        "apiKeys": rows.iter_api_keys(postgres, user_id),
        "apiKeyUse": _use(iter_use(mongo, user_id)),
        "apps": rows.iter_apps(postgres, user_id),
        "authorizedApps": rows.iter_authorized_apps(postgres, user_id),
        "appSignIns": rows.iter_app_sign_ins(postgres, user_id),
        "followedPlaylists": rows.iter_followed_playlists(postgres, user_id),
        "addedToPlaylists": rows.iter_additions(postgres, user_id),
        "savedTracks": rows.iter_saved_tracks(postgres, user_id),
        "savedAlbums": rows.iter_saved_albums(postgres, user_id),
        "followedArtists": rows.iter_followed_artists(postgres, user_id),
        "notifications": rows.iter_notifications(postgres, user_id),
        "notificationPreferences": rows.iter_notification_preferences(postgres, user_id),
        "blockedUsers": rows.iter_blocked(postgres, user_id),
        "following": rows.iter_following(postgres, user_id),
        "followers": rows.iter_followers(postgres, user_id),
        "listens": titles.named(mongo_data.iter_listens(mongo, user_id), _listen),
        "artistPlays": artists.named(mongo_data.iter_artist_plays(mongo, user_id), _plays),
    }
    yield b',"playlists":['
    async for piece in _playlists(context, user_id):
        yield piece
    yield b"]"
    for name, pages in lists.items():
        yield f',"{name}":['.encode()
        async for piece in _members(pages):
            yield piece
        yield b"]"
    yield b"}\n"


async def _head(context: RequestContext, user_id: UUID) -> dict[str, Any]:
    """Return what is small, from every store."""
    loaders, stores = context.loaders, context.stores
    user = await loaders.of(UserById).load(user_id)
    account = await loaders.of(AccountOfUser).load(user_id)
    if user is None or account is None:
        raise NotFound("This account is being removed.")
    passkeys = await loaders.of(PasskeysOfUser).load(user_id)
    identities = await loaders.of(IdentitiesOfUser).load(user_id)
    sessions = await loaders.of(SessionsOfPerson).load(sessions_key(account, context))
    playing = await fetch_now_playing(stores.redis, [user_id])
    ready = await mongo_data.fetch_ready(stores.mongo, user_id)
    hidden = {"user_id", "password_hash"}
    shown = ("id", "name", "created_at", "last_used_at", "backed_up")
    return {
        "format": FORMAT,
        "version": VERSION,
        "exportedAt": context.clock(),
        "profile": asdict(user),
        "account": {name: value for name, value in asdict(account).items() if name not in hidden},
        "externalIds": [
            dict(row) for row in await rows.fetch_external_ids(stores.postgres, user_id)
        ],
        "passkeys": [{name: getattr(one, name) for name in shown} for one in passkeys or ()],
        "linkedIdentities": [
            {name: value for name, value in asdict(one).items() if name != "user_id"}
            for one in identities or ()
        ],
        "sessions": [asdict(one) for one in sessions or ()],
        "nowPlaying": next((asdict(one) for one in playing.values()), None),
        "recommendations": next(iter(ready["user_recommendations"]), None),
        "topTracks": [_top(one) for one in ready["top_tracks"]],
        "topArtists": [_top(one) for one in ready["top_artists"]],
    }


async def _playlists(context: RequestContext, user_id: UUID) -> AsyncIterator[bytes]:
    """Yield the members of a list of playlists, each with its items and collaborators."""
    postgres = context.stores.postgres
    between = b""
    async for page in rows.iter_playlists(postgres, user_id):
        for playlist in page:
            yield between + _json(playlist)[:-1] + b',"items":['
            async for piece in _members(rows.iter_items(postgres, playlist["id"])):
                yield piece
            yield b'],"collaborators":['
            async for piece in _members(rows.iter_collaborators(postgres, playlist["id"])):
                yield piece
            yield b"]}"
            between = b",\n"


async def _members(pages: Pages) -> AsyncIterator[bytes]:
    """Yield what stands between the brackets of a list."""
    between = b"\n"
    async for page in pages:
        yield between + b",\n".join(_json(one) for one in page)
        between = b",\n"


@dataclass(frozen=True, slots=True)
class _Named:
    """Adds the names of what MongoDB knows by its id only."""

    context: RequestContext
    fetch: Callable[..., Awaitable[Mapping[UUID, str]]]

    async def named(
        self, pages: Pages, shape: Callable[[Mapping[str, Any], Mapping[UUID, str]], Any]
    ) -> Pages:
        async for page in pages:
            ids = {UUID(one.get("track") or one["artist"]) for one in page}
            names = await self.fetch(self.context.stores.postgres, ids)
            yield [shape(one, names) for one in page]


def _listen(one: Mapping[str, Any], titles: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "track_id": one["track"],
        "title": titles.get(UUID(one["track"])),
        "listened_at": one["at"],
        "ms_played": one["ms"],
        "client": one["client"],
        "counted": one["counted"],
    }


def _plays(one: Mapping[str, Any], names: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "source": one["_id"].partition(":")[0],
        "artist_id": one["artist"],
        "name": names.get(UUID(one["artist"])),
        "plays": one["plays"],
    }


async def _use(pages: Pages) -> Pages:
    async for page in pages:
        yield [
            {
                "api_key_id": one["key"],
                "day": one["day"],
                "operations": one.get("operations", 0),
                # As a list: names of fields are not ours to write in another way.
                "fields": [
                    {"name": name, "count": count}
                    for name, count in sorted(one.get("fields", {}).items())
                ],
            }
            for one in page
        ]


def _top(document: Mapping[str, Any]) -> dict[str, Any]:
    return {"range": document["_id"].rpartition(":")[2], "entries": document["entries"]}


def _json(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(_camel(value), default=str)


def _camel(value: Any) -> Any:
    """Return a value with the names that the graph has: `added_at` is `addedAt`."""
    if isinstance(value, Mapping):
        return {_name(key): _camel(one) for key, one in value.items() if key not in {"_id", "run"}}
    if isinstance(value, list):
        return [_camel(one) for one in value]
    return value


def _name(snake: str) -> str:
    first, *others = snake.split("_")
    return first + "".join(word.capitalize() for word in others)
