"""A small schema with subscriptions of all characters, and what the transports need to serve it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import strawberry

from gateway.graphql.documents import Documents
from gateway.graphql.pipeline import Pipeline
from resolvers.errors import Forbidden
from schema.build import Schema


@dataclass
class Stage:
    """What the resolvers wait for, and what they have done."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    events: "asyncio.Queue[int]" = field(default_factory=asyncio.Queue)
    bumped: int = 0
    ended: int = 0
    made: int = 0


def live_pipeline(stage: Stage) -> Pipeline:  # noqa: C901  fields, one after the other
    """Return the pipeline of a schema whose resolvers play on this stage."""

    @strawberry.type
    class Query:
        @strawberry.field
        async def echo(self, text: str) -> str:
            return text

        @strawberry.field
        async def long(self, characters: int) -> str:
            return "x" * characters

        @strawberry.field
        async def slow(self) -> int:
            stage.begun.set()
            await stage.gate.wait()
            return 1

        @strawberry.field
        async def broken(self) -> int:
            raise ZeroDivisionError("secret")

        @strawberry.field
        async def viewer(self, info: strawberry.Info) -> str | None:
            user_id = info.context.principal.user_id
            return None if user_id is None else str(user_id)

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        async def bump(self) -> int:
            stage.begun.set()
            await stage.gate.wait()
            stage.bumped += 1
            return stage.bumped

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def count(self, to: int) -> AsyncIterator[int]:
            for number in range(to):
                yield number

        @strawberry.subscription
        async def numbers(self) -> AsyncIterator[int]:
            stage.begun.set()
            try:
                while True:
                    yield await stage.events.get()
            finally:
                stage.ended += 1

        @strawberry.subscription
        async def flood(self, characters: int = 1000) -> AsyncIterator[str]:
            try:
                while True:
                    stage.made += 1
                    yield "x" * characters
                    await asyncio.sleep(0)
            finally:
                stage.ended += 1

        @strawberry.subscription
        async def breaks(self) -> AsyncIterator[int]:
            yield 1
            raise ZeroDivisionError("secret")

        @strawberry.subscription
        async def forbidden(self) -> AsyncIterator[int]:
            if stage.made == 0:
                raise Forbidden("Not for you.")
            yield 1

    schema = Schema(query=Query, mutation=Mutation, subscription=Subscription)
    return Pipeline(schema, Documents(1 << 20))
