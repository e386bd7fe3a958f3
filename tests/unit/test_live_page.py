from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.app import create_app
from gateway.live_page import live_routes
from gateway.settings import Environment, Settings


async def _get(dist: Path) -> httpx2.Response:
    app = Starlette(routes=live_routes(dist))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get("/live")


async def test_the_page_runs_what_this_host_serves_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "live.html").write_text("<!doctype html>\n")
    response = await _get(tmp_path)
    assert response.status_code == 200
    assert response.text == "<!doctype html>\n"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-content-type-options"] == "nosniff"
    rules = response.headers["content-security-policy"].split("; ")
    policy = dict(rule.split(" ", 1) for rule in rules)
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"


async def test_a_page_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    response = await _get(tmp_path)
    assert response.status_code == 503
    assert "make web" in response.text


@pytest.mark.parametrize("on", [True, False])
def test_it_is_there_where_graphiql_is(on: bool) -> None:
    settings = Settings(env=Environment.DEVELOPMENT, graphiql=on)
    paths = [route.path for route in create_app(settings).routes if isinstance(route, Route)]
    assert ("/live" in paths) is on
