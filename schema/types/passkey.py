"""A passkey, as its owner sees it."""

from datetime import datetime

import strawberry

from datasources.records.passkeys import PasskeyRecord
from schema.views import attribute, computed, view


@view(PasskeyRecord, description="A key on a device, or in a password manager, that signs in.")
class Passkey:
    """A view over a passkey."""

    id: strawberry.ID = computed(
        lambda passkey: str(passkey.id), "What `renamePasskey` and `removePasskey` take."
    )
    name: str = attribute("What its owner calls it.")
    created_at: datetime = attribute("When it was added.")
    last_used_at: datetime | None = attribute("When it last signed in; null for never.")
    backed_up: bool = attribute("Whether it is kept in more than one place, by a password manager.")
