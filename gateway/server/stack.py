"""Gives Python's own stack room, so that deep calls do not cost a system call each.

CPython keeps the frames of a thread in chunks of 16 kB, and takes the next from the system, and
gives it back, whenever a call crosses the end of one. The executor of GraphQL calls itself for
each level: where the end of a chunk lies among the calls of its innermost level, each field of
each item pays for a chunk. Measured was twice the processor time for a page of 1,000 tracks.
"""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_WORDS = 80_000
"""With this a chunk has a mebibyte, of which the rest (some 1,000 frames) is for those above. Only
what is used of it takes memory."""


def with_room(call: Callable[[], T]) -> T:
    """Return what a call returns; the calls that it makes find room on the stack."""
    return _roomy(call)


def _roomy(call: Callable[[], T]) -> T:
    return call()


# A chunk is as large as the frame that asks for it needs, rounded up, and the frames of the calls
# that it makes lie in what is left.
_roomy.__code__ = _roomy.__code__.replace(co_stacksize=_WORDS)
