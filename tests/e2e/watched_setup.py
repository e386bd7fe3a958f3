"""Starts a gateway that is watched, on stores, keys and passwords of its own."""

import asyncio
import secrets as randomness
import ssl
import subprocess
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import asyncpg
import httpx2
import redis
from pymongo import MongoClient
from sqlalchemy import make_url

from auth.vault import Vault
from datasources.postgres.migrate import migrate
from tests.e2e.test_serve import environment, serving
from tests.e2e.watched import DEADLINE_S, LOUD, Watched
from tests.factories.loud_gateway import CONTENTS
from tests.factories.secret_search import Secrets
from tests.plugins.databases import URLS, scratch_database
from tests.plugins.proxy import Proxy, proxy_to
from tests.plugins.smtp import PASSWORD, USER, mail_server

PUBLIC_URL = "https://music.example"
FAILURES = 12
"""How often one may fail here until one has to wait."""

# Machines that run tests are busy.
PATIENCE = {
    "POLYPHONY_POSTGRES_COMMAND_TIMEOUT_S": "20",
    "POLYPHONY_POSTGRES_CONNECT_TIMEOUT_S": "20",
    "POLYPHONY_POSTGRES_POOL_TIMEOUT_S": "20",
    "POLYPHONY_MONGO_TIMEOUT_S": "4",
    "POLYPHONY_REDIS_TIMEOUT_S": "20",
}


@asynccontextmanager
async def watched(
    kind: str, data_dir: Path, folder: Path, certificate: Path, tls: ssl.SSLContext
) -> AsyncIterator[Watched]:
    """Yield a gateway on stores of its own: in production where they are real, else embedded.

    Embedded PostgreSQL runs in `data_dir`; `folder` takes logs and files of the gateway.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(scratch_database(kind, data_dir))
        await migrate(database)
        mail = await stack.enter_async_context(mail_server(tls))
        keys = [randomness.token_bytes(32) for _ in range(2)]
        env = _settings(folder, keys, mail.port) | {"SSL_CERT_FILE": str(certificate)}
        secret = randomness.token_urlsafe(24)
        proxies: dict[str, Proxy] = {}
        if kind == "real":
            for store, url in URLS.items():
                parts = urlsplit(url or "")
                proxy = proxy_to(parts.hostname or "", parts.port or 0)
                proxies[store] = await stack.enter_async_context(proxy)
            env |= _real_stores(database, secret, proxies)
            stack.callback(_remove, env)
        else:
            # This server lets everybody in who reaches its socket, with any password.
            with_password = make_url(database).set(password=secret)
            env["POLYPHONY_POSTGRES_URL"] = with_password.render_as_string(hide_password=False)
        plain = make_url(database).set(drivername="postgresql")
        postgres = await asyncpg.connect(plain.render_as_string(hide_password=False))
        stack.push_async_callback(postgres.close)
        log = folder / "log"
        url, process = stack.enter_context(serving(env, log, module=LOUD))
        stack.push_async_callback(_stop, process)
        client = httpx2.AsyncClient(base_url=url, timeout=DEADLINE_S)
        await stack.enter_async_context(client)
        vault = Vault.of(env["POLYPHONY_AUTH_KEY_ENCRYPTION_KEY"])
        made = Watched(env, log, process, postgres, mail, client, vault, proxies)
        _learn(made.secrets, secret, keys)
        yield made


def _settings(folder: Path, keys: list[bytes], mail_port: int) -> dict[str, str]:
    login = f"{quote(USER)}:{quote(PASSWORD, safe='')}"
    return environment(
        folder,
        POLYPHONY_PUBLIC_URL=PUBLIC_URL,
        POLYPHONY_AUTH_KEY_ENCRYPTION_KEY=",".join(b64encode(key).decode() for key in keys),
        POLYPHONY_AUTH_FAILURES_PER_ADDRESS="1000000",
        POLYPHONY_AUTH_FAILURES_PER_ACCOUNT=str(FAILURES),
        POLYPHONY_AUTH_REFRESH_GRACE_S="0",
        POLYPHONY_MAIL_URL=f"smtp://{login}@localhost:{mail_port}",
        **PATIENCE,
        **{CONTENTS: str(folder / "contents.json")},
    )


def _learn(secrets: Secrets, store_password: str, keys: list[bytes]) -> None:
    secrets.learn("store password", store_password)
    secrets.learn("mail password", PASSWORD)
    for key in keys:
        secrets.learn_key("key encryption key", key)
        secrets.learn("key encryption key", b64encode(key).decode())


async def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End a server while its proxies, which live here, go on."""
    if process.poll() is None:
        process.terminate()
        await asyncio.to_thread(process.wait, DEADLINE_S)


def _real_stores(database: str, password: str, proxies: dict[str, Proxy]) -> dict[str, str]:
    """Return the settings of real stores behind proxies; a Redis without a password takes any."""
    name = make_url(database).database
    known = urlsplit(URLS["redis"] or "").netloc.rpartition("@")[0]
    login = known or f"default:{password}"
    through = make_url(database).set(host="127.0.0.1", port=proxies["postgres"].port)
    return {
        "POLYPHONY_ENV": "production",
        "POLYPHONY_POSTGRES_URL": through.render_as_string(hide_password=False),
        "POLYPHONY_MONGO_URL": f"mongodb://127.0.0.1:{proxies['mongo'].port}/{name}",
        "POLYPHONY_REDIS_URL": f"redis://{login}@127.0.0.1:{proxies['redis'].port}/0",
        "POLYPHONY_REDIS_PREFIX": f"test_{uuid4().hex}:",
    }


def _remove(env: dict[str, str]) -> None:
    name = env["POLYPHONY_MONGO_URL"].rpartition("/")[2]
    with MongoClient[dict[str, Any]](URLS["mongo"]) as mongo:
        mongo.drop_database(name)
    with redis.Redis.from_url(URLS["redis"] or "") as keys:
        for key in keys.scan_iter(match=f"{env['POLYPHONY_REDIS_PREFIX']}*"):
            keys.delete(key)
