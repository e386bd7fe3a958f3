"""Tokens of links in mails: used once, in time, for one thing, by whoever got the last mail."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from datasources.ids import new_id
from datasources.postgres.account_tables import mail_tokens
from datasources.postgres.mail_tokens import mint, redeem
from datasources.records.accounts import MailTokenPurpose
from datasources.records.mail import MailTokenRecord
from datasources.stores import Stores

ADA = "ada@music.example"
HOUR = timedelta(hours=1)
RESET, CHANGE = MailTokenPurpose.RESET_PASSWORD, MailTokenPurpose.CHANGE_EMAIL


async def _mint(stores: Stores, subject: UUID, email: str = ADA, lifetime: timedelta = HOUR) -> str:
    async with stores.postgres.transaction() as connection:
        return await mint(connection, RESET, subject, email, lifetime)


async def _redeem(
    stores: Stores, token: str, purpose: MailTokenPurpose = RESET
) -> MailTokenRecord | None:
    async with stores.postgres.transaction() as connection:
        return await redeem(connection, token, purpose)


async def test_a_token_is_used_once_and_takes_its_siblings_along(empty_stores: Stores) -> None:
    subject, other = new_id(), new_id()
    first, second = await _mint(empty_stores, subject), await _mint(empty_stores, subject)
    others = await _mint(empty_stores, other)
    assert first != second
    assert await _redeem(empty_stores, second, CHANGE) is None
    assert await _redeem(empty_stores, first) == MailTokenRecord(subject, ADA)
    assert await _redeem(empty_stores, first) is None
    assert await _redeem(empty_stores, second) is None
    assert await _redeem(empty_stores, others) == MailTokenRecord(other, ADA)


async def test_the_last_address_counts(empty_stores: Stores) -> None:
    subject = new_id()
    mistyped = await _mint(empty_stores, subject, "eda@music.example")
    right = await _mint(empty_stores, subject)
    assert await _redeem(empty_stores, mistyped) is None
    assert await _redeem(empty_stores, right) == MailTokenRecord(subject, ADA)


@pytest.mark.parametrize("token", ["", "x", "x" * 10_000, "\ud800", "\0", "' or true --"])
async def test_nonsense_is_no_token(empty_stores: Stores, token: str) -> None:
    await _mint(empty_stores, new_id())
    assert await _redeem(empty_stores, token) is None


async def test_an_expired_token_is_none(empty_stores: Stores) -> None:
    subject = new_id()
    late = await _mint(empty_stores, subject, lifetime=timedelta(seconds=-1))
    assert await _redeem(empty_stores, late) is None


async def test_no_table_holds_a_token(empty_stores: Stores) -> None:
    token = await _mint(empty_stores, new_id())
    (row,) = await empty_stores.postgres.read(select(mail_tokens))
    assert token not in repr(row)
    assert len(row.hash) == 32


async def test_a_token_comes_back_where_its_use_fails(empty_stores: Stores) -> None:
    token = await _mint(empty_stores, new_id())
    async with empty_stores.postgres.transaction() as connection:
        assert await redeem(connection, token, RESET)
        await connection.rollback()
    assert await _redeem(empty_stores, token)


async def test_of_twenty_at_once_one_wins(empty_stores: Stores) -> None:
    subject = new_id()
    tokens = [await _mint(empty_stores, subject) for _ in range(2)]
    won = await asyncio.gather(*(_redeem(empty_stores, tokens[n % 2]) for n in range(20)))
    assert len([one for one in won if one]) == 1
