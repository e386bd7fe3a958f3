"""Accounts in a real browser: a newcomer's way through all pages, and GraphiQL's corner."""

import re
import shutil
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.browsers import SCREENSHOTS, chromium, seen_by
from tests.plugins.server import DemoProcess, demo_data, running_demo

PAGES = 35
SECRETS = re.compile(r"umbrellas|token=|\b[A-Z2-7]{32}\b")


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoProcess]:
    """A demo of this module's own: its mails are read, and its people sign out."""
    with demo_data() as data_dir, running_demo(data_dir) as demo:
        demo.address()
        yield demo


@pytest.fixture
def server(demo: DemoProcess) -> str:
    return demo.address().removesuffix("/graphql")


async def test_a_newcomer_makes_uses_and_deletes_an_account(demo: DemoProcess, server: str) -> None:
    folder = SCREENSHOTS / "accounts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    seen = await seen_by(
        "accounts.mjs", server, chromium(), str(demo.data_dir), sys.executable, str(folder)
    )

    assert len(seen["pages"]) == PAGES
    assert len(list(folder.glob("*.png"))) == 4 * PAGES
    refused = {name: title for name, title in seen["pages"].items() if name.endswith("-refused")}
    assert len(refused) > 5
    assert all(title.startswith("Error: ") for title in refused.values()), refused

    assert seen["violations"] == []
    assert seen["origins"] == [server], "a request left the host"
    assert seen["complaints"] == []
    assert (seen["focusOnError"], seen["focusOnProblem"]) == ("password", "problem")
    assert (seen["sessions"], seen["sessionsLeft"]) == (2, 1)

    assert seen["exported"]["profile"]["handle"] == "zoe_q"
    assert seen["exported"]["passkeys"]
    assert not SECRETS.search(str(seen["exported"]))
    assert not SECRETS.search(demo.stdout.read_text() + demo.stderr.read_text())


async def test_graphiql_says_who_is_signed_in(demo: DemoProcess, server: str) -> None:
    password = re.search(r"^ *ada +(\S+)", demo.stdout.read_text(), re.MULTILINE)
    assert password
    SCREENSHOTS.mkdir(exist_ok=True)
    seen = await seen_by(
        "graphiql_account.mjs", server, chromium(), "ada", password[1], str(SCREENSHOTS)
    )
    assert seen["nobody"] == seen["signedOut"] == ["Sign in"]
    assert seen["signedIn"] == ["Ada Quillfeather", "Sign out"]
    assert seen["answer"] == {"status": 200, "body": {"data": {"viewer": {"handle": "ada"}}}}
    assert seen["refused"]["status"] == 401
    assert seen["ended"] == ["Your session has ended.", "Sign in"]
    assert seen["afterwards"] == {"status": 200, "body": {"data": {"viewer": None}}}
    assert seen["violations"] == []
    assert seen["origins"] == [server], "a request left the host"
    assert seen["complaints"] == []
