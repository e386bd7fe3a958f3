"""Changes to the items of a playlist, as they happen: the subscription `playlistChanged`.

The cursor is the version. The history in PostgreSQL is what is told; Redis only says that there is
something new, and where it has not, the history fills the gap.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from datasources.loaders.batch import Loaders
from datasources.loaders.playlist_history import MissedChanges, StandingOf
from datasources.postgres.playlist_history import fetch_missed
from datasources.postgres.playlist_versions import fetch_versions
from datasources.records.changes import ChangeRecord, Missed
from datasources.records.external_ids import EntityKind
from datasources.redis.event_log import Cursor, parse_cursor, read_live
from datasources.redis.events import topic_name
from datasources.redis.live import LiveEvent
from datasources.stores import Stores
from resolvers.context import RequestContext
from resolvers.errors import BadCursor, Forbidden, NotFound
from resolvers.event_stream import Heard, follow
from resolvers.ids import parse_id_of
from resolvers.live import Lag
from resolvers.permission import check_kind
from resolvers.playlist_access import may_read
from resolvers.playlist_change import TOPIC
from resolvers.stream_rights import Access
from resolvers.topics import Replay, Told

_PAGE = 200
_MAX_DIGITS = 15

GONE = "This playlist is not shown to you any more."


class ChangeTold(Told[ChangeRecord]):
    """A change of a playlist's items, told to a subscriber."""

    @property
    def playlist_id(self) -> UUID:
        """Of which playlist."""
        return self.value.playlist_id


async def playlist_changes(
    context: RequestContext, playlist_id: str, after: str | None = None
) -> AsyncIterator[Heard[ChangeRecord]]:
    """Return the changes of a playlist behind a cursor or version, or from now on.

    Raises:
        BadUserInput: that is no id of a playlist.
        Unauthenticated, Forbidden: the credential does not cover playlists.
        NotFound: it is not there for the caller.
        Forbidden: it is not any more; this may end the changes, too, as may all that `follow`
            raises.
        BadCursor: there was no such version, or the cursor is another subscription's.
    """
    check_kind(context, EntityKind.PLAYLIST)
    id_ = parse_id_of(EntityKind.PLAYLIST, playlist_id)
    principal = context.principal
    standing = await context.loaders.of(StandingOf).load((id_, principal.user_id))
    if not may_read(principal, standing):
        raise NotFound("There is no such playlist.")

    async def decide(loaders: Loaders) -> bool:
        return may_read(principal, await loaders.of(StandingOf).load((id_, principal.user_id)))

    # No topic of rights: what happens to a playlist, and to people, is read again at each event.
    access = Access(decide, ("playlist", id_, principal.user_id), GONE)
    return await follow(context, PlaylistTopic(id_), after, access)


@dataclass(frozen=True, slots=True)
class PlaylistTopic:
    """The changes of a playlist's items, each of which makes a version."""

    playlist_id: UUID
    gapless: bool = True

    @property
    def name(self) -> str:
        """The topic in the live stream."""
        return topic_name(TOPIC, self.playlist_id)

    async def replay(self, stores: Stores, after: str | None) -> Replay[ChangeRecord]:
        """Return the first changes behind a version; a lag where not all of them are kept."""
        since = None if after is None else self._version(after)
        versions = await fetch_versions(stores.postgres, [self.playlist_id])
        if self.playlist_id not in versions:
            raise Forbidden(GONE)
        _, newest = versions[self.playlist_id]
        if since is None:
            return self._replay((), newest)
        if since > newest:
            raise BadCursor(f"This playlist has no version {since}: the newest is {newest}.")
        until = min(newest, since + _PAGE)
        span = Missed(self.playlist_id, since, until + 1)
        changes = (await fetch_missed(stores.postgres, [span])).get(span)
        if changes is None:
            return self._replay((), newest, Lag(newest - since, self._cursor(newest)))
        return self._replay(tuple(map(self._told, changes)), until, more=until < newest)

    async def read(self, event: LiveEvent, loaders: Loaders) -> Told[ChangeRecord] | None:
        """Return the change that is told of, as the history has it."""
        logged = read_live(event)
        if logged is None:
            return None
        version = logged.cursor.seq
        span = Missed(self.playlist_id, version - 1, version + 1)
        changes = await loaders.of(MissedChanges).load(span)
        return self._told(changes[0]) if changes else None

    def _version(self, after: str) -> int:
        """Return the version of a cursor; the number itself will do, too."""
        if after.isascii() and after.isdecimal() and len(after) <= _MAX_DIGITS and int(after) > 0:
            return int(after)
        cursor = parse_cursor(self.name, after)
        if cursor is None or not cursor.seq:
            raise BadCursor("`after` is no cursor of this playlist, nor a version.")
        return cursor.seq

    def _cursor(self, version: int) -> str:
        return str(Cursor(self.name, "", version))

    def _told(self, change: ChangeRecord) -> Told[ChangeRecord]:
        return ChangeTold(change.version, self._cursor(change.version), change)

    def _replay(
        self,
        events: tuple[Told[ChangeRecord], ...],
        version: int,
        lag: Lag | None = None,
        *,
        more: bool = False,
    ) -> Replay[ChangeRecord]:
        return Replay(events, version, self._cursor(version), lag, more)
