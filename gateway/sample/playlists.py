"""Playlists: those of Ada, a few of most others, and everybody who follows them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from fractional_indexing import generate_key_between, generate_n_keys_between

from datasources.records.playlists import (
    CollaboratorRole,
    PlaylistItemRecord,
    PlaylistRecord,
    PlaylistVisibility,
)
from gateway.sample.dice import Dice, Urn
from gateway.sample.genres import GENRES
from gateway.sample.identifiers import id_of_time
from gateway.sample.model import SAMPLE_DAY, Person, Playlist, Track
from gateway.sample.names import fill, name_like
from gateway.sample.people import ADA
from gateway.sample.words import DESCRIPTIONS, PLAYLISTS

PLAYLIST_COUNT = 60
ADAS_PLAYLISTS = 24

_ADAS_HIDDEN = {
    ADAS_PLAYLISTS - 2: PlaylistVisibility.UNLISTED,
    ADAS_PLAYLISTS - 1: PlaylistVisibility.PRIVATE,
}
_VISIBILITIES = Urn(tuple(PlaylistVisibility), (80, 8, 12))
_DESCRIBED_SHARE = 0.6
_SHARED_SHARE = 0.2
_MOVED_SHARE = 0.04
_STRAY_SHARE = 0.12  # of tracks from elsewhere in a playlist of one genre
_TWICE_SHARE = 0.01
_LONGEST = 140


@dataclass(frozen=True, slots=True)
class Shelves:
    """The tracks of each genre, parent and child, the popular ones likelier to be taken."""

    of: dict[str, Urn[Track]]

    @classmethod
    def made_of(cls, tracks: Sequence[Track]) -> "Shelves":
        """Return the shelves; "" has all tracks."""
        found: dict[str, list[Track]] = {"": list(tracks)}
        parents = {child: parent for parent, children in GENRES.items() for child in children}
        for track in tracks:
            for genre in dict.fromkeys((*track.genres, *(parents[one] for one in track.genres))):
                found.setdefault(genre, []).append(track)
        return cls(
            {
                genre: Urn(these, [3 + track.record.popularity for track in these])
                for genre, these in found.items()
            }
        )


def make_playlists(people: Sequence[Person], tracks: Sequence[Track]) -> list[Playlist]:
    """Return the playlists, Ada's first."""
    dice = Dice("playlists")
    shelves = Shelves.made_of(tracks)
    titles: set[str] = set()
    ada = next(person for person in people if person.record.handle == ADA)
    others = [person for person in people if person is not ada]
    keepers = Urn(others, [1 / (2 + rank) for rank in range(len(others))])
    genres = [genre for parent, children in GENRES.items() for genre in (parent, *children)]
    mixed = dice.some(genres, len(genres))
    playlists = []
    for index in range(PLAYLIST_COUNT):
        if index < ADAS_PLAYLISTS:
            owner, genre = ada, mixed[index % len(mixed)]
            visibility = _ADAS_HIDDEN.get(index, PlaylistVisibility.PUBLIC)
            length = dice.whole(20, 48)
        else:
            owner = dice.weighted(keepers)
            genre = dice.pick((*owner.likes, *GENRES[owner.likes[0]]))
            visibility = dice.weighted(_VISIBILITIES)
            length = _length(dice, index)
        title = name_like(dice, PLAYLISTS, titles, {"genre": genre})
        drawn = _draw(dice, shelves, genre, length)
        playlists.append(_playlist(dice, owner, people, (title, genre, visibility), drawn))
    return playlists


def _length(dice: Dice, index: int) -> int:
    if index == PLAYLIST_COUNT - 1:
        return 0  # somebody has only just begun
    if index == PLAYLIST_COUNT - 2:
        return _LONGEST
    share = dice.unit()
    return 4 + int(60 * share * share)


def _draw(dice: Dice, shelves: Shelves, genre: str, length: int) -> list[Track]:
    """Return tracks of the genre and a few strays; now and then one stands there twice."""
    drawn: list[Track] = []
    seen: set[UUID] = set()
    while len(drawn) < length:
        track = dice.weighted(shelves.of["" if dice.chance(_STRAY_SHARE) else genre])
        if track.record.id not in seen or dice.chance(_TWICE_SHARE):
            seen.add(track.record.id)
            drawn.append(track)
    return drawn


def _playlist(
    dice: Dice,
    owner: Person,
    people: Sequence[Person],
    about: tuple[str, str, PlaylistVisibility],
    tracks: Sequence[Track],
) -> Playlist:
    title, genre, visibility = about
    since = SAMPLE_DAY - owner.record.created_at
    created_at = _whole_second(owner.record.created_at + since * dice.between(0.02, 0.9))
    shared = visibility is not PlaylistVisibility.PRIVATE and dice.chance(_SHARED_SHARE)
    helpers = [one for one in dice.some(people, 4) if one is not owner][: dice.whole(1, 3)]
    helpers = helpers if shared else []
    editors = helpers[:-1] if len(helpers) > 1 else helpers  # the last of several may only look
    adders = [owner, owner, *editors]
    items = _items(dice, adders, created_at, tracks)
    open_to_all = visibility is not PlaylistVisibility.PRIVATE
    followers = _followers(dice, owner, people) if open_to_all else []
    changes = 1 + len(items)
    record = PlaylistRecord(
        id=id_of_time(dice, created_at),
        owner_id=owner.record.id,
        title=title,
        description=fill(dice, dice.pick(DESCRIPTIONS), {"genre": genre})
        if dice.chance(_DESCRIBED_SHARE)
        else None,
        visibility=visibility,
        collaborative=shared,
        version=changes,
        follower_count=len(followers),
        track_count=len(items),
        duration_ms=sum(track.record.duration_ms for track in tracks),
        created_at=created_at,
        updated_at=max([created_at, *(item.added_at for item in items if item.added_at)]),
    )
    return Playlist(
        record=record,
        items=items,
        followers=[follower.record.id for follower in followers],
        collaborators=[
            (helper.record.id, _role(helper, editors), created_at + timedelta(hours=1 + place))
            for place, helper in enumerate(helpers)
        ],
    )


def _items(
    dice: Dice, adders: Sequence[Person], created_at: datetime, tracks: Sequence[Track]
) -> list[PlaylistItemRecord]:
    """Return the items by position; they were added in this order, and a few moved since."""
    until = SAMPLE_DAY - created_at
    moments = sorted(_whole_second(created_at + until * dice.unit()) for _ in tracks)
    positions = generate_n_keys_between(None, None, len(tracks))
    items = [
        PlaylistItemRecord(
            id=id_of_time(dice, added_at),
            position=position,
            track=track.record,
            added_by_id=dice.pick(adders).record.id,
            added_at=added_at,
        )
        for position, track, added_at in zip(positions, tracks, moments, strict=True)
    ]
    for index in range(2, len(items)):
        if dice.chance(_MOVED_SHARE):
            target = dice.whole(1, len(items) - 2)
            between = sorted(item.position for item in items)[target : target + 2]
            items[index] = replace(items[index], position=generate_key_between(*between))
    return sorted(items, key=lambda item: item.position)


def _role(helper: Person, editors: Sequence[Person]) -> str:
    return (CollaboratorRole.EDITOR if helper in editors else CollaboratorRole.VIEWER).value


def _followers(dice: Dice, owner: Person, people: Sequence[Person]) -> list[Person]:
    share = dice.unit()
    found = dice.some(people, 1 + int(18 * share * share))
    return [person for person in found if person is not owner]


def _whole_second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
