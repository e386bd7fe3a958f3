"""The audits of GraphQL over HTTP that npm's `graphql-http` brings, against a running server."""

from tests.clients.node import printed_by

AUDITS = 61


async def test_all_audits_pass(server_url: str) -> None:
    results = await printed_by("audits.mjs", server_url)
    assert [result for result in results if result["status"] != "ok"] == []
    assert len({result["id"] for result in results}) == AUDITS
