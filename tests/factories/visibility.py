"""People and playlists of every visibility, with the same around each of them; numbers are ids."""

from collections.abc import Iterable
from uuid import UUID

from auth.principal import ANONYMOUS, Principal, person
from datasources.mongo.recommendations import write_personal
from datasources.mongo.rollups import refresh_listening
from datasources.postgres.audit import record
from datasources.postgres.bulk import copy_rows
from datasources.postgres.playlist_tables import playlist_changes
from datasources.records.accounts import Role
from datasources.records.audit import AuditRecord, AuditResult
from datasources.records.changes import ChangeKind
from datasources.records.external_ids import EntityKind, ExternalSource
from datasources.records.playlists import PlaylistVisibility
from datasources.records.recommendations import ModelRecord, PersonalEntry, PersonalList
from datasources.records.users import ListeningVisibility
from datasources.redis.now_playing import put_now_playing
from datasources.stores import Stores
from resolvers.context import utc_now
from tests.factories.music import NOW, Music, playlist_id, track_id, user_id, write_plays
from tests.factories.search import insert_entries, made

PEOPLE = dict(zip(ListeningVisibility, (1, 2, 3), strict=True))
"""Somebody of each visibility; each has a public playlist, and follows a hub of their own."""

SILENT = 4
"""Somebody who never played anything."""

HUB = 20
"""The hub of person n is person HUB + n."""

OWNERS = dict(zip(PlaylistVisibility, (31, 32, 33), strict=True))
"""The owner of one playlist of each visibility, which has the same number."""

OWNER_OF_NONE = 34

GONE = 5
"""Somebody who is not there, but for their hub."""

CROWDS = {"PUBLIC": 41, "FOLLOWERS": 42, "PRIVATE": 43, "MIXED": 44}
"""Somebody whom 50 people of a visibility follow, or of all of them in turns."""

CROWD = 50

FOLLOWER, COLLABORATOR, STRANGER, ADMIN = (user_id(number) for number in (11, 12, 13, 14))
BLOCKED, BLOCKER = (user_id(number) for number in (15, 16))

VIEWERS: dict[str, Principal] = {
    "anonymous": ANONYMOUS,
    "stranger": person(STRANGER),
    "follower": person(FOLLOWER),
    "collaborator": person(COLLABORATOR),
    "admin": person(ADMIN, Role.ADMIN),
}
"""Who looks; oneself is another each time."""

APART = {"blocked": person(BLOCKED), "blocker": person(BLOCKER)}
"""Who sees nothing of `PEOPLE` and `OWNERS`: these blocked the one, and the other blocked them."""


def follows() -> Iterable[tuple[int, int]]:
    """Yield who follows whom, but the crowds."""
    for number in (*PEOPLE.values(), SILENT):
        yield 11, number
        yield number, HUB + number


def crowd(place: int) -> list[int]:
    """Return the people who follow one of `CROWDS`, in the order of their ids."""
    return [place * 100 + number for number in range(CROWD)]


async def write_visibility(stores: Stores) -> None:
    """Write all of it."""
    music = _music()
    for visibility, number in PEOPLE.items():
        _show_listening(music, number, visibility)
    for shown, number in OWNERS.items():
        music.playlist(number, owner=number, tracks=[1])
        music.rows["playlists"][-1] |= {"visibility": shown, "title": f"Title{number}"}
    for item in music.rows["playlist_items"]:
        item["added_by"] = next(
            row["owner_id"] for row in music.rows["playlists"] if row["id"] == item["playlist_id"]
        )
    crowd_follows = _add_crowds(music)
    await music.write(stores)
    async with stores.postgres.transaction() as connection:
        pairs = [*follows(), *crowd_follows]
        rows = [{"follower_id": user_id(a), "followed_id": user_id(b)} for a, b in pairs]
        await copy_rows(connection, "user_follows", rows)
        await copy_rows(connection, "playlist_collaborators", list(_collaborators()))
        for number in (*PEOPLE.values(), SILENT):
            await connection.execute(playlist_changes.insert().values(_change(number)))
        await copy_rows(connection, "external_ids", list(_external_ids()))
        await copy_rows(connection, "blocks", list(_blocks()))
        for number in (*PEOPLE.values(), SILENT):
            await record(connection, _audit_entry(number))
    await insert_entries(stores.postgres, _search_entries())
    await _write_listening(stores)


def _music() -> Music:
    music = Music()
    numbers = [*PEOPLE.values(), SILENT, *range(11, 17), *OWNERS.values(), OWNER_OF_NONE]
    numbers += [HUB + number for number in (*PEOPLE.values(), SILENT, GONE)]
    numbers += list(CROWDS.values())
    for number in numbers:
        music.user(number)
    music.artist(1, popularity=50)
    for number in (1, 2, 3):
        music.track(number, [1], popularity=number * 10)
    for number in (*PEOPLE.values(), SILENT):
        music.playlist(number, owner=number, tracks=[1])
    return music


def _show_listening(music: Music, number: int, visibility: ListeningVisibility) -> None:
    for row in music.rows["users"]:
        if row["id"] == user_id(number):
            row["listening_visibility"] = visibility


def _add_crowds(music: Music) -> list[tuple[int, int]]:
    pairs = []
    for visibility, place in CROWDS.items():
        for turn, number in enumerate(crowd(place)):
            music.user(number)
            shown = list(ListeningVisibility)[turn % 3] if visibility == "MIXED" else visibility
            music.rows["users"][-1]["listening_visibility"] = shown
            pairs.append((number, place))
            if turn % 2:
                pairs.append((11, number))
    return pairs


def _collaborators() -> Iterable[dict[str, object]]:
    shared = [(number, user_id(number)) for number in (*PEOPLE.values(), SILENT)]
    shared += [(number, COLLABORATOR) for number in OWNERS.values()]
    for number, user in shared:
        row = {"playlist_id": playlist_id(number), "user_id": user}
        yield row | {"role": "VIEWER", "added_at": NOW}


def _change(number: int) -> dict[str, object]:
    """Return a change by the owner of a playlist."""
    row = {"playlist_id": playlist_id(number), "actor_id": user_id(number), "version": 2}
    return row | {"at": NOW, "kind": ChangeKind.ADD, "items": []}


def _blocks() -> Iterable[dict[str, object]]:
    for number in (*PEOPLE.values(), *OWNERS.values()):
        for blocker, blocked in ((user_id(number), BLOCKED), (BLOCKER, user_id(number))):
            yield {"blocker_id": blocker, "blocked_id": blocked, "blocked_at": NOW}


def _external_ids() -> Iterable[dict[str, object]]:
    for number in OWNERS.values():
        row = {"source": ExternalSource.SPOTIFY, "type": EntityKind.PLAYLIST}
        yield row | {"value": f"list{number}", "entity_id": playlist_id(number)}


def _search_entries() -> list[dict[str, object]]:
    people = [(number, f"user{number}") for number in (*PEOPLE.values(), SILENT)]
    entries = [made(name, kind=EntityKind.USER, entity_id=user_id(n)) for n, name in people]
    # Those of hidden playlists, too: an index may lag behind.
    return entries + [
        made(f"Title{n}", kind=EntityKind.PLAYLIST, entity_id=playlist_id(n))
        for n in OWNERS.values()
    ]


def _audit_entry(number: int) -> AuditRecord:
    """Return an entry of which there is one for each person."""
    id_ = UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0000 + number)
    person_ = user_id(number)
    return AuditRecord(id_, NOW, "signIn", AuditResult.DONE, "ANONYMOUS", person_, person_)


async def _write_listening(stores: Stores) -> None:
    for number in PEOPLE.values():
        plays = [(number, track, float(track)) for track in (1, 2, 3)]
        await write_plays(stores, *plays)
        user = user_id(number)
        await put_now_playing(stores.redis, user, track_id(1), utc_now(), expires_s=600)
        entry = PersonalEntry(track_id(2), 0.5, "Artist 1")
        await write_personal(stores.mongo, [PersonalList(user, [entry], ModelRecord("m", 1, NOW))])
    await refresh_listening(stores, NOW)
