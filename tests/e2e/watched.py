"""A gateway as a process whose logs, answers and stores are all kept, to be looked through."""

import asyncio
import json
import re
import secrets as randomness
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import httpx2
import redis
from pymongo import MongoClient

from auth.vault import Vault
from tests.e2e.test_serve import ROOT
from tests.factories.loud_gateway import CONTENTS
from tests.factories.secret_search import Place, Secrets
from tests.factories.store_contents import documents_in_mongo, keys_in_redis, rows_in_postgres
from tests.factories.visitor import Visitor
from tests.plugins.databases import URLS
from tests.plugins.proxy import Proxy
from tests.plugins.smtp import MailServer

LOUD = "tests.factories.loud_gateway"
DEADLINE_S = 60.0
PAUSE_S = 0.05


@dataclass
class Watched:
    """A gateway that runs, and all that was seen of it."""

    env: dict[str, str] = field(repr=False)
    log: Path
    process: "subprocess.Popen[bytes]"
    postgres: asyncpg.Connection
    mail: MailServer
    client: httpx2.AsyncClient
    vault: Vault
    proxies: dict[str, Proxy]
    secrets: Secrets = field(default_factory=Secrets)
    places: list[Place] = field(default_factory=list)

    def visitor(self) -> Visitor:
        """Return a client that has no session yet."""
        return Visitor(self.client, self.secrets, self.places)

    def password(self, what: str = "password") -> str:
        """Return a new password that each encoding writes in another way."""
        made = f"{randomness.token_hex(6)} a\u0308&\"<'+/% {randomness.token_hex(6)}"
        return self.secrets.learn(what, made)

    async def token_mailed(self, address: str, *shown: str) -> str:
        """Return the token of the newest link that was mailed to an address, and was not yet."""

        def newest() -> str | None:
            for one in reversed(self.mail.received):
                body = one.message.get_body(("plain",))
                link = re.search(r"\?token=(\S+)", body.get_content() if body else "")
                if address in one.recipients and link:
                    self.mail.received.remove(one)
                    return link[1]
            return None

        return self.secrets.learn("mail token", await until(newest), *shown)

    async def command(self, *words: str, stdin: str = "", **settings: str) -> str:
        """Run a command, keep what it says, and return that."""
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", LOUD, *words],
            cwd=ROOT,
            env=self.env | settings,
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=DEADLINE_S,
        )
        said: bytes = done.stdout
        self.places.append(Place("log", f"of {' '.join(words)}", said))
        return said.decode()

    async def look(self) -> None:
        """Keep what the stores hold now: each row, key and document."""
        seen = {"row": await rows_in_postgres(self.postgres)}
        if "POLYPHONY_REDIS_URL" in self.env:
            prefix = self.env["POLYPHONY_REDIS_PREFIX"]
            with redis.Redis.from_url(URLS["redis"] or "", decode_responses=True) as keys:
                seen["key"] = list(keys_in_redis(keys, prefix))
            name = self.env["POLYPHONY_MONGO_URL"].rpartition("/")[2]
            with MongoClient[dict[str, Any]](URLS["mongo"]) as mongo:
                seen["document"] = list(documents_in_mongo(mongo[name]))
        else:
            seen |= await self._in_memory()
        known = {place.content for place in self.places}
        for kind, found in seen.items():
            texts = {(name, text.encode()) for name, text in found}
            self.places.extend(Place(kind, *one) for one in texts if one[1] not in known)

    async def _in_memory(self) -> dict[str, list[tuple[str, str]]]:
        """Return what the server's embedded Redis and MongoDB hold."""
        path = Path(self.env[CONTENTS])
        self.process.send_signal(signal.SIGUSR1)
        found = await until(lambda: _taken(path))
        return {
            "key": [(str(k), str(v)) for k, v in found["redis"]],
            "document": [(str(k), str(v)) for k, v in found["mongo"]],
        }

    async def until_rows(self, query: str, *, there: bool = True) -> None:
        """Return once a query finds something, or nothing more."""
        deadline = time.monotonic() + DEADLINE_S
        while bool(await self.postgres.fetch(query)) is not there:
            assert time.monotonic() < deadline, query
            await asyncio.sleep(PAUSE_S)

    @asynccontextmanager
    async def broken(self, table: str, *, full: bool = False) -> AsyncIterator[None]:
        """Have statements on a table fail meanwhile: there is none, or it takes no more rows."""
        how, back = (
            ("add constraint broken check (false) not valid", "drop constraint broken")
            if full
            else ("rename to broken", "")
        )
        await self.postgres.execute(f"alter table {table} {how}")
        try:
            yield
        finally:
            undo = (
                f"alter table {table} {back}" if full else f"alter table broken rename to {table}"
            )
            await self.postgres.execute(undo)


T = TypeVar("T")


def _taken(path: Path) -> Any:
    """Return what JSON a file holds, and remove it; None where there is none yet."""
    if not path.exists():
        return None
    found = json.loads(path.read_text())
    path.unlink()
    return found


async def until(look: Callable[[], T | None]) -> T:
    """Return what is there in the end."""
    deadline = time.monotonic() + DEADLINE_S
    while not (found := look()):
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(PAUSE_S)
    return found
