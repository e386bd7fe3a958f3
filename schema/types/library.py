"""What people keep, as they see it themselves, and whom they blocked."""

from datetime import datetime

import strawberry

from datasources.records.library import BlockedUserRecord, SavedAlbumRecord, SavedTrackRecord
from resolvers.ids import global_id
from schema.types.album import Album
from schema.types.track import Track
from schema.views import attribute, computed, view


@view(SavedTrackRecord, description="A track in the viewer's library.")
class SavedTrack:
    """A saved track."""

    track: Track = attribute("The track.")
    saved_at: datetime = attribute("When it was saved.")


@view(SavedAlbumRecord, description="An album in the viewer's library.")
class SavedAlbum:
    """A saved album."""

    album: Album = attribute("The album.")
    saved_at: datetime = attribute("When it was saved.")


def _id(blocked: BlockedUserRecord) -> str:
    return global_id("User", blocked.id)


@view(
    BlockedUserRecord,
    description="Somebody whom the viewer blocked: no more of them is shown than their name.",
)
class BlockedUser:
    """A blocked person."""

    id: strawberry.ID = computed(_id, "The person's id, for `unblockUser`; it leads nowhere else.")
    handle: str = attribute("Unique name, whatever its case.")
    display_name: str = attribute("The name that others see.")
    blocked_at: datetime = attribute("Since when.")
