"""The daily mail: who gets it, when, and what it says; never the same twice."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from datasources.ids import new_id
from datasources.postgres.account_tables import jobs
from datasources.postgres.blocks import write_block
from datasources.postgres.notification_preferences import write_preference
from datasources.records.notifications import NewNotification, NotificationKind
from datasources.stores import Stores
from gateway.settings import Settings
from gateway.worker.loop import Worker
from gateway.worker.notifications import queue_digests
from gateway.worker.run import duties
from resolvers.context import utc_now
from resolvers.notifying import tell
from tests.factories.inboxes import age, inbox, one
from tests.factories.music import NOW, user_id
from tests.factories.operations import ask, identity_of
from tests.factories.people import add_account, change_account

PEOPLE = 6
DAY = timedelta(days=1)
FOLLOWER, INVITATION, SHARED, DEVICE = NotificationKind
URL = "https://music.example/account/notifications"


class Postman:
    """Keeps mails."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, EmailMessage]] = []

    async def send(self, message: EmailMessage, recipient: str) -> None:
        self.sent.append((recipient, message))


@pytest.fixture
async def stores(empty_stores: Stores) -> Stores:
    """People with accounts, of whom the first two want a mail of everything."""
    for number in range(1, PEOPLE + 1):
        await add_account(empty_stores, number)
    async with empty_stores.postgres.transaction() as connection:
        for number in (1, 2):
            for kind in NotificationKind:
                await write_preference(connection, user_id(number), kind, email_digest=True)
    return empty_stores


async def happen(
    stores: Stores, kind: NotificationKind, to: int, *actors: int, read: bool = False
) -> None:
    async with stores.postgres.transaction() as connection:
        for actor in actors or (None,):
            actor_id = None if actor is None else user_id(actor)
            await tell(
                connection,
                NewNotification(user_id(to), kind, utc_now(), actor_id, device="x", read=read),
            )


async def mailed(stores: Stores) -> Sequence[tuple[str, str]]:
    """Do what the worker does, and return whom it wrote and what."""
    await queue_digests(stores.postgres)
    postman = Postman()
    identity = identity_of(stores)
    await Worker(stores.postgres, duties(Settings(), stores, identity, postman)).drain()
    assert await stores.postgres.read(select(jobs)) == []
    return [(to, _text(message)) for to, message in postman.sent]


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


async def test_a_day_after_the_first_all_that_is_unread_is_one_mail(stores: Stores) -> None:
    await happen(stores, FOLLOWER, 1, 2, 3, 4, 5, 6)
    await happen(stores, DEVICE, 1)
    assert await mailed(stores) == []
    await age(stores, DAY)
    await happen(stores, INVITATION, 1, 3)
    await happen(stores, FOLLOWER, 3, 1)  # who wants no mail
    ((to, text),) = await mailed(stores)
    assert to == "user1@example.org"
    assert URL in text
    assert "New followers: @user2, @user3, @user4 and 2 others." in text
    assert "asked to work on playlists by: @user3." in text
    assert "not seen before: 1. If this was not you" in text
    assert "shared" not in text
    await age(stores, 2 * DAY)
    assert await mailed(stores) == []
    assert (await inbox(stores, 1))["unreadCount"] == 7  # a mail is not read in the app


async def test_what_was_read_or_done_by_oneself_is_no_mail(stores: Stores) -> None:
    await happen(stores, SHARED, 1, 3, read=True)
    await happen(stores, FOLLOWER, 2, 3)
    mark = 'mutation { markNotificationsRead(input: {through: "%s"}) { __typename } }'
    cursor = (await inbox(stores, 2))["edges"][0]["cursor"]
    await ask(stores, mark % cursor, None, one(2))
    await age(stores, 2 * DAY)
    assert await mailed(stores) == []


async def test_what_is_read_before_the_mail_is_sent_is_not_in_it(stores: Stores) -> None:
    await happen(stores, FOLLOWER, 1, 3)
    await age(stores, 2 * DAY)
    assert await queue_digests(stores.postgres) == 1
    cursor = (await inbox(stores, 1))["edges"][0]["cursor"]
    mark = f'mutation {{ markNotificationsRead(input: {{through: "{cursor}"}}) {{ __typename }} }}'
    await ask(stores, mark, None, one(1))
    assert await mailed(stores) == []


async def test_a_block_and_a_closed_account_are_not_named(stores: Stores) -> None:
    await happen(stores, FOLLOWER, 1, 3, 4)
    await happen(stores, INVITATION, 2, 3)
    await age(stores, 2 * DAY)
    async with stores.postgres.transaction() as connection:
        await write_block(connection, user_id(3), user_id(1), NOW)
    await change_account(stores, user_id(2), email=None, email_key=None)
    ((to, text),) = await mailed(stores)
    assert to == "user1@example.org"
    assert "New followers: @user4." in text


async def test_many_workers_send_one(stores: Stores) -> None:
    for number in (1, 2):
        await happen(stores, FOLLOWER, number, 3, 4)
    await age(stores, DAY)
    queued = await asyncio.gather(*(queue_digests(stores.postgres) for _ in range(5)))
    assert sum(queued) == 2
    assert len(await mailed(stores)) == 2


async def test_it_goes_to_the_address_of_now(stores: Stores) -> None:
    await happen(stores, FOLLOWER, 1, 3)
    await age(stores, DAY)
    assert await queue_digests(stores.postgres) == 1
    await change_account(stores, user_id(1), email=f"{new_id()}@example.org")
    ((to, _),) = await mailed(stores)
    assert to != "user1@example.org"
