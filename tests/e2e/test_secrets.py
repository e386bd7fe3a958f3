"""No secret is anywhere: two lives, nonsense, defects and trouble, and then all is searched."""

import asyncio
import signal
import ssl
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from tests.e2e import life_in_app, life_in_browser, mishaps
from tests.e2e.person import Person
from tests.e2e.watched import Watched
from tests.e2e.watched_setup import watched
from tests.factories.secret_search import Place, Secret, leaks
from tests.factories.store_contents import Written

KINDS = {
    "TOTP secret",
    "access token",
    "bad token",
    "challenge",
    "code",
    "cookie __Host-browser",
    "cookie __Host-challenge",
    "cookie __Host-session",
    "key encryption key",
    "mail password",
    "mail token",
    "nonsense",
    "passkey challenge",
    "passkey signature",
    "password",
    "recovery code",
    "refresh token",
    "signing key",
    "store password",
    "weak password",
    "wrong code",
    "wrong password",
}
TABLES = {
    "accounts",
    "audit_log",
    "jobs",
    "mail_tokens",
    "passkeys",
    "pending_sign_ups",
    "recovery_codes",
    "refresh_tokens",
    "signing_keys",
    "token_families",
}
KEYS = ("attempts:account", "challenge:second-factor", "session:", "sessions-of:")


@pytest.fixture
async def house(
    kind: str, data_dir: Path, tmp_path: Path, certificate: Path, server_tls: ssl.SSLContext
) -> AsyncIterator[Watched]:
    async with watched(kind, data_dir, tmp_path, certificate, server_tls) as made:
        yield made


async def test_no_secret_is_anywhere(house: Watched, kind: str) -> None:
    written = await Written.since_now(house.postgres) if kind == "embedded" else None
    ada, ben, cleo = (Person.new(house, f"{name}_lives") for name in ("ada", "ben", "cleo"))
    async with asyncio.TaskGroup() as together:
        for life in (_in_an_app(ada), _in_a_browser(ben), _as_admin(cleo)):
            together.create_task(life)
    for export in (await life_in_app.looks_back(ada), await life_in_browser.looks_back(ben)):
        assert export.json()["account"]["email"] in {"new@example.org", ben.email}
        assert export.json()["securityEvents"]
    await mishaps.sends_nonsense(ada)
    await mishaps.sends_what_is_no_request(ada, str(house.client.base_url))
    await mishaps.fails_too_often(Person.new(house, "nobody"))
    await mishaps.meets_defects(ada, ben, cleo)
    await house.look()

    await life_in_app.leaves(ada)
    await life_in_browser.is_put_out(ben)
    await life_in_app.reads_all(cleo)
    await house.look()
    await _ends_in_trouble(ada, cleo)
    await _must_be_silent(house, written)


async def _in_an_app(ada: Person) -> None:
    await life_in_app.begins(ada)
    await life_in_app.shows_bad_credentials(ada)
    await life_in_app.has_a_second_factor(ada)
    await life_in_app.has_a_passkey(ada)
    await life_in_app.changes_everything(ada)


async def _in_a_browser(ben: Person) -> None:
    await life_in_browser.begins(ben)
    await life_in_browser.has_a_second_factor(ben)
    await life_in_browser.has_a_passkey(ben)
    await life_in_browser.changes_everything(ben)


async def _as_admin(cleo: Person) -> None:
    words = ("users", "create", cleo.handle, cleo.email, "--role", "ADMIN")
    assert "can sign in" in await cleo.house.command(*words, stdin=f"{cleo.password}\n")
    await cleo.sign_in("SignedIn")
    assert "is published" in await cleo.house.command("signing-keys", "rotate")
    await mishaps.mistypes_settings(cleo.house)


async def _ends_in_trouble(ada: Person, cleo: Person) -> None:
    """Let mails and stores fail, stop the server, and have a worker send what was left."""
    house = cleo.house
    await house.mail.stop()
    await cleo.does("requestPasswordReset", "MailRequested", input={"email": cleo.email})
    await house.until_rows("select 1 from jobs where last_error is not null")
    await house.look()
    if house.proxies:
        await mishaps.meets_trouble(ada, cleo)
    house.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(house.process.wait, 30) == 0
    await house.mail.start()
    for proxy in house.proxies.values():
        await proxy.start()
    await house.postgres.execute("update jobs set due_at = now()")
    assert "1 done" in await house.command("worker", "--once")
    await house.token_mailed(cleo.email)


async def _must_be_silent(house: Watched, written: Written | None) -> None:
    house.places.append(Place("log", "of the server", house.log.read_bytes()))
    if written is not None:
        log, ahead = await written.read(house.postgres)
        assert any(b"ada_lives@example.org" in one for one in ahead)
        house.places.append(Place("log", "of PostgreSQL", log))
        # Among so much else there may be any six digits.
        known = [one for one in house.secrets if one.number is None]
        _must_show_none(known, [Place("write-ahead log", "of PostgreSQL", one) for one in ahead])
    assert house.secrets.kinds() >= KINDS
    assert {"answer", "cookie", "key", "log", "row"} <= {place.kind for place in house.places}
    assert {place.name for place in house.places if place.kind == "row"} >= TABLES
    keys = [place.name for place in house.places if place.kind == "key"]
    assert [part for part in KEYS if not any(part in key for key in keys)] == []
    _must_show_none(house.secrets, house.places)


def _must_show_none(secrets: Iterable[Secret], places: Iterable[Place]) -> None:
    """Fail with a line for each secret in each place: pytest itself would shorten a list."""
    found = leaks(secrets, places)
    assert not found, "\n".join(found)
