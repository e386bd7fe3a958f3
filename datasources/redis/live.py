"""The live stream: what happens now, in one order, for all processes of a deployment.

`live` is the stream. `live:seq` counts its events without a gap, and `live:epoch` names the life
of the data: a Redis that was flushed, or came back without its data, begins another one. By these
two a reader notices everything that it has missed.
"""

from dataclasses import dataclass, field
from time import monotonic
from uuid import uuid4

from redis.asyncio import Redis as RedisClient

from datasources.redis.client import Redis, our_errors

MAX_EVENTS = 20_000
"""About so many events stay in the stream: a reader that is further behind has a gap."""

KEPT_MS = 24 * 60 * 60 * 1000
"""So long after the last event the stream is gone."""

START = "0-0"

PUBLISH = f"""
local function epoch_of(fresh)
  local epoch = redis.call('GET', KEYS[2])
  if not epoch then
    epoch = fresh
    redis.call('SET', KEYS[2], epoch)
  end
  return epoch
end
local function publish(fresh_epoch, topic, body)
  local epoch = epoch_of(fresh_epoch)
  local seq = redis.call('INCR', KEYS[3])
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', {MAX_EVENTS}, '*',
    'epoch', epoch, 'seq', seq, 'topic', topic, 'body', body)
  redis.call('PEXPIRE', KEYS[1], {KEPT_MS})
  return epoch
end
"""
"""What scripts begin with that change something and tell of it: the first keys are `live_keys`."""

_ANNOUNCE = f"{PUBLISH} publish(ARGV[1], ARGV[2], ARGV[3])"

# The epoch is made where there is none, so that a flush is noticed though nothing happens after it.
_LOCATE = """
local epoch = redis.call('GET', KEYS[2])
if not epoch then
  epoch = ARGV[1]
  redis.call('SET', KEYS[2], epoch)
end
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
return {epoch, redis.call('GET', KEYS[3]) or '0', newest and newest[1] or '0-0'}
"""


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the stream: an event, or the place behind the last one."""

    epoch: str
    seq: int
    entry_id: str

    def is_lost_in(self, newest: "Position") -> bool:
        """Whether the stream, whose newest place this is, is not the one we have a place in.

        One that nothing happened in for so long that it is gone is the same.
        """
        if newest.entry_id == START and (newest.epoch, newest.seq) == (self.epoch, self.seq):
            return False
        return (
            newest.epoch != self.epoch
            or newest.seq < self.seq
            or _ordered(newest.entry_id) < _ordered(self.entry_id)
        )


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class LiveEvent:
    """Something that happened: its topic, what is told of it, and where it stands.

    All subscribers of a process get the same one, and not an equal one. `received_at` is of the
    monotonic clock.
    """

    topic: str
    body: str
    at: Position
    received_at: float = field(default_factory=monotonic)


def live_keys(redis: Redis) -> tuple[str, str, str]:
    """Return the names of the stream, the epoch and the counter."""
    return redis.key("live"), redis.key("live", "epoch"), redis.key("live", "seq")


def new_epoch() -> str:
    """Return a name for a life of the data that begins now, if one does."""
    return uuid4().hex


async def announce(redis: Redis, topic: str, body: str = "") -> None:
    """Tell all processes something. One EVAL. Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; it may have been told.
    """
    async with redis.answering():
        await redis.client.eval(_ANNOUNCE, 3, *live_keys(redis), new_epoch(), topic, body)


async def locate(redis: Redis, client: RedisClient) -> Position:
    """Return the newest place of the stream. One EVAL on this client.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with our_errors():
        epoch, seq, entry_id = await client.eval(_LOCATE, 3, *live_keys(redis), new_epoch())
    return Position(str(epoch), int(seq), str(entry_id))


async def read_on(
    redis: Redis, client: RedisClient, after: str, *, block_ms: int, count: int = 500
) -> list[LiveEvent]:
    """Return the events behind an entry in their order; waits `block_ms` for the first of them.

    One XREAD on this client: it must have no other use at that time.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    stream, _, _ = live_keys(redis)
    async with our_errors():
        found = await client.xread({stream: after}, count=count, block=block_ms)
    entries = _entries_of(found)
    return [
        LiveEvent(told["topic"], told["body"], Position(told["epoch"], int(told["seq"]), entry_id))
        for entry_id, told in entries
    ]


def _entries_of(found: object) -> list[tuple[str, dict[str, str]]]:
    """Return the entries of the one stream that was read, in the form of either protocol."""
    if isinstance(found, dict):
        return [one for pages in found.values() for page in pages for one in page]
    if isinstance(found, list):
        return [one for _, entries in found for one in entries]
    return []


def _ordered(entry_id: str) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number)
