"""Reads files of rows: CSV as RFC 4180 has it, and tab-separated text, a row at a time.

Whatever is wrong with one row is said of that row, with the line where it starts. Only a file of
which nothing can be read is refused as a whole.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

MAX_FIELD_CHARS = 131_072
"""A longer field is most likely a quote that is never closed."""

_SHOWN = 5


class Unreadable(Exception):
    """Nothing can be read from a file. The message is one line for the person who named it."""


@dataclass(frozen=True, slots=True)
class Row:
    """The fields of one row in the order of the columns asked for; `line` is where it starts."""

    line: int
    fields: Sequence[str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that has no fields to go on with, and why."""

    line: int
    reason: str


class Delimited:
    """An open file, after its header. Iterating reads on."""

    def __init__(self, file: TextIO, path: Path, columns: Sequence[str], *, tabs: bool) -> None:
        self._bytes = file.buffer
        self._told = 0
        self.size = path.stat().st_size
        self._path = path
        if tabs:
            self._reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        else:
            self._reader = csv.reader(file)
        header = self._header()
        self._width = len(header)
        self._places = _places(path, header, columns)

    def new_bytes(self) -> int:
        """Return how much was read, by the block, since this was asked last."""
        before, self._told = self._told, self._bytes.tell()
        return self._told - before

    def __iter__(self) -> Iterator[Row | BadRow]:
        """Yield the rows in their order. Empty lines are none.

        Raises:
            Unreadable: the file could be opened, but not read to its end.
        """
        while True:
            line = self._reader.line_num + 1
            try:
                fields = next(self._reader, None)
            except csv.Error as error:
                yield BadRow(line, f"{error}; up to line {self._reader.line_num}")
                continue
            except OSError as error:
                raise Unreadable(f"{self._path}: {error.strerror}") from error
            if fields is None:
                return
            if fields:
                yield self._row(line, fields)

    def _row(self, line: int, fields: list[str]) -> Row | BadRow:
        if not _is_text(fields):
            return BadRow(line, "not UTF-8")
        if len(fields) != self._width:
            return BadRow(line, f"{len(fields)} fields instead of {self._width}")
        return Row(line, [fields[place] for place in self._places])

    def _header(self) -> list[str]:
        try:
            header = next(self._reader, None)
        except csv.Error as error:
            raise Unreadable(f"{self._path} is no table: {error}.") from error
        except OSError as error:
            raise Unreadable(f"{self._path}: {error.strerror}") from error
        if header is None:
            raise Unreadable(f"{self._path} is empty.")
        if not _is_text(header):
            raise Unreadable(f"{self._path} is not UTF-8.")
        return [name.strip() for name in header]


@contextmanager
def open_delimited(
    path: Path, columns: Sequence[str], *, tabs: bool = False
) -> Iterator[Delimited]:
    """Yield a file whose header has these columns, in any order; others are left out.

    UTF-8, with or without a byte order mark. With `tabs` fields are separated by tabs and quotes
    mean nothing; otherwise it is RFC 4180.

    Raises:
        Unreadable: there is no such file, it may not be read, or it has another header.
    """
    try:
        # Bytes that are not UTF-8 stay recognisable, so that only their row is refused.
        file = path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except FileNotFoundError as error:
        raise Unreadable(f"{path} does not exist.") from error
    except IsADirectoryError as error:
        raise Unreadable(f"{path} is a folder, not a file.") from error
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise Unreadable(f"{path} cannot be read: {error}") from error
    with file:
        yield Delimited(file, path, columns, tabs=tabs)


def _places(path: Path, header: Sequence[str], columns: Sequence[str]) -> list[int]:
    missing = [name for name in columns if name not in header]
    if missing:
        shown = ", ".join(missing[:_SHOWN])
        rest = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        noun = "column" if len(missing) == 1 else "columns"
        raise Unreadable(f"{path} has a wrong header: missing {noun} {shown}{rest}.")
    return [header.index(name) for name in columns]


def _is_text(fields: Sequence[str]) -> bool:
    whole = "".join(fields)
    if whole.isascii():
        return True
    try:
        whole.encode()
    except UnicodeEncodeError:
        return False
    return True
