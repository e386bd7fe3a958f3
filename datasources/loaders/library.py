"""Loaders of what people keep, and of marks: whether the viewer keeps a thing that is shown.

Keys of marks are pairs of the viewer and the thing; for nobody nothing is asked.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from datasources.loaders.batch import Batch, PagedBatch
from datasources.loaders.sources import from_postgres, pages_from_postgres
from datasources.postgres import library_lists as lists
from datasources.postgres import relations
from datasources.postgres.client import Postgres
from datasources.postgres.relations import Pair
from datasources.stores import Stores

Mark = tuple[UUID | None, UUID]


def _marks(
    name: str, fetch: Callable[[Postgres, Sequence[Pair]], Awaitable[set[Pair]]]
) -> Batch[Mark, bool]:
    """Return a batch that says of each thing whether the viewer keeps it: one round trip, or none.

    False for nobody.
    """

    async def marked(stores: Stores, keys: Sequence[Mark]) -> Mapping[Mark, bool]:
        asked = [(viewer, thing) for viewer, thing in keys if viewer is not None]
        return dict.fromkeys(await fetch(stores.postgres, asked), True) if asked else {}

    return Batch(name, marked, missing=False)


TrackIsSaved = _marks("TrackIsSaved", relations.fetch_saved_tracks)
AlbumIsSaved = _marks("AlbumIsSaved", relations.fetch_saved_albums)
ArtistIsFollowed = _marks("ArtistIsFollowed", relations.fetch_followed_artists)
PlaylistIsFollowed = _marks("PlaylistIsFollowed", relations.fetch_followed_playlists)
UserIsFollowed = _marks("UserIsFollowed", relations.fetch_follows)

SavedTracksOfUser = PagedBatch(
    "SavedTracksOfUser",
    pages_from_postgres(lists.fetch_saved_tracks),
    keyset=lists.SAVED_TRACKS,
    total=Batch("SavedTrackCountOfUser", from_postgres(lists.count_saved_tracks), missing=0),
)
SavedAlbumsOfUser = PagedBatch(
    "SavedAlbumsOfUser",
    pages_from_postgres(lists.fetch_saved_albums),
    keyset=lists.SAVED_ALBUMS,
    total=Batch("SavedAlbumCountOfUser", from_postgres(lists.count_saved_albums), missing=0),
)
FollowedArtistsOfUser = PagedBatch(
    "FollowedArtistsOfUser",
    pages_from_postgres(lists.fetch_followed_artists),
    keyset=lists.FOLLOWED_ARTISTS,
    total=Batch(
        "FollowedArtistCountOfUser", from_postgres(lists.count_followed_artists), missing=0
    ),
)
FollowedPlaylistsOfUser = PagedBatch(
    "FollowedPlaylistsOfUser",
    pages_from_postgres(lists.fetch_followed_playlists),
    keyset=lists.FOLLOWED_PLAYLISTS,
    total=Batch(
        "FollowedPlaylistCountOfUser", from_postgres(lists.count_followed_playlists), missing=0
    ),
)
BlockedUserByPair = Batch("BlockedUserByPair", from_postgres(lists.fetch_blocked_by_pairs))
"""Somebody blocked; keys are (blocker, blocked)."""

BlockedUsersOfUser = PagedBatch(
    "BlockedUsersOfUser",
    pages_from_postgres(lists.fetch_blocked_users),
    keyset=lists.BLOCKED_USERS,
    total=Batch("BlockedUserCountOfUser", from_postgres(lists.count_blocked_users), missing=0),
)
