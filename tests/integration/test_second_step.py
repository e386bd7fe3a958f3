"""The second step of signing in: codes and challenges, used rightly and wrongly."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from auth.principal import SessionKind
from datasources.postgres.account_tables import accounts
from datasources.postgres.second_factors import fetch_second_factors
from datasources.redis import challenges
from datasources.stores import Stores
from resolvers import second_factor
from resolvers.context import Client
from resolvers.errors import Forbidden, RateLimited, WrongCredentials
from resolvers.second_factor import complete_sign_in
from resolvers.sessions import SignedIn, begin_session
from tests.factories.operations import respond
from tests.factories.people import BROWSER, change_account
from tests.factories.second_factors import House

COMPLETE = """
    mutation ($challenge: String!, $code: String!) {
        completeSignIn(challenge: $challenge, code: $code) {
            __typename
            ... on SignedIn { user { handle } }
            ... on Error { code message }
        }
    }
"""


async def refused(house: House, challenge: str, code: str) -> None:
    with pytest.raises(WrongCredentials):
        await complete_sign_in(house.context(), challenge, code)


@pytest.mark.parametrize("drift", [-30, 0, 30])
async def test_a_clock_may_be_one_step_off(empty_stores: Stores, drift: int) -> None:
    house = House.of(empty_stores)
    app, _ = await house.enrol(await house.person())
    house.later()
    code = app.at(house.now + timedelta(seconds=drift))
    assert await complete_sign_in(house.context(), await house.challenge(), code)


@pytest.mark.parametrize("drift", [-60, 60])
async def test_and_no_more_than_one(empty_stores: Stores, drift: int) -> None:
    house = House.of(empty_stores)
    app, _ = await house.enrol(await house.person())
    house.later(90)
    await refused(house, await house.challenge(), app.at(house.now + timedelta(seconds=drift)))


async def test_a_code_signs_in_once(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    app, _ = await house.enrol(await house.person())
    code = app.at(house.now)
    await complete_sign_in(house.context(), await house.challenge(), code)
    await refused(house, await house.challenge(), code)


async def test_the_code_that_confirmed_does_not_sign_in(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    app, _ = await house.enrol(await house.person())
    await refused(house, await house.challenge(), app.at(house.now - timedelta(seconds=30)))


async def test_of_many_with_one_code_at_once_one_signs_in(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    app, _ = await house.enrol(await house.person())
    begun = [await house.challenge() for _ in range(4)]
    code = app.at(house.now)
    ended = await asyncio.gather(
        *(complete_sign_in(house.context(), one, code) for one in begun), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in ended) == ["SignedIn"] + ["WrongCredentials"] * 3


async def test_a_recovery_code_signs_in_once(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    _, codes = await house.enrol(ada)
    typed = codes[0].lower().replace("-", " ")
    assert await complete_sign_in(house.context(), await house.challenge(), typed)
    await refused(house, await house.challenge(), codes[0])
    (left,) = (await fetch_second_factors(empty_stores.postgres, [ada])).values()
    assert left.recovery_codes_left == 9
    signed = [one for one in await house.audited() if one[0] == "signIn"]
    assert signed[0][2]["how"] == ["password", "recoveryCode"]
    assert (await house.mails())[-1]["change"] == "A recovery code was used to sign in."


async def test_of_many_with_one_recovery_code_at_once_one_signs_in(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    _, codes = await house.enrol(await house.person())
    begun = [await house.challenge() for _ in range(4)]
    ended = await asyncio.gather(
        *(complete_sign_in(house.context(), one, codes[0]) for one in begun),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in ended) == ["SignedIn"] + ["WrongCredentials"] * 3


async def test_a_challenge_signs_in_once_and_costs_one_code(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    _, codes = await house.enrol(ada)
    challenge = await house.challenge()
    ended = await asyncio.gather(
        *(complete_sign_in(house.context(), challenge, code) for code in codes[:4]),
        return_exceptions=True,
    )
    assert len([one for one in ended if isinstance(one, SignedIn)]) == 1
    (left,) = (await fetch_second_factors(empty_stores.postgres, [ada])).values()
    assert left.recovery_codes_left == 9
    await refused(house, challenge, codes[5])


async def test_another_persons_codes_do_not_help(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    await house.enrol(await house.person(1))
    app, codes = await house.enrol(await house.person(2))
    challenge = await house.challenge(1)
    await refused(house, challenge, codes[0])
    await refused(house, challenge, app.at(house.now))
    assert await complete_sign_in(house.context(), await house.challenge(2), codes[0])


async def test_guessing_ends_after_five(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    app, codes = await house.enrol(await house.person())
    challenge = await house.challenge()
    for _ in range(5):
        await refused(house, challenge, "000000")
    await refused(house, challenge, app.at(house.now))
    failed = [one for one in await house.audited() if one[0] == "signInFailed"]
    assert failed == [("signInFailed", "FAILED", {"how": "secondFactor"})] * 5
    # And another challenge is no way to go on.
    with pytest.raises(RateLimited) as limited:
        await complete_sign_in(house.context(), await house.challenge(), app.at(house.now))
    assert 0 < limited.value.retry_after_s <= 900
    # But what nobody guesses still lets the owner in.
    assert await complete_sign_in(house.context(), await house.challenge(), codes[0])
    house.later(901)
    assert await complete_sign_in(house.context(), await house.challenge(), app.at(house.now))


async def test_guesses_at_once_are_counted_one_by_one(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    await house.enrol(await house.person())
    challenge = await house.challenge()
    aliases = " ".join(
        f'a{n}: completeSignIn(challenge: "{challenge}", code: "{n:06}") {{ __typename }}'
        for n in range(20)
    )
    response = await respond(empty_stores, f"mutation {{ {aliases} }}")
    assert {one["__typename"] for one in response["data"].values()} == {"WrongCredentials"}
    failed = [one for one in await house.audited() if one[0] == "signInFailed"]
    assert len(failed) == 5


async def test_the_right_code_counts_no_failure(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    _, codes = await house.enrol(await house.person())
    for code in codes[:7]:
        assert await complete_sign_in(house.context(), await house.challenge(), code)


CHANGES = {
    "password": {"password_changed_at": "now"},
    "disabled": {"disabled_at": "now"},
    "other device": {"totp_confirmed_at": "now"},
    "no device": {"totp_confirmed_at": None},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
async def test_a_change_ends_all_challenges(
    empty_stores: Stores, change: dict[str, object]
) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    app, codes = await house.enrol(ada)
    challenge = await house.challenge()
    values = {name: house.now if value else None for name, value in change.items()}
    await change_account(empty_stores, ada, **values)
    await refused(house, challenge, app.at(house.now))
    await refused(house, challenge, codes[0])


async def test_a_password_that_changes_in_between_lets_nobody_in(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    _, codes = await house.enrol(ada)

    async def slow_begin_session(*args: Any, **options: Any) -> SignedIn:
        await change_account(empty_stores, ada, password_changed_at=house.now)
        return await begin_session(*args, **options)

    monkeypatch.setattr(second_factor, "begin_session", slow_begin_session)
    await refused(house, await house.challenge(), codes[0])


async def test_nobody_signs_in_to_an_account_that_is_gone(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    app, _ = await house.enrol(ada)
    challenge = await house.challenge()
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(delete(accounts).where(accounts.c.user_id == ada))
    await refused(house, challenge, app.at(house.now))


async def test_a_challenge_ends_in_time(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    app, _ = await house.enrol(await house.person())
    challenge = await house.challenge()
    client = empty_stores.redis.client
    (name,) = [key async for key in client.scan_iter(match="*challenge:second-factor:*")]
    assert 0 < await client.ttl(name) <= 300
    await client.expire(name, 0)
    await refused(house, challenge, app.at(house.now))


async def test_challenges_of_other_kinds_do_not_help(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    app, _ = await house.enrol(await house.person())
    value = {"user_id": "1", "kind": "TOKENS", "state": []}
    other = await challenges.put(empty_stores.redis, "passkey-sign-in", value, 300)
    for challenge in (other, "", "x" * 5000, "\ud800"):
        await refused(house, challenge, app.at(house.now))


async def test_a_challenge_is_for_the_session_it_began_with(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    app, _ = await house.enrol(await house.person())
    challenge = await house.challenge(kind=SessionKind.TOKENS)
    browser = house.context(client=BROWSER)
    signed = await complete_sign_in(browser, challenge, app.at(house.now))
    assert signed.tokens
    assert browser.reply.session_id is None


async def test_a_cookie_needs_the_header_of_our_own_pages(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    app, _ = await house.enrol(await house.person())
    asked = house.context(client=BROWSER)
    code = app.at(house.now)
    challenge = await house.challenge(kind=SessionKind.COOKIE, client=BROWSER)
    other_site = house.context(client=Client(BROWSER.address, BROWSER.user_agent))
    with pytest.raises(Forbidden):
        await complete_sign_in(other_site, challenge, code)
    signed = await complete_sign_in(asked, challenge, code)  # the code is not used up
    assert signed.tokens is None
    assert asked.reply.session_id


async def test_the_graph_answers_with_types(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    _, codes = await house.enrol(await house.person())
    variables = {"challenge": await house.challenge(), "code": "0" * 6}
    wrong = await respond(empty_stores, COMPLETE, variables)
    assert wrong["data"]["completeSignIn"] == {
        "__typename": "WrongCredentials",
        "code": "UNAUTHENTICATED",
        "message": "This code or challenge is wrong, expired or used.",
    }
    variables["code"] = codes[0]
    right = await respond(empty_stores, COMPLETE, variables)
    assert right == {
        "data": {"completeSignIn": {"__typename": "SignedIn", "user": {"handle": "user1"}}}
    }
