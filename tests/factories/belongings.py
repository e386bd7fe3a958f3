"""A person with something in every table, collection and key, and another who stays."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from auth.identity import Identity
from datasources.ids import new_id
from datasources.mongo.artist_plays import ArtistPlays, write_artist_plays
from datasources.mongo.key_use import KeptDay, write_days
from datasources.mongo.listens import write_listens
from datasources.postgres.account_tables import metadata, passkeys
from datasources.postgres.api_keys import KeySecret, insert_key
from datasources.postgres.app_codes import insert_code, insert_device
from datasources.postgres.app_consents import put_consent
from datasources.postgres.apps import insert_app
from datasources.postgres.bulk import copy_rows
from datasources.postgres.identity_tables import identities
from datasources.postgres.mail_tokens import mint
from datasources.postgres.notification_tables import (
    inboxes,
    notification_preferences,
    notifications,
)
from datasources.postgres.playlist_history import encode_items
from datasources.postgres.playlist_tables import (
    playlist_changes,
    playlist_invitations,
    share_links,
)
from datasources.postgres.search_index import entry
from datasources.postgres.token_families import insert_family
from datasources.records.accounts import MailTokenPurpose
from datasources.records.api_keys import ApiKeyKind, ApiKeyPlan, ApiKeyRecord, DayOfUse
from datasources.records.apps import AppAuthentication, AppRecord, CodeRecord, DeviceRecord
from datasources.records.changes import ItemChange
from datasources.records.external_ids import EntityKind
from datasources.records.listening import ListeningRange, NewListen
from datasources.redis.key_use import Count, add_counts
from datasources.redis.now_playing import put_now_playing
from datasources.stores import Stores
from resolvers.context import utc_now
from resolvers.mails import MailTemplate, queue_mail
from tests.factories.accounts import an_account
from tests.factories.music import NOW, Music, artist_id, track_id
from tests.factories.people import cookie_of, tokens_of

PLAYLISTS, ITEMS, LISTENS = 3, 4, 25
SECRET = b"a sealed secret that nobody may see"
"""What the account's second factor and passkey hold, for tests that look for it."""


@dataclass(frozen=True, slots=True)
class Belongings:
    """Who is who, and how Ann is signed in."""

    ann: UUID
    bob: UUID
    cookie: str
    access_token: str
    bobs_playlist: UUID


async def belongings(stores: Stores, identity: Identity) -> Belongings:
    """Make both people and their belongings."""
    ann = await an_account(stores, "ann", identity=identity)
    bob = await an_account(stores, "bob", identity=identity)
    music = Music()
    for number in range(1, ITEMS + 1):
        music.artist(number)
        music.track(number, [number])
    await music.write(stores)
    bobs = await _playlists(stores, ann, bob)
    await _account(stores, ann)
    await _listening(stores, ann)
    await _listening(stores, bob)
    await _api_keys(stores, ann, "Secret of ann's programs")
    await _api_keys(stores, bob, "Bob's programs")
    await _apps(stores, ann, bob)
    cookie = await cookie_of(stores, identity, ann)
    tokens = await tokens_of(stores, identity, ann)
    return Belongings(ann, bob, cookie, tokens.access_token, bobs)


def _playlist(owner: UUID, title: str) -> dict[str, object]:
    return {
        "id": new_id(),
        "owner_id": owner,
        "title": title,
        "visibility": "PUBLIC",
        "follower_count": 1,
        "track_count": ITEMS,
        "created_at": NOW,
        "updated_at": NOW,
    }


async def _playlists(stores: Stores, ann: UUID, bob: UUID) -> UUID:
    anns = [_playlist(ann, f"Secret of ann {number}") for number in range(PLAYLISTS)]
    bobs = _playlist(bob, "Bob's")
    items = [
        {
            "id": new_id(),
            "playlist_id": one["id"],
            "position": f"a{place:04}",
            "track_id": track_id(place + 1),
            "added_by": ann,
            "added_at": NOW,
        }
        for one in (*anns, bobs)
        for place in range(ITEMS)
    ]
    ids = [one["id"] for one in anns]
    shared = [
        {"playlist_id": playlist, "user_id": user, "role": "EDITOR", "added_at": NOW}
        for playlist, user in [(ids[0], bob), (bobs["id"], ann)]
    ]
    follows = [(playlist, bob) for playlist in ids] + [(bobs["id"], ann)]
    others = [
        {"source": "LASTFM", "type": "USER", "value": "anns-other-name", "entity_id": ann},
        {"source": "SPOTIFY", "type": "PLAYLIST", "value": "anns-list", "entity_id": ids[0]},
        {"source": "LASTFM", "type": "USER", "value": "bobs-other-name", "entity_id": bob},
    ]
    found = [entry(EntityKind.PLAYLIST, one["id"], str(one["title"]), (), 0) for one in anns]  # type: ignore[arg-type]  # a row's values are objects
    async with stores.postgres.transaction() as connection:
        await copy_rows(connection, "playlists", [*anns, bobs])
        await copy_rows(connection, "playlist_items", items)
        await copy_rows(connection, "playlist_collaborators", shared)
        await copy_rows(
            connection,
            "playlist_followers",
            [{"playlist_id": playlist, "user_id": user} for playlist, user in follows],
        )
        await copy_rows(
            connection,
            "user_follows",
            [{"follower_id": a, "followed_id": b} for a, b in [(ann, bob), (bob, ann)]],
        )
        await copy_rows(
            connection,
            "saved_tracks",
            [
                {"user_id": user, "track_id": track_id(number), "saved_at": NOW}
                for user in (ann, bob)
                for number in range(1, ITEMS + 1)
            ],
        )
        for table, thing, moment in (
            ("saved_albums", "album_id", "saved_at"),
            ("artist_follows", "artist_id", "followed_at"),
        ):
            id_of = track_id if thing == "album_id" else artist_id  # an album has its track's id
            rows = [{"user_id": user, thing: id_of(1), moment: NOW} for user in (ann, bob)]
            await copy_rows(connection, table, rows)
        blocked = {"blocker_id": ann, "blocked_id": bob, "blocked_at": NOW}
        await copy_rows(connection, "blocks", [blocked])
        await copy_rows(connection, "external_ids", others)
        await copy_rows(connection, "search_entries", found)
        for playlist, user, other in [(ids[1], bob, ann), (bobs["id"], ann, bob)]:
            await connection.execute(
                playlist_invitations.insert().values(
                    playlist_id=playlist, user_id=user, role="VIEWER", invited_by=other,
                    invited_at=NOW,
                )
            )  # fmt: skip
            await connection.execute(
                share_links.insert().values(
                    id=new_id(), playlist_id=playlist, hash=new_id().bytes, role="VIEWER",
                    once=True, created_by=other, created_at=NOW, expires_at=NOW + timedelta(days=1),
                )
            )  # fmt: skip
        await _history(connection, bobs["id"], (ann, bob))
        await _notifications(connection, bobs["id"], ann, bob)
    bobs_id = bobs["id"]
    assert isinstance(bobs_id, UUID)
    return bobs_id


async def _history(connection: AsyncConnection, playlist: object, people: tuple[UUID, ...]) -> None:
    """Let each of some people add an item, and somebody remove all of these."""
    added = [ItemChange(new_id(), track_id(1), None, "a0", person, NOW) for person in people]
    removed = [replace(one, before="a0", after=None) for one in added]
    changes = [(person, "ADD", [one]) for person, one in zip(people, added, strict=True)]
    for version, (actor, kind, items) in enumerate([*changes, (people[-1], "REMOVE", removed)], 2):
        await connection.execute(
            playlist_changes.insert().values(
                playlist_id=playlist, version=version, actor_id=actor, at=NOW, kind=kind,
                items=encode_items(items),
            )
        )  # fmt: skip


async def _notifications(
    connection: AsyncConnection, playlist: object, ann: UUID, bob: UUID
) -> None:
    """Let both be told of each other, and Ann say how she wants to be told."""
    for user, actor in ((ann, bob), (bob, ann)):
        await connection.execute(inboxes.insert().values(user_id=user, last_seq=1))
        await connection.execute(
            notifications.insert().values(
                id=new_id(), user_id=user, seq=1, kind="INVITATION", actor_id=actor,
                playlist_id=playlist, role="VIEWER", in_app=True, in_digest=False, created_at=NOW,
            )
        )  # fmt: skip
    await connection.execute(
        notification_preferences.insert().values(
            user_id=ann, kind="INVITATION", in_app=True, email_digest=True
        )
    )


async def _account(stores: Stores, ann: UUID) -> None:
    async with stores.postgres.transaction() as connection:
        await connection.execute(
            text(
                "update accounts set totp_sealed = :sealed, totp_confirmed_at = now()"
                " where user_id = :ann"
            ),
            {"sealed": SECRET, "ann": ann},
        )
        await connection.execute(
            text("insert into recovery_codes (user_id, hash) values (:ann, :hash)"),
            {"ann": ann, "hash": SECRET},
        )
        await connection.execute(
            passkeys.insert().values(
                id=new_id(),
                user_id=ann,
                credential_id=SECRET,
                public_key=SECRET,
                sign_count=0,
                transports=[],
                name="Ann's phone",
                backed_up=False,
                created_at=NOW,
            )
        )
        await connection.execute(
            identities.insert().values(
                id=new_id(),
                user_id=ann,
                issuer="https://id.example",
                subject="ann-elsewhere",
                email="ann@elsewhere.example",
                linked_at=NOW,
            )
        )
        await mint(
            connection, MailTokenPurpose.CHANGE_EMAIL, ann, "x@example.org", timedelta(days=1)
        )
        await queue_mail(connection, MailTemplate.PASSKEY_ADDED, user_id=ann)


async def _api_keys(stores: Stores, user: UUID, name: str) -> None:
    """Give a person a key with a text of `SECRET`, used today and yesterday."""
    key = ApiKeyRecord(
        new_id(), user, name, ApiKeyKind.SECRET, ApiKeyPlan.FREE, ["catalog:read"], [], [], NOW,
        None, None,
    )  # fmt: skip
    async with stores.postgres.transaction() as connection:
        hashed = SECRET + user.bytes
        await insert_key(connection, key, KeySecret(hashed, "pk_dev_Ann"))
    today = utc_now().date()
    days = [KeptDay(key.id, user, DayOfUse(today - timedelta(days=1), 3, {"track": 3}))]
    await write_days(stores.mongo, days)
    await add_counts(stores.redis, {Count(today, key.id, "track"): 2})


async def _apps(stores: Stores, ann: UUID, bob: UUID) -> None:
    """Give each an app that the other lets in, and codes of Ann's that are under way."""
    now = utc_now()
    async with stores.postgres.transaction() as connection:
        for maker, user, name in ((ann, bob, "Ann's own app"), (bob, ann, "Bob's app")):
            app = AppRecord(
                new_id(), maker, name, "https://app.example", AppAuthentication.SECRET,
                ["AUTHORIZATION_CODE"], ["https://app.example/back"], ["openid"], None, None,
                SECRET, None, None, now, now, None,
            )  # fmt: skip
            await insert_app(connection, app)
            await put_consent(connection, user, app.id, ["openid"], now)
            await insert_family(
                connection, new_id(), user, device="A server", address="198.51.100.7",
                created_at=now, expires_at=now + timedelta(days=1), app_id=app.id,
                scopes=["openid"],
            )  # fmt: skip
        ends_at = now + timedelta(days=1)
        code = CodeRecord(
            SECRET, app.id, ann, new_id(), "https://app.example/back", ["openid"], "c", None, now,
            now, ends_at, None,
        )  # fmt: skip
        await insert_code(connection, code)
        device = DeviceRecord(
            SECRET, "BCDF-GHJK", app.id, ["openid"], "198.51.100.7", "A TV", now, ends_at, 5, None,
            True, ann, now,
        )  # fmt: skip
        await insert_device(connection, device)


async def _listening(stores: Stores, user: UUID) -> None:
    plays = [
        NewListen(
            user, track_id(1 + n % ITEMS), NOW - timedelta(hours=n // 2), 180_000, "test", n > 0
        )
        for n in range(LISTENS)
    ]
    await write_listens(stores.mongo, plays)
    counts = [
        ArtistPlays(f"lastfm:{user}:{n}", user, artist_id(n), 10 * n) for n in range(1, ITEMS + 1)
    ]
    await write_artist_plays(stores.mongo, counts)
    top = [{"id": str(track_id(1)), "plays": 3}]
    mongo = stores.mongo
    await mongo["recent_listens"].insert_one({"_id": str(user), "total": 0, "listens": []})
    entries = [{"id": str(track_id(1)), "score": 0.5, "because": "Artist 1"}]
    model = {"name": "test", "version": 1, "trained_at": NOW}
    await mongo["user_recommendations"].insert_one(
        {"_id": str(user), "model": model, "entries": entries}
    )
    for collection in ("top_tracks", "top_artists"):
        for range_ in ListeningRange:
            await mongo[collection].insert_one(
                {"_id": f"{user}:{range_}", "entries": top, "run": "1"}
            )
    await put_now_playing(stores.redis, user, track_id(1), utc_now(), 600)
    failed_at = {"an attempt": utc_now().timestamp() * 1000}
    await stores.redis.client.zadd(stores.redis.key("attempts", "account", user), failed_at)
    await stores.mongo["track_plays"].update_one(
        {"_id": str(track_id(1))}, {"$inc": {"plays": LISTENS}}, upsert=True
    )


async def everything(stores: Stores) -> AsyncIterator[tuple[str, Any]]:
    """Yield all that the three stores hold: the name of the place, and a row, document or key."""
    for table in metadata.sorted_tables:
        for row in await stores.postgres.read(select(table)):
            yield f"postgres {table.name}", dict(row._mapping)
    for name in await stores.mongo.database.list_collection_names():
        async for document in stores.mongo[name].find({}):
            yield f"mongo {name}", document
    client = stores.redis.client
    async for key in client.scan_iter(match=f"{stores.redis.prefix}*"):
        kind = await client.type(key)
        reader = _READERS[str(kind)]
        # What was told live, of whomever, ages there.
        place = "redis live" if key == stores.redis.key("live") else "redis"
        yield place, (key, await reader(client, key))


_READERS: Mapping[str, Callable[[Any, Any], Awaitable[Any]]] = {
    "string": lambda client, key: client.get(key),
    "set": lambda client, key: client.smembers(key),
    "hash": lambda client, key: client.hgetall(key),
    "stream": lambda client, key: client.xrange(key),
    "zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
}


async def places_with(stores: Stores, *needles: object) -> set[str]:
    """Return where any of these values stands, in whatever form a store shows it."""
    words = [str(one).lower() for one in needles]
    words += [one.hex for one in needles if isinstance(one, UUID)]
    found = set()
    async for place, thing in everything(stores):
        shown = _shown(thing).lower()
        if any(word in shown for word in words):
            found.add(place)
    return found


def _shown(thing: Any) -> str:
    if isinstance(thing, dict):
        return " ".join(f"{key}={_shown(value)}" for key, value in thing.items())
    if isinstance(thing, list | tuple | set):
        return " ".join(map(_shown, thing))
    if isinstance(thing, bytes):
        return f"{thing.hex()} {thing.decode(errors='replace')}"
    return str(thing)
