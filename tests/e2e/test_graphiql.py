"""GraphiQL in a real browser, on a real server with the sample data."""

from typing import Any

import pytest

from tests.e2e.browsers import SCREENSHOTS, chromium, seen_by

TABS = ["Search", "Listener", "Reference", "Charts", "MoreLikeThis"]


async def _visit(server: str, theme: str) -> dict[str, Any]:
    SCREENSHOTS.mkdir(exist_ok=True)
    screenshot = SCREENSHOTS / f"graphiql-{theme}.png"
    screenshot.unlink(missing_ok=True)
    seen = await seen_by("graphiql.mjs", server, theme, chromium(), str(screenshot))
    assert screenshot.stat().st_size > 0
    return seen


def _lightness(color: str) -> float:
    """Of `rgb(r, g, b)`: 0 is black, 255 white."""
    parts = color.removeprefix("rgb(").removesuffix(")").split(", ")
    return sum(map(float, parts)) / 3


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_a_newcomer_clicks_through_graphiql(server_url: str, theme: str) -> None:
    server = server_url.removesuffix("/graphql")
    seen = await _visit(server, theme)

    assert seen["title"] == "Polyphony"
    assert (_lightness(seen["background"]) < 128) == (theme == "dark")
    assert seen["origins"] == [server], "a request left the host"
    assert seen["complaints"] == []

    results = seen["results"]
    assert list(results) == TABS
    assert seen["tabsAfterReload"] == TABS
    assert '"beyon"' in seen["variablesAfterReload"]  # the last tab was in front
    for tab, result in results.items():
        assert "errors" not in result["answer"], tab
        assert '"data": {' in result["shown"], tab
    _check_data({tab: result["answer"]["data"] for tab, result in results.items()})
    assert results["Search"]["variables"] == {"text": "winter"}
    first_kind = results["Search"]["answer"]["data"]["search"]["nodes"][0]["__typename"]
    assert f'"__typename": "{first_kind}"' in results["Search"]["shown"]

    assert all(tab in seen["history"] for tab in TABS)
    assert "search" in seen["explorer"]
    assert "tracksByIsrc(isrc: String!)" in seen["documentation"]


def _check_data(data: dict[str, Any]) -> None:
    """Each example finds something in the sample data."""
    assert len(data["Search"]["search"]["nodes"]) > 1

    listener = data["Listener"]["user"]
    assert listener["displayName"].startswith("Ada")
    assert listener["recentListens"]["nodes"]
    assert [edge["rank"] for edge in listener["topArtists"]["edges"]] == [1, 2, 3, 4, 5]
    assert listener["playlists"]["nodes"]

    playlists = data["Reference"]["user"]["playlists"]["nodes"]
    tracks = [item["track"] for playlist in playlists for item in playlist["items"]["nodes"]]
    assert len(tracks) > len(playlists) > 1
    assert all(track["album"]["title"] and track["artists"] for track in tracks)

    chart = data["Charts"]["charts"]["edges"]
    assert [edge["rank"] for edge in chart] == list(range(1, 11))
    plays = [int(edge["playCount"]) for edge in chart]
    assert plays == sorted(plays, reverse=True)
    assert plays[-1] > 0
    assert data["Charts"]["genres"]

    found = data["MoreLikeThis"]["search"]["nodes"]
    assert {node["__typename"] for node in found} <= {"Artist", "Track"}
    assert found[0]["similar"]["edges"]
