"""What an import met, in numbers, and the file of the rows that it refused."""

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from rich.table import Table

from datasources.postgres.bulk import Upserted


class CannotWrite(Exception):
    """The file of refused rows cannot be written; the message is one line."""


@dataclass
class ImportReport:
    """The numbers of one import.

    `written` is by what was written, `facts` by what else was noticed. `rows` were read, of which
    `rejected` were refused and written to `rejects`.
    """

    rows: int = 0
    rejected: int = 0
    rejects: Path | None = None
    written: dict[str, Upserted] = field(default_factory=dict)
    facts: Counter[str] = field(default_factory=Counter)

    @property
    def accepted(self) -> int:
        """How many rows were of use."""
        return self.rows - self.rejected

    def add(self, what: str, done: Upserted) -> None:
        """Count what a batch wrote."""
        self.written[what] = self.written.get(what, Upserted()) + done

    def table(self) -> Table:
        """Return the numbers for a terminal: what was written, new, changed or there already."""
        table = Table("Written", box=None, header_style="bold", title_justify="left")
        for column in ("new", "updated", "unchanged"):
            table.add_column(column, justify="right")
        for what, done in self.written.items():
            numbers = (done.inserted, done.updated, done.unchanged)
            table.add_row(what, *(f"{number:,}" for number in numbers))
        return table

    def lines(self) -> list[str]:
        """Return what else there is to say, a sentence each."""
        said = [f"{self.rows:,} rows read, {self.accepted:,} of use, {self.rejected:,} rejected."]
        said += [f"{what}: {number:,}" for what, number in sorted(self.facts.items()) if number]
        if self.rejects is not None:
            said.append(f"Rejected rows, with line and reason: {self.rejects}")
        return said


class Rejects:
    """Writes refused rows to a CSV file, which is made with the first of them."""

    def __init__(self, path: Path, report: ImportReport) -> None:
        self._path = path
        self._report = report
        self._file: TextIO | None = None

    def add(self, file: Path, line: int, reason: str) -> None:
        """Write one row: the file, the line where the row starts, and why it was refused.

        Raises:
            CannotWrite: there is no place for it.
        """
        try:
            if self._file is None:
                self._file = self._path.open("w", encoding="utf-8", newline="")
                csv.writer(self._file).writerow(("file", "line", "reason"))
            csv.writer(self._file).writerow((file.name, line, reason))
        except OSError as error:
            raise CannotWrite(f"{self._path} cannot be written: {error.strerror}") from error
        self._report.rejected += 1
        self._report.rejects = self._path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
