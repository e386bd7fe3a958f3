"""Reads the values of a row: `NA` is unknown, and what cannot be is refused."""

import re
from datetime import date

from datasources.records.albums import DatePrecision

MAX_NAME_CHARS = 500
MAX_ID_CHARS = 200

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


class BadValue(Exception):
    """A value that cannot be; the message names its column."""


def known(value: str) -> str | None:
    """Return a value, or None where it is empty or `NA`, which some writers put for nothing."""
    return None if value in {"", "NA"} else value


def read_name(column: str, value: str) -> str | None:
    """Return a name as it is written, or None where it is unknown.

    Raises:
        BadValue: too long, or with a character that no store holds.
    """
    return known(read_text(column, value)) if value.strip() else None


def read_text(column: str, value: str) -> str:
    """Return a text as it is written.

    Raises:
        BadValue: too long, or with a character that no store holds.
    """
    if len(value) > MAX_NAME_CHARS:
        raise BadValue(f"{column} is longer than {MAX_NAME_CHARS} characters")
    if "\0" in value:
        raise BadValue(f"{column} has a NUL character")
    return value


def read_id(column: str, value: str) -> str:
    """Return an id of another service.

    Raises:
        BadValue: there is none, or it cannot be one.
    """
    if known(value) is None:
        raise BadValue(f"{column} is missing")
    if len(value) > MAX_ID_CHARS or not value.isprintable() or " " in value:
        raise BadValue(f"{column} is no id")
    return value


def read_number(column: str, value: str, least: float, greatest: float) -> float | None:
    """Return a number, or None where it is unknown.

    Raises:
        BadValue: not a number, or out of range.
    """
    if known(value) is None:
        return None
    if not _NUMBER.fullmatch(value):
        raise BadValue(f"{column} is not a number")
    number = float(value)
    if number < least:
        raise BadValue(f"{column} is less than {least:.16g}")
    if number > greatest:
        raise BadValue(f"{column} is more than {greatest:.16g}")
    return number


def read_integer(column: str, value: str, least: int, greatest: int) -> int | None:
    """Return a whole number ("12", "1e+05"), or None where it is unknown.

    Raises:
        BadValue: not a whole number, or out of range.
    """
    number = read_number(column, value, least, greatest)
    if number is None:
        return None
    if not number.is_integer():
        raise BadValue(f"{column} is not a whole number")
    return int(number)


def required(column: str, number: float | None) -> float:
    """Return a number that has to be known.

    Raises:
        BadValue: it is not.
    """
    if number is None:
        raise BadValue(f"{column} is missing")
    return number


def read_date(column: str, value: str) -> tuple[date | None, DatePrecision | None]:
    """Return the first day of a year, a month or a day, and which of them it is; or None twice.

    Raises:
        BadValue: no such date.
    """
    if known(value) is None:
        return None, None
    found = _DATE.fullmatch(value)
    if found is None:
        raise BadValue(f"{column} is not a date")
    year, month, day = found.groups()
    try:
        first_day = date(int(year), int(month or 1), int(day or 1))
    except ValueError as error:
        raise BadValue(f"{column} is not a date") from error
    if day is not None:
        return first_day, DatePrecision.DAY
    return first_day, DatePrecision.YEAR if month is None else DatePrecision.MONTH
