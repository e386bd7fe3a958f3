"""Look-ups of entities: by id, by external id, by handle and by ISRC.

What a viewer may not see is None, as if it did not exist.
"""

import asyncio
import re
from collections.abc import Sequence

from auth.policy import may_read_playlist
from datasources.loaders.entities import EntityByRef, EntityRecord
from datasources.loaders.external_ids import IdByExternalId
from datasources.loaders.playlists import CollaboratorsOfPlaylist
from datasources.loaders.tracks import TracksByIsrc
from datasources.loaders.users import UserByHandle, UserById
from datasources.records.external_ids import EntityKind, ExternalSource
from datasources.records.playlists import PlaylistRecord, PlaylistVisibility
from datasources.records.references import EntityRef
from datasources.records.tracks import TrackRecord
from datasources.records.users import UserRecord
from resolvers.context import RequestContext
from resolvers.errors import BadUserInput
from resolvers.text import checked_text

_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")


async def entity(context: RequestContext, ref: EntityRef) -> EntityRecord | None:
    """Return an entity that the caller may see, or None."""
    record = await context.loaders.of(EntityByRef).load(ref)
    if isinstance(record, PlaylistRecord) and not await _may_read(context, record):
        return None
    return record


async def entities(context: RequestContext, refs: Sequence[EntityRef]) -> list[EntityRecord | None]:
    """Return entities in the order of the references; None for what is not there."""
    return await asyncio.gather(*(entity(context, ref) for ref in refs))


async def by_external_id(
    context: RequestContext, source: ExternalSource, kind: EntityKind, value: str
) -> EntityRecord | None:
    """Return the entity that another service calls so, or None.

    Raises:
        BadUserInput: an empty value, or one of more than 255 characters.
    """
    key = (source, kind, checked_text("value", value))
    entity_id = await context.loaders.of(IdByExternalId).load(key)
    return None if entity_id is None else await entity(context, EntityRef(kind, entity_id))


async def user_by_handle(context: RequestContext, handle: str) -> UserRecord | None:
    """Return the person with this handle, whatever its case, or None.

    Raises:
        BadUserInput: an empty handle, or one of more than 255 characters.
    """
    key = checked_text("handle", handle).lower()
    return await context.loaders.of(UserByHandle).load(key)


async def viewer(context: RequestContext) -> UserRecord | None:
    """Return the person who asks, or None where nobody is signed in."""
    user_id = context.principal.user_id
    return None if user_id is None else await context.loaders.of(UserById).load(user_id)


async def tracks_by_isrc(context: RequestContext, isrc: str) -> Sequence[TrackRecord]:
    """Return all tracks with this ISRC, the most popular first. Hyphens and case do not matter.

    Raises:
        BadUserInput: it is not an ISRC (ISO 3901: two letters, three characters, seven digits).
    """
    code = isrc.replace("-", "").upper()
    if not _ISRC.fullmatch(code):
        raise BadUserInput("`isrc` has two letters, three letters or digits, and seven digits.")
    return await context.loaders.of(TracksByIsrc).load(code) or ()


async def _may_read(context: RequestContext, playlist: PlaylistRecord) -> bool:
    private = playlist.visibility is PlaylistVisibility.PRIVATE
    if not private or context.principal.user_id is None:
        return may_read_playlist(context.principal, playlist)
    shared_with = await context.loaders.of(CollaboratorsOfPlaylist).load(playlist.id) or ()
    people = {collaborator.user.id for collaborator in shared_with}
    return may_read_playlist(context.principal, playlist, people)
