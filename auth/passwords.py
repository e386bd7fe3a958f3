"""Passwords: what is taken, and hashing that neither blocks the event loop nor eats the memory."""

import asyncio
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn_rs_py import zxcvbn

T = TypeVar("T")

MIN_CHARS = 10
MAX_BYTES = 1024
_MIN_SCORE = 2  # of 4: not found by 10^6 guesses
# The estimator holds the interpreter while it thinks, and longer texts make it think for seconds.
_ESTIMATED_CHARS = 32

# OWASP's Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1


class PasswordsBusy(Exception):
    """As many wait for their password to be hashed as may."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether a password is the right one, and whether its hash is weaker than those made now."""

    ok: bool
    outdated: bool = False


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
        self._slots = asyncio.Semaphore(threads)
        self._most = threads + queue
        self._here = 0
        self._nobodys = self._hasher.hash("a password that nobody has")

    async def hash(self, password: str) -> str:
        """Return the hash of a password, with its parameters and salt.

        Raises:
            PasswordsBusy: too many wait already.
        """
        return await self._run(lambda: self._hasher.hash(normalised(password)))

    async def verify(self, password_hash: str | None, password: str) -> Verified:
        """Return whether the password is the right one. No hash takes as long, and never is.

        Raises:
            PasswordsBusy: too many wait already.
        """
        return await self._run(lambda: self._verify(password_hash, normalised(password)))

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
        if self._here >= self._most:
            raise PasswordsBusy
        self._here += 1
        try:
            async with self._slots:
                return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._here -= 1

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def normalised(password: str) -> bytes:
    """Return what is hashed: the same bytes, however a keyboard composes the characters (NFKC)."""
    return unicodedata.normalize("NFKC", password).encode(errors="surrogatepass")


def problem_with(password: str, about_them: Sequence[str] = ()) -> str | None:
    """Return why a new password cannot be taken, or None.

    No rules of composition: its length, and how soon it would be guessed by one who knows
    `about_them`: the handle, name and address of the person.
    """
    if len(unicodedata.normalize("NFKC", password)) < MIN_CHARS:
        return f"A password has at least {MIN_CHARS} characters."
    if len(normalised(password)) > MAX_BYTES:
        return f"A password has at most {MAX_BYTES} bytes."
    if "\0" in password or any("\ud800" <= char <= "\udfff" for char in password):
        return "A password has no such characters."
    guess = zxcvbn(password[:_ESTIMATED_CHARS], list(about_them))
    if int(guess.score) < _MIN_SCORE:
        return "This password is among the first that would be tried. Choose another one."
    return None
