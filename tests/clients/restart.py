"""Lets clients visit a demo that restarts and loses its Redis; returns what they have seen."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

from tests.e2e.test_serve import environment, serving
from tests.e2e.test_sockets import ask, hear, initialised
from tests.factories.redis_server import PROGRAM, RedisServer, redis_server
from tests.plugins.server import ROOT, DemoProcess, demo_data, running_demo

DEADLINE_S = 120  # reached only by what hangs
QUICK = {"POLYPHONY_STOP_DELAY_S": "0", "POLYPHONY_STOP_WINDOW_S": "1"}
# Of the playlist: one before the restart, two while nobody is there, one after it.
RESTARTED = 4
CHANGES = RESTARTED + 2  # one while Redis is away, one when it is back
SIGN_IN = """mutation ($password: String!) {
  signIn(input: {login: "ada", password: $password, session: TOKENS}) {
    ... on SignedIn { tokens { accessToken } }
  }
}"""
TRACKS = '{ search(query: "a", types: [TRACK], first: 2) { nodes { ... on Track { id title } } } }'
PLAYLIST = """mutation {
  createPlaylist(input: {title: "Together", visibility: PUBLIC}) {
    ... on PlaylistCreated { playlist { id version } }
  }
}"""
ADD = """mutation ($playlist: ID!, $track: ID!) {
  addPlaylistItems(input: {playlistId: $playlist, trackIds: [$track]}) {
    ... on PlaylistItemsChanged { version }
  }
}"""
FOLLOW = "subscription ($id: ID!) { playlistChanged(id: $id) { __typename } }"
PLAY = """mutation ($track: ID!) {
  setNowPlaying(input: {trackId: $track}) { ... on NowPlayingSet { nowPlaying { startedAt } } }
}"""


@dataclass(frozen=True, slots=True)
class Ada:
    """The listener of a demo: her token is good before a restart and after."""

    url: str
    password: str
    token: str

    def ask(self, query: str, **variables: str) -> Any:
        """Return the data of an answer without errors."""
        answer = httpx2.post(
            self.url,
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=DEADLINE_S,
        ).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def tracks(self) -> list[dict[str, str]]:
        """Return id and title of two tracks."""
        found: list[dict[str, str]] = self.ask(TRACKS)["search"]["nodes"]
        return found

    def play(self, track: str) -> None:
        """Say that she plays a track."""
        assert self.ask(PLAY, track=track)["setNowPlaying"]["nowPlaying"]

    def playlist(self) -> tuple[str, int]:
        """Make a playlist that everybody sees, and return its id and version."""
        made = self.ask(PLAYLIST)["createPlaylist"]["playlist"]
        return made["id"], made["version"]

    def add(self, playlist: str, track: str) -> None:
        """Add a track to a playlist of hers: its version is the next."""
        assert self.ask(ADD, playlist=playlist, track=track)["addPlaylistItems"]["version"]


def ada_of(demo: DemoProcess) -> Ada:
    """Sign in on a demo that has just been made: it prints the password."""
    demo.address()  # by then all is printed
    found = re.search(r"^ *ada +(\S+)", demo.stdout.read_text(), re.MULTILINE)
    assert found
    return signed_in(demo, found[1])


def signed_in(demo: DemoProcess, password: str) -> Ada:
    """Sign in on any demo: a token is good at the address where it was given, and nowhere else."""
    url = demo.address()
    body = {"query": SIGN_IN, "variables": {"password": password}}
    answer = httpx2.post(url, json=body, timeout=DEADLINE_S).json()
    return Ada(url, password, answer["data"]["signIn"]["tokens"]["accessToken"])


@contextmanager
def restarted(folder: Path, port: int) -> Iterator[DemoProcess]:
    """Yield the demo that follows on one that has stopped; port 0 is another."""
    with running_demo(folder, "--port", str(port), environment=QUICK) as again:
        again.address()
        yield again


@contextmanager
def served(folder: Path, ada: Ada) -> Iterator[RedisServer | None]:
    """Serve the data of a demo where it was; yield its Redis, where this machine has one."""
    place = urlsplit(ada.url)
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server()) if PROGRAM else None
        stores = {"POLYPHONY_REDIS_URL": redis.url} if redis else {}
        public = {"POLYPHONY_PUBLIC_URL": f"http://{place.netloc}"}
        env = environment(folder / "demo", **QUICK, **stores, **public)
        log = folder / "log"
        stack.enter_context(serving(env, log, "--host", "localhost", port=place.port))
        yield redis


@contextmanager
def out_of_reach(redis: RedisServer, ada: Ada, playlist: str) -> Iterator[None]:
    """Kill Redis until the block has ended, which begins when no subscription stands any more."""
    with initialised(ada.url, authorization=f"Bearer {ada.token}") as client:
        ask(client, "lost", FOLLOW, id=playlist)
        ask(client, "answered", "{ viewer { handle } }")
        assert hear(client)["type"] == "next"  # so the subscription stands
        assert hear(client)["type"] == "complete"
        redis.kill()
        assert hear(client)["type"] == "error"
        ask(client, "refused", FOLLOW, id=playlist)
        assert hear(client)["type"] == "error"
    yield
    redis.start()


@dataclass(frozen=True, slots=True)
class Visit:
    """A client that runs, and files with what it says."""

    process: "subprocess.Popen[bytes]"
    stdout: Path
    stderr: Path

    def wait_for(self, name: str) -> None:
        """Return when it has said something of this name, or has ended."""
        deadline = time.monotonic() + DEADLINE_S
        while f'"{name}":' not in self.stdout.read_text() and self.process.poll() is None:
            if time.monotonic() > deadline:
                return
            time.sleep(0.05)

    def seen(self) -> dict[str, Any]:
        """Return the objects that it has printed as one, and what it complains of."""
        found: dict[str, Any] = {"stderr": self.stderr.read_text()}
        for line in self.stdout.read_text().splitlines():
            found |= json.loads(line)
        return found


@contextmanager
def visiting(command: Sequence[str], env: Mapping[str, str], log: Path) -> Iterator[Visit]:
    """Yield a client that runs in this environment; it is ended afterwards."""
    stdout, stderr = log.with_suffix(".out"), log.with_suffix(".err")
    with stdout.open("wb") as out, stderr.open("wb") as err:
        process = subprocess.Popen(  # noqa: S603  our own commands
            command, cwd=ROOT, env=env, stdout=out, stderr=err
        )
    try:
        yield Visit(process, stdout, stderr)
    finally:
        process.kill()
        process.wait()


def visits(clients: Mapping[str, Sequence[str]], logs: Path) -> dict[str, Any]:
    """Return what each client has seen, and the versions of the playlist that they follow.

    All are there at once. When each has said that it follows Ada and her playlist, the demo stops.
    She changes the list at another address, where they do not look. Then the demo is where it was,
    and when they are back she changes the list once more. Then its Redis goes away, for so long
    that every subscription ends, and she changes the list meanwhile and afterwards.
    """
    with demo_data() as folder, ExitStack() as leaving:
        with running_demo(folder, environment=QUICK) as demo:
            ada = ada_of(demo)
            first, second = (track["id"] for track in ada.tracks())
            playlist, before = ada.playlist()
            ada.add(playlist, first)
            env = {
                **os.environ,
                "POLYPHONY_HOST": urlsplit(ada.url).netloc,
                "POLYPHONY_TOKEN": ada.token,
            }
            versions = (before + number for number in (0, 1, RESTARTED, CHANGES))
            told = [first, second, playlist, *map(str, versions)]
            all_ = {
                name: leaving.enter_context(visiting([*command, *told], env, logs / name))
                for name, command in clients.items()
            }
            for visit in all_.values():
                visit.wait_for("ready")
            assert demo.stop(signal.SIGTERM) == 0
        with restarted(folder, 0) as elsewhere:
            there = signed_in(elsewhere, ada.password)
            for _ in range(RESTARTED - 2):
                there.add(playlist, second)
            assert elsewhere.stop(signal.SIGTERM) == 0
        with served(folder, ada) as redis:
            ada.play(second)
            for visit in all_.values():
                visit.wait_for("back")
            ada.add(playlist, first)
            for visit in all_.values():
                visit.wait_for("restarted")
            with out_of_reach(redis, ada, playlist) if redis else nullcontext():
                ada.add(playlist, second)
            ada.add(playlist, first)
            for visit in all_.values():
                visit.wait_for("changes")
        return {name: visit.seen() for name, visit in all_.items()} | {
            "versions": [before + number for number in range(1, CHANGES + 1)]
        }
