"""Loops that are cancelled and waited for must end, also where a driver swallows that."""

import asyncio


def heed_cancellation() -> None:
    """Be cancelled where that was asked for and got lost, as it does now and then in a store call.

    Raises:
        CancelledError: this task is to end.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
