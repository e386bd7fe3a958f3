"""Signing in at an OpenID provider in a real browser."""

import json
import re
import shutil
import socket

from tests.e2e.browsers import SCREENSHOTS, chromium, seen_by
from tests.plugins.oidc import CLIENT_SECRET, running_provider
from tests.plugins.server import demo_data, running_demo

FONTS = "https://fonts.googleapis.com"
"""What the provider's own pages want, and do not get."""


async def test_a_newcomer_and_who_links_it_sign_in_at_a_provider() -> None:
    browser = chromium()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = f"http://localhost:{port}"
    folder = SCREENSHOTS / "oidc"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    back = [f"{server}{path}" for path in ("/auth/callback/acme", "/auth/logout")]
    with (
        running_provider(*back, f"{server}/auth/backchannel-logout/acme") as acme,
        demo_data() as data_dir,
    ):
        one = {"issuer": acme.issuer, "client_id": "polyphony", "client_secret": CLIENT_SECRET}
        settings = {"POLYPHONY_AUTH_PROVIDERS": json.dumps({"acme": {**one, "name": "Acme"}})}
        with running_demo(data_dir, "--port", str(port), environment=settings) as demo:
            demo.address()
            password = re.search(r"^ *ada +(\S+)", demo.stdout.read_text(), re.MULTILINE)
            assert password
            seen = await seen_by("oidc.mjs", server, browser, "ada", password[1], str(folder))
    assert seen["handle"] == "ada"
    assert seen["violations"] == []
    assert seen["complaints"] == []
    assert set(seen["origins"]) - {FONTS} == {server, acme.issuer}
    assert len(list(folder.glob("*.png"))) == 2 * len(seen["pages"])
