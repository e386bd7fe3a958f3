"""Python's gql: queries and mutations over HTTP, subscriptions that come back."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError
from gql.transport.websockets import WebsocketsTransport


def http_client(host: str, token: str) -> Client:
    """Return a client for queries and mutations: `async with client as session`."""
    headers = {"Authorization": f"Bearer {token}"}
    return Client(transport=AIOHTTPTransport(url=f"http://{host}/graphql", headers=headers))


async def follow(
    host: str, access_token: Callable[[], Awaitable[str]], request: GraphQLRequest
) -> AsyncIterator[dict[str, Any]]:
    """Yield what a subscription tells; when it was lost, go on behind the last `cursor`."""
    tries = 0
    while True:
        payload = {"authorization": f"Bearer {await access_token()}"}
        transport = WebsocketsTransport(url=f"ws://{host}/graphql", init_payload=payload)
        try:
            async with Client(transport=transport) as session:
                async for result in session.subscribe(request):
                    tries = 0
                    yield result
                    for event in result.values():
                        if after := event.get("cursor") or event.get("current"):
                            variables = {**(request.variable_values or {}), "after": after}
                            request = GraphQLRequest(request, variable_values=variables)
                return
        except (TransportConnectionFailed, TimeoutError):
            pass  # refused, lost, or no answer in time
        except TransportQueryError as failed:
            codes = [error.get("extensions", {}).get("code") for error in failed.errors or ()]
            if failed.data is not None or "SERVICE_UNAVAILABLE" not in codes:
                raise
        await asyncio.sleep(random.uniform(0, min(30, 2**tries)))
        tries += 1
