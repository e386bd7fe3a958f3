"""Who looks at a playlist at this moment: `presence:<playlist>`, with an end for each of them.

Whoever looks says so again every `BEAT_S`; who does not, is gone `KEPT_S` after they last did. The
scripts remove those who are over, and tell the live stream whenever the people are others than
before: everybody who looks notices that somebody is gone, whichever process they were at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from datasources.redis.client import Redis
from datasources.redis.live import PUBLISH, known_life, live_keys

BEAT_S = 4.0
KEPT_S = 10.0
"""With a beat of somebody else that notices it, less than 15 s."""

MAX_LOOKING = 200
"""Those who come to a playlist at which so many look already are not listed."""

NOBODY = "-"

# Members are user:subscription. Arguments: what is known of lives, topic, member, how long it is
# kept; with 0 it leaves.
_BEAT = f"""{PUBLISH}
local function looking()
  local seen, people, nameless = {{}}, {{}}, 0
  for _, member in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1)) do
    local user = string.match(member, '^[^:]+')
    if user == '{NOBODY}' then
      nameless = nameless + 1
    elseif not seen[user] then
      seen[user] = true
      people[#people + 1] = user
    end
  end
  table.sort(people)
  return nameless .. ' ' .. table.concat(people, ' ')
end
local before = looking()
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', string.format('%.0f', now))
if ARGV[4] == '0' then
  redis.call('ZREM', KEYS[4], ARGV[3])
elseif redis.call('ZSCORE', KEYS[4], ARGV[3])
    or redis.call('ZCARD', KEYS[4]) < {MAX_LOOKING} then
  redis.call('ZADD', KEYS[4], string.format('%.0f', now + ARGV[4]), ARGV[3])
  redis.call('PEXPIRE', KEYS[4], ARGV[4])
end
local after = looking()
if after ~= before then publish(ARGV[1], ARGV[2], after) end
return after
"""


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks: people, each once and by id, and how many that are not signed in."""

    user_ids: Sequence[UUID] = ()
    nameless: int = 0


def presence_topic(playlist_id: UUID) -> str:
    """Return the topic of the live stream that tells who looks at a playlist."""
    return f"presence:{playlist_id}"


def presence_key(redis: Redis, playlist_id: UUID) -> str:
    """Return the name of the key of a playlist."""
    return redis.key("presence", playlist_id)


async def look(redis: Redis, playlist_id: UUID, user_id: UUID | None, subscription: str) -> Looking:
    """Say that somebody looks at a playlist, for `KEPT_S`, and return who does. One EVAL.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer.
    """
    return await _beat(redis, playlist_id, user_id, subscription, KEPT_S)


async def look_away(
    redis: Redis, playlist_id: UUID, user_id: UUID | None, subscription: str
) -> None:
    """Say that somebody looks no more. One EVAL.

    Raises:
        StoreUnavailable, StoreTimeout: the store did not answer; they are gone soon all the same.
    """
    await _beat(redis, playlist_id, user_id, subscription, 0)


async def _beat(
    redis: Redis, playlist_id: UUID, user_id: UUID | None, subscription: str, kept_s: float
) -> Looking:
    keys = (*live_keys(redis), presence_key(redis, playlist_id))
    member = f"{user_id or NOBODY}:{subscription}"
    topic, kept_ms = presence_topic(playlist_id), int(kept_s * 1000)
    async with redis.answering():
        body = await redis.client.eval(_BEAT, 4, *keys, known_life(redis), topic, member, kept_ms)
    return read_presence(str(body))


def read_presence(body: str) -> Looking:
    """Return what the script, or the event of it, says; nobody for rubbish."""
    nameless, *people = body.split() or ["0"]
    try:
        return Looking(tuple(map(UUID, people)), int(nameless))
    except ValueError:
        return Looking()
