"""A subscription in GraphiQL, in a real browser, on a server that restarts."""

import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

from tests.clients.restart import QUICK, ada_of, restarted, visiting
from tests.e2e.browsers import HERE, chromium, node
from tests.plugins.server import demo_data, running_demo


def test_a_subscription_comes_back_by_itself(tmp_path: Path) -> None:
    command = [node(), str(HERE / "graphiql_live.mjs")]
    browser = chromium()
    with demo_data() as folder, running_demo(folder, environment=QUICK) as demo:
        ada = ada_of(demo)
        server = ada.url.removesuffix("/graphql")
        first, second = ada.tracks()
        ada.play(first["id"])
        command += [server, browser, "ada", ada.password, first["title"], second["title"]]
        with visiting(command, os.environ, tmp_path / "browser") as visit:
            visit.wait_for("following")
            assert "following" in visit.seen(), visit.seen()
            assert demo.stop(signal.SIGTERM) == 0
            port = urlsplit(server).port
            assert port
            with restarted(folder, port):
                ada.play(second["id"])
                visit.wait_for("cameBack")
            seen = visit.seen()
    assert seen.get("complaints") == [], seen
    assert seen["cameBack"]
    assert seen["afterSignIn"] == 1, "a session that has ended was tried again"
    assert seen["origins"] == [server], "a request left the host"
    assert seen["following"] == [f"{server.replace('http', 'ws')}/graphql"]
