"""What the two who share a playlist were told lately, some of which they have not read."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from datasources.records.notifications import NewNotification, NotificationKind
from datasources.records.playlists import CollaboratorRole
from gateway.sample.catalogue import Catalogue
from gateway.sample.model import Playlist
from gateway.sample.people import ADA, EDITOR


def shared_playlist(catalogue: Catalogue) -> Playlist:
    """Return the playlist that Ada shares with the editor, the newest where there are several."""
    people = _ids(catalogue)
    role = CollaboratorRole.EDITOR.value
    shared = [
        playlist
        for playlist in catalogue.playlists
        if playlist.record.owner_id == people[ADA]
        and any(helper[:2] == (people[EDITOR], role) for helper in playlist.collaborators)
    ]
    return max(shared, key=lambda playlist: playlist.record.created_at)


def make_notifications(catalogue: Catalogue, now: datetime) -> list[NewNotification]:
    """Return what they were told in the week before `now`, the oldest first."""
    people = _ids(catalogue)
    ada, editor = people[ADA], people[EDITOR]
    playlist = shared_playlist(catalogue).record.id
    joined, followed = NotificationKind.PLAYLIST_SHARED, NotificationKind.NEW_FOLLOWER
    role = CollaboratorRole.EDITOR
    began = now - timedelta(days=6)
    return [
        NewNotification(ada, joined, began, editor, playlist, role, read=True),
        NewNotification(editor, joined, began, ada, playlist, role, read=True),
        NewNotification(editor, followed, now - timedelta(days=1), people["milo"]),
        NewNotification(ada, followed, now - timedelta(days=2), people["kwame"], read=True),
        NewNotification(ada, followed, now - timedelta(hours=20), people["noor"]),
        NewNotification(ada, followed, now - timedelta(hours=3), people["yusra"]),
    ]


def _ids(catalogue: Catalogue) -> Mapping[str, UUID]:
    return {person.record.handle: person.record.id for person in catalogue.people}
