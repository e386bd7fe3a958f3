"""The statements of `catalogue_stage.py`: temporary tables, and what is read from them."""

TABLES = (
    # Everything is read whole and in order here. Where the planner expects few rows it would look
    # each of them up, and that grows with the square of the file.
    "set local enable_nestloop = off",
    "set local work_mem = '32MB'",
    """
    create temporary table staged_rows (
        line int, track text, title text, artist text, artist_key text, featured text,
        popularity smallint, album text, album_title text, release_date date,
        release_date_precision text, playlist text, playlist_title text, genre text,
        subgenre text, danceability float8, energy float8, key smallint, loudness float8,
        mode smallint, speechiness float8, acousticness float8, instrumentalness float8,
        liveness float8, valence float8, tempo float8, duration_ms int
    ) on commit drop
    """,
    """
    create temporary table staged_credits (track text, position int, name text, role text)
    on commit drop
    """,
)

SORT_OUT = (
    """
    create temporary table staged_tracks on commit drop as
    select distinct on (track) * from staged_rows order by track, line
    """,
    "create index on staged_tracks (artist_key)",
    "analyze staged_rows",
    "analyze staged_tracks",
)

MAIN_ARTISTS = """
    select artist_key, artist from staged_tracks where artist_key = any(:keys)
    group by artist_key, artist order by max(popularity) desc, min(line)
"""

GENRES = """
    select name, case when min(level) > 0 then min(parent) end from (
        select genre as name, null as parent, line, 0 as level from staged_rows
        union all
        select subgenre, first_value(genre) over (partition by subgenre order by line), line, 1
        from staged_rows
    ) as named
    where name is not null
    group by name order by min(array[level, line]), name
"""

ARTISTS = """
    select name, max(popularity) from staged_credits join staged_tracks using (track)
    group by name order by min(line), min(position), name
"""

TRACKS = """
    select staged_tracks.*, credits.names, credits.roles, labels.genres,
        min(line) over (partition by album) as album_line
    from staged_tracks
    join (
        select track, array_agg(name order by position) as names,
            array_agg(role order by position) as roles
        from staged_credits group by track
    ) as credits using (track)
    left join (
        select track, array_agg(distinct name order by name) as genres from (
            select track, genre as name from staged_rows
            union select track, subgenre from staged_rows
        ) as named
        where name is not null group by track
    ) as labels using (track)
    order by album_line, album, line
"""

ITEMS = """
    select playlist, first_value(playlist_title) over whole, track from (
        select distinct on (playlist, track) playlist, playlist_title, track, line
        from staged_rows order by playlist, track, line
    ) as items
    window whole as (partition by playlist order by line)
    order by min(line) over (partition by playlist), playlist, line
"""

COUNTS = """
    select
        (select count(distinct name) from staged_credits),
        (select count(*) from staged_tracks),
        (select count(distinct playlist) from staged_rows),
        items.number,
        (select count(*) from staged_rows) - items.number,
        (select count(*) from (
            select
                row(title, artist, featured, popularity, album, duration_ms, danceability, energy,
                    key, loudness, mode, speechiness, acousticness, instrumentalness, liveness,
                    valence, tempo)
                is distinct from first_value(
                row(title, artist, featured, popularity, album, duration_ms, danceability, energy,
                    key, loudness, mode, speechiness, acousticness, instrumentalness, liveness,
                    valence, tempo)
                ) over (partition by track order by line)
                or row(album_title, release_date)
                is distinct from first_value(row(album_title, release_date))
                over (partition by album order by line)
                or playlist_title <> first_value(playlist_title)
                over (partition by playlist order by line) as contradicts
            from staged_rows
        ) as compared where contradicts)
    from (
        select count(*) as number from (select distinct playlist, track from staged_rows) as pairs
    ) as items
"""
