"""Results of deleting one's account, and of asking for what is held about oneself."""

from typing import Annotated

import strawberry

from resolvers import account_deletion, export
from schema.payloads.errors import RateLimited, WrongCredentials
from schema.views import attribute, view


@view(
    account_deletion.AccountDeleted,
    told_apart=True,
    description=(
        "The account is closed and all its sessions have ended; what it held is being removed."
    ),
)
class AccountDeleted:
    """A view over `AccountDeleted`."""

    email: str | None = attribute("Where the last mail goes; null without an address.")


@view(
    export.DataExport,
    told_apart=True,
    description="Where to get everything that is held about the viewer, as one JSON document.",
)
class DataExport:
    """A view over `DataExport`."""

    url: str = attribute(
        "To be got with the same session or token as this answer; the document is made meanwhile."
    )


DeleteAccountResult = Annotated[
    AccountDeleted | WrongCredentials | RateLimited,
    strawberry.union("DeleteAccountResult", description="What `deleteAccount` answers."),
]
ExportMyDataResult = Annotated[
    DataExport | RateLimited,
    strawberry.union("ExportMyDataResult", description="What `exportMyData` answers."),
]
