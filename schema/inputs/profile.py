"""Inputs of the profile."""

from typing import Any

import strawberry
from strawberry import UNSET

from datasources.records.users import ListeningVisibility


def _member(description: str) -> Any:
    return strawberry.field(description=description, default=UNSET)


@strawberry.input(description="What to change; what is left out stays as it is.")
class UpdateProfileInput:
    """Changes to the viewer's profile."""

    display_name: str | None = _member("The name that others see, up to 60 characters.")
    avatar_url: str | None = _member("The https address of a picture; null removes it.")
    listening_visibility: ListeningVisibility | None = _member("Who sees what the viewer plays.")

    def changes(self) -> dict[str, object]:
        """Return what was given, by the records' names."""
        return {name: value for name, value in vars(self).items() if value is not UNSET}
