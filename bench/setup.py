"""What the benchmarks need: the three real stores and the folder of real files."""

import os
from dataclasses import dataclass
from pathlib import Path

from gateway.settings import Settings

ROOT = Path(__file__).parents[1]
_STORES = ("postgres", "mongo", "redis")
_FILES = ("spotify_songs.csv", "lastfm/artists.dat")


class Missing(Exception):
    """Something that the benchmarks cannot do without; the message says what, in one line."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Where the real stores are, and the real files."""

    postgres: str
    mongo: str
    redis: str
    data: Path
    data_dir: Path
    """Where the embedded PostgreSQL of the benchmarks keeps its files."""


def read_setup() -> Setup:
    """Return what `POLYPHONY_*_URL` and `POLYPHONY_DATA` name.

    Raises:
        Missing: a variable is not set, or a file is not there.
    """
    settings = Settings()
    urls = {name: getattr(settings, name).url for name in _STORES}
    unset = [f"POLYPHONY_{name.upper()}_URL" for name, url in urls.items() if url is None]
    if unset:
        raise Missing(f"The benchmarks need the real stores: set {', '.join(unset)}.")
    default = ROOT.parent / "shared" / "data"
    data = Path(os.environ.get("POLYPHONY_DATA", default))
    absent = [name for name in _FILES if not (data / name).is_file()]
    if absent:
        raise Missing(f"The benchmarks need {', '.join(absent)} in {data}: set POLYPHONY_DATA.")
    postgres, mongo, redis = (urls[name].get_secret_value() for name in _STORES)
    return Setup(postgres, mongo, redis, data, ROOT / settings.data_dir / "bench")
