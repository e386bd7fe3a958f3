"""Scopes are enforced from the schema, before anything is run."""

from dataclasses import replace
from typing import Any, cast
from uuid import UUID

import pytest

from auth.principal import ANONYMOUS, Principal, PrincipalKind, person
from auth.scopes import Scope
from datasources.records.accounts import Role
from datasources.stores import Stores
from resolvers.ids import global_id
from schema.build import build_schema
from tests.factories.operations import context_of, respond

STORES = Stores(*cast("tuple[Any, Any, Any]", (None,) * 3))  # asking one would be an error
SOMEBODY = person(UUID(int=7))
KEY = Principal(PrincipalKind.API_KEY, UUID(int=7), Role.LISTENER, frozenset())
PLAYLIST = global_id("Playlist", UUID(int=1))
TRACK = global_id("Track", UUID(int=1))
USER = global_id("User", UUID(int=7))
UPDATE = 'mutation { updateProfile(input: {displayName: "x"}) { __typename } }'


def with_scopes(*scopes: Scope) -> Principal:
    return replace(KEY, scopes=frozenset(scopes))


async def refused(
    query: str, principal: Principal, variables: dict[str, Any] | None = None
) -> tuple[str, str]:
    """Return code and message of the one error of an operation that is refused as a whole."""
    response = await respond(STORES, query, variables, principal)
    assert response["data"] is None
    (error,) = response["errors"]
    assert "path" not in error
    return error["extensions"]["code"], error["message"]


async def test_a_change_needs_somebody() -> None:
    response = await respond(STORES, UPDATE)
    assert response["data"] == {"updateProfile": None}
    (error,) = response["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["message"] == "Sign in first."
    assert error["path"] == ["updateProfile"]


async def test_nobody_is_refused_field_by_field() -> None:
    nobody = replace(ANONYMOUS, scopes=frozenset())
    response = await respond(
        STORES, '{ __typename viewer { email } t: track(id: "x") { id } }', None, nobody
    )
    assert response["data"] == {"__typename": "Query", "viewer": None, "t": None}
    (error,) = response["errors"]
    assert (error["path"], error["message"]) == (["t"], "Sign in first.")


async def test_one_error_lists_all_that_is_missing() -> None:
    query = f"""
      query Mine($deep: Boolean = true) {{
        ...roots
        node(id: "{TRACK}") {{ ... on Playlist @include(if: $deep) {{ title }} }}
      }}
      fragment roots on Query {{
        ...more
        user(handle: "a") {{ ... {{ recentListens {{ totalCount }} }} }}
      }}
      fragment more on Query {{ charts {{ totalCount }} auditLog {{ totalCount }} }}
    """
    code, message = await refused(query, KEY)
    assert code == "FORBIDDEN"
    assert message == (
        "This credential lacks scopes: `admin`, `catalog:read`, `listens:read`, `playlists:read`."
    )
    covered = with_scopes(Scope.ADMIN, Scope.CATALOG_READ, Scope.LISTENS_READ)
    _, message = await refused(query, covered)
    assert message == "This credential lacks a scope: `playlists:read`."
    assert await refused(query, covered, {"deep": True}) == (code, message)


@pytest.mark.parametrize(
    "selection",
    [
        "@skip(if: true)",
        "@include(if: false)",
        "@skip(if: $yes)",
        "@include(if: $no)",
        "@skip(if: $yes) @include(if: $yes)",
        "@skip(if: $given)",
    ],
)
async def test_what_is_left_out_needs_nothing(selection: str) -> None:
    query = """
      query ($yes: Boolean = true, $no: Boolean = false, $given: Boolean!) {
        __typename
        y: __typename @skip(if: $yes)
        n: __typename @include(if: $no)
        g: __typename @skip(if: $given)
        charts SELECTED { totalCount }
        ... SELECTED { genres { slug } }
        ...inside SELECTED
      }
      fragment inside on Query { auditLog { totalCount } }
    """
    left_out = query.replace("SELECTED", selection)
    response = await respond(STORES, left_out, {"given": True}, KEY)
    assert response == {"data": {"__typename": "Query"}}
    code, _ = await refused(query.replace("SELECTED", ""), KEY, {"given": True})
    assert code == "FORBIDDEN"


async def test_only_the_operation_that_is_run_counts() -> None:
    document = "query Free { __typename } query Closed { auditLog { totalCount } }"
    for name, errors in (("Free", None), ("Closed", 1)):
        result = await build_schema().execute(
            document, operation_name=name, context_value=context_of(STORES, SOMEBODY)
        )
        assert (result.errors and len(result.errors)) == errors


async def test_wrong_variables_are_said_first() -> None:
    query = "query ($n: Int!) { auditLog(first: $n) { totalCount } }"
    code, _ = await refused(query, SOMEBODY, {"n": "many"})
    assert code == "BAD_USER_INPUT"


async def test_nested_fragments_are_walked_once() -> None:
    doubling = " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(40))
    query = f"{{ ...f0 }} {doubling} fragment f40 on Query {{ auditLog {{ totalCount }} }}"
    assert (await refused(query, SOMEBODY))[0] == "FORBIDDEN"


@pytest.mark.parametrize("query", ["{ __typename }", "{ viewer { __typename } }"])
async def test_what_needs_nothing_is_for_every_credential(query: str) -> None:
    with pytest.MonkeyPatch.context() as patch:

        async def nobody(*_: object) -> None: ...

        patch.setattr("schema.query.entities.viewer", nobody)
        assert "errors" not in await respond(STORES, query, None, KEY)


@pytest.mark.parametrize(
    ("query", "scope"),
    [
        (f'{{ node(id: "{PLAYLIST}") {{ __typename }} }}', "playlists:read"),
        (f'{{ node(id: "{TRACK}") {{ id }} }}', "catalog:read"),
        (f'{{ nodes(ids: ["{USER}", "{PLAYLIST}"]) {{ __typename }} }}', "playlists:read"),
        ('{ byExternalId(source: SPOTIFY, type: ALBUM, value: "x") { id } }', "catalog:read"),
        ('{ search(query: "x", types: [USER, PLAYLIST]) { totalCount } }', "playlists:read"),
    ],
)
async def test_the_kind_of_an_entity_needs_its_scope(query: str, scope: str) -> None:
    response = await respond(STORES, query, None, KEY)
    (error,) = response["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["message"] == f"This credential lacks a scope: `{scope}`."
    assert set(response["data"].values()) == {None}


async def test_entities_of_the_federated_graph_need_their_scope() -> None:
    query = "query ($them: [_Any!]!) { _entities(representations: $them) { __typename } }"
    them = {"them": [{"__typename": "Playlist", "id": PLAYLIST}]}
    response = await respond(STORES, query, them, KEY)
    assert response["data"] is None
    assert response["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_what_was_refused_is_noted() -> None:
    async def noted(query: str, principal: Principal) -> set[str]:
        context = context_of(STORES, principal)
        result = await build_schema().execute(query, context_value=context)
        assert result.errors
        return context.reply.denied

    assert await noted(UPDATE, ANONYMOUS) == {"Mutation.updateProfile"}
    assert await noted(UPDATE, KEY) == {"Mutation.updateProfile"}
    assert await noted("{ auditLog { totalCount } }", ANONYMOUS) == set()
    assert await noted("{ auditLog { totalCount } }", SOMEBODY) == {"Query.auditLog"}
    assert await noted(f'{{ node(id: "{TRACK}") {{ id }} }}', KEY) == {"Track"}
