"""The collections, their documents and indexes.

Ids of our entities are strings (UUIDs in their usual form), times are UTC to the second.

| collection | `_id` | document |
| --- | --- | --- |
| `listens` | user:track:second | user, track, at, ms, client, counted: one play, append only |
| `artist_plays` | source:user:artist (theirs) | user, artist (ours), plays: counts without times |
| `track_plays` | track | plays: all counted listens of a track |
| `recent_listens` | user | total, listens and oldest: counted [{track, at, ms, client}] |
| `top_tracks` | user:RANGE | entries [{id, plays}], most played first |
| `top_artists` | user:RANGE | entries [{id, plays}], most played first |
| `charts` | RANGE:genre slug or `*` | entries [{id, plays}] of tracks, most played first |
| `similar_artists` | artist | model, name (its own), ids and scores of neighbours, nearest first |
| `similar_tracks` | track | model, name (its own), ids and scores of neighbours, nearest first |
| `user_recommendations` | user | model, entries [{id (track), score, because (artist name)}] |
| `models` | name | name, version, trained_at, reserved, scales {feature: deviation} |
| `api_key_use` | key:day | key, user (its owner), day, operations, fields {root field: count} |

A play in `listens` that subscribers were not told of yet has `untold`, too: see `untold.py`. Both
lists of `recent_listens` are newest first. `model` is {name, version, trained_at}. All but
the first two and the last are computed from those two: by `rollups.py`, whose documents carry
`run`, an id that grows with each run, and by the training of recommendations. `recents.py` keeps
`recent_listens` between two runs, and notes at which total it wrote the lists: `listed`. The last
is copied from what Redis counts.
"""

from pymongo import ASCENDING, DESCENDING, IndexModel

LISTENS = "listens"
ARTIST_PLAYS = "artist_plays"
TRACK_PLAYS = "track_plays"
RECENT_LISTENS = "recent_listens"
TOP_TRACKS = "top_tracks"
TOP_ARTISTS = "top_artists"
CHARTS = "charts"
SIMILAR_ARTISTS = "similar_artists"
SIMILAR_TRACKS = "similar_tracks"
USER_RECOMMENDATIONS = "user_recommendations"
MODELS = "models"
API_KEY_USE = "api_key_use"

MAX_RECENT = 200
"""The newest plays in a `recent_listens` document, as `listens`."""

MAX_OLDEST = 100
"""The oldest plays there that are not among the newest: `oldest`. What lies between is not ready.

As many as a page may have, so that the last page of a list is always at hand.
"""

MAX_TOP = 100
"""Entries of a top list or chart."""

MAX_WRITES = 10_000
"""Writes in one call; servers accept 25,000 at most."""

INDEXES = {
    LISTENS: [
        IndexModel([("user", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)], name="by_user"),
        IndexModel([("at", ASCENDING)], name="by_time"),
        IndexModel([("untold", ASCENDING)], name="untold", sparse=True),
    ],
    ARTIST_PLAYS: [
        IndexModel([("user", ASCENDING)], name="by_user"),
        IndexModel([("artist", ASCENDING)], name="by_artist"),
    ],
    API_KEY_USE: [
        IndexModel([("key", ASCENDING), ("day", ASCENDING)], name="by_key"),
        IndexModel([("user", ASCENDING)], name="by_user"),
    ],
}
