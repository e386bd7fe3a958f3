"""Handles: the unique names of people, as they stand in addresses."""

import re

_HANDLE = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_.-]{3,30}")
_OF_DELETED = "deleted-"

RULES = (
    "A handle has 3 to 30 of the letters A to Z, digits, and _ . - (one letter or digit at"
    f' least), and does not begin with "{_OF_DELETED}".'
)


def is_handle(text: str) -> bool:
    """Return whether somebody may be called so; what comes from elsewhere may have others."""
    return bool(_HANDLE.fullmatch(text)) and not handle_key(text).startswith(_OF_DELETED)


def handle_key(handle: str) -> str:
    """Return what handles are compared by, as `users.handle_key` does."""
    return handle.lower()
