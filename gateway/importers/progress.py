"""Progress bars on standard error; silent where that is no terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]
"""Says how much more is done since it was called last."""


class Steps:
    """The steps of one import, a bar for each."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    @contextmanager
    def step(self, name: str, total: int) -> Iterator[Advance]:
        """Show a bar until the end of the block."""
        task = self._progress.add_task(name, total=total)

        def advance(more: int) -> None:
            self._progress.advance(task, more)

        yield advance
        self._progress.update(task, completed=total)


@contextmanager
def show_steps(*, silent: bool = False) -> Iterator[Steps]:
    """Yield steps that are shown on standard error, in a terminal and unless `silent`."""
    console = Console(stderr=True)
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        console=console,
        disable=silent or not console.is_terminal,
    )
    with bars:
        yield Steps(bars)
