"""People."""

from datetime import datetime

from datasources.loaders.accounts import AccountOfUser
from datasources.loaders.library import (
    BlockedUsersOfUser,
    FollowedArtistsOfUser,
    FollowedPlaylistsOfUser,
    SavedAlbumsOfUser,
    SavedTracksOfUser,
    UserIsFollowed,
)
from datasources.loaders.listening import (
    NowPlayingOfUser,
    RecentListensOfUser,
    TopArtistsOfUser,
    TopTracksOfUser,
)
from datasources.loaders.notifications import NotificationsOfUser, PreferencesOfUser
from datasources.loaders.playlists import PlaylistsOfUser
from datasources.loaders.recommendations import RecommendationsOfUser
from datasources.loaders.users import FollowersOfUser, FollowingOfUser
from datasources.records.listening import ListeningRange
from datasources.records.users import UserRecord
from resolvers.permission import LISTENING, ONESELF
from schema.pagination import Connection
from schema.permissions import ACCOUNT, LIBRARY, LISTENS, PLAYLISTS, RECOMMENDATIONS
from schema.types.account import Account
from schema.types.artist import Artist
from schema.types.entity import Node, marked
from schema.types.library import BlockedUser, SavedAlbum, SavedTrack
from schema.types.listening import Listen, NowPlaying
from schema.types.notification import NotificationConnection, NotificationPreference
from schema.types.playlist import Playlist
from schema.types.ranking import RankedArtistConnection, RankedTrackConnection
from schema.types.recommendation import TrackRecommendationConnection
from schema.views import argument, attribute, loaded, paged, view

_RANGE = argument("range", ListeningRange, "How far back plays are counted.", ListeningRange.MEDIUM)
_OWN = "Empty for everybody but themselves."
_HIDDEN = "Empty where the person does not show their listening to the viewer."


@view(UserRecord, description="A person who listens.", keys=["id"])
class User(Node):
    """A person."""

    handle: str = attribute("Unique name, whatever its case; stands in addresses.")
    display_name: str = attribute("The name that others see.")
    avatar_url: str | None = attribute("A picture of the person.")
    created_at: datetime = attribute("When the account was made.")
    is_followed: bool | None = marked(UserIsFollowed, "Whether the viewer follows this person.")
    followers: "Connection[User] | None" = paged(
        FollowersOfUser,
        key="id",
        for_viewer=True,
        description=(
            "Who follows this person, whoever did so last first; without those whom a block hides"
            " from the viewer."
        ),
    )
    following: "Connection[User] | None" = paged(
        FollowingOfUser,
        key="id",
        for_viewer=True,
        description=(
            "Whom this person follows, the last one first; without those whom a block hides from"
            " the viewer."
        ),
    )
    playlists: Connection[Playlist] | None = paged(
        PlaylistsOfUser,
        key="id",
        for_viewer=True,
        access=PLAYLISTS,
        description=(
            "The person's public playlists, the newest first; all of their own to themselves."
        ),
    )
    now_playing: NowPlaying | None = loaded(
        NowPlayingOfUser,
        key="id",
        allowed=LISTENING,
        access=LISTENS,
        description="What the person plays at this moment; null for nothing, or nothing shown.",
    )
    recent_listens: Connection[Listen] | None = paged(
        RecentListensOfUser,
        key="id",
        allowed=LISTENING,
        access=LISTENS,
        description=f"What the person played, the latest first. {_HIDDEN}",
    )
    top_tracks: RankedTrackConnection | None = paged(
        TopTracksOfUser,
        key="id",
        by=[_RANGE],
        allowed=LISTENING,
        access=LISTENS,
        description=f"The person's most played tracks. {_HIDDEN}",
    )
    top_artists: RankedArtistConnection | None = paged(
        TopArtistsOfUser,
        key="id",
        by=[_RANGE],
        allowed=LISTENING,
        access=LISTENS,
        description=f"The person's most played artists. {_HIDDEN}",
    )
    recommendations: TrackRecommendationConnection | None = paged(
        RecommendationsOfUser,
        key="id",
        allowed=LISTENING,
        access=RECOMMENDATIONS,
        description=(
            "Tracks for this person, best first; popular ones where nothing is known of them, or"
            " shown to the viewer."
        ),
    )
    saved_tracks: Connection[SavedTrack] | None = paged(
        SavedTracksOfUser,
        key="id",
        allowed=ONESELF,
        access=LIBRARY,
        description=f"Tracks that the viewer saved, the newest first. {_OWN}",
    )
    saved_albums: Connection[SavedAlbum] | None = paged(
        SavedAlbumsOfUser,
        key="id",
        allowed=ONESELF,
        access=LIBRARY,
        description=f"Albums that the viewer saved, the newest first. {_OWN}",
    )
    followed_artists: Connection[Artist] | None = paged(
        FollowedArtistsOfUser,
        key="id",
        allowed=ONESELF,
        access=LIBRARY,
        description=f"Artists whom the viewer follows, the last one first. {_OWN}",
    )
    followed_playlists: Connection[Playlist] | None = paged(
        FollowedPlaylistsOfUser,
        key="id",
        allowed=ONESELF,
        access=LIBRARY,
        description=(f"Playlists that the viewer follows and may read, the last one first. {_OWN}"),
    )
    blocked_users: Connection[BlockedUser] | None = paged(
        BlockedUsersOfUser,
        key="id",
        allowed=ONESELF,
        access=LIBRARY,
        description=f"People whom the viewer blocked, the last one first. {_OWN}",
    )
    notifications: NotificationConnection | None = paged(
        NotificationsOfUser,
        key="id",
        allowed=ONESELF,
        access=ACCOUNT,
        description=f"What the viewer was told, the newest first, for 90 days. {_OWN}",
    )
    notification_preferences: list[NotificationPreference] | None = loaded(
        PreferencesOfUser,
        key="id",
        allowed=ONESELF,
        access=ACCOUNT,
        description=f"How the viewer is told, by kind. {_OWN}",
    )
    email: str | None = loaded(
        AccountOfUser,
        key="id",
        allowed=ONESELF,
        of="email",
        description="Where mails to this person go; null for everybody but themselves.",
        access=ACCOUNT,
    )
    account: Account | None = loaded(
        AccountOfUser,
        key="id",
        allowed=ONESELF,
        description="How this person signs in; null for everybody but themselves.",
        access=ACCOUNT,
    )
