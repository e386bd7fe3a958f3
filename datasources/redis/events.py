"""Events of topics: a stream for each, to resume from, and `live`, one stream of all as they come.

`events:<topic>:<subject>` holds those of about an hour; it and `live` are gone a day after their
last. `events:<topic>:<subject>:seq` is the last number, `events:epoch` what a flushed Redis loses:
who reads another one than before has to begin anew. An entry has `seq`, `epoch` and `event`, in
JSON; in `live` it has `topic` and `subject`, too.
"""

from collections.abc import Sequence
from uuid import UUID

import orjson

from datasources.ids import new_id
from datasources.records.events import EventRecord
from datasources.redis.client import Redis

_HELD_MS = 60 * 60 * 1000
_KEPT_MS = 24 * 60 * 60 * 1000
_LIVE = 20_000

# What is there already is passed over, and a gap ends it: of events in order none comes before one
# that it follows. Without a last number the first is taken as it is. Returns the last number.
_APPEND = """
local stream, last_seq, live, epoch_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local topic, subject, held, kept, many, force = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local epoch = redis.call('GET', epoch_key)
if not epoch then
    epoch = ARGV[7]
    redis.call('SET', epoch_key, epoch)
end
local time = redis.call('TIME')
local oldest = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) - held)
local last = tonumber(redis.call('GET', last_seq) or nil)
for i = 8, #ARGV, 2 do
    local seq = tonumber(ARGV[i])
    local next = not last or seq == last + 1 or (force == '1' and seq > last)
    if next then
        redis.call('XADD', stream, 'MINID', '~', oldest, '*',
            'seq', ARGV[i], 'epoch', epoch, 'event', ARGV[i + 1])
        redis.call('XADD', live, 'MAXLEN', '~', many, '*',
            'topic', topic, 'subject', subject,
            'seq', ARGV[i], 'epoch', epoch, 'event', ARGV[i + 1])
        redis.call('SET', last_seq, ARGV[i], 'PX', kept)
        redis.call('PEXPIRE', stream, kept)
        redis.call('PEXPIRE', live, kept)
        last, force = seq, '0'
    elseif seq > last then
        break
    end
end
return last
"""


async def append_events(
    redis: Redis,
    topic: str,
    subject_id: UUID,
    events: Sequence[EventRecord],
    *,
    over_gap: bool = False,
) -> int:
    """Add events of one subject to its stream and to `live`, and return the last number there.

    They come in the order of `seq`. One that is there is not added again; the first that is not
    the next ends it, but for the very first with `over_gap`. One EVAL.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; some may have been added.
    """
    stream = redis.key("events", topic, subject_id)
    keys = [stream, f"{stream}:seq", redis.key("live"), redis.key("events", "epoch")]
    arguments: list[str | int] = [topic, str(subject_id)]
    arguments += [_HELD_MS, _KEPT_MS, _LIVE, int(over_gap), str(new_id())]
    for one in events:
        arguments += [one.seq, orjson.dumps(dict(one.payload)).decode()]
    async with redis.answering():
        last = await redis.client.eval(_APPEND, len(keys), *keys, *arguments)
    return int(last)
