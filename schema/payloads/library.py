"""Results of changes to the library, to whom one follows, and to whom one has blocked."""

from typing import Annotated

import strawberry

from datasources.loaders.albums import AlbumById
from datasources.loaders.artists import ArtistById
from datasources.loaders.library import BlockedUserByPair
from datasources.loaders.tracks import TrackById
from datasources.loaders.users import SeenUserById
from resolvers import blocking, following, library_commands
from schema.payloads.errors import LimitExceeded, NotFound, ValidationError
from schema.types.album import Album
from schema.types.artist import Artist
from schema.types.library import BlockedUser
from schema.types.track import Track
from schema.types.user import User
from schema.views import attribute, loaded, loaded_each, view

_CHANGED = "How many it was different for before; 0 where it was so already."


@view(
    library_commands.SavedTracksChanged,
    told_apart=True,
    description="What became of tracks in the viewer's library.",
)
class SavedTracksChanged:
    """A view over `SavedTracksChanged`."""

    tracks: list[Track | None] | None = loaded_each(
        TrackById, keys="track_ids", description="The tracks that were named, each once."
    )
    changed: int = attribute(_CHANGED)


@view(
    library_commands.SavedAlbumsChanged,
    told_apart=True,
    description="What became of albums in the viewer's library.",
)
class SavedAlbumsChanged:
    """A view over `SavedAlbumsChanged`."""

    albums: list[Album | None] | None = loaded_each(
        AlbumById, keys="album_ids", description="The albums that were named, each once."
    )
    changed: int = attribute(_CHANGED)


@view(
    library_commands.ArtistFollowChanged,
    told_apart=True,
    description="Whether the viewer follows an artist now.",
)
class ArtistFollowChanged:
    """A view over `ArtistFollowChanged`."""

    artist: Artist | None = loaded(
        ArtistById, key="artist_id", description="The artist who was named."
    )
    changed: int = attribute(_CHANGED)


@view(
    following.UserFollowChanged,
    told_apart=True,
    description="Whether the viewer follows somebody now.",
)
class UserFollowChanged:
    """A view over `UserFollowChanged`."""

    user: User | None = loaded(
        SeenUserById, key="user_id", for_viewer=True, description="The person who was named."
    )
    changed: int = attribute(_CHANGED)


@view(
    blocking.UserBlocked,
    told_apart=True,
    description="Somebody whom the viewer does not see any more, nor they the viewer.",
)
class UserBlocked:
    """A view over `UserBlocked`."""

    blocked: BlockedUser | None = loaded(
        BlockedUserByPair,
        key=lambda record, _: (record.blocker_id, record.blocked_id),
        description="What is left to see of them.",
    )
    changed: int = attribute(_CHANGED)


@view(
    blocking.UserUnblocked,
    told_apart=True,
    description="Somebody whom the viewer sees again, and they the viewer.",
)
class UserUnblocked:
    """A view over `UserUnblocked`."""

    user: User | None = loaded(
        SeenUserById, key="user_id", for_viewer=True, description="The person who was named."
    )
    changed: int = attribute(_CHANGED)


SaveTracksResult = Annotated[
    SavedTracksChanged | ValidationError | NotFound | LimitExceeded,
    strawberry.union("SaveTracksResult", description="What `saveTracks` answers."),
]
RemoveSavedTracksResult = Annotated[
    SavedTracksChanged | ValidationError | NotFound,
    strawberry.union("RemoveSavedTracksResult", description="What `removeSavedTracks` answers."),
]
SaveAlbumsResult = Annotated[
    SavedAlbumsChanged | ValidationError | NotFound | LimitExceeded,
    strawberry.union("SaveAlbumsResult", description="What `saveAlbums` answers."),
]
RemoveSavedAlbumsResult = Annotated[
    SavedAlbumsChanged | ValidationError | NotFound,
    strawberry.union("RemoveSavedAlbumsResult", description="What `removeSavedAlbums` answers."),
]
FollowArtistResult = Annotated[
    ArtistFollowChanged | ValidationError | NotFound,
    strawberry.union("FollowArtistResult", description="What `followArtist` answers."),
]
UnfollowArtistResult = Annotated[
    ArtistFollowChanged | ValidationError | NotFound,
    strawberry.union("UnfollowArtistResult", description="What `unfollowArtist` answers."),
]
FollowUserResult = Annotated[
    UserFollowChanged | ValidationError | NotFound,
    strawberry.union("FollowUserResult", description="What `followUser` answers."),
]
UnfollowUserResult = Annotated[
    UserFollowChanged | ValidationError | NotFound,
    strawberry.union("UnfollowUserResult", description="What `unfollowUser` answers."),
]
BlockUserResult = Annotated[
    UserBlocked | ValidationError | NotFound,
    strawberry.union("BlockUserResult", description="What `blockUser` answers."),
]
UnblockUserResult = Annotated[
    UserUnblocked | ValidationError | NotFound,
    strawberry.union("UnblockUserResult", description="What `unblockUser` answers."),
]
