"""Notices peers that hardly read or send."""

STEP_BYTES = 4096
"""Who moves less than this within the time-out stands still: a byte a second is no progress."""


class Progress:
    """Watches the bytes that are still to move, looked at every second or so."""

    __slots__ = ("_left", "_since")

    def __init__(self) -> None:
        self._left: int | None = None
        self._since = 0.0

    def stalled(self, left: int | None, now: float, timeout_s: float) -> bool:
        """Return whether too little has moved within the time-out, in seconds like `now`.

        `left` sinks by what has moved; it may be negative, and None says that nothing is to move.
        What is added to it in between is no progress, so that a peer is not kept alive by us.
        """
        if left is None:
            self._left = None
        elif self._left is None or left <= self._left - STEP_BYTES:
            self._left, self._since = left, now
        return self._left is not None and now - self._since > timeout_s

    def moved(self) -> None:
        """Begin anew: the peer has taken nearly all there was."""
        self._left = None
