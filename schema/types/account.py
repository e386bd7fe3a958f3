"""The viewer's own account."""

from datetime import datetime

from datasources.loaders.audit import SecurityEventsOfUser
from datasources.loaders.collaboration import InvitationsOfUser
from datasources.loaders.identities import IdentitiesOfUser
from datasources.loaders.passkeys import PasskeysOfUser, SecondFactorOfUser
from datasources.loaders.sessions import SessionsOfPerson
from datasources.records.accounts import AccountRecord, Role
from resolvers.sessions import sessions_key
from schema.pagination import Connection
from schema.permissions import PLAYLISTS
from schema.types.invitation import Invitation
from schema.types.linked_identity import LinkedIdentity
from schema.types.passkey import Passkey
from schema.types.second_factor import SecondFactor
from schema.types.security_event import SecurityEvent
from schema.types.session import Session
from schema.views import attribute, loaded, paged, view


@view(AccountRecord, description="What lets the viewer sign in; nobody else sees it.")
class Account:
    """An account."""

    email: str | None = attribute("The confirmed address that mails go to.")
    role: Role = attribute("What the account may do.")
    password_changed_at: datetime | None = attribute(
        "When the password was last changed; null for an account without one."
    )
    second_factor: SecondFactor | None = loaded(
        SecondFactorOfUser,
        key="user_id",
        description="Whether signing in with the password asks for a code, too.",
    )
    passkeys: list[Passkey] | None = loaded(
        PasskeysOfUser, key="user_id", description="Passkeys that sign in, the oldest first."
    )
    linked_identities: list[LinkedIdentity] | None = loaded(
        IdentitiesOfUser,
        key="user_id",
        description="Accounts at OpenID providers that sign in here, the oldest first.",
    )
    security_events: Connection[SecurityEvent] | None = paged(
        SecurityEventsOfUser,
        key="user_id",
        description="What the viewer did and what was done to the account, the newest first.",
    )
    sessions: list[Session] | None = loaded(
        SessionsOfPerson,
        key=sessions_key,
        description="Where the viewer is signed in, the most recently used first.",
    )
    invitations: Connection[Invitation] | None = paged(
        InvitationsOfUser,
        key="user_id",
        access=PLAYLISTS,
        description="To which playlists of others the viewer is asked, the newest first.",
    )
