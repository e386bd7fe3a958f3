"""What an operator wants to know of each store."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from pydantic import SecretStr

from datasources.errors import StoreError
from datasources.health import StoreHealth, check_stores
from datasources.mongo.client import open_mongo
from datasources.postgres.migrate import pending_migrations
from datasources.postgres.outbox import oldest_unpublished
from datasources.redis.client import open_redis
from datasources.redis.live_metrics import fetch_metrics, sum_metrics
from datasources.settings import StoreSettings
from datasources.stores import Stores, open_stores

_LATE = timedelta(minutes=1)
"""An event that waits for longer is one that nobody publishes."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One store. `where` has no password; `problem` and `advice` are there where one is.

    `events` says of PostgreSQL how many events wait to be published, and how long the oldest has;
    `live` of Redis how live updates go in the processes that are running.
    """

    store: str
    kind: str
    where: str
    version: str | None
    latency_ms: float | None
    migrations: str = ""
    events: str = ""
    live: str = ""
    problem: str | None = None
    advice: str | None = None


async def diagnose(settings: StoreSettings) -> list[Diagnosis]:
    """Return a diagnosis of PostgreSQL, MongoDB and Redis, in this order."""
    wrong = await wrong_addresses(settings)
    without = {store: getattr(settings, store).model_copy(update={"url": None}) for store in wrong}
    async with open_stores(settings.model_copy(update=without)) as stores:
        # The first check connects and says what is wrong; the latency is of a connection in use.
        first, again = await check_stores(stores), await check_stores(stores)
        checks = [two if one.ok else one for one, two in zip(first, again, strict=True)]
        postgres, mongo, redis = (wrong.get(one.store, one) for one in checks)
        pending = await _pending(stores) if postgres.ok else None
        waiting = await _waiting(stores) if pending == [] else None
        live = await _live(stores) if redis.ok and settings.redis.url else ""
    files = f"files under {settings.data_dir}"
    memory = "memory of each process"
    first_store = _with_migrations(_diagnosis(postgres, settings.postgres.url, files), pending)
    return [
        with_events(first_store, waiting),
        _diagnosis(mongo, settings.mongo.url, memory),
        replace(_diagnosis(redis, settings.redis.url, memory), live=live),
    ]


async def wrong_addresses(settings: StoreSettings) -> dict[str, StoreHealth]:
    """Return the stores whose address cannot be one, and why; nothing is connected to."""
    wrong: dict[str, StoreHealth] = {}
    try:
        if settings.mongo.url:
            await open_mongo(settings.mongo.url.get_secret_value(), settings.mongo).close()
    except StoreError as error:
        wrong[error.store] = StoreHealth(error.store, None, 0.0, error.detail)
    try:
        if settings.redis.url:
            await open_redis(settings.redis.url.get_secret_value(), settings.redis).close()
    except StoreError as error:
        wrong[error.store] = StoreHealth(error.store, None, 0.0, error.detail)
    return wrong


def _diagnosis(health: StoreHealth, url: SecretStr | None, embedded: str) -> Diagnosis:
    variable = f"POLYPHONY_{health.store.upper()}_URL"
    return Diagnosis(
        store=health.store,
        kind="embedded" if url is None else "server",
        where=embedded if url is None else _without_password(url),
        version=health.version,
        latency_ms=health.latency_ms if health.ok else None,
        problem=health.problem and health.problem.rstrip("."),
        advice=None if health.ok else f"Is it running, and does {variable} say where?",
    )


def _with_migrations(diagnosis: Diagnosis, pending: list[str] | None) -> Diagnosis:
    if pending is None:
        return diagnosis
    if not pending:
        return replace(diagnosis, migrations="up to date")
    return replace(
        diagnosis,
        migrations=f"{len(pending)} pending",
        problem=f"Migrations are pending: {', '.join(pending)}",
        advice="Run `python -m gateway migrate`.",
    )


def with_events(diagnosis: Diagnosis, waiting: tuple[int, datetime | None] | None) -> Diagnosis:
    """Return a diagnosis that tells of events: how many wait, and since when the oldest does."""
    if waiting is None:
        return diagnosis
    number, since = waiting
    if since is None:
        return replace(diagnosis, events="none waits")
    age = max(datetime.now(UTC) - since, timedelta())
    told = (
        f"{number} {'waits' if number == 1 else 'wait'}, the oldest for {age.total_seconds():.0f} s"
    )
    if age < _LATE:
        return replace(diagnosis, events=told)
    return replace(
        diagnosis,
        events=told,
        problem=f"Events are not published: {told}",
        advice="Does Redis answer, and does a server or worker run?",
    )


async def _waiting(stores: Stores) -> tuple[int, datetime | None] | None:
    try:
        return await oldest_unpublished(stores.postgres)
    except StoreError:
        return None


async def _live(stores: Stores) -> str:
    try:
        processes = await fetch_metrics(stores.redis)
    except StoreError:
        return ""
    every = sum_metrics(list(processes.values()))
    return (
        f"{len(processes)} processes, {every.subscribers} subscribers, lag {every.lag_ms} ms,"
        f" {every.dropped} connections dropped, {every.refills} refills, {every.misses} misses"
    )


async def _pending(stores: Stores) -> list[str] | None:
    try:
        return await pending_migrations(stores.postgres.url)
    except StoreError:
        return None  # it went away after it was asked for its health


def _without_password(url: SecretStr) -> str:
    parts = urlsplit(url.get_secret_value())
    hosts = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme.partition('+')[0]}://{hosts}{parts.path}"
