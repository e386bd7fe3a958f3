"""Changes that a person makes to what others see of them."""

from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from datasources.postgres.client import Connection
from datasources.postgres.profiles import update_profile as write_profile
from datasources.records.users import ListeningVisibility
from resolvers.context import RequestContext
from resolvers.errors import InvalidInput, NotFound
from resolvers.idempotency import change
from resolvers.live import rights_changed
from resolvers.signed_in import signed_in
from resolvers.text import NOT_TEXT

_MAX_NAME_CHARS = 60
_MAX_URL_CHARS = 2000


@dataclass(frozen=True, slots=True)
class ProfileUpdated:
    """Whose profile is another one."""

    user_id: UUID


async def update_profile(context: RequestContext, changes: dict[str, object]) -> ProfileUpdated:
    """Change display name, picture or who sees the listening: only what is in `changes`.

    Raises:
        InvalidInput: a value that cannot be taken; nothing has changed.
    """
    user_id = signed_in(context)
    checked = {name: _CHECKS[name](value) for name, value in changes.items()}

    async def work(connection: Connection) -> ProfileUpdated:
        if await write_profile(connection, user_id, checked) is None:
            raise NotFound("This account is being removed.")
        return ProfileUpdated(user_id)

    updated = await change(context, work)
    if "listening_visibility" in checked:
        await rights_changed(context.stores.redis, user_id)
    return updated


def checked_name(value: object) -> str:
    """Return a display name, with single spaces.

    Raises:
        InvalidInput: it is empty, too long, or no text.
    """
    name = " ".join(str(value or "").split())
    if not name or len(name) > _MAX_NAME_CHARS or NOT_TEXT.search(name):
        raise InvalidInput(
            ("input", "displayName"), f"A name has 1 to {_MAX_NAME_CHARS} characters."
        )
    return name


def _avatar_url(value: object) -> object:
    if value is None:
        return None
    url = str(value)
    try:
        parts = urlsplit(url)
        fine = parts.scheme == "https" and bool(parts.hostname) and not parts.username
    except ValueError:
        fine = False
    if not fine or len(url) > _MAX_URL_CHARS or not url.isascii() or not url.isprintable():
        raise InvalidInput(("input", "avatarUrl"), "A picture has an address with https.")
    return url


def _listening_visibility(value: object) -> object:
    if value is None:
        raise InvalidInput(("input", "listeningVisibility"), "Somebody, or nobody, sees it.")
    return ListeningVisibility(str(value))


_CHECKS = {
    "display_name": checked_name,
    "avatar_url": _avatar_url,
    "listening_visibility": _listening_visibility,
}
