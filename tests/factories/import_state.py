"""What an import left in PostgreSQL: to compare runs."""

from sqlalchemy import text

from datasources.postgres.client import AnyRow
from datasources.postgres.tables import metadata
from datasources.stores import Stores


async def rows(stores: Stores, statement: str) -> list[AnyRow]:
    """Return the rows of a statement."""
    return list(await stores.postgres.read(text(statement)))


async def fingerprint(stores: Stores) -> dict[str, str | None]:
    """Return a digest of each table: its rows, and which transaction wrote each version of them."""
    digests: dict[str, str | None] = {}
    for table in metadata.tables:
        statement = (
            f"select md5(string_agg(t::text || t.xmin::text, '|' order by t::text)) from {table} t"  # noqa: S608  our own names
        )
        digests[table] = (await rows(stores, statement))[0][0]
    return digests


async def contents(stores: Stores) -> dict[str, list[tuple[object, ...]]]:
    """Return all that a catalogue import wrote, with names and the source's ids for ours."""
    return {
        name: [tuple(row) for row in await rows(stores, statement)]
        for name, statement in _CONTENTS.items()
    }


_CONTENTS = {
    "artists": "select name, name_key, popularity from artists order by name",
    "albums": """
        select value, title, release_date, release_date_precision,
            (select array_agg(name || ' ' || role order by position)
                from album_credits join artists on artist_id = artists.id
                where album_id = albums.id)
        from albums join external_ids on entity_id = albums.id order by value
    """,
    "tracks": """
        select value, title, duration_ms, tracks.popularity, to_jsonb(audio_features) - 'track_id',
            (select array_agg(name || ' ' || role order by position)
                from track_credits join artists on artist_id = artists.id
                where track_id = tracks.id),
            (select array_agg(slug order by slug)
                from track_genres join genres on genre_id = genres.id where track_id = tracks.id)
        from tracks
        join external_ids on entity_id = tracks.id
        join audio_features on audio_features.track_id = tracks.id
        order by value
    """,
    "genres": """
        select child.slug, child.name, parent.slug, child.track_count
        from genres child left join genres parent on parent.id = child.parent_id
        order by child.slug
    """,
    "artist_genres": """
        select artists.name, slug, artist_genres.track_count
        from artist_genres
        join artists on artist_id = artists.id join genres on genre_id = genres.id
        order by 1, 2
    """,
    "playlists": """
        select ids.value, title, handle, visibility, collaborative, track_count,
            playlists.duration_ms,
            (select array_agg(tracks.value order by position)
                from playlist_items
                join external_ids tracks on tracks.entity_id = track_id
                where playlist_id = playlists.id)
        from playlists
        join external_ids ids on ids.entity_id = playlists.id
        join users on users.id = owner_id
        order by ids.value
    """,
    "search_entries": "select kind, name_key, key, popularity from search_entries order by 1, 2, 3",
}
