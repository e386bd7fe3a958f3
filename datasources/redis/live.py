"""The live stream: what happens now, in one order, for all processes of a deployment.

`live` is the stream. `live:seq` counts its events without a gap, and `live:epoch` names the life
of the data: a Redis that was flushed, or came back without its data, begins another one. By these
two a reader notices everything that it has missed.

A Redis that came back without its last seconds has the old name, and would give numbers a second
time. So each process says with each command how far it has seen; where Redis is not there any
more, that command begins another life.
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

_EPOCH = """
local function epoch_of(known)
  local fresh, life, seen = string.match(known, '^(%S+) (%S+) (%d+)$')
  local epoch = redis.call('GET', KEYS[2])
  local seq = tonumber(redis.call('GET', KEYS[3]) or '0')
  if not epoch or (epoch == life and seq < tonumber(seen)) then
    epoch = fresh
    redis.call('SET', KEYS[2], epoch)
  end
  return epoch
end
"""

PUBLISH = f"""{_EPOCH}
local function publish(known, topic, body)
  local epoch = epoch_of(known)
  local seq = redis.call('INCR', KEYS[3])
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', {MAX_EVENTS}, '*',
    'epoch', epoch, 'seq', seq, 'topic', topic, 'body', body)
  redis.call('PEXPIRE', KEYS[1], {KEPT_MS})
  return epoch, seq
end
"""
"""What scripts begin with that change something and tell of it.

The first keys are `live_keys`, and the first argument, which both functions take, is `known_life`.
"""

_ANNOUNCE = f"{PUBLISH} for i = 3, #ARGV do publish(ARGV[1], ARGV[2], ARGV[i]) end"

# The epoch is made where there is none, so that a flush is noticed though nothing happens after it.
_LOCATE = f"""{_EPOCH}
local epoch = epoch_of(ARGV[1])
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
return {{epoch, redis.call('GET', KEYS[3]) or '0', newest and newest[1] or '{START}'}}
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


def known_life(redis: Redis) -> str:
    """Return a name for a life of the data, if one begins now, and how far we have seen which."""
    epoch, seq = redis.live_seen
    return f"{uuid4().hex} {epoch} {seq}"


def note_seen(redis: Redis, epoch: str, seq: int) -> None:
    """Note that the stream has come as far as this."""
    known_epoch, known_seq = redis.live_seen
    if epoch != known_epoch or seq > known_seq:
        redis.live_seen = (epoch, seq)


async def announce(redis: Redis, topic: str, body: str = "", *more: str) -> None:
    """Tell all processes something, an event for each body. One EVAL. Fails closed.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; it may have been told.
    """
    async with redis.answering():
        await redis.client.eval(
            _ANNOUNCE, 3, *live_keys(redis), known_life(redis), topic, body, *more
        )


async def locate(redis: Redis, client: RedisClient) -> Position:
    """Return the newest place of the stream. One EVAL on this client.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    async with our_errors():
        epoch, seq, entry_id = await client.eval(_LOCATE, 3, *live_keys(redis), known_life(redis))
    note_seen(redis, str(epoch), int(seq))
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
    events = [
        LiveEvent(told["topic"], told["body"], Position(told["epoch"], int(told["seq"]), entry_id))
        for entry_id, told in _entries_of(found)
    ]
    if events:
        note_seen(redis, events[-1].at.epoch, events[-1].at.seq)
    return events


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
