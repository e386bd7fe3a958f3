"""People's plays, told by themselves: `submitListens`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from datasources.errors import StoreError
from datasources.loaders.tracks import TrackById
from datasources.loaders.users import UserById
from datasources.mongo.listens import StoredListen, listen_id, store_listens
from datasources.mongo.recents import refresh_recent_listens
from datasources.records.external_ids import EntityKind
from datasources.records.listening import ListenRecord, NewListen, counts_as_play
from datasources.records.tracks import TrackRecord
from resolvers.context import RequestContext
from resolvers.errors import InvalidInput, NotFound, Refusal
from resolvers.listens_told import tell_listens
from resolvers.playlist_input import id_in
from resolvers.signed_in import signed_in
from resolvers.text import MAX_CHARS, NOT_TEXT

log = structlog.get_logger(__name__)

MAX_LISTENS = 100
FIRST = datetime(2002, 10, 1, tzinfo=UTC)
"""Nobody kept a record of plays before."""

AHEAD = timedelta(hours=1)
"""So far may a client's clock be ahead of ours."""

_LISTS = ("input", "listens")


@dataclass(frozen=True, slots=True)
class Submission:
    """A play as a client tells it."""

    track_id: str
    listened_at: datetime
    ms_played: int
    client: str | None = None


@dataclass(frozen=True, slots=True)
class ListenStored:
    """A play that is stored; `new` says that it was not before, and is what was submitted."""

    listen: ListenRecord
    counted: bool
    new: bool


@dataclass(frozen=True, slots=True)
class ListensSubmitted:
    """What became of each play, in the order in which they were submitted."""

    results: Sequence[ListenStored | Refusal]

    @property
    def stored(self) -> int:
        """How many are new; the same play in two entries is one."""
        return sum(isinstance(one, ListenStored) and one.new for one in self.results)


@dataclass(frozen=True, slots=True)
class _Play:
    """A submission whose values can be taken."""

    track_id: UUID
    listened_at: datetime
    ms_played: int
    client: str | None


async def submit_listens(
    context: RequestContext, submissions: Sequence[Submission]
) -> ListensSubmitted:
    """Store plays of the caller, 1 to 100; one that cannot be taken does not keep out the others.

    The same track and second is one play, however often it is submitted: the first word stands.
    What this returns is stored by a majority of MongoDB's servers.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: no plays, or more than 100; nothing is stored.
        NotFound: the account is gone.
        StoreUnavailable, StoreTimeout: a store did not answer; some plays may be stored. To submit
            them again does no harm.
    """
    user_id = signed_in(context)
    if not 1 <= len(submissions) <= MAX_LISTENS:
        raise InvalidInput(_LISTS, f"Submit 1 to {MAX_LISTENS} listens.")
    if await context.loaders.of(UserById).load(user_id) is None:
        raise NotFound("This account is gone.")
    now = context.clock()
    checked = [_checked(place, one, now) for place, one in enumerate(submissions)]
    tracks = await _tracks(context, [one for one in checked if isinstance(one, _Play)])
    judged = [_judged(user_id, one, tracks) for one in checked]
    news = [one for one in judged if isinstance(one, NewListen)]
    stored = await store_listens(context.stores.mongo, news, now) if news else {}
    await _follow_up(context, user_id, stored)
    return ListensSubmitted(_results(judged, stored))


def _checked(place: int, one: Submission, now: datetime) -> _Play | Refusal:
    path = (*_LISTS, str(place))
    try:
        track_id = id_in((*path, "trackId"), EntityKind.TRACK, one.track_id)
    except InvalidInput as refusal:
        return refusal
    at = one.listened_at
    if at.tzinfo is None:
        return InvalidInput(
            (*path, "listenedAt"), "Say the offset from UTC, too: `Z`, or `+01:00`."
        )
    if not FIRST <= at <= now + AHEAD:
        words = "A listen lies between 2002-10-01 and one hour from now."
        return InvalidInput((*path, "listenedAt"), words)
    if one.ms_played < 0:
        return InvalidInput((*path, "msPlayed"), "Nothing is played for less than no time.")
    client = (one.client or "").strip() or None
    if client and (len(client) > MAX_CHARS or NOT_TEXT.search(client)):
        words = f"A client's name has {MAX_CHARS} characters at most."
        return InvalidInput((*path, "client"), words)
    return _Play(track_id, at.astimezone(UTC).replace(microsecond=0), one.ms_played, client)


async def _tracks(context: RequestContext, plays: Sequence[_Play]) -> Mapping[UUID, TrackRecord]:
    ids = list({one.track_id for one in plays})
    found = await context.loaders.of(TrackById).load_many(ids)
    return {one.id: one for one in found if one is not None}


def _judged(
    user_id: UUID, one: _Play | Refusal, tracks: Mapping[UUID, TrackRecord]
) -> NewListen | Refusal:
    if isinstance(one, Refusal):
        return one
    track = tracks.get(one.track_id)
    if track is None:
        return NotFound("There is no such track.")
    counted = counts_as_play(track.duration_ms, one.ms_played)
    return NewListen(user_id, track.id, one.listened_at, one.ms_played, one.client, counted)


def _results(
    judged: Sequence[NewListen | Refusal], stored: Mapping[str, StoredListen]
) -> list[ListenStored | Refusal]:
    """Return the answers; of entries that are the same play, the first is the new one."""
    results: list[ListenStored | Refusal] = []
    seen = set()
    for one in judged:
        if isinstance(one, Refusal):
            results.append(one)
            continue
        id_ = listen_id(one.user_id, one.track_id, one.listened_at)
        found = stored[id_]
        new = found.new and id_ not in seen
        results.append(ListenStored(found.listen, found.counted, new))
        seen.add(id_)
    return results


async def _follow_up(
    context: RequestContext, user_id: UUID, stored: Mapping[str, StoredListen]
) -> None:
    """Bring up to date what hangs on the plays, and tell of them.

    They are stored by now, and are acknowledged whatever happens here. What was there before is
    counted again: the one who stored it may have got no further.
    """
    counted = [one for one in stored.values() if one.counted]
    if not counted:
        return
    new = sorted((one.listen for one in counted if one.new), key=lambda one: one.listened_at)
    try:
        await refresh_recent_listens(context.stores.mongo, user_id, len(new))
    except StoreError as error:
        log.warning("recent listens are refreshed later", store=error.store)
    await tell_listens(context.stores, user_id, new)
