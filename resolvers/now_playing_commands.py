"""What people tell of what they play at this moment: only for themselves."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from datasources.loaders.tracks import TrackById
from datasources.records.external_ids import EntityKind
from datasources.records.listening import NowPlayingRecord
from datasources.redis.now_playing import clear_now_playing as write_nothing
from datasources.redis.now_playing import put_now_playing
from resolvers.context import RequestContext
from resolvers.errors import BadUserInput, InvalidInput, NotFound
from resolvers.ids import parse_id_of
from resolvers.signed_in import signed_in


@dataclass(frozen=True, slots=True)
class NowPlayingSet:
    """What the caller plays now; None where the track is over already."""

    now_playing: NowPlayingRecord | None


@dataclass(frozen=True, slots=True)
class NowPlayingCleared:
    """Whether the caller played that, and does not any more."""

    cleared: bool


async def set_now_playing(
    context: RequestContext, track_id: str, position_ms: int = 0
) -> NowPlayingSet:
    """Say that the caller plays a track, and is `position_ms` into it; the latest wins.

    It holds until the track would end, 600 s at the longest.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: the position is not within the track, or the id is no track's.
        NotFound: there is no such track.
        StoreUnavailable, StoreTimeout: a store did not answer; nobody was told.
    """
    user_id = signed_in(context)
    track = await context.loaders.of(TrackById).load(_track_id(track_id, ("input", "trackId")))
    if track is None:
        raise NotFound("There is no such track.")
    if not 0 <= position_ms <= track.duration_ms:
        raise InvalidInput(("input", "positionMs"), "The position is not within the track.")
    started_at = context.clock() - timedelta(milliseconds=position_ms)
    left_s = (track.duration_ms - position_ms) / 1000
    return NowPlayingSet(
        await put_now_playing(context.stores.redis, user_id, track.id, started_at, left_s)
    )


async def clear_now_playing(
    context: RequestContext, track_id: str | None = None
) -> NowPlayingCleared:
    """Say that the caller plays nothing any more; with a track, only where that is what plays.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidInput: the id is no track's.
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    user_id = signed_in(context)
    track = None if track_id is None else _track_id(track_id, ("trackId",))
    return NowPlayingCleared(await write_nothing(context.stores.redis, user_id, track))


def _track_id(text: str, path: tuple[str, ...]) -> UUID:
    try:
        return parse_id_of(EntityKind.TRACK, text)
    except BadUserInput as error:
        raise InvalidInput(path, str(error)) from None
