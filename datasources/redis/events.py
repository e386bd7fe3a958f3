"""Events of the outbox, told in the live stream: each once and in order, by topic and subject.

They are not kept here: whoever comes back reads what they tell of in PostgreSQL. Of each topic and
subject Redis has the last number alone, for a day (`events:<topic>:<subject>:seq`). They are told
in the form that `event_log.read_live` reads, without an entry, as there is none. The live stream
has the epoch: who reads another one than before has to begin anew.
"""

from collections.abc import Sequence
from uuid import UUID

import orjson

from datasources.records.events import EventRecord
from datasources.redis.client import Redis
from datasources.redis.live import PUBLISH, known_life, live_keys

_KEPT_MS = 24 * 60 * 60 * 1000

# What was told already is passed over, and a gap ends it: of events in order none comes before one
# that it follows. Without a last number the first is taken as it is. Returns the last number.
_TELL = f"""{PUBLISH}
local known, topic, kept, force = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local last = tonumber(redis.call('GET', KEYS[4]) or nil)
for i = 5, #ARGV, 2 do
    local seq = tonumber(ARGV[i])
    local next = not last or seq == last + 1 or (force == '1' and seq > last)
    if next then
        publish(known, topic, ARGV[i] .. '  ' .. ARGV[i + 1])
        redis.call('SET', KEYS[4], ARGV[i], 'PX', kept)
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


async def tell_events(
    redis: Redis,
    topic: str,
    subject_id: UUID,
    events: Sequence[EventRecord],
    *,
    over_gap: bool = False,
) -> int:
    """Tell events of one subject in the live stream, and return the last number that was told.

    They come in the order of `seq`. One that was told is not told again; the first that is not the
    next ends it, but for the very first with `over_gap`. One EVAL.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; some may have been told.
    """
    name = topic_name(topic, subject_id)
    keys = [*live_keys(redis), redis.key("events", name, "seq")]
    arguments: list[str | int] = [known_life(redis), name, _KEPT_MS, int(over_gap)]
    for one in events:
        arguments += [one.seq, orjson.dumps(dict(one.payload)).decode()]
    async with redis.answering():
        last = await redis.client.eval(_TELL, len(keys), *keys, *arguments)
    return int(last)
