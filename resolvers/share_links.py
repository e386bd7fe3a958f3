"""Links to a playlist: whoever has the secret of one may work on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from auth.opaque import hash_of, new_secret
from auth.policy import PlaylistAction
from datasources.ids import new_id
from datasources.loaders.collaboration import ShareLinkById
from datasources.loaders.entities import EntityByRef
from datasources.postgres import share_links
from datasources.postgres.client import Connection
from datasources.postgres.playlist_writes import lock_playlist
from datasources.records.collaboration import ShareLinkRecord
from datasources.records.external_ids import EntityKind
from datasources.records.playlists import CollaboratorRole
from datasources.records.references import EntityRef
from resolvers.context import RequestContext
from resolvers.errors import InvalidInput, LimitExceeded, NotFound
from resolvers.idempotency import change
from resolvers.notifying import publish_told
from resolvers.permission import SHARING
from resolvers.playlist_access import playlist_for
from resolvers.playlist_input import id_in, link_id_in
from resolvers.playlist_joining import join, locked_with
from resolvers.signed_in import signed_in

MAX_LINKS = 50
"""How many links to a playlist may be open."""

_LIFETIME = timedelta(days=7)
_MAX_LIFETIME = timedelta(days=90)

_OVER = "This link opens nothing: it is wrong, used, expired or withdrawn."


@dataclass(frozen=True, slots=True)
class NewLink:
    """What a link is to be for; `expires_at` is 7 days from now where it is None."""

    role: CollaboratorRole
    once: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShareLinkCreated:
    """Which link is new, and its secret, which is shown this one time."""

    share_link_id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class ShareLinkRedeemed:
    """Which playlist the caller works on now, and whose it is."""

    playlist_id: UUID
    owner_id: UUID


@dataclass(frozen=True, slots=True)
class ShareLinkRevoked:
    """Which link opens nothing any more."""

    share_link_id: UUID


async def create_share_link(
    context: RequestContext, playlist_id: str, new: NewLink
) -> ShareLinkCreated:
    """Make a link with which others may work on a playlist of the caller's.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a playlist, or an expiry in the past or beyond 90 days.
        NotFound, Forbidden: the playlist is not there for the caller, or not theirs.
        LimitExceeded: there are 50 links that can be redeemed.
    """
    caller = signed_in(context)
    id_ = id_in(("input", "playlistId"), EntityKind.PLAYLIST, playlist_id)
    now = context.clock()
    link = ShareLinkRecord(
        id=new_id(),
        playlist_id=id_,
        role=new.role,
        once=new.once,
        created_at=now,
        expires_at=_expiry(new.expires_at, now),
        uses=0,
        revoked_at=None,
    )
    token = new_secret()

    async def work(connection: Connection) -> ShareLinkCreated:
        await lock_playlist(connection, id_)
        await playlist_for(connection, context, id_, PlaylistAction.SHARE)
        if await share_links.count_open_links(connection, id_, now) >= MAX_LINKS:
            raise LimitExceeded(f"There are {MAX_LINKS} links at most: withdraw some.")
        await share_links.insert_link(connection, link, hash_of(token), caller)
        return ShareLinkCreated(link.id, token)

    return await change(context, work)


async def redeem_share_link(context: RequestContext, token: str) -> ShareLinkRedeemed:
    """Let the caller work on the playlist that a link is for.

    Where they may do as much already, nothing changes, and a link for one use is not used.

    Raises:
        Unauthenticated: nobody is signed in.
        NotFound: the link is wrong, used, expired or revoked, or not for this person.
        LimitExceeded: the playlist has 100 collaborators; the link is not used.
    """
    caller = signed_in(context)
    hashed = hash_of(token)

    async def work(connection: Connection) -> ShareLinkRedeemed:
        found = await share_links.find_link(connection, hashed)
        if found is None:
            raise NotFound(_OVER)
        playlist = await locked_with(connection, found.playlist_id, caller)
        # Again, now that nobody else redeems it.
        link = await share_links.find_link(connection, hashed)
        if playlist is None or link is None or not link.opens(context.clock()):
            raise NotFound(_OVER)
        if await join(context, connection, playlist, caller, link.role):
            await share_links.spend_link(connection, link.id)
        return ShareLinkRedeemed(playlist.id, playlist.owner_id)

    redeemed = await change(context, work)
    await publish_told(context.stores, redeemed.owner_id, caller)
    return redeemed


async def revoke_share_link(context: RequestContext, share_link_id: str) -> ShareLinkRevoked:
    """Let a link open nothing any more; again changes nothing. Who came by it stays.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: that is no id of a link.
        NotFound: there is no such link to a playlist of the caller's.
    """
    caller = signed_in(context)
    id_ = link_id_in(("shareLinkId",), share_link_id)

    async def work(connection: Connection) -> ShareLinkRevoked:
        link = await share_links.fetch_link(connection, id_)
        playlist = None if link is None else await lock_playlist(connection, link.playlist_id)
        if playlist is None or playlist.owner_id != caller:
            raise NotFound("There is no such link.")
        await share_links.revoke_link(connection, id_, context.clock())
        return ShareLinkRevoked(id_)

    return await change(context, work)


async def link_of(context: RequestContext, link_id: UUID) -> ShareLinkRecord | None:
    """Return a link to a playlist of the caller's, as it is now; None where it is not theirs."""
    link = await context.loaders.of(ShareLinkById).load(link_id)
    if link is None:
        return None
    ref = EntityRef(EntityKind.PLAYLIST, link.playlist_id)
    playlist = await context.loaders.of(EntityByRef).load((ref, context.principal.user_id))
    return link if playlist is not None and SHARING.allows(context, playlist) else None


def is_open(context: RequestContext, link: ShareLinkRecord) -> bool:
    """Return whether a link can be redeemed now."""
    return link.opens(context.clock())


def _expiry(wanted: datetime | None, now: datetime) -> datetime:
    if wanted is None:
        return now + _LIFETIME
    path = ("input", "expiresAt")
    if wanted.tzinfo is None:
        raise InvalidInput(path, "A moment has its offset from UTC.")
    if not now < wanted <= now + _MAX_LIFETIME:
        raise InvalidInput(path, f"A link lasts {_MAX_LIFETIME.days} days at most.")
    return wanted
