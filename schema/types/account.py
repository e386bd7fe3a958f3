"""The viewer's own account."""

from datetime import datetime

from datasources.records.accounts import AccountRecord, Role
from schema.views import attribute, view


@view(AccountRecord, description="What lets the viewer sign in; nobody else sees it.")
class Account:
    """An account."""

    email: str | None = attribute("The confirmed address that mails go to.")
    role: Role = attribute("What the account may do.")
    password_changed_at: datetime | None = attribute(
        "When the password was last changed; null for an account without one."
    )
