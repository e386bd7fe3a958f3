"""Events of the outbox: a stream for each topic and subject, and the live stream as they come.

`events:<topic>:<subject>` holds those of about an hour and is gone a day after the last,
`events:<topic>:<subject>:seq` is the last number. An entry has `seq`, `epoch` and `event`, in JSON.
The live stream tells them in the form that `event_log.read_live` reads, and has the epoch: who
reads another one than before has to begin anew.
"""

from collections.abc import Sequence
from uuid import UUID

import orjson

from datasources.records.events import EventRecord
from datasources.redis.client import Redis
from datasources.redis.event_log import log_keys
from datasources.redis.live import PUBLISH, known_life, live_keys

_HELD_MS = 60 * 60 * 1000
_KEPT_MS = 24 * 60 * 60 * 1000

# What is there already is passed over, and a gap ends it: of events in order none comes before one
# that it follows. Without a last number the first is taken as it is. Returns the last number.
_APPEND = f"""{PUBLISH}
local stream, last_seq = KEYS[4], KEYS[5]
local known, topic, held, kept, force = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local time = redis.call('TIME')
local oldest = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) - held)
local last = tonumber(redis.call('GET', last_seq) or nil)
for i = 6, #ARGV, 2 do
    local seq = tonumber(ARGV[i])
    local next = not last or seq == last + 1 or (force == '1' and seq > last)
    if next then
        local entry = redis.call('XADD', stream, 'MINID', '~', oldest, '*',
            'seq', ARGV[i], 'epoch', epoch_of(known), 'event', ARGV[i + 1])
        publish(known, topic, ARGV[i] .. ' ' .. entry .. ' ' .. ARGV[i + 1])
        redis.call('SET', last_seq, ARGV[i], 'PX', kept)
        redis.call('PEXPIRE', stream, kept)
        last, force = seq, '0'
    elseif seq > last then
        break
    end
end
return last
"""


def topic_name(topic: str, subject_id: UUID) -> str:
    """Return what the live stream calls the events of a topic and subject."""
    return f"{topic}:{subject_id}"


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
    name = topic_name(topic, subject_id)
    keys = [*live_keys(redis), *log_keys(redis, name)]
    arguments: list[str | int] = [known_life(redis), name, _HELD_MS, _KEPT_MS, int(over_gap)]
    for one in events:
        arguments += [one.seq, orjson.dumps(dict(one.payload)).decode()]
    async with redis.answering():
        last = await redis.client.eval(_APPEND, len(keys), *keys, *arguments)
    return int(last)
