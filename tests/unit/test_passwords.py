"""Hashing in a bounded pool, whatever becomes of those who ask."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from auth.passwords import Passwords, PasswordsBusy

WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Gate(PasswordHasher):
    """A hasher that waits until it is let go, and notes how many hash at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.open = threading.Event()
        self.now = self.most = 0
        self.lock = threading.Lock()

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002  the library returns Literal[True], and names it so
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.open.wait(10)
        with self.lock:
            self.now -= 1
        return super().verify(hash, password)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_password_is_verified() -> None:
    passwords = Passwords(1, 1, WEAK)
    hashed = await passwords.hash("correct horse")
    assert (await passwords.verify(hashed, "correct horse")).ok
    assert not (await passwords.verify(hashed, "correct house")).ok
    assert not (await passwords.verify("no hash at all", "correct horse")).ok
    passwords.close()


async def test_nobodys_password_is_never_right() -> None:
    passwords = Passwords(1, 1, WEAK)
    assert not (await passwords.verify(None, "a password that nobody has")).ok
    passwords.close()


@pytest.mark.parametrize(
    ("typed", "same"),
    [("caf\u00e9 am See", "cafe\u0301 am See"), ("\ufb01ne \uff57ords", "fine words")],
)
async def test_composed_characters_are_the_same(typed: str, same: str) -> None:
    passwords = Passwords(1, 1, WEAK)
    assert (await passwords.verify(await passwords.hash(typed), same)).ok
    passwords.close()


async def test_a_weaker_hash_is_outdated() -> None:
    passwords = Passwords(1, 1, PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    weak = WEAK.hash("correct horse")
    assert (await passwords.verify(weak, "correct horse")).outdated
    assert not (await passwords.verify(weak, "correct house")).outdated
    today = await passwords.hash("correct horse")
    assert not (await passwords.verify(today, "correct horse")).outdated
    passwords.close()


async def test_what_is_too_long_to_be_a_password_is_not_even_composed() -> None:
    passwords = Passwords(1, 1, WEAK)
    hashed = await passwords.hash("")
    assert not (await passwords.verify(hashed, "\ufdfa" * 1_000_000)).ok
    passwords.close()


async def test_more_than_may_wait_are_turned_away(gate: Gate) -> None:
    passwords = Passwords(2, 3, gate)
    stored = WEAK.hash("x")
    waiting = [asyncio.create_task(passwords.verify(stored, "x")) for _ in range(5)]
    await settled()
    with pytest.raises(PasswordsBusy):
        await passwords.verify(stored, "x")
    gate.open.set()
    assert all(found.ok for found in await asyncio.gather(*waiting))
    assert gate.most <= 2
    assert (await passwords.verify(stored, "x")).ok
    passwords.close()


async def test_one_who_goes_away_keeps_their_thread_until_it_is_done(gate: Gate) -> None:
    passwords = Passwords(1, 5, gate)
    stored = WEAK.hash("x")
    gone = asyncio.create_task(passwords.verify(stored, "x"))
    await settled()
    gone.cancel()
    next_ = asyncio.create_task(passwords.verify(stored, "x"))
    await settled()
    assert not gone.done()
    assert not next_.done()
    gate.open.set()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert (await next_).ok
    assert gate.most == 1
    passwords.close()


async def test_those_who_go_away_while_waiting_leave_their_place(gate: Gate) -> None:
    passwords = Passwords(1, 1, gate)
    stored = WEAK.hash("x")
    first = asyncio.create_task(passwords.verify(stored, "x"))
    for _ in range(10):
        waiting = asyncio.create_task(passwords.verify(stored, "x"))
        await settled()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    gate.open.set()
    assert (await first).ok
    assert (await passwords.verify(stored, "x")).ok
    passwords.close()
