"""Hashing of passwords that neither blocks the event loop nor eats the memory."""

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from auth.turns import NoRoom, Turns

T = TypeVar("T")

# OWASP's Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1
_SHARE_OF_ONE = 2  # half of the queue is the most that one origin may fill
# Composed characters may be fewer than what was typed; beyond this it is no password.
_MAX_TYPED_CHARS = 4096


class PasswordsBusy(Exception):
    """As many wait for their password to be hashed as may."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether a password is the right one, and whether its hash is weaker than those made now."""

    ok: bool
    outdated: bool = False


class Slot:
    """The right to one of the threads, held while something is decided beside the hashing."""

    def __init__(self, pool: ThreadPoolExecutor, hasher: PasswordHasher, nobodys: str) -> None:
        self._pool = pool
        self._hasher = hasher
        self._nobodys = nobodys
        self._work: asyncio.Future[Any] | None = None

    async def hash(self, password: str) -> str:
        """Return the hash of a password, with its parameters and salt."""
        return await self._run(lambda: self._hasher.hash(normalised(password)))

    async def verify(self, password_hash: str | None, password: str) -> Verified:
        """Return whether the password is the right one. No hash takes as long, and never is."""
        possible = len(password) <= _MAX_TYPED_CHARS
        typed = normalised(password if possible else "")
        return await self._run(lambda: self._verify(password_hash if possible else None, typed))

    def _verify(self, password_hash: str | None, password: bytes) -> Verified:
        stored = password_hash or self._nobodys
        try:
            self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return Verified(ok=False)
        if password_hash is None:
            return Verified(ok=False)
        return Verified(ok=True, outdated=self._hasher.check_needs_rehash(stored))

    async def _run(self, work: Callable[[], T]) -> T:
        self._work = asyncio.get_running_loop().run_in_executor(self._pool, work)
        return await asyncio.shield(self._work)

    async def finished(self) -> None:
        """Wait for a thread that is still at work for one who has gone away."""
        if self._work is not None and not self._work.done():
            await asyncio.wait([self._work])


class Passwords:
    """argon2id in a few threads; the others queue, so memory is 19 MiB for each thread."""

    def __init__(
        self,
        threads: int,
        queue: int,
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._hasher = hasher or PasswordHasher(
            time_cost=_PASSES, memory_cost=_MEMORY_KIB, parallelism=_LANES
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._turns = Turns(threads, queue, max(1, queue // _SHARE_OF_ONE))
        self._nobodys = self._hasher.hash("a password that nobody has")

    @asynccontextmanager
    async def slot(self, origin: str = "") -> AsyncIterator[Slot]:
        """Yield the right to a thread; origins (networks) take turns, so that none fills the queue.

        It is not passed on before the thread has finished, whatever became of who asked.

        Raises:
            PasswordsBusy: too many wait already, in all or of this origin.
        """
        try:
            async with self._turns.turn(origin):
                slot = Slot(self._pool, self._hasher, self._nobodys)
                try:
                    yield slot
                finally:
                    await slot.finished()
        except NoRoom:
            raise PasswordsBusy from None

    async def hash(self, password: str) -> str:
        """Return the hash of a password, with its parameters and salt.

        Raises:
            PasswordsBusy: too many wait already.
        """
        async with self.slot() as slot:
            return await slot.hash(password)

    async def verify(self, password_hash: str | None, password: str) -> Verified:
        """Return whether the password is the right one. No hash takes as long, and never is.

        Raises:
            PasswordsBusy: too many wait already.
        """
        async with self.slot() as slot:
            return await slot.verify(password_hash, password)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def normalised(password: str) -> bytes:
    """Return what is hashed: the same bytes, however a keyboard composes the characters (NFKC)."""
    return unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")
