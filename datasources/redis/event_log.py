"""The event log: for each topic a stream to resume from, and the live stream that tells of it.

`events:<topic>` holds a topic's events, `events:<topic>:seq` the number of the last; both go when
nothing happened for as long as events are kept. Numbers grow by one from each event to the next.
A topic that begins, or begins again, counts on from the time of day in milliseconds, so that no
number is ever given twice. The epoch is that of the live stream: see `datasources/redis/live.py`.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from datasources.redis.client import Redis
from datasources.redis.live import PUBLISH, LiveEvent, known_life, live_keys, note_seen

PAGE = 500
"""So many events are read at once."""

# The keys behind `live_keys` are the topic's stream and its counter.
_BEGIN = """
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function begin(kept_ms)
  redis.call('SET', KEYS[5], string.format('%.0f', now_ms()), 'NX', 'PX', kept_ms)
end
"""

# Arguments: what is known of lives, topic, payload, how long events are kept, how many.
_APPEND = f"""{PUBLISH} {_BEGIN}
begin(ARGV[4])
local seq = string.format('%.0f', redis.call('INCR', KEYS[5]))
redis.call('PEXPIRE', KEYS[5], ARGV[4])
local entry = redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[5], '*',
  'seq', seq, 'payload', ARGV[3])
redis.call('XTRIM', KEYS[4], 'MINID', '~', string.format('%.0f', now_ms() - ARGV[4]))
redis.call('PEXPIRE', KEYS[4], ARGV[4])
local epoch, live_seq = publish(ARGV[1], ARGV[2], seq .. ' ' .. entry .. ' ' .. ARGV[3])
return {{epoch, seq, entry, live_seq}}
"""

# Arguments: what is known of lives, how long events are kept, the cursor's epoch, number and entry
# ('' for none), how many. An entry that is gone, though older ones are kept, was forgotten by a
# Redis that came back without its last seconds: its number may be another event's by now.
_READ = f"""{PUBLISH} {_BEGIN}
local function is_forgotten(entry)
  return entry ~= ''
    and #redis.call('XRANGE', KEYS[4], entry, entry) == 0
    and #redis.call('XRANGE', KEYS[4], '-', '(' .. entry, 'COUNT', 1) == 1
end
local epoch = epoch_of(ARGV[1])
begin(ARGV[2])
local last = redis.call('GET', KEYS[5])
local newest = redis.call('XREVRANGE', KEYS[4], '+', '-', 'COUNT', 1)[1]
local entries = {{}}
if ARGV[3] == epoch and tonumber(ARGV[4]) < tonumber(last) then
  local start = ARGV[5] == '' and '-' or '(' .. ARGV[5]
  entries = redis.call('XRANGE', KEYS[4], start, '+', 'COUNT', ARGV[6])
end
local forgotten = is_forgotten(ARGV[5]) and 1 or 0
return {{epoch, last, newest and newest[1] or '', entries, forgotten}}
"""

_ENTRY_ID = re.compile(r"[0-9]{1,15}-[0-9]{1,9}|")
_MAX_CHARS = 200
_MOST_COUNTED = 10_000_000
"""A topic that began again has left out more numbers than this: nobody knows how many events."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a topic: behind the event of a number, in a life of the data.

    As text it is opaque, and says of which topic it is. `entry_id` is where that event stands in
    its stream; "" is before the first.
    """

    topic: str
    epoch: str
    seq: int
    entry_id: str = ""

    def __str__(self) -> str:
        text = f"{_mark(self.topic)}:{self.epoch}:{self.seq}:{self.entry_id}"
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event of a topic; its cursor is the place behind it."""

    cursor: Cursor
    payload: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """The first events behind a cursor, in their order.

    `lagged` says that they are not known, wholly or in part, and that there are none here for that
    reason; `missed` how many, None for nobody knows. `newest` is the place behind the last event.
    """

    events: Sequence[LoggedEvent]
    newest: Cursor
    lagged: bool = False
    missed: int | None = None

    @property
    def more(self) -> bool:
        """Whether there are others behind these."""
        return bool(self.events) and self.events[-1].cursor.seq < self.newest.seq


def parse_cursor(topic: str, text: str) -> Cursor | None:
    """Return the cursor that a text is, None where it was not made of this topic."""
    if len(text) > _MAX_CHARS:
        return None
    try:
        parts = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().split(":")
        mark, epoch, seq, entry_id = parts
        cursor = Cursor(topic, epoch, int(seq), entry_id)
    except (Base64Error, ValueError):
        return None
    genuine = mark == _mark(topic) and str(cursor) == text and cursor.seq >= 0
    return cursor if genuine and _ENTRY_ID.fullmatch(entry_id) else None


async def append(redis: Redis, topic: str, payload: str) -> Cursor:
    """Add an event to a topic, tell all processes, and return its place. One EVAL. Fails closed.

    Kept as long, and as many, as `redis.retention` says.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; it may have been added.
    """
    kept = redis.retention
    async with redis.answering():
        epoch, seq, entry_id, live_seq = await redis.client.eval(
            _APPEND,
            5,
            *_keys(redis, topic),
            known_life(redis),
            topic,
            payload,
            kept.ms,
            kept.events,
        )
    note_seen(redis, str(epoch), int(live_seq))
    return Cursor(topic, str(epoch), int(seq), str(entry_id))


async def read_after(redis: Redis, topic: str, cursor: Cursor | None) -> LogPage:
    """Return the first events behind a cursor; without one none, and the place of now. One EVAL.

    A cursor of another life of the data is lagged behind in an unknown measure, and so is one that
    is ahead, or whose event is gone before older ones: Redis has lost what it was made of.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    at = ("", 0, "") if cursor is None else (cursor.epoch, cursor.seq, cursor.entry_id)
    async with redis.answering():
        epoch, last, newest_id, entries, forgotten = await redis.client.eval(
            _READ, 5, *_keys(redis, topic), known_life(redis), redis.retention.ms, *at, PAGE
        )
    newest = Cursor(topic, str(epoch), int(last), str(newest_id))
    if cursor is None:
        return LogPage((), newest)
    if forgotten or cursor.epoch != newest.epoch or cursor.seq > newest.seq:
        return LogPage((), newest, lagged=True)
    events = [_event(newest, entry_id, fields) for entry_id, fields in entries]
    following = events[0].cursor.seq if events else newest.seq + 1
    if following != cursor.seq + 1:
        return LogPage((), newest, lagged=True, missed=_counted(cursor, newest))
    return LogPage(events, newest)


def read_live(event: LiveEvent) -> LoggedEvent | None:
    """Return the event that the live stream tells of; None for what no `append` has written."""
    seq, _, rest = event.body.partition(" ")
    entry_id, _, payload = rest.partition(" ")
    if not (seq.isascii() and seq.isdecimal()):
        return None
    return LoggedEvent(Cursor(event.topic, event.at.epoch, int(seq), entry_id), payload)


def log_keys(redis: Redis, topic: str) -> tuple[str, str]:
    """Return the names of a topic's stream and of its counter."""
    return redis.key("events", topic), redis.key("events", topic, "seq")


def _keys(redis: Redis, topic: str) -> tuple[str, ...]:
    return (*live_keys(redis), *log_keys(redis, topic))


def _mark(topic: str) -> str:
    return blake2b(topic.encode(), digest_size=6).hexdigest()


def _event(newest: Cursor, entry_id: str, fields: Sequence[str]) -> LoggedEvent:
    told = dict(zip(fields[::2], fields[1::2], strict=True))
    return LoggedEvent(
        Cursor(newest.topic, newest.epoch, int(told["seq"]), str(entry_id)), told["payload"]
    )


def _counted(cursor: Cursor, newest: Cursor) -> int | None:
    """Return how many events lie between two places, None where numbers were left out."""
    missed = newest.seq - cursor.seq
    return missed if missed <= _MOST_COUNTED else None
