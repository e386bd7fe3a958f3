"""Each mutation says what it does with an `Idempotency-Key`; changes go the way that honours it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import strawberry
from graphql import GraphQLField, GraphQLSchema
from strawberry import federation
from strawberry.types import Info

from resolvers.context import RequestContext
from resolvers.signed_in import signed_in
from schema.build import build_schema
from schema.commands import command
from schema.idempotency import Once
from schema.payloads.errors import NotFound
from schema.permissions import ANYBODY
from schema.types.genre import Genre

GRAPH = build_schema()._schema
RESOLVERS = Path(signed_in.__code__.co_filename).parent

# Decided one by one: they hand out credentials, or change them, or more than PostgreSQL alone.
REFUSED = {
    # Idempotent by themselves, in other stores: a play by its natural key, what plays by being
    # the last.
    *("submitListens", "setNowPlaying", "clearNowPlaying"),
    *("signUp", "verifyEmail", "signIn", "completeSignIn", "refreshTokens"),
    *("requestPasswordReset", "resetPassword", "changePassword", "changeEmail"),
    *("signOut", "signOutEverywhere", "deleteAccount", "exportMyData"),
    *("startPasskeyRegistration", "addPasskey", "renamePasskey", "removePasskey"),
    "unlinkIdentity",
    *("startPasskeySignIn", "signInWithPasskey"),
    *("enrolTotp", "confirmTotp", "disableTotp", "replaceRecoveryCodes"),
    "createShareLink",
    *("createApiKey", "rotateApiKey", "revokeApiKey"),
    *("registerApp", "updateApp", "rotateAppSecret", "deleteApp", "withdrawConsent"),
}


def rule_of(field: GraphQLField) -> Once | None:
    definition = field.extensions["strawberry-definition"]
    rule: Once | None = definition.metadata.get("once")
    return rule


def mutations(schema: GraphQLSchema) -> dict[str, Once | None]:
    assert schema.mutation_type is not None
    return {name: rule_of(field) for name, field in schema.mutation_type.fields.items()}


def undeclared(schema: GraphQLSchema) -> set[str]:
    return {name for name, rule in mutations(schema).items() if rule is None}


def imported(source: str) -> Iterator[str]:
    """Yield what a module imports by name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{one.name}" for one in node.names)


def test_each_mutation_says_what_it_does_with_a_key() -> None:
    assert undeclared(GRAPH) == set()


def test_what_takes_no_key_was_meant_to() -> None:
    refused = {name for name, rule in mutations(GRAPH).items() if rule is Once.REFUSED}
    assert refused == REFUSED


def test_use_cases_change_in_one_way() -> None:
    """Whoever opens the transaction past `change` forgets the key."""
    name = "datasources.postgres.changes.in_transaction"
    users = {path.name for path in RESOLVERS.glob("*.py") if name in imported(path.read_text())}
    assert users == {"idempotency.py"}


def test_the_guard_finds_what_is_undeclared() -> None:
    result = Annotated[Genre | NotFound, strawberry.union("Result", description="Of a test.")]

    @strawberry.type
    class Mutation:
        @command("Forgotten.", access=ANYBODY, result=result)
        async def forgotten(self, info: Info[RequestContext, None]) -> Any: ...

        @command("Declared.", access=ANYBODY, result=result, once=Once.HONOURED)
        async def declared(self, info: Info[RequestContext, None]) -> Any: ...

        @strawberry.mutation
        async def another_way(self) -> str:
            return ""

    @strawberry.type
    class Query:
        nothing: str

    schema = federation.Schema(Query, Mutation, federation_version="2.9")._schema
    assert undeclared(schema) == {"forgotten", "anotherWay"}
