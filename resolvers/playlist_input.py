"""What people write about playlists, checked."""

from base64 import urlsafe_b64decode
from unicodedata import category
from uuid import UUID

from datasources.records.external_ids import EntityKind
from resolvers.errors import BadUserInput, InvalidInput
from resolvers.ids import global_id, parse_id_of
from resolvers.text import NOT_TEXT

MAX_TITLE_CHARS = 200
MAX_DESCRIPTION_CHARS = 2_000

SHARE_LINK = "ShareLink"
"""The type that stands in the ids of share links."""

ITEM = "PlaylistItem"
"""The type that stands in the ids of items."""

_NO_ITEM = "This is not the id of an item."
_NO_LINK = "This is not the id of a share link."

# Categories of Unicode. Line and paragraph separators break a line as control characters do.
_CONTROLS = {"Cc", "Zl", "Zp"}
_UNSEEN = _CONTROLS | {"Cf", "Zs", "Mn", "Mc", "Me"}
# Letters and a symbol by their categories, and nothing to see: Hangul fillers, an empty Braille.
_BLANKS = set("\u115f\u1160\u3164\uffa0\u2800")


def id_in(path: tuple[str, ...], kind: EntityKind, text: str) -> UUID:
    """Return the UUID in a global id of this kind, which stands there in the arguments.

    Raises:
        InvalidInput: it is no id, or one of another kind.
    """
    try:
        return parse_id_of(kind, text)
    except BadUserInput as error:
        # Without the text: in the wrong place it may be anything, a secret, too.
        raise InvalidInput(path, f"This is not the id of a {kind.value.capitalize()}.") from error


def link_id_in(path: tuple[str, ...], text: str) -> UUID:
    """Return the UUID in the id of a share link, which stands there in the arguments.

    Raises:
        InvalidInput: it is none.
    """
    return typed_id_in(path, SHARE_LINK, text, _NO_LINK)


def item_id_in(path: tuple[str, ...], text: str) -> UUID:
    """Return the UUID in the id of an item, which stands there in the arguments.

    Raises:
        InvalidInput: it is none.
    """
    return typed_id_in(path, ITEM, text, _NO_ITEM)


def typed_id_in(path: tuple[str, ...], type_name: str, text: str, words: str) -> UUID:
    """Return the UUID in an id of this type, which stands there in the arguments.

    Raises:
        InvalidInput: it is none; in these words.
    """
    try:
        name, _, value = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
        id_ = UUID(value)
    except ValueError as error:
        raise InvalidInput(path, words) from error
    if name != type_name or global_id(name, id_) != text:
        raise InvalidInput(path, words)
    return id_


def checked_title(value: object) -> str:
    """Return a title without the spaces around it; what is between them stays as it was written.

    Raises:
        InvalidInput: it is empty, too long, has control characters, or nothing that one can see.
    """
    title = str(value or "").strip()
    seen = any(category(char) not in _UNSEEN and char not in _BLANKS for char in title)
    if len(title) > MAX_TITLE_CHARS or not seen:
        words = f"A title has 1 to {MAX_TITLE_CHARS} characters, and one of them can be seen."
        raise InvalidInput(("input", "title"), words)
    _refuse_controls("title", title)
    return title


def checked_description(value: object) -> str | None:
    """Return a description without the spaces around it; None for none.

    Raises:
        InvalidInput: it is too long, or has control characters.
    """
    description = str(value or "").strip()
    if len(description) > MAX_DESCRIPTION_CHARS:
        raise InvalidInput(
            ("input", "description"),
            f"A description has {MAX_DESCRIPTION_CHARS} characters at most.",
        )
    _refuse_controls("description", description)
    return description or None


def _refuse_controls(name: str, text: str) -> None:
    if NOT_TEXT.search(text) or any(category(char) in _CONTROLS for char in text):
        raise InvalidInput(
            ("input", name), "There are control characters in it: a line break, for example."
        )
