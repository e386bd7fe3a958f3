"""The root of all changes: each field is one transaction of its own, run in their order."""

import strawberry

from schema.mutations.accounts import AccountMutations
from schema.mutations.api_keys import ApiKeyMutations
from schema.mutations.apps import AppMutations
from schema.mutations.collaboration import CollaborationMutations
from schema.mutations.deletion import DeletionMutations
from schema.mutations.identities import IdentityMutations
from schema.mutations.library import LibraryMutations
from schema.mutations.listening import ListeningMutations
from schema.mutations.notifications import NotificationMutations
from schema.mutations.passkeys import PasskeyMutations
from schema.mutations.playlist_items import PlaylistItemMutations
from schema.mutations.playlists import PlaylistMutations
from schema.mutations.profile import ProfileMutations
from schema.mutations.second_factor import SecondFactorMutations
from schema.mutations.sessions import SessionMutations


@strawberry.type(description="Changes. The fields of one document run in order, each by itself.")
class Mutation(
    AccountMutations,
    ProfileMutations,
    SessionMutations,
    SecondFactorMutations,
    PasskeyMutations,
    IdentityMutations,
    DeletionMutations,
    ListeningMutations,
    LibraryMutations,
    PlaylistMutations,
    PlaylistItemMutations,
    CollaborationMutations,
    NotificationMutations,
    ApiKeyMutations,
    AppMutations,
):
    """All mutations."""
