"""`python -m gateway worker` as an operator runs it."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, update

from datasources.postgres.account_tables import jobs
from datasources.postgres.jobs import enqueue
from datasources.postgres.notification_tables import notifications
from datasources.postgres.playlist_tables import outbox
from datasources.records.jobs import JobKind
from datasources.records.mail import MailTemplate
from datasources.stores import Stores
from resolvers.mails import queue_mail
from tests.factories.inboxes import age, people, tell_of_followers

ROOT = Path(__file__).parents[2]


async def _start(stores: Stores, data_dir: Path, *arguments: str) -> Process:
    env = {key: value for key, value in os.environ.items() if not key.startswith("POLYPHONY_")}
    ours = {"POLYPHONY_POSTGRES_URL": stores.postgres.url, "POLYPHONY_DATA_DIR": str(data_dir)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "worker", *arguments,
        cwd=ROOT, env=env | ours, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip


async def _goodbye(stores: Stores) -> None:
    async with stores.postgres.transaction() as connection:
        await queue_mail(connection, MailTemplate.ACCOUNT_DELETED, email="ann@example.org")


async def test_once_does_what_is_due_and_ends(empty_stores: Stores, tmp_path: Path) -> None:
    for _ in range(5):
        await _goodbye(empty_stores)
    async with empty_stores.postgres.transaction() as connection:
        # For the server, whose memory holds the embedded stores.
        await enqueue(connection, JobKind.DELETE_ACCOUNT, {"user_id": str(0)})
    process = await _start(empty_stores, tmp_path, "--once")
    async with asyncio.timeout(120):
        output, log = await process.communicate()
    assert process.returncode == 0, log
    assert output == b"5 done, 0 failed.\n"
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 5
    assert b"ann@example.org" not in log
    left = await empty_stores.postgres.read(select(jobs.c.kind, jobs.c.attempts))
    assert [tuple(row) for row in left] == [(JobKind.DELETE_ACCOUNT, 0)]


async def test_once_removes_what_is_old(empty_stores: Stores, tmp_path: Path) -> None:
    postgres = empty_stores.postgres
    await people(empty_stores, 1)
    await tell_of_followers(empty_stores, 1)
    await age(empty_stores, timedelta(days=91))
    async with postgres.transaction() as connection:
        long_ago = func.now() - timedelta(days=2)
        await connection.execute(update(outbox).values(published_at=long_ago))
    assert await _count(empty_stores) == [1, 1]
    process = await _start(empty_stores, tmp_path, "--once")
    async with asyncio.timeout(120):
        _, log = await process.communicate()
    assert process.returncode == 0, log
    assert await _count(empty_stores) == [0, 0]


async def _count(stores: Stores) -> list[int]:
    """Return how many notifications and events there are."""
    counts = [select(func.count()).select_from(table) for table in (notifications, outbox)]
    return [(await stores.postgres.read(count))[0][0] for count in counts]


async def test_it_works_until_it_is_told_to_stop(empty_stores: Stores, tmp_path: Path) -> None:
    process = await _start(empty_stores, tmp_path)
    assert process.stderr is not None
    async with asyncio.timeout(120):
        await _goodbye(empty_stores)
        lines = b""
        while b"the mail is in a file" not in lines:
            line = await process.stderr.readline()
            assert line, lines
            lines += line
        process.send_signal(signal.SIGTERM)
        _, rest = await process.communicate()
    assert process.returncode == 0, rest
    assert b"worker starts" in lines
    assert b"worker stopped" in rest
