"""Developers and their apps in a real browser: keys from the portal, consent, and device codes."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.browsers import SCREENSHOTS, chromium, seen_by
from tests.e2e.test_serve import free_port
from tests.plugins.server import DemoProcess, demo_data, running_demo

CLIENTS = Path(__file__).parents[1] / "clients"
KEY_PAGES, APP_PAGES = 11, 13
ADA = {"viewer": {"handle": "ada"}}
PLACEHOLDER = "YOUR_KEY"


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoProcess]:
    """A demo that says it is `localhost`, so that `127.0.0.1` is somebody else."""
    with demo_data() as data_dir, running_demo(data_dir, "--port", str(free_port())) as demo:
        demo.address()
        yield demo


@pytest.fixture
def server(demo: DemoProcess) -> str:
    server = demo.address().removesuffix("/graphql")
    assert server.startswith("http://localhost:")
    return server


@pytest.fixture
def password(demo: DemoProcess) -> str:
    found = re.search(r"^ *ada +(\S+)", demo.stdout.read_text(), re.MULTILINE)
    assert found
    return found[1]


def folder(name: str) -> Path:
    """Return an empty folder of screenshots."""
    made = SCREENSHOTS / name
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    return made


async def test_a_key_is_made_used_watched_rotated_and_revoked(
    demo: DemoProcess, server: str, password: str
) -> None:
    pictures = folder("developers")
    seen = await seen_by(
        "developers.mjs", server, chromium(), "ada", password, sys.executable, str(pictures)
    )
    assert json.loads(seen["said"]["curl"]) == {"data": ADA}
    assert "handle: 'ada'" in seen["said"]["javascript"]
    assert seen["said"]["python"].strip() == str({"data": ADA})
    assert seen["graphiql"] == {
        "withKey": True,
        "withCookie": False,
        "body": {"data": ADA},
        "kept": False,
    }
    assert int(seen["use"].split()[0]) >= 4
    assert "viewer" in seen["fields"]
    assert seen["overlap"] == [200, 200]
    assert seen["third"] == 200
    assert seen["dead"] == [401, 401, 401]
    assert seen["focused"] == "allowedOrigins"
    assert '"pk_dev_abc"' in seen["filledIn"]
    assert PLACEHOLDER not in seen["filledIn"]

    assert len(seen["pages"]) == KEY_PAGES
    assert len(list(pictures.glob("*.png"))) == 4 * KEY_PAGES + 1
    assert seen["violations"] == []
    assert seen["complaints"] == []
    assert seen["origins"] == [server], "a request left the host"
    logged = demo.stdout.read_text() + demo.stderr.read_text()
    assert not any(secret in logged for secret in seen["secrets"])


async def test_apps_of_others_are_let_in_and_put_out(server: str, password: str) -> None:
    assert (CLIENTS / "node_modules").is_dir(), "packages are missing: run `make test`"
    pictures = folder("third-parties")
    seen = await seen_by(
        "third_parties.mjs", server, chromium(), "ada", password, str(CLIENTS), str(pictures)
    )
    assert seen["denied"] == {"error": "access_denied"}
    assert seen["allowed"]["data"] == ADA
    assert seen["allowed"]["info"]["preferred_username"] == "ada"
    assert (seen["refreshed"]["status"], seen["refreshed"]["data"]) == (200, ADA)
    assert seen["again"] == 200
    assert seen["withdrawn"] == 401
    assert seen["refused"] == {"error": "invalid_grant"}
    assert seen["device"] == {"data": ADA}

    assert len(seen["pages"]) == APP_PAGES
    assert len(list(pictures.glob("*.png"))) == 4 * APP_PAGES
    assert seen["violations"] == []
    assert seen["complaints"] == []
    assert set(seen["origins"]) == {server, seen["foreign"]}
