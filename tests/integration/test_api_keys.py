"""A person makes, rotates, revokes and lists API keys; nothing else does it for them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from auth.api_key_text import read_key
from auth.identity import Identity
from auth.key_settings import KeySettings
from auth.principal import ANONYMOUS, KeyRef, Principal, PrincipalKind
from auth.scopes import Scope
from datasources.ids import new_id
from datasources.loaders.api_keys import ApiKeysOfUser
from datasources.postgres.account_tables import audit_log, jobs
from datasources.postgres.api_key_tables import api_key_secrets, api_keys
from datasources.records.api_keys import ApiKeyKind, ApiKeyPlan
from datasources.stores import Stores
from resolvers import api_keys as use_cases
from resolvers.api_keys import NewApiKey, create_api_key, revoke_api_key, rotate_api_key
from resolvers.context import RequestContext, utc_now
from resolvers.errors import Forbidden, InvalidInput, LimitExceeded, NotFound, Unauthenticated
from resolvers.key_administration import create_key_for, list_keys, revoke_any_key
from tests.factories.accounts import an_account, audited, later, signed_in_as
from tests.factories.api_keys import PAGE, READS, a_key, of_app, owner_context
from tests.factories.operations import ask, context_of, identity_of, respond

CREATE = """
mutation ($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    __typename
    ... on ApiKeyCreated {
      secret
      apiKey { id name kind prefix scopes plan allowedAddresses allowedOrigins lastUsedAt }
    }
    ... on ValidationError { path message }
    ... on Error { code }
  }
}
"""
ROTATE = """
mutation ($id: ID!) {
  rotateApiKey(id: $id) { ... on ApiKeyRotated { secret apiKey { id } } ... on Error { code } }
}
"""
REVOKE = """
mutation ($id: ID!) {
  revokeApiKey(id: $id) { ... on ApiKeyRevoked { apiKey { revokedAt } } ... on Error { code } }
}
"""


@pytest.fixture
async def ann(empty_stores: Stores) -> UUID:
    return await an_account(empty_stores)


@pytest.fixture
def identity(empty_stores: Stores) -> Identity:
    return identity_of(empty_stores)


@pytest.fixture
def context(empty_stores: Stores, identity: Identity, ann: UUID) -> RequestContext:
    return owner_context(empty_stores, identity, ann)


async def test_a_key_is_shown_once_and_only_its_hash_is_kept(
    empty_stores: Stores, context: RequestContext, ann: UUID
) -> None:
    made = await create_api_key(context, READS)
    key = read_key(made.secret)
    assert made.secret not in repr(made)
    (row,) = await empty_stores.postgres.read(select(api_keys))
    (secret,) = await empty_stores.postgres.read(select(api_key_secrets))
    assert (row.user_id, row.name, row.kind, row.plan) == (ann, "Reader", "SECRET", "FREE")
    assert (secret.hash, secret.prefix) == (key.hash, key.prefix)
    (listed,) = await use_cases.api_keys(context)
    assert listed == made.api_key
    for table in (api_keys, api_key_secrets, audit_log, jobs):
        rows = await empty_stores.postgres.read(select(table))
        assert made.secret[-12:] not in str([row._mapping for row in rows])


async def test_what_happens_is_audited_and_mailed(
    empty_stores: Stores, context: RequestContext, ann: UUID
) -> None:
    made = await create_api_key(context, READS)
    await rotate_api_key(context, made.api_key.id)
    await revoke_api_key(context, made.api_key.id)
    await revoke_api_key(context, made.api_key.id)
    for action in ("createApiKey", "rotateApiKey", "revokeApiKey"):
        assert await audited(empty_stores, action) == [("DONE", ann, ann)]
    rows = await empty_stores.postgres.read(select(audit_log.c.details, audit_log.c.action))
    named = [row.details for row in rows if row.action.endswith("ApiKey")]
    assert named == [{"apiKey": str(made.api_key.id)}] * 3
    mails = await empty_stores.postgres.read(select(jobs.c.payload).order_by(jobs.c.id))
    assert [row[0]["template"] for row in mails] == ["API_KEY_CHANGED"] * 2
    assert made.api_key.prefix in mails[0][0]["change"]


UNFIT: list[tuple[str, dict[str, Any]]] = [
    ("name", {"name": " "}),
    ("name", {"name": "x" * 61}),
    ("name", {"name": "a\0b"}),
    ("scopes", {"scopes": []}),
    ("scopes", {"scopes": ["catalog:read", "everything"]}),
    ("scopes", {"scopes": ["admin"]}),
    ("scopes", {"scopes": ["account:manage"]}),
    ("scopes", {"scopes": ["keys:manage"]}),
    ("scopes", {"scopes": ["playlists:read"], "kind": ApiKeyKind.PUBLISHABLE}),
    ("expiresAt", {"expires_at": datetime(2020, 1, 1, tzinfo=utc_now().tzinfo)}),
    ("expiresAt", {"expires_at": datetime(2099, 1, 1)}),  # noqa: DTZ001  that is what is wrong
    ("allowedAddresses", {"allowed_addresses": ["192.0.2.1/24"]}),
    ("allowedAddresses", {"allowed_addresses": ["192.0.2.0/24"] * 51}),
    ("allowedOrigins", {"allowed_origins": ["http://music.example"]}),
    ("allowedOrigins", {"allowed_origins": ["https://music.example/page"]}),
    ("allowedOrigins", {"allowed_origins": ["https://*.example"]}),
    ("allowedOrigins", {"allowed_origins": ["https://a@music.example"]}),
    ("allowedOrigins", {"allowed_origins": ["null"]}),
    ("allowedOrigins", {"allowed_origins": ["https://[::1"]}),
    ("allowedOrigins", {"allowed_origins": ["https://a.example"] * 21}),
    ("allowedOrigins", {"kind": ApiKeyKind.PUBLISHABLE, "scopes": ["catalog:read"]}),
]


async def test_what_cannot_be_taken(context: RequestContext) -> None:
    for path, values in UNFIT:
        with pytest.raises(InvalidInput) as refused:
            await create_api_key(context, replace(READS, **values))
        assert refused.value.path == ("input", path), values
    assert not await use_cases.api_keys(context)


async def test_what_is_taken_is_kept_in_one_way(context: RequestContext) -> None:
    new = NewApiKey(
        "  My   page ",
        ["recommendations:read", "catalog:read", "catalog:read"],
        ApiKeyKind.PUBLISHABLE,
        allowed_addresses=["192.0.2.7", "2001:DB8::/32", "192.0.2.7/32"],
        allowed_origins=["HTTPS://Music.Example/", "https://music.example:443",
                         "http://localhost:5173", "http://[::1]:8080"],
    )  # fmt: skip
    key = (await create_api_key(context, new)).api_key
    assert key.name == "My page"
    assert key.scopes == ["catalog:read", "recommendations:read"]
    assert key.allowed_addresses == ["192.0.2.7/32", "2001:db8::/32"]
    assert key.allowed_origins == [
        "https://music.example", "http://localhost:5173", "http://[::1]:8080",
    ]  # fmt: skip
    assert key.prefix.startswith("pk_dev_pub_")


def _others(ann: UUID) -> list[tuple[Principal, type[Exception]]]:
    owner = signed_in_as(ann)
    key = KeyRef(new_id(), ann, ApiKeyPlan.FREE)
    return [
        (ANONYMOUS, Unauthenticated),
        (Principal(PrincipalKind.SERVICE, service="s", scopes=frozenset(Scope)), Unauthenticated),
        (Principal(PrincipalKind.API_KEY, ann, scopes=frozenset(Scope), key=key), Forbidden),
        (of_app(owner, new_id()), Forbidden),
    ]


async def test_nothing_does_it_for_a_person(
    empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    """Whatever scopes it has: a key that makes keys outlives its own end."""
    key = (await a_key(empty_stores, identity, ann)).api_key
    for principal, refusal in _others(ann):
        context = context_of(empty_stores, principal, identity=identity)
        doings: list[Callable[[], Awaitable[object]]] = [
            lambda context=context: create_api_key(context, READS),  # type: ignore[misc]  # bound now
            lambda context=context: rotate_api_key(context, key.id),  # type: ignore[misc]  # bound now
            lambda context=context: revoke_api_key(context, key.id),  # type: ignore[misc]  # bound now
            lambda context=context: use_cases.api_keys(context),  # type: ignore[misc]  # bound now
        ]
        for do in doings:
            with pytest.raises(refusal):
                await do()


async def test_a_key_has_no_more_scopes_than_who_makes_it(
    empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    scopes = frozenset({Scope.KEYS_MANAGE, Scope.CATALOG_READ})
    context = context_of(empty_stores, replace(signed_in_as(ann), scopes=scopes), identity=identity)
    with pytest.raises(InvalidInput):
        await create_api_key(context, READS)
    made = await create_api_key(context, replace(READS, scopes=["catalog:read"]))
    assert made.api_key.scopes == ["catalog:read"]


async def test_an_account_has_so_many_keys(
    empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    few = replace(identity, key_settings=KeySettings(per_account=2))
    first = await a_key(empty_stores, few, ann)
    expiring = await a_key(empty_stores, few, ann, expires_at=utc_now() + timedelta(days=1))
    with pytest.raises(LimitExceeded):
        await a_key(empty_stores, few, ann)
    context = owner_context(empty_stores, few, ann)
    await revoke_api_key(context, first.api_key.id)
    await a_key(empty_stores, few, ann)
    await create_api_key(later(context, days=2), READS)  # one has expired by then
    assert len(await use_cases.api_keys(context)) == 4
    context = owner_context(empty_stores, replace(few, key_settings=KeySettings()), ann)
    await create_api_key(later(context, days=95), READS)  # those that ended are forgotten
    left = {key.id for key in await use_cases.api_keys(owner_context(empty_stores, few, ann))}
    assert len(left) == 3
    assert not {first.api_key.id, expiring.api_key.id} & left


async def test_rotation_overlaps_and_two_are_good_at_most(
    empty_stores: Stores, context: RequestContext
) -> None:
    made = await create_api_key(context, READS)
    id_ = made.api_key.id
    once = await rotate_api_key(context, id_)
    assert once.secret != made.secret
    assert once.previous_expires_at - utc_now() > timedelta(hours=23)
    assert [one.expires_at for one in once.api_key.secrets] == [None, once.previous_expires_at]
    assert once.api_key.prefix == read_key(once.secret).prefix
    twice = await rotate_api_key(later(context, seconds=10), id_, overlap_s=60)
    assert [one.prefix for one in twice.api_key.secrets] == [
        read_key(twice.secret).prefix,
        read_key(once.secret).prefix,
    ]
    rows = await empty_stores.postgres.read(select(api_key_secrets.c.hash))
    assert {row[0] for row in rows} == {read_key(one.secret).hash for one in (once, twice)}


@pytest.mark.parametrize("overlap_s", [-1, 30 * 86_400 + 1])
async def test_an_overlap_has_its_bounds(context: RequestContext, overlap_s: int) -> None:
    made = await create_api_key(context, READS)
    with pytest.raises(InvalidInput):
        await rotate_api_key(context, made.api_key.id, overlap_s)
    assert (await rotate_api_key(context, made.api_key.id, 0)).previous_expires_at


async def test_keys_of_others_are_not_there(
    empty_stores: Stores, identity: Identity, context: RequestContext
) -> None:
    bob = await an_account(empty_stores, "bob")
    theirs = (await a_key(empty_stores, identity, bob)).api_key.id
    for id_ in (theirs, new_id(), None):
        with pytest.raises(NotFound):
            await rotate_api_key(context, id_)
        with pytest.raises(NotFound):
            await revoke_api_key(context, id_)
    assert not await use_cases.api_keys(context)
    (kept,) = await use_cases.api_keys(owner_context(empty_stores, identity, bob))
    assert kept.revoked_at is None


async def test_what_has_ended_is_not_rotated(context: RequestContext) -> None:
    made = await create_api_key(context, replace(READS, expires_at=utc_now() + timedelta(days=1)))
    with pytest.raises(NotFound):
        await rotate_api_key(later(context, days=2), made.api_key.id)
    await revoke_api_key(context, made.api_key.id)
    with pytest.raises(NotFound):
        await rotate_api_key(context, made.api_key.id)


async def test_in_the_graph(empty_stores: Stores, ann: UUID) -> None:
    given = {"name": "Reader", "scopes": ["catalog:read"], "allowedAddresses": ["192.0.2.0/24"]}
    response = await respond(empty_stores, CREATE, {"input": given}, signed_in_as(ann))
    made = response["data"]["createApiKey"]
    assert read_key(made["secret"]).prefix == made["apiKey"]["prefix"]
    assert made["apiKey"]["plan"] == "FREE"
    bad = await respond(
        empty_stores, CREATE, {"input": given | {"scopes": ["admin"]}}, signed_in_as(ann)
    )
    assert bad["data"]["createApiKey"]["path"] == ["input", "scopes"]
    nobody = await respond(empty_stores, CREATE, {"input": given})
    assert nobody["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    listed = await respond(
        empty_stores,
        '{ apiKeys { id secrets { prefix } usage(from: "2026-01-01", to: "2026-01-31") { day } } }',
        principal=signed_in_as(ann),
    )
    assert listed["data"]["apiKeys"] == [
        {
            "id": made["apiKey"]["id"],
            "secrets": [{"prefix": made["apiKey"]["prefix"]}],
            "usage": [],
        }
    ]


async def test_the_id_that_the_graph_shows_is_the_one_that_it_takes(
    empty_stores: Stores, identity: Identity, ann: UUID
) -> None:
    made = await a_key(empty_stores, identity, ann)
    data = await ask(empty_stores, "{ apiKeys { id } }", principal=signed_in_as(ann))
    given = {"id": data["apiKeys"][0]["id"]}
    rotated = await ask(empty_stores, ROTATE, given, signed_in_as(ann))
    assert rotated["rotateApiKey"]["apiKey"] == given
    assert read_key(rotated["rotateApiKey"]["secret"]).text != made.secret
    revoked = await ask(empty_stores, REVOKE, given, signed_in_as(ann))
    assert revoked["revokeApiKey"]["apiKey"]["revokedAt"]
    for query, name in ((ROTATE, "rotateApiKey"), (REVOKE, "revokeApiKey")):
        wrong = await ask(empty_stores, query, {"id": "x"}, signed_in_as(ann))
        assert wrong[name] == {"code": "NOT_FOUND"}


async def test_operators_make_list_and_revoke(empty_stores: Stores, ann: UUID) -> None:
    nobody = context_of(empty_stores)
    made = await create_key_for(nobody, "Ann", PAGE, ApiKeyPlan.PARTNER)
    assert (made.api_key.user_id, made.api_key.plan) == (ann, ApiKeyPlan.PARTNER)
    with pytest.raises(NotFound):
        await create_key_for(nobody, "bob", PAGE, ApiKeyPlan.FREE)
    await an_account(empty_stores, "bob")
    other = await create_key_for(nobody, "bob@example.org", READS, ApiKeyPlan.FREE)
    everybodys = await list_keys(nobody, None, limit=10)
    assert [key.id for key in everybodys] == [other.api_key.id, made.api_key.id]
    assert [key.id for key in await list_keys(nobody, "ann", limit=10)] == [made.api_key.id]
    behind = await list_keys(nobody, None, after=other.api_key.id, limit=1)
    assert [key.id for key in behind] == [made.api_key.id]
    assert await revoke_any_key(nobody, made.api_key.id)
    assert not await revoke_any_key(nobody, made.api_key.id)
    with pytest.raises(NotFound):
        await revoke_any_key(nobody, new_id())
    rows = await empty_stores.postgres.read(select(audit_log.c.actor_kind, audit_log.c.action))
    kinds = {row.actor_kind for row in rows if row.action.endswith("ApiKey")}
    assert kinds == {"COMMAND_LINE"}
    loaded = await context_of(empty_stores).loaders.of(ApiKeysOfUser).load(ann)
    assert [key.id for key in loaded or ()] == [made.api_key.id]
