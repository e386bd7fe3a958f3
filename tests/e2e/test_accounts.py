"""A newcomer's way through all pages of their account, in a real browser."""

import re
import shutil
import sys

from tests.e2e.browsers import SCREENSHOTS, chromium, seen_by
from tests.plugins.server import demo_data, running_demo

PAGES = 34
SECRETS = re.compile(r"umbrellas|token=|\b[A-Z2-7]{32}\b")


async def test_a_newcomer_makes_uses_and_deletes_an_account() -> None:
    folder = SCREENSHOTS / "accounts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with demo_data() as data_dir, running_demo(data_dir) as demo:
        server = demo.address().removesuffix("/graphql")
        seen = await seen_by(
            "accounts.mjs", server, chromium(), str(data_dir), sys.executable, str(folder)
        )
        said = demo.stdout.read_text() + demo.stderr.read_text()

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
    assert not SECRETS.search(said)
