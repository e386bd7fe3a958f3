"""Chores of the worker: one list for a worker that runs and for `--once`."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from pydantic import SecretStr
from structlog.testing import capture_logs

from datasources.errors import StoreUnavailable
from datasources.mongo.settings import MongoSettings
from datasources.redis.settings import RedisSettings
from gateway.settings import Settings
from gateway.worker.chores import Chore, chores, chores_beside_the_server, do_once
from tests.factories.live_socket import NO_STORES

ROOT = Path(__file__).parents[2]
NEED_NO_MEMORY = {
    "queue digests",
    "remove old notifications",
    "remove old events",
    "remove what has expired",
    "remove old outcomes",
}


def _done(mongo: str | None, redis: str | None) -> set[str]:
    settings = Settings(
        mongo=MongoSettings(url=mongo and SecretStr(mongo)),
        redis=RedisSettings(url=redis and SecretStr(redis)),
    )
    return {one.what for one in chores_beside_the_server(settings, NO_STORES)}


def test_a_process_beside_the_server_does_all_that_it_reaches() -> None:
    mongo, redis = "mongodb://localhost", "redis://localhost"
    assert _done(None, None) == _done(mongo, None) == NEED_NO_MEMORY
    assert _done(None, redis) == NEED_NO_MEMORY | {"publish missed events"}
    assert _done(mongo, redis) == {one.what for one in chores(NO_STORES)}


def test_nothing_else_is_done_again_and_again() -> None:
    """What a worker does beside this list, `--once` would not do."""
    files = [*(ROOT / "gateway/worker").glob("*.py"), ROOT / "gateway/commands/worker.py"]
    repeating = {one.name for one in files if "gateway.background" in one.read_text()}
    assert repeating == {"chores.py"}


async def test_each_is_done_though_others_fail() -> None:
    done: list[str] = []

    def work(what: str, error: Exception | None = None) -> Callable[[], Awaitable[int]]:
        async def do() -> int:
            done.append(what)
            if error:
                raise error
            return len(what)

        return do

    away = StoreUnavailable("redis")
    with capture_logs() as logs:
        failed = await do_once(
            [
                Chore("one", 1, work("one")),
                Chore("two", 1, work("two", away)),
                Chore("three", 1, work("three", ValueError("secret"))),
                Chore("four", 1, work("four")),
            ]
        )
    assert failed is away
    assert done == ["one", "two", "three", "four"]
    assert [(one["event"], one["what"], one.get("reason")) for one in logs] == [
        ("chore done", "one", None),
        ("chore not done", "two", "redis"),
        ("chore not done", "three", "ValueError"),
        ("chore done", "four", None),
    ]
