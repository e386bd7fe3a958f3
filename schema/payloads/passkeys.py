"""Results of changes to passkeys."""

from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from resolvers import passkeys
from schema.payloads.errors import (
    Forbidden,
    LimitExceeded,
    NotFound,
    RateLimited,
    ValidationError,
    WrongCredentials,
)
from schema.payloads.sessions import SignedIn
from schema.types.passkey import Passkey
from schema.views import attribute, computed, view


@view(
    passkeys.PasskeyOptions,
    told_apart=True,
    description="What a client asks the browser or device; one answer to it is taken.",
)
class PasskeyOptions:
    """A view over `PasskeyOptions`."""

    options: JSON = attribute(
        "For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`."
    )
    expires_in_s: int = attribute("How long an answer is taken, in seconds.")


@view(passkeys.PasskeyAdded, told_apart=True, description="A passkey that signs in from now on.")
class PasskeyAdded:
    """A view over `PasskeyAdded`."""

    passkey: Passkey = attribute("The new passkey.")


@view(passkeys.PasskeyRenamed, told_apart=True, description="The passkey has its new name.")
class PasskeyRenamed:
    """A view over `PasskeyRenamed`."""

    passkey: Passkey = attribute("The passkey after the change.")


@view(
    passkeys.PasskeyRemoved,
    told_apart=True,
    description="The passkey does not sign in any more. Sessions that it began go on.",
)
class PasskeyRemoved:
    """A view over `PasskeyRemoved`."""

    id: strawberry.ID = computed(lambda removed: str(removed.id), "The id that it had.")


StartPasskeyRegistrationResult = Annotated[
    PasskeyOptions | WrongCredentials | RateLimited | LimitExceeded,
    strawberry.union(
        "StartPasskeyRegistrationResult", description="What `startPasskeyRegistration` answers."
    ),
]
AddPasskeyResult = Annotated[
    PasskeyAdded | ValidationError | WrongCredentials | LimitExceeded,
    strawberry.union("AddPasskeyResult", description="What `addPasskey` answers."),
]
SignInWithPasskeyResult = Annotated[
    SignedIn | ValidationError | WrongCredentials | Forbidden,
    strawberry.union("SignInWithPasskeyResult", description="What `signInWithPasskey` answers."),
]
RenamePasskeyResult = Annotated[
    PasskeyRenamed | ValidationError | NotFound,
    strawberry.union("RenamePasskeyResult", description="What `renamePasskey` answers."),
]
RemovePasskeyResult = Annotated[
    PasskeyRemoved | WrongCredentials | RateLimited | NotFound | Forbidden,
    strawberry.union("RemovePasskeyResult", description="What `removePasskey` answers."),
]
