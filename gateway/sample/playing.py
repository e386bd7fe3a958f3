"""People who play on: in the demo, whose track is over begins another one."""

import asyncio
from datetime import UTC, datetime

from datasources.redis.client import Redis
from datasources.redis.now_playing import fetch_now_playing, put_now_playing
from gateway.sample.catalogue import Catalogue
from gateway.sample.dice import Dice
from gateway.sample.listening import NOW_PLAYING
from gateway.sample.people import ADA

_PAUSE_S = 10


async def play_on(redis: Redis, catalogue: Catalogue) -> None:
    """Let the people who play at the start go on, until it is cancelled.

    But for Ada: whoever is signed in as her says what she plays.
    """
    dice = Dice("playing on")
    handles = set(NOW_PLAYING) - {ADA}
    people = [one.record.id for one in catalogue.people if one.record.handle in handles]
    while True:
        await asyncio.sleep(_PAUSE_S)
        playing = await fetch_now_playing(redis, people)
        for person in people:
            if person not in playing:
                track = dice.pick(catalogue.tracks).record
                seconds = track.duration_ms / 1000
                await put_now_playing(redis, person, track.id, datetime.now(UTC), seconds)
