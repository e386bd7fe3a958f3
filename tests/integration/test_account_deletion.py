"""Deleting an account: closed at once, and in the end nothing is left of it in any store."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from auth.credentials import BadCredential, Credential, principal_of
from auth.identity import Identity
from auth.principal import ANONYMOUS, Principal, SessionKind, person
from auth.revocations import Revocations
from datasources.errors import StoreUnavailable
from datasources.mongo import personal_data
from datasources.postgres import deletion
from datasources.postgres.account_tables import accounts, jobs
from datasources.postgres.playlist_follows import follow_playlist, unfollow_playlist
from datasources.postgres.profiles import update_profile
from datasources.postgres.tables import playlist_items, playlists, search_entries, users
from datasources.records.jobs import JobKind, JobRecord
from datasources.stores import Stores
from gateway.settings import Settings
from gateway.worker.deletion import DeletionDuty
from gateway.worker.loop import Tally, Worker
from gateway.worker.run import duties
from resolvers.context import utc_now
from resolvers.errors import WrongCredentials
from resolvers.sign_in import sign_in
from tests.factories.accounts import PASSWORD, audited, queued
from tests.factories.belongings import ITEMS, LISTENS, Belongings, belongings, places_with
from tests.factories.music import NOW, Music, playlist_id, user_id
from tests.factories.operations import context_of, identity_of, respond, run_operation
from tests.factories.playlists import playlist_of, waits_for_a_lock

DELETE = """
mutation($password: String) {
  deleteAccount(password: $password) {
    __typename ... on AccountDeleted { email } ... on Error { code message }
  }
}
"""
KEPT = {"postgres audit_log", "redis live"}


@dataclass(slots=True)
class Silent:
    """Sends nothing anywhere."""

    async def send(self, *_: object) -> None: ...


@pytest.fixture
def identity(empty_stores: Stores) -> Identity:
    return identity_of(empty_stores)


@pytest.fixture
async def them(empty_stores: Stores, identity: Identity) -> Belongings:
    return await belongings(empty_stores, identity)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything takes several batches."""
    monkeypatch.setattr(deletion, "_ROWS_AT_ONCE", 2)
    monkeypatch.setattr(deletion, "_PLAYLISTS_AT_ONCE", 2)
    monkeypatch.setattr(personal_data, "_REMOVED_AT_ONCE", 10)


async def _delete(
    stores: Stores, identity: Identity, principal: Principal, password: str | None = PASSWORD
) -> Any:
    context = context_of(stores, principal, identity=identity)
    result = await run_operation(context, DELETE, {"password": password})
    assert not result.errors
    assert result.data is not None
    return result.data["deleteAccount"], context.reply.session_id


async def _drain(stores: Stores, identity: Identity) -> Tally:
    return await Worker(stores.postgres, duties(Settings(), stores, identity, Silent())).drain()


async def test_nothing_is_left_anywhere_but_ids_in_the_log(
    empty_stores: Stores, identity: Identity, them: Belongings
) -> None:
    bobs_before = await _of(empty_stores, them.bob)
    assert len(await places_with(empty_stores, them.ann)) > 15
    answer, cookie = await _delete(empty_stores, identity, person(them.ann))
    assert answer == {"__typename": "AccountDeleted", "email": "ann@example.org"}
    assert cookie == ""
    tally = await _drain(empty_stores, identity)
    assert tally.failed == 0

    words = (them.ann, "ann@example.org", "anns-", "Secret of ann", "Ann's phone", "Ann's own app")
    assert await places_with(empty_stores, *words) == KEPT
    assert await places_with(empty_stores, "deleted-", "Deleted account") == set()
    assert await empty_stores.postgres.read(select(jobs)) == []
    assert await audited(empty_stores, "deleteAccount") == [("DONE", them.ann, them.ann)]
    # What others have stays: Bob, his playlist with what Ann added, charts and counts.
    assert await _of(empty_stores, them.bob) == bobs_before - {
        "postgres app_consents",  # to an app of Ann's
        "postgres blocks",
        "postgres notifications",
        "postgres playlist_collaborators",
        "postgres playlist_invitations",
        "postgres playlist_followers",
        "postgres user_follows",
    }
    added = select(playlist_items.c.added_by).where(
        playlist_items.c.playlist_id == them.bobs_playlist
    )
    assert [row[0] for row in await empty_stores.postgres.read(added)] == [None] * ITEMS
    followers = select(playlists.c.follower_count)
    assert [row[0] for row in await empty_stores.postgres.read(followers)] == [0]
    plays = await empty_stores.mongo["track_plays"].find({}).to_list(None)
    assert [one["plays"] for one in plays] == [2 * LISTENS]


async def _of(stores: Stores, user: UUID) -> set[str]:
    return await places_with(stores, user)


async def test_the_door_is_closed_before_the_worker_comes(
    empty_stores: Stores, identity: Identity, them: Belongings
) -> None:
    await _delete(empty_stores, identity, person(them.ann))
    rows = await empty_stores.postgres.read(select(users).where(users.c.id == them.ann))
    assert rows[0].handle.startswith("deleted-")
    assert len(rows[0].handle) == len("deleted-") + 8
    assert (rows[0].display_name, rows[0].listening_visibility) == ("Deleted account", "PRIVATE")
    entries = select(search_entries).where(search_entries.c.entity_id == them.ann)
    assert await empty_stores.postgres.read(entries) == []
    assert await places_with(empty_stores, "ann@example.org") == {"postgres jobs"}  # the goodbye
    for place in ("accounts", "passkeys", "recovery_codes", "mail_tokens"):
        assert f"postgres {place}" not in await places_with(empty_stores, them.ann)

    for login in ("ann@example.org", "ann"):
        context = context_of(empty_stores, identity=identity)
        with pytest.raises(WrongCredentials):
            await sign_in(context, login, PASSWORD, SessionKind.TOKENS)
    for credential in (Credential(them.cookie, cookie=True), Credential(them.access_token)):
        with pytest.raises(BadCredential):
            await principal_of(identity, empty_stores, credential, utc_now())
    assert {"template": "ACCOUNT_DELETED", "email": "ann@example.org"} in await queued(empty_stores)


async def test_other_processes_refuse_the_tokens_of_an_account_that_is_gone(
    empty_stores: Stores, identity: Identity, them: Belongings
) -> None:
    """Nothing is left of it that could be revoked: the log tells them."""
    await _delete(empty_stores, identity, person(them.ann))
    await _drain(empty_stores, identity)
    elsewhere = replace(identity, revocations=Revocations())
    with pytest.raises(BadCredential):
        await principal_of(elsewhere, empty_stores, Credential(them.access_token), utc_now())
    assert elsewhere.revocations.since.keys() == {them.ann}


@pytest.mark.parametrize("password", ["not the password", "", None])
async def test_it_asks_for_the_password(
    empty_stores: Stores, identity: Identity, them: Belongings, password: str | None
) -> None:
    before = await places_with(empty_stores, them.ann)
    answer, cookie = await _delete(empty_stores, identity, person(them.ann), password)
    assert (answer["__typename"], answer["code"]) == ("WrongCredentials", "UNAUTHENTICATED")
    assert cookie is None
    assert await places_with(empty_stores, them.ann) == before
    assert await audited(empty_stores, "deleteAccount") == []


async def test_nobody_deletes_nothing(empty_stores: Stores) -> None:
    response = await respond(empty_stores, DELETE, {"password": PASSWORD}, ANONYMOUS)
    assert response["data"] == {"deleteAccount": None}
    assert response["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_of_two_at_once_one_deletes(
    empty_stores: Stores, identity: Identity, them: Belongings
) -> None:
    answers = await asyncio.gather(
        *(_delete(empty_stores, identity, person(them.ann)) for _ in range(2)),
        return_exceptions=True,
    )
    deleted = [one for one in answers if isinstance(one, tuple) and "email" in one[0]]
    assert len(deleted) == 1
    assert await audited(empty_stores, "deleteAccount") == [("DONE", them.ann, them.ann)]


# --- the job in trouble -------------------------------------------------------------------------


async def _due(stores: Stores) -> None:
    async with stores.postgres.transaction() as connection:
        await connection.execute(update(jobs).values(due_at=jobs.c.created_at))


class _Killed(BaseException):
    """The process is gone: nobody catches this."""


@pytest.mark.parametrize("at", [1, 3, 5, 7, 9])
async def test_a_worker_killed_in_the_middle_is_followed_by_one_that_ends_it(
    empty_stores: Stores,
    identity: Identity,
    them: Belongings,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
) -> None:
    """Killed at one of the places where it speaks to PostgreSQL or MongoDB."""
    await _delete(empty_stores, identity, person(them.ann))
    (row,) = await empty_stores.postgres.read(
        select(jobs.c.id, jobs.c.payload).where(jobs.c.kind == JobKind.DELETE_ACCOUNT)
    )
    steps = 0

    def dying(original: Any) -> Any:
        def step(*arguments: Any, **options: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps == 4 * at:
                raise _Killed
            return original(*arguments, **options)

        return step

    job = JobRecord(row.id, JobKind.DELETE_ACCOUNT, row.payload, 1)
    postgres, mongo = type(empty_stores.postgres), type(empty_stores.mongo)
    with monkeypatch.context() as patched:
        patched.setattr(postgres, "transaction", dying(postgres.transaction))
        patched.setattr(mongo, "__getitem__", dying(mongo.__getitem__))
        with pytest.raises(_Killed):
            await DeletionDuty(empty_stores)(job)
    assert "postgres jobs" in await places_with(empty_stores, them.ann)
    await _due(empty_stores)
    await _drain(empty_stores, identity)
    assert await places_with(empty_stores, them.ann) == KEPT
    assert await empty_stores.postgres.read(select(jobs)) == []


@pytest.mark.parametrize("store", ["mongo", "redis"])
async def test_a_store_that_is_down_is_waited_for_and_keeps_nobody_else(
    empty_stores: Stores,
    identity: Identity,
    them: Belongings,
    monkeypatch: pytest.MonkeyPatch,
    store: str,
) -> None:
    await _delete(empty_stores, identity, person(them.ann))

    async def down(*_: object) -> None:
        raise StoreUnavailable(store, "ann@example.org")

    name = {"mongo": "remove_listening", "redis": "remove_moments"}[store]
    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(f"gateway.worker.deletion.{name}", down)
        tally = await _drain(empty_stores, identity)
    assert tally.failed == 1
    assert [one["reason"] for one in logs if one["event"] == "job is tried again"] == [
        f"{store} does not answer"
    ]
    left = await places_with(empty_stores, them.ann)
    assert {place.split()[0] for place in left - KEPT} == {"postgres", store}
    assert {place for place in left if place.startswith("postgres")} <= {
        "postgres audit_log", "postgres jobs", "postgres token_families", "postgres users",
    }  # fmt: skip

    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(update(jobs).values(attempts=1_000))  # it is never given up
    await _due(empty_stores)
    await _drain(empty_stores, identity)
    assert await places_with(empty_stores, them.ann) == KEPT


async def test_a_change_under_way_leaves_nothing_behind(
    empty_stores: Stores, identity: Identity, them: Belongings
) -> None:
    """One that holds the row as the job comes is waited for; its search entry goes, too."""
    await _delete(empty_stores, identity, person(them.ann))
    removed: asyncio.Task[Tally]
    async with empty_stores.postgres.transaction() as connection:
        await update_profile(connection, them.ann, {"display_name": "Ann again"})
        removed = asyncio.create_task(_drain(empty_stores, identity))
        while "postgres saved_tracks" in await places_with(empty_stores, them.ann):  # noqa: ASYNC110  a store is asked, which tells nobody
            await asyncio.sleep(0.01)
    await removed
    assert await places_with(empty_stores, them.ann, "Ann again") == KEPT


async def test_an_account_without_address_goes_silently(
    empty_stores: Stores, identity: Identity, them: Belongings
) -> None:
    async with empty_stores.postgres.transaction() as connection:
        theirs = update(accounts).where(accounts.c.user_id == them.ann)
        await connection.execute(theirs.values(email=None, email_key=None, password_hash=None))
    principal = person(them.ann, authenticated_at=utc_now())
    answer, _ = await _delete(empty_stores, identity, principal, None)
    assert answer == {"__typename": "AccountDeleted", "email": None}
    assert "ACCOUNT_DELETED" not in repr(await queued(empty_stores))


async def test_who_is_no_follower_any_more_is_not_counted_twice(empty_stores: Stores) -> None:
    """A block ends following, too: whoever comes second finds nothing to count."""
    music = Music()
    for number in (1, 2, 3):
        music.user(number)
    music.playlist(1, owner=1, tracks=[])
    await music.write(empty_stores)
    postgres, playlist = empty_stores.postgres, playlist_id(1)
    async with postgres.transaction() as connection:
        for number in (2, 3):
            await follow_playlist(connection, playlist, user_id(number), NOW)
    async with postgres.transaction() as connection:
        assert await unfollow_playlist(connection, playlist, user_id(2))
        leaving = asyncio.create_task(deletion._unfollow_playlists(postgres, user_id(2)))
        await waits_for_a_lock(empty_stores)
    await leaving
    assert (await playlist_of(empty_stores, playlist)).follower_count == 1
    await deletion._unfollow_playlists(postgres, user_id(3))
    assert (await playlist_of(empty_stores, playlist)).follower_count == 0
