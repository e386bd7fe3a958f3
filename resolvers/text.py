"""Text that comes from a client and goes to a store."""

from resolvers.errors import BadUserInput

MAX_CHARS = 255


def checked_text(name: str, value: str) -> str:
    """Return the text as it is.

    Raises:
        BadUserInput: it is blank, has more than 255 characters, or a NUL, which PostgreSQL has not.
    """
    if not value.strip() or len(value) > MAX_CHARS or "\0" in value:
        raise BadUserInput(f"`{name}` must have 1 to {MAX_CHARS} characters, and no NUL.")
    return value
