"""What an operator wants to know of each store."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from pydantic import SecretStr

from datasources.errors import StoreError
from datasources.health import StoreHealth, check_stores
from datasources.postgres.migrate import pending_migrations
from datasources.settings import StoreSettings
from datasources.stores import Stores, open_stores


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One store. `where` has no password; `problem` and `advice` are there where one is."""

    store: str
    kind: str
    where: str
    version: str | None
    latency_ms: float | None
    migrations: str = ""
    problem: str | None = None
    advice: str | None = None


async def diagnose(settings: StoreSettings) -> list[Diagnosis]:
    """Return a diagnosis of PostgreSQL, MongoDB and Redis, in this order."""
    async with open_stores(settings) as stores:
        await check_stores(stores)  # connects: the latency is that of a connection in use
        postgres, mongo, redis = await check_stores(stores)
        pending = await _pending(stores) if postgres.ok else None
    files = f"files under {settings.data_dir}"
    memory = "memory of each process"
    return [
        _with_migrations(_diagnosis(postgres, settings.postgres.url, files), pending),
        _diagnosis(mongo, settings.mongo.url, memory),
        _diagnosis(redis, settings.redis.url, memory),
    ]


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


async def _pending(stores: Stores) -> list[str] | None:
    try:
        return await pending_migrations(stores.postgres.url)
    except StoreError:
        return None  # it went away after it was asked for its health


def _without_password(url: SecretStr) -> str:
    parts = urlsplit(url.get_secret_value())
    hosts = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme.partition('+')[0]}://{hosts}{parts.path}"
