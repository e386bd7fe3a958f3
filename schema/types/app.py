"""Apps of third parties: as who made them sees them, and as people see those that they let in."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from datasources.records.apps import AppAuthentication, AppGrant, AppRecord
from datasources.records.apps import AuthorizedApp as AuthorizedAppRecord
from schema.permissions import ACCOUNT, KEYS
from schema.types.entity import record_id
from schema.views import attribute, computed, view


def _grants(app: AppRecord) -> list[AppGrant]:
    return [AppGrant(one) for one in app.grants]


@view(
    AppRecord,
    description="An app that may ask people to let it act for them (OAuth2), as its maker sees it.",
    access=KEYS,
)
class App:
    """An app, without its secret."""

    id: strawberry.ID = computed(record_id, "What OAuth calls `client_id`; no secret.")
    name: str = attribute("What people read when they are asked.")
    website: str = attribute("Where they learn more of it.")
    authentication: AppAuthentication = attribute("How it shows at `/oauth/token` who it is.")
    grants: list[AppGrant] = computed(_grants, "The ways in which it gets tokens.")
    redirect_uris: list[str] = attribute("Where people come back to with their code, exactly.")
    scopes: list[str] = attribute("What it may ask for, at the most.")
    jwks: JSON | None = attribute("Its public keys, where they are kept here.")
    jwks_uri: str | None = attribute("Where its public keys are, if not here.")
    old_secret_until: datetime | None = attribute(
        "Until when the secret before the last one is good; null where there is none."
    )
    created_at: datetime = attribute("When it was registered.")
    updated_at: datetime = attribute("When it was last changed.")
    disabled_at: datetime | None = attribute(
        "When an operator disabled it: it gets no tokens, and those it had are void."
    )


def _app_id(app: AuthorizedAppRecord) -> str:
    return str(app.app_id)


@view(
    AuthorizedAppRecord,
    description="An app of somebody else that acts for the viewer.",
    access=ACCOUNT,
)
class AuthorizedApp:
    """An app that was let in."""

    id: strawberry.ID = computed(_app_id, "What `withdrawConsent` takes.")
    name: str = attribute("What it is called.")
    website: str = attribute("Where its makers tell more of it.")
    scopes: list[str] = attribute("What it may do.")
    granted_at: datetime = attribute("When the viewer last said so.")
    last_used_at: datetime | None = attribute(
        "When it last got tokens; null where it has none at this moment."
    )
