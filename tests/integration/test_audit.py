"""The audit log: it only grows, and who reads what of it."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from auth.principal import ANONYMOUS, Principal, PrincipalKind, person
from auth.scopes import Scope
from datasources.ids import new_id
from datasources.postgres.account_tables import audit_log
from datasources.postgres.audit import record
from datasources.records.accounts import Role
from datasources.records.audit import AuditRecord, AuditResult
from datasources.stores import Stores
from resolvers.audit import entry, record_denials
from resolvers.audit_log import security_events
from resolvers.context import Client, RequestContext
from resolvers.ids import global_id
from schema.build import build_schema
from tests.factories.accounts import an_account, statements
from tests.factories.http import client_of, post
from tests.factories.operations import ask, context_of, identity_of, respond
from tests.factories.people import add_account, tokens_of
from tests.plugins.round_trips import RoundTrips

ADMIN = person(UUID(int=99), Role.ADMIN)
NOW = datetime(2026, 3, 1, 12, 30, 20, tzinfo=UTC)
CHANGE = 'mutation { updateProfile(input: {displayName: "x"}) { __typename } }'
TWO_CHANGES = (
    'mutation { a: updateProfile(input: {displayName: "x"}) { __typename }'
    " b: signOutEverywhere { __typename } }"
)


async def write(stores: Stores, *entries: AuditRecord) -> list[AuditRecord]:
    async with stores.postgres.transaction() as connection:
        for one in entries:
            await record(connection, one)
    return list(entries)


def made(
    action: str, actor: UUID | None = None, subject: UUID | None = None, **values: Any
) -> AuditRecord:
    """Return an entry; those made later have greater ids."""
    return replace(
        AuditRecord(
            new_id(), NOW, action, AuditResult.DONE, "USER", actor, subject, "192.0.2.8", "curl/8"
        ),
        **values,
    )


async def count(stores: Stores) -> int:
    return int((await stores.postgres.read(select(func.count()).select_from(audit_log)))[0][0])


async def run(stores: Stores, *statements: str) -> None:
    async with stores.postgres.transaction() as connection:
        for one in statements:
            await connection.execute(text(one))


# --- it only grows ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_log set action = 'nothing'",
        "update audit_log set action = 'nothing' where false",
        "delete from audit_log",
        "truncate audit_log",
        "truncate audit_log cascade",
        "delete from audit_log where id in (select id from audit_log limit 1)",
        "insert into audit_log table audit_log on conflict (id) do update set action = 'nothing'",
        "set session_replication_role = replica; delete from audit_log",
    ],
)
async def test_it_cannot_be_changed_even_by_its_owner(empty_stores: Stores, statement: str) -> None:
    await write(empty_stores, made("signIn"))
    ((owner, user),) = await empty_stores.postgres.read(
        text("select tableowner, current_user from pg_tables where tablename = 'audit_log'")
    )
    assert owner == user
    with pytest.raises(DBAPIError) as refused:
        await run(empty_stores, *statement.split("; "))
    # Who is no superuser cannot even pretend to be a replica.
    assert re.search("append only|permission denied to set", str(refused.value))
    assert await count(empty_stores) == 1
    ((action,),) = await empty_stores.postgres.read(select(audit_log.c.action))
    assert action == "signIn"


async def test_an_entry_stays_when_its_people_go(empty_stores: Stores) -> None:
    ann = await add_account(empty_stores)
    await write(empty_stores, made("signIn", ann, ann))
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(text("delete from users"))
    query = "{ auditLog { nodes { actorId actor { handle } subjectId } } }"
    shown = await ask(empty_stores, query, None, ADMIN)
    expected = {"actorId": global_id("User", ann), "subjectId": global_id("User", ann)}
    assert shown == {"auditLog": {"nodes": [expected | {"actor": None}]}}


# --- for admins ---------------------------------------------------------------------------------

LOG = """
query ($first: Int, $after: String, $last: Int, $before: String,
       $action: String, $actor: ID, $subject: ID) {
  auditLog(first: $first, after: $after, last: $last, before: $before,
           action: $action, actorId: $actor, subjectId: $subject) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    nodes { id at action result actorKind address userAgent requestId details { name value } }
  }
}
"""


async def pages(stores: Stores, **variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await ask(stores, LOG, variables, ADMIN))["auditLog"]
    return found


def actions(page: dict[str, Any]) -> list[str]:
    return [node["action"] for node in page["nodes"]]


async def test_it_reads_newest_first_in_pages(empty_stores: Stores) -> None:
    await write(empty_stores, *(made(f"a{n}", None, None) for n in range(5)))
    first = await pages(empty_stores, first=2)
    assert actions(first) == ["a4", "a3"]
    assert first["totalCount"] == 5
    second = await pages(empty_stores, first=2, after=first["pageInfo"]["endCursor"])
    assert actions(second) == ["a2", "a1"]
    await write(empty_stores, made("a5"))
    third = await pages(empty_stores, first=2, after=second["pageInfo"]["endCursor"])
    assert actions(third) == ["a0"]
    assert third["pageInfo"]["hasNextPage"] is False
    back = await pages(empty_stores, last=2, before=second["pageInfo"]["startCursor"])
    assert actions(back) == ["a4", "a3"]


async def test_it_is_read_by_what_and_whom(empty_stores: Stores) -> None:
    ann, bob = new_id(), new_id()
    await write(
        empty_stores,
        made("signIn", ann, ann),
        made("disableAccount", bob, ann, details={"why": ["spam", 3]}),
        made("signIn", bob, bob),
    )
    for variables, expected in (
        ({"action": "signIn"}, ["signIn", "signIn"]),
        ({"actor": ann}, ["signIn"]),
        ({"subject": ann}, ["disableAccount", "signIn"]),
        ({"actor": bob, "subject": ann, "action": "disableAccount"}, ["disableAccount"]),
        ({"actor": bob, "subject": ann, "action": "signIn"}, []),
    ):
        shown = {
            name: global_id("User", one) if isinstance(one, UUID) else one
            for name, one in variables.items()
        }
        found = await pages(empty_stores, **shown)
        assert actions(found) == expected
        assert found["totalCount"] == len(expected)
    (one,) = (await pages(empty_stores, action="disableAccount"))["nodes"]
    assert one["details"] == [{"name": "why", "value": "spam, 3"}]


@pytest.mark.parametrize(
    "variables",
    [{"first": 101}, {"first": 1, "last": 1}, {"after": "x"}, {"actor": "x"}, {"action": "\0"}],
)
async def test_bad_arguments_are_refused(
    empty_stores: Stores, round_trips: RoundTrips, variables: dict[str, Any]
) -> None:
    response = await respond(empty_stores, LOG, variables, ADMIN)
    assert response["errors"][0]["extensions"]["code"] in {"BAD_USER_INPUT", "BAD_CURSOR"}
    assert round_trips == {}


@pytest.mark.parametrize(
    ("principal", "code"),
    [
        (ANONYMOUS, "UNAUTHENTICATED"),
        (person(UUID(int=1)), "FORBIDDEN"),
        (person(UUID(int=1), Role.CURATOR), "FORBIDDEN"),
        (replace(ADMIN, scopes=frozenset(Scope) - {Scope.ADMIN}), "FORBIDDEN"),
    ],
)
async def test_it_is_for_admins(empty_stores: Stores, principal: Principal, code: str) -> None:
    response = await respond(empty_stores, LOG, None, principal)
    assert not (response["data"] or {}).get("auditLog")
    assert response["errors"][0]["extensions"]["code"] == code


async def test_ten_entries_cost_what_one_costs(
    empty_stores: Stores, round_trips: RoundTrips
) -> None:
    people = [await add_account(empty_stores, number) for number in range(1, 11)]
    await write(empty_stores, *(made("signIn", one, one) for one in people))
    query = "{ auditLog(first: %d) { totalCount nodes { actor { handle } subject { handle } } } }"
    costs = []
    for size in (1, 10):
        before = round_trips.copy()
        found = await ask(empty_stores, query % size, None, ADMIN)
        assert all(node["actor"] for node in found["auditLog"]["nodes"])
        costs.append(round_trips.since(before))
    assert costs == [{"postgres": 3}, {"postgres": 3}]


# --- for oneself --------------------------------------------------------------------------------

EVENTS = """
{ viewer { account { securityEvents(first: %d%s) {
    totalCount
    pageInfo { endCursor hasNextPage }
    nodes { id at action result address device }
} } } }
"""


async def events(stores: Stores, user: UUID, first: int = 20, rest: str = "") -> dict[str, Any]:
    found = await ask(stores, EVENTS % (first, rest), None, person(user))
    shown: dict[str, Any] = found["viewer"]["account"]["securityEvents"]
    return shown


async def test_one_reads_what_concerns_oneself(empty_stores: Stores) -> None:
    ann, bob = await add_account(empty_stores, 1), await add_account(empty_stores, 2)
    await write(
        empty_stores,
        made("signIn", ann, ann),
        made("signIn", bob, bob),
        made("signInFailed", None, ann, result=AuditResult.FAILED),
        made("changeRole", bob, ann),
        made("disableAccount", ann, bob),
    )
    mine = await events(empty_stores, ann)
    assert actions(mine) == ["disableAccount", "changeRole", "signInFailed", "signIn"]
    assert mine["totalCount"] == 4
    where = {node["action"]: (node["address"], node["device"]) for node in mine["nodes"]}
    assert where["changeRole"] == (None, None)  # the admin's are not hers to know
    assert {where[one] for one in ("signIn", "signInFailed", "disableAccount")} == {
        ("192.0.2.8", where["signIn"][1])
    }
    page = await events(empty_stores, ann, 3)
    rest = await events(empty_stores, ann, 3, f', after: "{page["pageInfo"]["endCursor"]}"')
    assert actions(page) + actions(rest) == actions(mine)
    context = context_of(empty_stores, person(ann))
    assert [one.action for one in (await security_events(context)).nodes] == actions(mine)


async def test_nobody_reads_what_concerns_others(empty_stores: Stores) -> None:
    ann, bob = await add_account(empty_stores, 1), await add_account(empty_stores, 2)
    await write(empty_stores, made("signIn", ann, ann))
    query = '{ user(handle: "user1") { account { securityEvents { totalCount } } } }'
    for principal in (person(bob), person(bob, Role.ADMIN)):
        assert await ask(empty_stores, query, None, principal) == {"user": {"account": None}}
    refused = await respond(empty_stores, query)
    assert refused["data"] == {"user": {"account": None}}
    assert refused["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_events_of_one_are_found_by_indexes(empty_stores: Stores) -> None:
    """One person among many: not all of the log is read."""
    ann = await add_account(empty_stores)
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(
            text(
                "insert into audit_log select gen_random_uuid(), now(), 'a', 'DONE', 'USER', p, p,"
                " '', '', '', '{}' from (select case when n % 100 = 0 then cast(:ann as uuid)"
                " else gen_random_uuid() end p from generate_series(1, 20000) n) people"
            ),
            {"ann": ann},
        )
        await connection.execute(text("analyze audit_log"))
    plans: list[str] = []
    with statements() as sent:
        page = await events(empty_stores, ann, 5)
    assert page["totalCount"] == 200
    reading = [one for one in sent if "FROM audit_log" in one]
    assert len(reading) == 2
    async with empty_stores.postgres.engine.connect() as connection:
        for one in reading:
            filled = re.sub(r"\$1::UUID\[\]", f"'{{{ann}}}'::uuid[]", one)
            filled = re.sub(r"\$\d+::VARCHAR", "''", filled)
            filled = re.sub(r"\$\d+::INTEGER", "6", filled)
            rows = await connection.execute(text("explain " + filled.replace(":", r"\:")))
            plans.append("\n".join(row[0] for row in rows))
    assert "Seq Scan on audit_log" not in "".join(plans)
    assert "ix_audit_log_subject_id_audit_log_id" in plans[0]
    assert "ix_audit_log_actor_id_audit_log_id" in plans[0]


# --- what was denied ----------------------------------------------------------------------------


async def deny(
    stores: Stores,
    principal: Principal,
    query: str = CHANGE,
    at: datetime = NOW,
    address: str = "192.0.2.1",
) -> RequestContext:
    """Run an operation that is refused, as the endpoint would."""
    context = replace(
        context_of(stores, principal, client=Client(address, "test")), clock=lambda: at
    )
    await build_schema().execute(query, context_value=context)
    await record_denials(context)
    return context


async def denials(stores: Stores) -> Sequence[Any]:
    return await stores.postgres.read(
        select(audit_log).where(audit_log.c.action == "denied").order_by(audit_log.c.id)
    )


async def test_a_refusal_is_written_once_for_its_operation(empty_stores: Stores) -> None:
    key = Principal(PrincipalKind.API_KEY, UUID(int=7), Role.LISTENER, frozenset())
    await deny(empty_stores, key, TWO_CHANGES)
    (row,) = await denials(empty_stores)
    assert row.result == "DENIED"
    assert (row.actor_kind, row.actor_id, row.at) == ("API_KEY", UUID(int=7), NOW)
    assert row.details == {"what": ["Mutation.signOutEverywhere", "Mutation.updateProfile"]}
    assert (row.id.version, row.id.variant) == (7, new_id().variant)
    assert row.id < new_id()


async def test_reading_without_a_credential_is_no_news(empty_stores: Stores) -> None:
    await deny(empty_stores, ANONYMOUS, "{ auditLog { totalCount } }")
    await deny(empty_stores, ANONYMOUS, "{ __typename }")
    assert await count(empty_stores) == 0
    await deny(empty_stores, ANONYMOUS)
    assert len(await denials(empty_stores)) == 1


async def test_nobody_fills_the_disk_by_asking(empty_stores: Stores) -> None:
    for second in (0, 3, 39):
        await deny(empty_stores, ANONYMOUS, at=NOW + timedelta(seconds=second))
    assert len(await denials(empty_stores)) == 1
    await deny(empty_stores, ANONYMOUS, at=NOW + timedelta(seconds=40))  # the next minute
    assert len(await denials(empty_stores)) == 2
    await deny(empty_stores, ANONYMOUS, address="192.0.2.2")
    await deny(empty_stores, person(UUID(int=7)), "{ auditLog { totalCount } }")
    assert len(await denials(empty_stores)) == 4


async def test_addresses_of_one_owner_count_together(empty_stores: Stores) -> None:
    for last in range(3):
        await deny(empty_stores, ANONYMOUS, address=f"2001:db8::{last}")
    assert len(await denials(empty_stores)) == 1
    await deny(empty_stores, ANONYMOUS, address="2001:db8:0:1::1")
    assert len(await denials(empty_stores)) == 2


async def test_kinds_of_refusals_are_bounded(empty_stores: Stores) -> None:
    for number in range(60):
        context = replace(context_of(empty_stores), clock=lambda: NOW)
        context.reply.denied.update(f"Mutation.m{one}" for one in range(number + 1))
        await record_denials(context)
    rows = await denials(empty_stores)
    assert 8 < len(rows) <= 16
    assert max(len(row.details["what"]) for row in rows) <= 20


async def test_no_postgresql_changes_no_answer(empty_stores: Stores) -> None:
    class Down:
        def transaction(self) -> Any:
            raise ConnectionError("gone")

    stores = replace(empty_stores, postgres=Down())  # type: ignore[arg-type]
    with capture_logs() as logs:
        context = context_of(empty_stores)
        context.reply.denied.add("Mutation.signOut")
        await record_denials(replace(context, stores=stores))
    assert [one["event"] for one in logs] == ["denial not recorded"]


async def test_the_endpoint_writes_what_it_refuses(empty_stores: Stores) -> None:
    identity = identity_of(empty_stores)
    ann = await add_account(empty_stores)
    token = (await tokens_of(empty_stores, identity, ann)).access_token
    async with client_of(empty_stores, identity) as client:
        bearer = {"Authorization": f"Bearer {token}"}
        for headers in ({}, bearer, bearer):  # without a credential it is no news
            answer = await post(client, "{ auditLog { totalCount } }", headers=headers)
            assert answer.json()["errors"]
    rows = await denials(empty_stores)
    assert 1 <= len(rows) <= 2  # two where a minute ends in between
    assert all(row.actor_id == ann for row in rows)
    assert rows[0].details == {"what": ["Query.auditLog"]}


async def test_an_entry_says_who_and_from_where(empty_stores: Stores) -> None:
    context = context_of(empty_stores, person(UUID(int=7)), client=Client("192.0.2.4", "x" * 999))
    noted = entry(context, "signOut", why="asked")
    await write(empty_stores, noted)
    (node,) = (await pages(empty_stores))["nodes"]
    assert (node["address"], node["actorKind"], node["requestId"]) == ("192.0.2.4", "USER", "test")
    assert len(node["userAgent"]) == 300
    assert noted.subject_id == UUID(int=7)


async def test_what_a_mutation_refuses_is_denied_too(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    sign_in = """
    mutation { signIn(input: {login: "ann", password: "correct horse", session: COOKIE}) {
      __typename ... on Error { code } } }
    """
    async with client_of(empty_stores, identity_of(empty_stores)) as client:
        answer = (await post(client, sign_in)).json()  # without the header that a cookie needs
        assert answer["data"]["signIn"]["code"] == "FORBIDDEN"
        wrong = (await post(client, sign_in.replace("COOKIE", "TOKENS"))).json()
        assert wrong["data"]["signIn"]["__typename"] == "WrongCredentials"
    rows = await empty_stores.postgres.read(
        select(audit_log.c.details).where(audit_log.c.action == "denied")
    )
    assert [row[0]["what"] for row in rows] == [["Mutation.signIn"]]
