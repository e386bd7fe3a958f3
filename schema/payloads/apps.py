"""Results of changes to apps."""

from typing import Annotated

import strawberry

from resolvers import app_commands, app_consents
from schema.payloads.errors import Forbidden, LimitExceeded, NotFound, ValidationError
from schema.types.app import App
from schema.views import attribute, computed, view


@view(app_commands.AppRegistered, told_apart=True, description="A new app.")
class AppRegistered:
    """A view over `AppRegistered`."""

    app: App = attribute("The app.")
    secret: str | None = attribute(
        "Its secret, shown here and never again; null for an app that has none."
    )


@view(app_commands.AppUpdated, told_apart=True, description="The app is changed.")
class AppUpdated:
    """A view over `AppUpdated`."""

    app: App = attribute("The app after the change.")


@view(app_commands.AppSecretRotated, told_apart=True, description="The app has a new secret.")
class AppSecretRotated:
    """A view over `AppSecretRotated`."""

    app: App = attribute("The app after the change.")
    secret: str = attribute("Its new secret, shown here and never again.")


@view(
    app_commands.AppDeleted,
    told_apart=True,
    description="There is no such app any more; its tokens are void within five seconds.",
)
class AppDeleted:
    """A view over `AppDeleted`."""

    id: strawberry.ID = computed(lambda deleted: str(deleted.id), "The id that it had.")


@view(
    app_consents.ConsentWithdrawn,
    told_apart=True,
    description="The app is out: its tokens are void within five seconds.",
)
class ConsentWithdrawn:
    """A view over `ConsentWithdrawn`."""

    app_id: strawberry.ID = computed(lambda withdrawn: str(withdrawn.app_id), "Which app it was.")


RegisterAppResult = Annotated[
    AppRegistered | ValidationError | Forbidden | LimitExceeded,
    strawberry.union("RegisterAppResult", description="What `registerApp` answers."),
]
UpdateAppResult = Annotated[
    AppUpdated | ValidationError | Forbidden | NotFound,
    strawberry.union("UpdateAppResult", description="What `updateApp` answers."),
]
RotateAppSecretResult = Annotated[
    AppSecretRotated | ValidationError | Forbidden | NotFound,
    strawberry.union("RotateAppSecretResult", description="What `rotateAppSecret` answers."),
]
DeleteAppResult = Annotated[
    AppDeleted | Forbidden | NotFound,
    strawberry.union("DeleteAppResult", description="What `deleteApp` answers."),
]
WithdrawConsentResult = Annotated[
    ConsentWithdrawn | Forbidden | NotFound,
    strawberry.union("WithdrawConsentResult", description="What `withdrawConsent` answers."),
]
