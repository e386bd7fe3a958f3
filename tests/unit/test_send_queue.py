"""What waits to be sent to a client: in order, and bounded once it does not read."""

import asyncio

import pytest

from gateway.graphql.send_queue import GRACE_S, PATIENCE_S, SLOW_BYTES_PER_S, SendQueue
from tests.factories.live_socket import Clock


class Peer:
    def __init__(self) -> None:
        self.taken: list[str] = []
        self.reads = asyncio.Event()
        self.reads.set()

    async def take(self, text: str) -> None:
        await self.reads.wait()
        if text == "gone":
            raise OSError
        self.taken.append(text)


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(peer: Peer, clock: Clock) -> SendQueue:
    return SendQueue(peer.take, clock, max_events=3, max_bytes=100)


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_all_is_sent_in_order(queue: SendQueue, peer: Peer) -> None:
    assert all(queue.put(b"%d" % number) for number in range(20)), "the peer reads: no bounds"
    await queue.sent()
    assert peer.taken == [str(number) for number in range(20)]
    await queue.room()
    await queue.sent()


@pytest.mark.parametrize("frames", [[b"x"] * 5, [b"x", b"x" * 101]])
async def test_bounds_hold_after_a_moment(
    queue: SendQueue, peer: Peer, clock: Clock, frames: list[bytes]
) -> None:
    peer.reads.clear()
    for frame in frames:
        assert queue.put(frame)
    await turn()
    clock.now += GRACE_S
    assert not queue.behind(clock.now)
    clock.now += 0.1
    assert queue.behind(clock.now)
    assert not queue.put(b"x")


async def test_little_may_wait_for_longer(queue: SendQueue, peer: Peer, clock: Clock) -> None:
    peer.reads.clear()
    queue.put(b"x")
    await turn()
    assert not queue.behind(clock.now + PATIENCE_S)
    assert queue.behind(clock.now + PATIENCE_S + 0.1)


async def test_after_a_long_frame_a_slow_peer_may_take_longer(peer: Peer, clock: Clock) -> None:
    queue = SendQueue(peer.take, clock)
    queue.put(b"x" * 20 * SLOW_BYTES_PER_S)
    await turn()
    peer.reads.clear()
    queue.put(b"x")
    await turn()
    assert not queue.behind(clock.now + PATIENCE_S + 19)
    assert queue.behind(clock.now + PATIENCE_S + 21)


async def test_who_waits_for_room_goes_on_when_the_peer_reads(queue: SendQueue, peer: Peer) -> None:
    peer.reads.clear()
    queue.put(b"x")
    await turn()
    waiting = asyncio.ensure_future(queue.room())
    await turn()
    assert not waiting.done()
    peer.reads.set()
    await waiting


async def test_a_peer_that_is_gone(queue: SendQueue, peer: Peer) -> None:
    for frame in (b"1", b"gone", b"2"):
        queue.put(frame)
    await queue.sent()
    assert peer.taken == ["1"]
    queue.put(b"3")
    await queue.sent()
    assert peer.taken == ["1", "3"]


async def test_what_is_dropped_is_not_sent(queue: SendQueue, peer: Peer) -> None:
    peer.reads.clear()
    for frame in (b"1", b"2"):
        queue.put(frame)
    await turn()
    queue.drop()
    peer.reads.set()
    await turn()
    assert peer.taken == []
