"""Who may see what: pure functions, and the only place that decides. Deny by default."""

from collections.abc import Collection, Iterable
from enum import Enum, auto
from uuid import UUID

from auth.principal import Principal, PrincipalKind
from auth.scopes import SCOPE_OF_KIND, Scope
from datasources.records.external_ids import EntityKind
from datasources.records.playlists import CollaboratorRole, PlaylistRecord, PlaylistVisibility
from datasources.records.users import ListeningVisibility, UserRecord


def missing_scopes(
    principal: Principal, alternatives: Iterable[frozenset[Scope]]
) -> frozenset[Scope]:
    """Return what the caller's credential lacks: nothing where it covers one alternative.

    Otherwise what is missing for the alternative that is nearest, the first of several.
    """
    lacking = [needed - principal.scopes for needed in alternatives]
    return min(lacking, key=len, default=frozenset())


def missing_for_kind(principal: Principal, kind: EntityKind) -> frozenset[Scope]:
    """Return what the caller's credential lacks to tell an entity of this kind from none."""
    needed = SCOPE_OF_KIND[kind]
    return missing_scopes(principal, () if needed is None else [frozenset({needed})])


def may_begin_change(principal: Principal, *, needs_scopes: bool) -> bool:
    """Whether the caller may use a mutation at all; its scopes are another question.

    A publishable key changes nothing. What needs no scopes is about who signs in, and in whose
    name: for people alone, signed in or not yet, and no business of a key, an app or a service.
    """
    if principal.kind is PrincipalKind.API_KEY and principal.user_id is None:
        return False
    return needs_scopes or principal.kind in {PrincipalKind.ANONYMOUS, PrincipalKind.USER}


def may_read_playlist(
    principal: Principal, playlist: PlaylistRecord, collaborators: Collection[UUID] = ()
) -> bool:
    """Whether a playlist that was asked for by id is there for this caller.

    `collaborators` are the ids of the people it is shared with; they matter only where it is
    private.
    """
    if playlist.visibility is not PlaylistVisibility.PRIVATE:
        return True
    viewer = principal.user_id
    return viewer is not None and (viewer == playlist.owner_id or viewer in collaborators)


class PlaylistAction(Enum):
    """What somebody does with a playlist."""

    READ = auto()
    CHANGE_ITEMS = auto()
    UPDATE = auto()
    """Change what it says of itself, and who sees it."""
    SHARE = auto()
    """Invite and remove people, change their roles, make and revoke links."""
    TRANSFER = auto()
    DELETE = auto()


def may_do(
    principal: Principal,
    action: PlaylistAction,
    playlist: PlaylistRecord,
    role: CollaboratorRole | None,
) -> bool:
    """Whether the caller may do something with a playlist; `role` is theirs, as a collaborator.

    Its owner may do everything. Editors change its items as long as it is collaborative; they keep
    their role while it is not. Whom it is shared with reads it, as everybody does where it is not
    private.
    """
    viewer = principal.user_id
    if viewer is not None and viewer == playlist.owner_id:
        return True
    if action is PlaylistAction.READ:
        collaborators = () if viewer is None or role is None else (viewer,)
        return may_read_playlist(principal, playlist, collaborators)
    editor = role is CollaboratorRole.EDITOR and playlist.collaborative
    return action is PlaylistAction.CHANGE_ITEMS and editor


def may_find(principal: Principal, found: object) -> bool:
    """Whether what a search led to may be shown: the index may lag behind a playlist's owner."""
    return not isinstance(found, PlaylistRecord) or (
        found.visibility is PlaylistVisibility.PUBLIC or principal.user_id == found.owner_id
    )


def may_see_listening(principal: Principal, listener: UserRecord, *, follows: bool = False) -> bool:
    """Whether the caller may see what a person plays, played, and is recommended.

    `follows` says whether the caller follows them; it matters where `listening_depends` says so.
    No role sees more than others: what people listen to is nobody's business to administer.
    """
    if principal.user_id == listener.id:
        return True
    match listener.listening_visibility:
        case ListeningVisibility.PUBLIC:
            return True
        case ListeningVisibility.FOLLOWERS:
            return principal.user_id is not None and follows
        case _:
            return False


def listening_depends(principal: Principal, listener: UserRecord) -> bool:
    """Whether it must be known if the caller follows a person, to decide about their listening."""
    return (
        principal.user_id is not None
        and principal.user_id != listener.id
        and listener.listening_visibility is ListeningVisibility.FOLLOWERS
    )


def may_read_library(principal: Principal) -> bool:
    """Whether the caller's credential is for what the caller has saved."""
    return Scope.LIBRARY_READ in principal.scopes


def may_see_account(principal: Principal, person: UserRecord) -> bool:
    """Whether the caller may see how a person signs in, and where mails to them go: their own."""
    return principal.user_id == person.id
