"""HetRec folders for tests, with the line ends that each of its files has."""

from collections.abc import Sequence
from pathlib import Path

Rows = Sequence[Sequence[object]]

URL = "http://www.last.fm/music/"


def artist(number: int, name: str, path: str | None = None) -> tuple[object, ...]:
    """Return the fields of an artist, with an address at last.fm."""
    return (
        number,
        name,
        f"{URL}{name.replace(' ', '+') if path is None else path}",
        "http://p/1.jpg",
    )


def write_hetrec(folder: Path, artists: Rows, plays: Rows = (), friends: Rows = ()) -> Path:
    """Write the three files that are read; return the folder."""
    folder.mkdir(exist_ok=True)
    _write(folder / "artists.dat", [("id", "name", "url", "pictureURL"), *artists], "\n")
    _write(folder / "user_artists.dat", [("userID", "artistID", "weight"), *plays], "\r\n")
    _write(folder / "user_friends.dat", [("userID", "friendID"), *friends], "\r\n")
    return folder


def _write(path: Path, rows: Rows, end: str) -> None:
    lines = ("\t".join(str(field) for field in row) for row in rows)
    path.write_bytes("".join(f"{line}{end}" for line in lines).encode())
