"""What the developer portal's forms have in common: addresses, lists, chosen scopes, times."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from gateway.pages.forms import Form

PORTAL = "/developers"
QUICK_STARTS = f"{PORTAL}/quick-starts"

OVERLAPS: Mapping[str, str] = {
    "0": "At once",
    "3600": "After an hour",
    "86400": "After a day",
    "604800": "After a week",
}
"""How long the text before stays good when another one is made: seconds, and their words."""

_SCOPE = "scope:"


def chosen(form: Form, prefix: str = _SCOPE) -> list[str]:
    """Return what was ticked of boxes whose names begin so, without that beginning."""
    ticked = (name for name, value in form.values.items() if value == "yes")
    return [name.removeprefix(prefix) for name in ticked if name.startswith(prefix)]


def ticked(names: Iterable[str], prefix: str = _SCOPE) -> dict[str, str]:
    """Return the values of a form in which these boxes are ticked."""
    return {f"{prefix}{name}": "yes" for name in names}


def lines(text: str) -> list[str]:
    """Return the lines of a text that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def overlap_in(form: Form) -> int:
    """Return the seconds that were chosen: none where it is no choice of ours."""
    return int(form["overlap"]) if form["overlap"] in OVERLAPS else 0


def id_in(text: str) -> UUID | None:
    """Return which one is meant; None is nobody's."""
    try:
        return UUID(text)
    except ValueError:
        return None
