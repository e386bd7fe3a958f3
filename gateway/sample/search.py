"""What finds each entity of the sample."""

from collections import Counter
from collections.abc import Iterable, Sequence

from datasources.postgres.search_index import entry
from datasources.records.external_ids import EntityKind
from datasources.records.playlists import PlaylistVisibility
from gateway.sample.model import Album, Artist, Credit, Person, Playlist, Row

_A_FOLLOWER = 4  # popularity that each follower adds
_MOST = 100


def search_rows(
    artists: Sequence[Artist],
    albums: Sequence[Album],
    playlists: Sequence[Playlist],
    people: Sequence[Person],
) -> list[Row]:
    """Return the rows of `search_entries`: all entities but playlists that are not public."""
    rows = [
        entry(EntityKind.ARTIST, one.id, one.name, (), one.popularity)
        for one in (artist.record for artist in artists)
    ]
    for album in albums:
        known = max((track.record.popularity for track in album.tracks), default=0)
        title, by = album.record.title, _names(album.credits)
        rows.append(entry(EntityKind.ALBUM, album.record.id, title, by, known))
        for track in album.tracks:
            one, by = track.record, _names(track.credits)
            rows.append(entry(EntityKind.TRACK, one.id, one.title, by, one.popularity))
    kept: Counter[object] = Counter()
    for playlist in playlists:
        shown = playlist.record
        if shown.visibility is PlaylistVisibility.PUBLIC:
            kept[shown.owner_id] += shown.follower_count
            known = min(_MOST, _A_FOLLOWER * shown.follower_count)
            rows.append(entry(EntityKind.PLAYLIST, shown.id, shown.title, (), known))
    for person in (one.record for one in people):
        others, known = (person.handle,), min(_MOST, kept[person.id])
        rows.append(entry(EntityKind.USER, person.id, person.display_name, others, known))
    return rows


def _names(credits_: Iterable[Credit]) -> list[str]:
    return [credit.artist.record.name for credit in credits_]
