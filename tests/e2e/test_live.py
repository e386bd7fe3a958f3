"""The page /live: two people in a real browser, one of them through a network that goes quiet."""

import asyncio
import json
import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.e2e.browsers import HERE, SCREENSHOTS, WEB, chromium, node
from tests.plugins.proxy import proxy_to
from tests.plugins.server import DemoProcess, demo_data, running_demo

_DEADLINE_S = 120  # reached only by what hangs
QUIET_S = float(os.environ.get("POLYPHONY_SOAK_QUIET_S", "0"))
SIGN_IN = """mutation ($login: String!, $password: String!) {
  signIn(input: {login: $login, password: $password, session: TOKENS}) {
    ... on SignedIn { tokens { accessToken } }
  }
}"""
SHARED = """{ viewer { playlists(first: 50) { nodes {
  title id items(first: 100) { nodes { id } }
} } } }"""
FOLLOW = """mutation ($user: ID!) {
  followUser(userId: $user) { ... on Error { code } }
}"""
MOVE = """mutation ($input: MovePlaylistItemsInput!) {
  movePlaylistItems(input: $input) { ... on PlaylistItemsChanged { version } }
}"""


@pytest.fixture
def demo() -> Iterator[DemoProcess]:
    """A demo of its own: it is changed, and says what the passwords are."""
    with demo_data() as folder, running_demo(folder) as demo:
        yield demo


class Person:
    """Somebody who edits by the API alone."""

    def __init__(self, url: str, handle: str, password: str) -> None:
        self.url, self.headers = url, dict[str, str]()
        given = {"login": handle, "password": password}
        token = self.ask(SIGN_IN, **given)["signIn"]["tokens"]["accessToken"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask(self, query: str, **variables: object) -> Any:
        """Return the data of an answer without errors."""
        answer = httpx2.post(
            self.url,
            json={"query": query, "variables": variables},
            headers=self.headers,
            timeout=_DEADLINE_S,
        ).json()
        assert "errors" not in answer, answer
        return answer["data"]


def passwords(demo: DemoProcess) -> Mapping[str, str]:
    """Return the passwords that a demo prints, by handle."""
    printed = re.compile(r"^ +(\w+) +(\S+) +\((?:listener|admin)\)$", re.MULTILINE)
    return dict(printed.findall(demo.stdout.read_text()))


def turn_round(ada: Person, title: str) -> list[str]:
    """Turn the order of a playlist round, a change for each item; return its items as they were."""
    nodes = ada.ask(SHARED)["viewer"]["playlists"]["nodes"]
    playlist = next(one for one in nodes if one["title"] == title)
    first, *others = items = [item["id"] for item in playlist["items"]["nodes"]]
    for item in others:
        ada.ask(MOVE, input={"playlistId": playlist["id"], "itemIds": [item], "before": first})
        first = item
    return items


class Visit:
    """The script in the browser: it says when it is the test's turn, and waits."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def said(self) -> Any:
        """Return the next thing that it says."""
        assert self.process.stdout
        assert self.process.stderr
        line = await asyncio.wait_for(self.process.stdout.readline(), _DEADLINE_S)
        assert line, (await self.process.stderr.read()).decode()
        return json.loads(line)

    def go_on(self) -> None:
        """Let it go on."""
        assert self.process.stdin
        self.process.stdin.write(b"\n")


@asynccontextmanager
async def visiting(*arguments: str) -> AsyncIterator[Visit]:
    """Yield the script as it runs; it is ended afterwards."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        node(), str(HERE / "live.mjs"), *arguments,
        stdin=pipe, stdout=pipe, stderr=pipe, limit=1 << 24,
    )  # fmt: skip
    try:
        yield Visit(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_two_see_a_playlist_change(demo: DemoProcess) -> None:
    url, secret = demo.address(), passwords(demo)
    server = url.removesuffix("/graphql")
    ada, editor = (Person(url, one, secret[one]) for one in ("ada", "fjord_fan"))
    place = urlsplit(url)
    assert place.hostname
    assert place.port
    SCREENSHOTS.mkdir(exist_ok=True)
    async with proxy_to(place.hostname, place.port) as proxy:
        through = f"http://localhost:{proxy.port}"
        arguments = (server, through, chromium(), secret["ada"], secret["fjord_fan"])
        async with visiting(*arguments, str(SCREENSHOTS)) as visit:
            assert await visit.said() == {"follow": True}
            user = await asyncio.to_thread(ada.ask, "{ viewer { id } }")
            await asyncio.to_thread(editor.ask, FOLLOW, user=user["viewer"]["id"])
            visit.go_on()

            quiet = await visit.said()
            proxy.hang()
            until = monotonic() + QUIET_S
            before = await asyncio.to_thread(turn_round, ada, quiet["quiet"])
            visit.go_on()
            assert await visit.said() == {"reconnecting": True}
            await asyncio.sleep(until - monotonic())  # in CI it has been quiet for long enough
            proxy.resume()
            visit.go_on()
            seen = await visit.said()
    assert seen["complaints"] == []
    assert seen["violations"] == []
    assert set(seen["origins"]) == {server, through}, "a request left the host"
    assert seen["tunnel"]["before"] == before
    assert seen["tunnel"]["now"] == before[:0:-1]  # turned round, without the one removed there
    assert seen["loads"] == 0
    assert seen["added"] == "Winter Compass"
    assert seen["unread"][1] == 0


def test_what_the_page_knows() -> None:
    """The parts of the page that keep the list, the inbox and who plays, without a browser."""
    tests = sorted(str(one) for one in (WEB / "test").glob("*.test.mjs"))
    assert tests
    run = subprocess.run(  # noqa: S603  our own command
        [node(), "--test", *tests], cwd=WEB, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
