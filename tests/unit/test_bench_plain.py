"""The ready-made objects of the benchmark over HTTP: the same behind both edges."""

import pytest
from httpx2 import ASGITransport, AsyncClient

from bench.plain import create_app
from bench.queries import SMALL

ARTIST = {"id": "3", "name": "Orsolya Wexcombe"}
TRACK = {
    "id": "1",
    "title": "Two Lanterns",
    "durationMs": 200_000,
    "album": {"id": "2", "title": "Lanterns"},
    "artists": [{"role": "PRIMARY", "artist": ARTIST}],
}


@pytest.mark.parametrize("edge", [True, False])
async def test_it_answers(*, edge: bool) -> None:
    app = create_app({"track": TRACK}, {"user": {"playlists": {"nodes": []}}}, edge=edge)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://bench") as client:
        body = {"query": SMALL, "variables": {"id": "1"}}
        answer = await client.post("/graphql", json=body)
    assert answer.json() == {"data": {"track": TRACK}}
