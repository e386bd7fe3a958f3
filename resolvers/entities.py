"""Look-ups of entities: by id, by external id, by handle and by ISRC.

What a viewer may not see is None, as if it did not exist.
"""

import asyncio
import re
from collections.abc import Collection, Sequence
from uuid import UUID

from auth.policy import may_read_playlist
from datasources.loaders.entities import EntityByRef, EntityRecord
from datasources.loaders.external_ids import IdByExternalId
from datasources.loaders.relations import Collaborates
from datasources.loaders.tracks import TracksByIsrc
from datasources.loaders.users import SeenUserByHandle, UserById
from datasources.records.external_ids import EntityKind, ExternalSource
from datasources.records.playlists import PlaylistRecord
from datasources.records.references import EntityRef
from datasources.records.tracks import TrackRecord
from datasources.records.users import UserRecord
from resolvers.context import RequestContext
from resolvers.errors import BadUserInput
from resolvers.permission import check_kind
from resolvers.text import checked_text

_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")


async def entity(context: RequestContext, ref: EntityRef) -> EntityRecord | None:
    """Return an entity that the caller may see, or None.

    Raises:
        Unauthenticated, Forbidden: the credential does not cover this kind of entity.
    """
    check_kind(context, ref.kind)
    viewer = context.principal.user_id
    loading = context.loaders.of(EntityByRef).load((ref, viewer))
    if ref.kind is not EntityKind.PLAYLIST:
        return await loading
    if viewer is None:
        return _if_readable(context, await loading)
    # Asked at the same time, and always: what is hidden takes as long as what is not there.
    shared = context.loaders.of(Collaborates).load((viewer, ref.id))
    record, collaborates = await asyncio.gather(loading, shared)
    return _if_readable(context, record, {viewer} if collaborates else ())


async def entities(context: RequestContext, refs: Sequence[EntityRef]) -> list[EntityRecord | None]:
    """Return entities in the order of the references; None for what is not there."""
    return await asyncio.gather(*(entity(context, ref) for ref in refs))


async def by_external_id(
    context: RequestContext, source: ExternalSource, kind: EntityKind, value: str
) -> EntityRecord | None:
    """Return the entity that another service calls so, or None.

    Raises:
        BadUserInput: an empty value, or one of more than 255 characters.
        Unauthenticated, Forbidden: the credential does not cover this kind of entity.
    """
    check_kind(context, kind)
    key = (source, kind, checked_text("value", value))
    entity_id = await context.loaders.of(IdByExternalId).load(key)
    return None if entity_id is None else await entity(context, EntityRef(kind, entity_id))


async def user_by_handle(context: RequestContext, handle: str) -> UserRecord | None:
    """Return the person with this handle, whatever its case, or None.

    Raises:
        BadUserInput: an empty handle, or one of more than 255 characters.
    """
    key = checked_text("handle", handle).lower()
    return await context.loaders.of(SeenUserByHandle).load((key, context.principal.user_id))


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


def _if_readable(
    context: RequestContext, record: EntityRecord | None, collaborators: Collection[UUID] = ()
) -> EntityRecord | None:
    if not isinstance(record, PlaylistRecord):
        return record
    return record if may_read_playlist(context.principal, record, collaborators) else None
