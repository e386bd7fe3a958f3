"""The subscription `notifications`: from the inbox, resumed, told live, and never too much."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from auth.principal import ANONYMOUS
from datasources.errors import StoreUnavailable
from datasources.postgres.blocks import write_block
from datasources.postgres.notification_tables import inboxes
from datasources.postgres.notifications import remove_old_notifications
from datasources.postgres.tables import users
from datasources.stores import Stores
from gateway.graphql.pipeline import RequestFailed
from resolvers import notified
from resolvers.ids import global_id
from resolvers.notifications import cursor_of
from resolvers.notifying import publish_told
from resolvers.publishing import publish_missed
from resolvers.topics import Replay
from tests.factories.inboxes import follow, inbox, one, people, tell_of_followers
from tests.factories.live import Subscriber, eventually, running, subscriber
from tests.factories.music import NOW, user_id

QUERY = """
subscription ($after: String) {
  notifications(after: $after) {
    ... on NotificationReceived {
      cursor seq unreadCount notification { kind readAt actor { handle } device }
    }
    ... on Lagged { missed current }
  }
}
"""
ME = 6


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    await people(empty_stores, ME)
    return empty_stores


async def next_of(person: Subscriber) -> dict[str, Any]:
    event: dict[str, Any] = (await person.next())["notifications"]
    return event


async def followers(person: Subscriber, count: int) -> list[str]:
    events = [await next_of(person) for _ in range(count)]
    return [event["notification"]["actor"]["handle"] for event in events]


async def test_it_is_told_live(stores: Stores) -> None:
    await follow(stores, 1, ME)
    here = cursor_of(user_id(ME), 1)
    async with (
        running(stores) as live,
        subscriber(live, stores, QUERY, {"after": here}, one(ME)) as mine,
        subscriber(live, stores, QUERY, {"after": cursor_of(user_id(5), 0)}, one(5)) as others,
    ):
        await follow(stores, 2, 5)
        assert await followers(others, 1) == ["user2"]
        await follow(stores, 3, ME)
        assert await next_of(mine) == {
            "cursor": cursor_of(user_id(ME), 2),
            "seq": 2,
            "unreadCount": 2,
            "notification": {
                "kind": "NEW_FOLLOWER", "readAt": None, "actor": {"handle": "user3"},
                "device": None,
            },
        }  # fmt: skip
        assert others.results == []


async def test_without_a_cursor_it_begins_now(stores: Stores) -> None:
    await follow(stores, 1, ME)
    page = await notified.InboxTopic(user_id(ME)).replay(stores, None)
    assert (page.events, page.seq, page.more, page.lag) == ((), 1, False, None)


async def test_behind_an_empty_inbox_all_is_told(stores: Stores) -> None:
    async with running(stores) as live:
        async with subscriber(live, stores, QUERY, {"after": "0"}, one(ME)):
            pass  # the connection breaks before anything comes
        await tell_and_publish(stores, 1)
        async with subscriber(live, stores, QUERY, {"after": "0"}, one(ME)) as mine:
            assert await followers(mine, 1) == ["user1"]


async def test_what_was_removed_is_no_lag_for_who_never_saw_it(stores: Stores) -> None:
    await tell_of_followers(stores, ME, 1, 2)
    async with stores.postgres.transaction() as connection:
        await connection.execute(
            update(inboxes).where(inboxes.c.user_id == user_id(ME)).values(removed_through=1)
        )
    page = await notified.InboxTopic(user_id(ME)).replay(stores, "0")
    assert ([told.seq for told in page.events], page.lag) == ([2], None)


async def tell_and_publish(stores: Stores, *actors: int) -> None:
    await tell_of_followers(stores, ME, *actors)
    await publish_told(stores, user_id(ME))


async def test_it_resumes_without_a_gap_or_a_repeat(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notified, "_PAGE", 2)
    await tell_of_followers(stores, ME, 1, 2, 3)
    start = cursor_of(user_id(ME), 0)
    async with running(stores) as live:
        async with subscriber(live, stores, QUERY, {"after": start}, one(ME)) as mine:
            assert await followers(mine, 2) == ["user1", "user2"]
        # The cursor of an event, and that of the inbox, are the same.
        place = (await inbox(stores, ME))["edges"][1]["cursor"]
        assert place == cursor_of(user_id(ME), 2)
        async with subscriber(live, stores, QUERY, {"after": place}, one(ME)) as mine:
            assert await followers(mine, 1) == ["user3"]
            await tell_and_publish(stores, 4)
            await tell_and_publish(stores, 5)
            assert await followers(mine, 2) == ["user4", "user5"]
            assert mine.results == []


async def test_what_redis_was_not_told_comes_all_the_same(stores: Stores) -> None:
    """Somebody died between the commit and the publishing: the worker does it."""
    start = cursor_of(user_id(ME), 0)
    async with (
        running(stores) as live,
        subscriber(live, stores, QUERY, {"after": start}, one(ME)) as mine,
    ):
        await tell_of_followers(stores, ME, 1, 2)
        assert await publish_missed(stores) == 2
        assert await followers(mine, 2) == ["user1", "user2"]


async def test_what_was_removed_is_a_lag_and_the_rest_comes(stores: Stores) -> None:
    await tell_of_followers(stores, ME, 1, 2, at=NOW - timedelta(days=91))
    await tell_of_followers(stores, ME, 3)
    await remove_old_notifications(stores.postgres, NOW)
    async with running(stores) as live:
        for after, lagged in ((0, True), (1, True), (2, False)):
            variables = {"after": cursor_of(user_id(ME), after)}
            async with subscriber(live, stores, QUERY, variables, one(ME)) as mine:
                if lagged:
                    lag = await next_of(mine)
                    assert lag == {"missed": None, "current": cursor_of(user_id(ME), 2)}
                assert await followers(mine, 1) == ["user3"]


async def test_who_is_blocked_meanwhile_is_not_told_of(stores: Stores) -> None:
    start = cursor_of(user_id(ME), 0)
    await tell_of_followers(stores, ME, 1)
    async with stores.postgres.transaction() as connection:
        await write_block(connection, user_id(1), user_id(ME), NOW)
    async with (
        running(stores) as live,
        subscriber(live, stores, QUERY, {"after": start}, one(ME)) as mine,
    ):
        await publish_told(stores, user_id(ME))
        await tell_and_publish(stores, 2)
        assert await followers(mine, 1) == ["user2"]


async def test_a_device_is_told_to_the_others(stores: Stores) -> None:
    start = cursor_of(user_id(ME), 0)
    async with (
        running(stores) as live,
        subscriber(live, stores, QUERY, {"after": start}, one(ME)) as mine,
        subscriber(live, stores, QUERY, {"after": start}, one(ME)) as other,
    ):
        await tell_of_followers(stores, ME, device="Firefox on Linux")
        await publish_told(stores, user_id(ME))
        for person in (mine, other):
            event = await next_of(person)
            assert event["notification"] == {
                "kind": "NEW_DEVICE", "readAt": None, "actor": None, "device": "Firefox on Linux",
            }  # fmt: skip


@pytest.mark.parametrize(
    "after",
    [
        "",
        "?",
        "x" * 5000,
        global_id("User", user_id(ME)),
        cursor_of(user_id(5), 0),
        cursor_of(user_id(ME), 2),
        cursor_of(user_id(ME), -1),
    ],
)
async def test_a_cursor_must_be_ones_own(stores: Stores, after: str) -> None:
    await tell_of_followers(stores, ME, 1)
    async with (
        running(stores) as live,
        subscriber(live, stores, QUERY, {"after": after}, one(ME)) as mine,
    ):
        result = await mine.next_result()
        codes = [error["extensions"]["code"] for error in result.errors or ()]
        assert codes == ["BAD_CURSOR"]


async def test_it_is_for_who_is_signed_in(stores: Stores) -> None:
    async with running(stores) as live:
        refused = subscriber(live, stores, QUERY, principal=ANONYMOUS)
        with pytest.raises(RequestFailed):
            await refused.__aenter__()


async def test_a_database_that_is_away_for_a_moment_costs_nothing(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch, failures = notified.InboxTopic.replay, 1

    async def failing(*args: Any) -> Replay[Any]:
        nonlocal failures
        if failures:
            failures -= 1
            raise StoreUnavailable("postgres", "away")
        return await fetch(*args)

    monkeypatch.setattr(notified.InboxTopic, "replay", failing)
    await tell_of_followers(stores, ME, 1)
    start = cursor_of(user_id(ME), 0)
    async with (
        running(stores) as live,
        subscriber(live, stores, QUERY, {"after": start}, one(ME)) as mine,
    ):
        assert await followers(mine, 1) == ["user1"]
    assert failures == 0


async def test_an_account_that_is_gone_ends_it(stores: Stores) -> None:
    async with (
        running(stores) as live,
        subscriber(live, stores, QUERY, principal=one(ME)) as mine,
    ):
        async with stores.postgres.transaction() as connection:
            await connection.execute(delete(users).where(users.c.id == user_id(ME)))

        async def ended() -> bool:
            live.recheck()
            return bool(mine.results)

        await eventually(ended)
        result = await mine.next_result()
        codes = [error["extensions"]["code"] for error in result.errors or ()]
        assert codes == ["FORBIDDEN"]
