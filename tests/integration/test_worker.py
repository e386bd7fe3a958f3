"""The worker: what it sends to whom, and what it does when something is away."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from auth.identity import Identity
from datasources.errors import StoreUnavailable
from datasources.ids import new_id
from datasources.mail.errors import MailError
from datasources.postgres import jobs as queue
from datasources.postgres.account_tables import accounts, jobs, mail_tokens, pending_sign_ups
from datasources.postgres.mail_tokens import redeem
from datasources.records.accounts import MailTokenPurpose
from datasources.records.jobs import JobKind
from datasources.records.mail import MailTemplate
from datasources.stores import Stores
from gateway.settings import Settings
from gateway.worker import loop
from gateway.worker.loop import Duty, Tally, Worker
from gateway.worker.run import duties, running_worker
from resolvers.mails import queue_mail
from tests.factories.accounts import an_account
from tests.factories.operations import identity_of

PUBLIC_URL = "https://music.example"
LINK = re.compile(r"https://\S+token=(\S+)")


@dataclass(slots=True)
class Postman:
    """Takes mails, and refuses as it is told."""

    error: MailError | None = None
    sent: list[tuple[str, EmailMessage]] = field(default_factory=list)

    async def send(self, message: EmailMessage, recipient: str) -> None:
        if self.error:
            raise self.error
        self.sent.append((recipient, message))


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
def identity(empty_stores: Stores) -> Identity:
    return identity_of(empty_stores)


def _worker(stores: Stores, identity: Identity, postman: Postman) -> Worker:
    return Worker(stores.postgres, duties(Settings(), stores, identity, postman))


async def _drain(stores: Stores, identity: Identity, postman: Postman) -> Tally:
    return await _worker(stores, identity, postman).drain()


async def _queue(stores: Stores, template: MailTemplate, **payload: UUID | str) -> None:
    async with stores.postgres.transaction() as connection:
        await queue_mail(connection, template, **payload)


async def _sign_up(stores: Stores, email: str, *, lives: float = 3600) -> UUID:
    id_ = new_id()
    async with stores.postgres.transaction() as connection:
        await connection.execute(
            pending_sign_ups.insert().values(
                id=id_,
                email=email,
                handle="new",
                display_name="Win a prize at https://evil.example",
                password_hash="x",
                expires_at=_in(lives),
            )
        )
    return id_


def _in(seconds: float) -> Any:
    return func.now() + timedelta(seconds=seconds)


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


async def _rows(stores: Stores) -> list[Any]:
    return list(await stores.postgres.read(select(jobs).order_by(jobs.c.id)))


async def _redeem(stores: Stores, token: str, purpose: MailTokenPurpose) -> Any:
    async with stores.postgres.transaction() as connection:
        return await redeem(connection, token, purpose)


# --- what is sent, and to whom ------------------------------------------------------------------


async def test_a_sign_up_gets_a_link_that_confirms_it(
    empty_stores: Stores, identity: Identity, postman: Postman
) -> None:
    sign_up = await _sign_up(empty_stores, "new@example.org", lives=5)
    await _queue(empty_stores, MailTemplate.VERIFY_SIGN_UP, sign_up_id=sign_up)
    assert await _drain(empty_stores, identity, postman) == Tally(done=1)
    ((recipient, message),) = postman.sent
    assert (recipient, message["To"]) == ("new@example.org", "new@example.org")
    assert "evil.example" not in str(message)  # the name that they gave goes to nobody
    said = " ".join(_text(message).split())
    assert "new@example.org is your address, and your account @new is ready" in said
    found = LINK.search(_text(message))
    assert found is not None
    assert found[0].startswith(f"{PUBLIC_URL}/account/confirm?token=")
    assert found[1] not in repr(await _rows(empty_stores))
    record = await _redeem(empty_stores, found[1], MailTokenPurpose.VERIFY_SIGN_UP)
    assert (record.subject_id, record.email) == (sign_up, "new@example.org")
    # However long the mail took: what the link confirms lives as long as the link.
    rows = await empty_stores.postgres.read(
        select(pending_sign_ups.c.expires_at > _in(86_000)).where(pending_sign_ups.c.id == sign_up)
    )
    assert rows[0][0]


async def test_a_known_address_is_told_so_and_nobody_else(
    empty_stores: Stores, identity: Identity, postman: Postman
) -> None:
    await an_account(empty_stores)
    sign_up = await _sign_up(empty_stores, "Ann@Example.org")
    await _queue(empty_stores, MailTemplate.VERIFY_SIGN_UP, sign_up_id=sign_up)
    await _drain(empty_stores, identity, postman)
    ((recipient, message),) = postman.sent
    assert (recipient, message["Subject"]) == ("Ann@Example.org", "You have an account already")
    assert "token=" not in str(message)
    assert await empty_stores.postgres.read(select(mail_tokens)) == []


async def test_what_has_gone_meanwhile_gets_nothing(
    empty_stores: Stores, identity: Identity, postman: Postman
) -> None:
    late = await _sign_up(empty_stores, "late@example.org", lives=-1)
    nobody = new_id()
    for template, payload in (
        (MailTemplate.VERIFY_SIGN_UP, {"sign_up_id": late}),
        (MailTemplate.VERIFY_SIGN_UP, {"sign_up_id": nobody}),
        (MailTemplate.RESET_PASSWORD, {"email": "nobody@example.org"}),
        (MailTemplate.CHANGE_EMAIL, {"user_id": nobody, "email": "x@example.org"}),
        (MailTemplate.PASSWORD_CHANGED, {"user_id": nobody}),
        (MailTemplate.PASSKEY_ADDED, {"user_id": nobody}),
    ):
        await _queue(empty_stores, template, **payload)
    assert await _drain(empty_stores, identity, postman) == Tally(done=6)
    assert postman.sent == []
    assert await _rows(empty_stores) == []


async def test_a_reset_goes_to_the_address_of_the_account(
    empty_stores: Stores, identity: Identity, postman: Postman
) -> None:
    user_id = await an_account(empty_stores)
    await _queue(empty_stores, MailTemplate.RESET_PASSWORD, email="ANN@example.ORG")
    await _drain(empty_stores, identity, postman)
    ((recipient, message),) = postman.sent
    assert recipient == "ann@example.org"
    found = LINK.search(_text(message))
    assert found is not None
    assert found[0].startswith(f"{PUBLIC_URL}/account/reset?token=")
    record = await _redeem(empty_stores, found[1], MailTokenPurpose.RESET_PASSWORD)
    assert record.subject_id == user_id


async def test_a_closed_account_gets_no_reset(
    empty_stores: Stores, identity: Identity, postman: Postman
) -> None:
    await an_account(empty_stores)
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(update(accounts).values(disabled_at=_in(0)))
    await _queue(empty_stores, MailTemplate.RESET_PASSWORD, email="ann@example.org")
    await _drain(empty_stores, identity, postman)
    assert postman.sent == []


async def test_another_address_gets_the_link_unless_it_has_an_account(
    empty_stores: Stores, identity: Identity, postman: Postman
) -> None:
    ann, _ = await an_account(empty_stores), await an_account(empty_stores, "bob")
    for email in ("new@example.org", "bob@example.org"):
        await _queue(empty_stores, MailTemplate.CHANGE_EMAIL, user_id=ann, email=email)
    await _drain(empty_stores, identity, postman)
    sent = {recipient: _text(message) for recipient, message in postman.sent}
    assert "/account/confirm?token=" in sent["new@example.org"]
    assert "token=" not in sent["bob@example.org"]


@pytest.mark.parametrize(
    ("template", "payload"),
    [
        (MailTemplate.PASSWORD_CHANGED, {}),
        (MailTemplate.PASSKEY_ADDED, {}),
        (MailTemplate.TOKEN_REUSED, {}),
        (MailTemplate.SECOND_FACTOR_CHANGED, {"change": "It was removed."}),
    ],
)
async def test_notices_go_to_the_owner(
    empty_stores: Stores,
    identity: Identity,
    postman: Postman,
    template: MailTemplate,
    payload: dict[str, str],
) -> None:
    user_id = await an_account(empty_stores)
    await _queue(empty_stores, template, user_id=user_id, **payload)
    await _drain(empty_stores, identity, postman)
    ((recipient, message),) = postman.sent
    assert recipient == "ann@example.org"
    assert payload.get("change", "") in _text(message)
    assert "token=" not in str(message)


@pytest.mark.parametrize("template", [MailTemplate.EMAIL_CHANGED, MailTemplate.ACCOUNT_DELETED])
async def test_goodbyes_go_to_an_address_without_account(
    empty_stores: Stores, identity: Identity, postman: Postman, template: MailTemplate
) -> None:
    await _queue(empty_stores, template, email="old@example.org")
    await _drain(empty_stores, identity, postman)
    assert [recipient for recipient, _ in postman.sent] == ["old@example.org"]


async def test_two_addresses_in_one_get_nothing(
    empty_stores: Stores, identity: Identity, postman: Postman
) -> None:
    sign_up = await _sign_up(empty_stores, "a@example.org, eve@evil.example")
    await _queue(empty_stores, MailTemplate.VERIFY_SIGN_UP, sign_up_id=sign_up)
    with capture_logs() as logs:
        assert await _drain(empty_stores, identity, postman) == Tally(failed=1)
    assert postman.sent == []
    (row,) = await _rows(empty_stores)
    assert (row.failed_at is None, row.last_error) == (False, "mail: the address is none")
    assert "evil" not in repr(logs)


# --- trouble ------------------------------------------------------------------------------------


async def test_a_mail_that_is_not_taken_is_tried_again_with_another_link(
    empty_stores: Stores, identity: Identity, postman: Postman
) -> None:
    await an_account(empty_stores)
    await _queue(empty_stores, MailTemplate.RESET_PASSWORD, email="ann@example.org")
    postman.error = MailError("SMTPAuthenticationError: 535")
    with capture_logs() as logs:
        assert await _drain(empty_stores, identity, postman) == Tally(failed=1)
    (row,) = await _rows(empty_stores)
    assert (row.attempts, row.last_error) == (1, "mail: SMTPAuthenticationError: 535")
    assert row.failed_at is None
    assert row.due_at > row.created_at + timedelta(seconds=20)
    (line,) = [one for one in logs if one["log_level"] == "warning"]
    assert line["reason"] == row.last_error
    assert "ann@" not in repr(logs)
    assert await _drain(empty_stores, identity, postman) == Tally()  # not due yet

    postman.error = None
    await _due(empty_stores)
    assert await _drain(empty_stores, identity, postman) == Tally(done=1)
    assert len(postman.sent) == 1
    assert await _rows(empty_stores) == []


async def test_a_recipient_that_is_refused_for_good_is_given_up(
    empty_stores: Stores, identity: Identity, postman: Postman
) -> None:
    await _queue(empty_stores, MailTemplate.EMAIL_CHANGED, email="old@example.org")
    postman.error = MailError("recipient refused: 550", permanent=True)
    with capture_logs() as logs:
        await _drain(empty_stores, identity, postman)
    (row,) = await _rows(empty_stores)
    assert row.failed_at is not None
    assert row.payload == {"template": "EMAIL_CHANGED"}  # the address may be of nobody any more
    assert [one["event"] for one in logs if one["log_level"] == "error"] == ["job given up"]
    assert "old@" not in repr(logs)


async def test_after_twenty_tries_a_mail_is_given_up(
    empty_stores: Stores, identity: Identity, postman: Postman
) -> None:
    await _queue(empty_stores, MailTemplate.EMAIL_CHANGED, email="old@example.org")
    postman.error = MailError("SMTPConnectError")
    tries = 0
    while not (await _rows(empty_stores))[0].failed_at:
        await _due(empty_stores)
        tries += (await _drain(empty_stores, identity, postman)).failed
    assert tries == loop.MAX_TRIES
    assert "old@" not in repr(await _rows(empty_stores))


async def test_what_ends_each_worker_is_given_up(
    empty_stores: Stores, identity: Identity, postman: Postman
) -> None:
    await _queue(empty_stores, MailTemplate.EMAIL_CHANGED, email="old@example.org")
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(update(jobs).values(attempts=loop.MAX_TRIES))
    await _drain(empty_stores, identity, postman)
    assert postman.sent == []
    (row,) = await _rows(empty_stores)
    assert row.failed_at is not None
    assert "old@" not in repr(row)


async def test_a_defect_costs_one_mail_and_shows_no_secret(
    empty_stores: Stores, identity: Identity, postman: Postman
) -> None:
    async with empty_stores.postgres.transaction() as connection:
        await queue.enqueue(connection, JobKind.SEND_MAIL, {"template": "NO_SUCH"})
    await _queue(empty_stores, MailTemplate.EMAIL_CHANGED, email="old@example.org")
    with capture_logs() as logs:
        assert await _drain(empty_stores, identity, postman) == Tally(done=1, failed=1)
    assert len(postman.sent) == 1
    (row,) = await _rows(empty_stores)
    assert row.last_error == "ValueError"
    assert "job failed" in [one["event"] for one in logs]


async def test_a_worker_that_dies_after_sending_sends_again_and_both_links_are_good(
    empty_stores: Stores,
    identity: Identity,
    postman: Postman,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await an_account(empty_stores)
    await _queue(empty_stores, MailTemplate.RESET_PASSWORD, email="ann@example.org")

    async def die(*_: object) -> None:
        raise StoreUnavailable("postgres")

    with monkeypatch.context() as patched:
        patched.setattr("datasources.postgres.jobs.finish", die)
        await _drain(empty_stores, identity, postman)
    await _due(empty_stores)
    await _drain(empty_stores, identity, postman)
    first, second = (LINK.search(_text(message)) for _, message in postman.sent)
    assert first is not None
    assert second is not None
    assert postman.sent[0][1]["Message-ID"] == postman.sent[1][1]["Message-ID"]
    assert await _redeem(empty_stores, first[1], MailTokenPurpose.RESET_PASSWORD)
    assert await _rows(empty_stores) == []


async def _due(stores: Stores) -> None:
    async with stores.postgres.transaction() as connection:
        await connection.execute(update(jobs).values(due_at=jobs.c.created_at))


# --- the loop -----------------------------------------------------------------------------------


@asynccontextmanager
async def _running(worker: Worker) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def _until(condition: Any) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110  a store is asked, which tells nobody
            await asyncio.sleep(0.02)


async def test_several_workers_send_each_mail_once(
    empty_stores: Stores, identity: Identity, postman: Postman
) -> None:
    for number in range(30):
        await _queue(empty_stores, MailTemplate.EMAIL_CHANGED, email=f"old{number}@example.org")
    workers = [_worker(empty_stores, identity, postman) for _ in range(3)]
    await asyncio.gather(*(worker.drain() for worker in workers))
    assert len(postman.sent) == 30
    assert len({recipient for recipient, _ in postman.sent}) == 30


async def test_a_server_works_while_it_runs_and_stops_cleanly(
    empty_stores: Stores, identity: Identity, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path)

    async def written() -> bool:
        return len(list(tmp_path.glob("mail/*.eml"))) == 1  # noqa: ASYNC240  a few files

    async with running_worker(settings, empty_stores, identity):
        await _queue(empty_stores, MailTemplate.EMAIL_CHANGED, email="old@example.org")
        await _until(written)
    assert await _rows(empty_stores) == []
    before = asyncio.all_tasks()
    async with running_worker(Settings(worker=False), empty_stores, identity):
        assert asyncio.all_tasks() == before


async def test_work_under_way_when_it_stops_is_given_back(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def endless(_job: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(loop, "_GRACE_S", 0.01)
    await _queue(empty_stores, MailTemplate.EMAIL_CHANGED, email="old@example.org")
    async with _running(Worker(empty_stores.postgres, {JobKind.SEND_MAIL: Duty(endless)})):
        await begun.wait()
    (row,) = await _rows(empty_stores)
    assert row.attempts == 0
    again = Worker(empty_stores.postgres, {JobKind.SEND_MAIL: Duty(endless)})
    assert await again._take() == 1
    await again._end()


async def test_a_store_that_is_away_is_one_warning_and_waited_for(
    empty_stores: Stores,
    identity: Identity,
    postman: Postman,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = 0
    real = queue.take

    async def away(*arguments: Any) -> Any:
        nonlocal looked
        looked += 1
        if looked <= 5:
            raise StoreUnavailable("postgres", "connection refused")
        return await real(*arguments)

    monkeypatch.setattr(queue, "take", away)
    monkeypatch.setattr(loop, "_STORE_IS_AWAY_S", 0.001)
    await _queue(empty_stores, MailTemplate.EMAIL_CHANGED, email="old@example.org")

    async def sent() -> bool:
        return bool(postman.sent)

    with capture_logs() as logs:
        async with _running(_worker(empty_stores, identity, postman)):
            await _until(sent)
    told = [one["event"] for one in logs if one["log_level"] in {"warning", "info"}]
    assert told == ["worker waits", "worker goes on"]


async def test_a_slow_job_keeps_its_lease(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work that takes longer than the lease is not begun by others meanwhile."""
    monkeypatch.setattr(loop, "_BEAT_S", 0.01)
    begun, leave = asyncio.Event(), asyncio.Event()

    async def slow(_job: object) -> None:
        begun.set()
        await leave.wait()

    await _queue(empty_stores, MailTemplate.EMAIL_CHANGED, email="old@example.org")
    async with _running(Worker(empty_stores.postgres, {JobKind.SEND_MAIL: Duty(slow)})):
        await begun.wait()
        (before,) = await _rows(empty_stores)

        async def kept() -> bool:
            (row,) = await _rows(empty_stores)
            return bool(row.due_at > before.due_at)

        await _until(kept)
        leave.set()


async def test_a_job_whose_end_cannot_be_written_ends_no_worker(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(queue, "put_off", fail)
    await _queue(empty_stores, MailTemplate.EMAIL_CHANGED, email="old@example.org")
    worker = Worker(empty_stores.postgres, {JobKind.SEND_MAIL: Duty(fail)})
    with capture_logs() as logs:
        assert await worker.drain() == Tally(failed=1)
    assert [one["event"] for one in logs if one["log_level"] == "error"] == [
        "job failed",
        "the end of a job is not written",
    ]


async def test_a_lease_that_cannot_be_prolonged_is_tried_again(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_BEAT_S", 0.001)
    beaten, leave = 0, asyncio.Event()

    async def fail(*_: object) -> bool:
        nonlocal beaten
        beaten += 1
        if beaten == 1:
            raise RuntimeError
        leave.set()
        return True

    async def slow(_job: object) -> None:
        async with asyncio.timeout(30):
            await leave.wait()

    monkeypatch.setattr(queue, "keep", fail)
    await _queue(empty_stores, MailTemplate.EMAIL_CHANGED, email="old@example.org")
    worker = Worker(empty_stores.postgres, {JobKind.SEND_MAIL: Duty(slow)})
    with capture_logs() as logs:
        assert await worker.drain() == Tally(done=1)
    assert "a lease is not prolonged" in [one["event"] for one in logs]


async def test_a_worker_that_ends_unasked_is_noticed_at_once(
    empty_stores: Stores, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fall(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Worker, "run", fall)
    with capture_logs() as logs:

        async def told() -> bool:
            return "worker ended" in [one["event"] for one in logs]

        async with running_worker(Settings(), empty_stores, identity):
            await _until(told)
