"""What a caller is refused, and the policies of edges: who sees what hangs on a record.

`auth.policy` decides; here it is told what it must know, and that is asked for in batches.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from auth.policy import (
    PlaylistAction,
    listening_depends,
    may_do,
    may_read_library,
    may_see_account,
    may_see_listening,
    missing_for_kind,
)
from auth.principal import PrincipalKind
from auth.scopes import Scope
from datasources.loaders.library import Mark
from datasources.loaders.relations import Follow, Follows
from datasources.records.external_ids import EntityKind
from datasources.records.playlists import PlaylistRecord
from datasources.records.users import UserRecord
from resolvers.context import RequestContext
from resolvers.errors import Forbidden, Refusal, Unauthenticated

_CHANGES = ("Mutation.", "Subscription.")


@dataclass(frozen=True, slots=True)
class Policy:
    """Who sees what an edge leads to. It is data on the edge, where guards find it.

    `allows` decides about a record: at once, or, where a relation must be known, for all records
    of a level together.
    """

    name: str
    allows: Callable[[RequestContext, Any], bool | Awaitable[bool]]


def _sees_listening(context: RequestContext, listener: UserRecord) -> bool | Awaitable[bool]:
    viewer = context.principal.user_id
    if viewer is None:
        return may_see_listening(context.principal, listener)
    return _sees_as_follower(context, viewer, listener)


async def _sees_as_follower(context: RequestContext, viewer: UUID, listener: UserRecord) -> bool:
    principal = context.principal
    key = Follow(viewer, listener.id, listening_depends(principal, listener))
    follows = await context.loaders.of(Follows).load(key)
    return may_see_listening(principal, listener, follows=bool(follows))


async def listeners_shown(
    context: RequestContext, listeners: Collection[UserRecord]
) -> frozenset[UUID]:
    """Return the ids of those whose listening the caller may see, by the policy `LISTENING`.

    One batch for all whom it depends on, and nothing but comparisons for the others.
    """
    principal, viewer = context.principal, context.principal.user_id
    follows: dict[UUID, bool] = {}
    if viewer is not None:
        load = context.loaders.of(Follows).load
        depending = [one.id for one in listeners if listening_depends(principal, one)]
        asked = [load(Follow(viewer, one, matters=True)) for one in depending]
        follows = {one: bool(await answer) for one, answer in zip(depending, asked, strict=True)}
    return frozenset(
        one.id
        for one in listeners
        if may_see_listening(principal, one, follows=follows.get(one.id, False))
    )


def _sees_account(context: RequestContext, person: UserRecord) -> bool:
    return may_see_account(context.principal, person)


def _shares(context: RequestContext, playlist: PlaylistRecord) -> bool:
    return may_do(context.principal, PlaylistAction.SHARE, playlist, role=None)


LISTENING = Policy("listening", _sees_listening)
"""Of a person: what they play, played and are recommended."""

ONESELF = Policy("oneself", _sees_account)
"""Of a person: what is there for nobody else."""


def mark_of_viewer(record: Any, context: RequestContext) -> Mark | None:
    """Return what a mark of the viewer's library is loaded by; None where it is not to be read."""
    viewer = context.principal.user_id
    if viewer is not None and not may_read_library(context.principal):
        return None
    return viewer, record.id


SHARING = Policy("sharing", _shares)
"""Of a playlist: who is asked to work on it, and by which links one may."""


def deny(context: RequestContext, missing: Collection[Scope], *what: str) -> Refusal:
    """Return why a caller that lacks these scopes is refused, and note it for the audit log.

    `what` are coordinates of the schema; where nothing is `missing`, no scope would help. That
    somebody without a credential reads what is not for everybody is no news, and is not noted; that
    they try to change something is.
    """
    if context.principal.kind is PrincipalKind.ANONYMOUS:
        context.reply.denied.update(one for one in what if one.startswith(_CHANGES))
        return Unauthenticated("Sign in first.")
    context.reply.denied.update(what)
    if not missing:
        return Forbidden("This credential is not for that.")
    listed = ", ".join(f"`{scope}`" for scope in sorted(missing))
    lacks = "a scope" if len(missing) == 1 else "scopes"
    return Forbidden(f"This credential lacks {lacks}: {listed}.")


def check_kind(context: RequestContext, kind: EntityKind) -> None:
    """Let a caller pass who may tell an entity of this kind from none.

    Raises:
        Unauthenticated, Forbidden: the credential lacks the scope of the kind. Nothing was asked
            yet: the refusal tells nothing of the entity.
    """
    missing = missing_for_kind(context.principal, kind)
    if missing:
        raise deny(context, missing, kind.value.capitalize())
