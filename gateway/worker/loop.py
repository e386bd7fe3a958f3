"""Takes work from the queue and has it done: in time, again where it fails, never lost.

Work may be done twice, where a worker dies between doing and saying so; handlers are made for it.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from datasources.errors import StoreError
from datasources.postgres import jobs
from datasources.postgres.client import Postgres
from datasources.records.jobs import JobKind, JobRecord
from gateway.tasks import beside, ended

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
"""How long work stays with a worker that says nothing; one that lives prolongs it."""

_BEAT_S = LEASE.total_seconds() / 3

AT_ONCE = 4
_POLL_S = 1.0
_STORE_IS_AWAY_S = 5.0
_CANNOT_TAKE_S = 30.0
_GRACE_S = 5.0
_FIRST_DELAY_S, _LAST_DELAY_S = 30.0, 3600.0
MAX_TRIES = 20

Handler = Callable[[JobRecord], Awaitable[None]]


class JobFailed(Exception):
    """Work that could not be done, and why: in words without names, addresses or secrets."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Duty:
    """How one kind of work is done: the handler finishes it; some is never given up."""

    handler: Handler
    may_be_given_up: bool = True


@dataclass(slots=True)
class Tally:
    """What a worker did."""

    done: int = 0
    failed: int = 0


class Worker:
    """Does the work of some kinds, a few pieces at a time."""

    def __init__(self, postgres: Postgres, duties: Mapping[JobKind, Duty]) -> None:
        self._postgres = postgres
        self._duties = duties
        self._running: set[asyncio.Task[None]] = set()
        self._trouble = ""
        self.tally = Tally()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; what is under way then has some seconds, and comes back else."""
        try:
            while not stop.is_set():
                pause = await self._turn()
                await self._wait(stop, pause)
        finally:
            await self._end()

    async def drain(self, stop: asyncio.Event | None = None) -> Tally:
        """Do all work that is due, or until told to stop, and return what became of it.

        Raises:
            StoreError: PostgreSQL does not answer.
        """
        try:
            while not (stop and stop.is_set()) and (await self._take() or self._running):
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._end()
        return self.tally

    async def _turn(self) -> float:
        """Begin what is due, and return how long to wait before the next look."""
        try:
            taken = await self._take()
        except StoreError as error:
            self._in_trouble(f"{error.store} does not answer")
            return _STORE_IS_AWAY_S
        except Exception as error:  # noqa: BLE001  a server must not fall with its worker
            # Without tables, say: `migrate` may be on its way.
            self._in_trouble(f"the queue cannot be read: {type(error).__name__}")
            return _CANNOT_TAKE_S
        if self._trouble:
            log.info("worker goes on")
            self._trouble = ""
        return 0 if taken else _jittered(_POLL_S)

    def _in_trouble(self, what: str) -> None:
        if self._trouble != what:
            log.warning("worker waits", reason=what)
        self._trouble = what

    async def _take(self) -> int:
        free = AT_ONCE - len(self._running)
        if free <= 0:
            return 0
        taken = await jobs.take(self._postgres, list(self._duties), free, LEASE)
        for job in taken:
            task = asyncio.create_task(self._do(job), name=f"job {job.id}")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(taken)

    async def _wait(self, stop: asyncio.Event, pause: float) -> None:
        """Return when there may be something to do: time has passed, a place is free, or stop."""
        stopped = asyncio.create_task(stop.wait())
        full = len(self._running) >= AT_ONCE
        waited = {stopped, *self._running} if full else {stopped}
        timeout = None if full else pause
        try:
            await asyncio.wait(waited, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()

    async def _end(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=_GRACE_S)
        await ended(*self._running)

    # --- one piece of work ----------------------------------------------------------------------

    async def _do(self, job: JobRecord) -> None:
        duty = self._duties[JobKind(job.kind)]
        if job.attempts > MAX_TRIES and duty.may_be_given_up:
            await self._failed(job, "each worker that took it ended")
            return
        try:
            async with self._kept(job):
                await duty.handler(job)
        except asyncio.CancelledError:
            with contextlib.suppress(StoreError):
                await jobs.give_back(self._postgres, job)
            raise
        except JobFailed as failure:
            await self._failed(job, failure.reason, given_up=failure.permanent)
        except StoreError as error:
            await self._failed(job, f"{error.store} does not answer")
        except Exception as error:
            log.exception("job failed", job=str(job.id), kind=job.kind)
            await self._failed(job, type(error).__name__)
        else:
            self.tally.done += 1
            log.debug("job done", job=str(job.id), kind=job.kind)

    async def _failed(self, job: JobRecord, reason: str, *, given_up: bool = False) -> None:
        """Have it tried again, or give it up; where neither can be written, its lease ends."""
        self.tally.failed += 1
        many = job.attempts >= MAX_TRIES
        given_up = given_up or (many and self._duties[JobKind(job.kind)].may_be_given_up)
        delay = delay_after(job.attempts)
        about = {"job": str(job.id), "kind": job.kind, "attempts": job.attempts, "reason": reason}
        if given_up:
            log.error("job given up", **about)
        elif many:
            log.error("job still fails", **about)
        else:
            log.warning("job is tried again", in_s=round(delay.total_seconds()), **about)
        with _going_on("the end of a job is not written", job=str(job.id)):
            if given_up:
                await jobs.give_up(self._postgres, job, reason)
            else:
                await jobs.put_off(self._postgres, job, delay, reason)

    @asynccontextmanager
    async def _kept(self, job: JobRecord) -> AsyncIterator[None]:
        """Prolong the lease while the body runs."""
        async with beside(self._beat(job)):
            yield

    async def _beat(self, job: JobRecord) -> None:
        while True:
            await asyncio.sleep(_BEAT_S)
            with _going_on("a lease is not prolonged", job=str(job.id)):
                if not await jobs.keep(self._postgres, job, LEASE):
                    return


@contextlib.contextmanager
def _going_on(what: str, **about: str) -> Iterator[None]:
    """Go on where the body fails, a deadlock, say: it is logged, but for a store that is away."""
    try:
        yield
    except StoreError:
        pass
    except Exception:
        log.exception(what, **about)


def delay_after(attempts: int) -> timedelta:
    """Return how long to wait after an attempt: 30 s, doubling, an hour at most; never the same."""
    doubled = _FIRST_DELAY_S * 2 ** min(attempts - 1, MAX_TRIES)
    return timedelta(seconds=_jittered(min(doubled, _LAST_DELAY_S)))


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311  spread, not secret
