"""Text that comes from a client and goes to a store."""

import re

from resolvers.errors import BadUserInput

NOT_TEXT = re.compile("[\\0\ud800-\udfff]")
MAX_CHARS = 255


def checked_text(name: str, value: str) -> str:
    """Return the text as it is.

    Raises:
        BadUserInput: it is blank, has more than 255 characters, or one that no store takes: NUL,
            or half of a surrogate pair.
    """
    if not value.strip() or len(value) > MAX_CHARS or NOT_TEXT.search(value):
        raise BadUserInput(f"`{name}` must be a text of 1 to {MAX_CHARS} characters.")
    return value
