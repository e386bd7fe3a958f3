"""How often one may fail, counted for accounts and network addresses."""

import asyncio
import re
from collections import Counter
from datetime import timedelta

import pytest

from auth.identity import Identity
from auth.principal import SessionKind
from datasources.errors import StoreUnavailable
from datasources.stores import Stores
from resolvers.attempts import attempt, count_mail, forget_failures
from resolvers.context import RequestContext
from resolvers.errors import NotFound, RateLimited, WrongCredentials
from resolvers.proof import prove
from resolvers.sessions import SignedIn
from resolvers.sign_in import sign_in
from tests.factories.accounts import (
    PASSWORD,
    an_account,
    audited,
    context_from,
    later,
    signed_in_as,
)
from tests.factories.operations import ask, context_of, identity_of

WRONG = "not the password"


async def outcome(context: RequestContext, login: str, password: str) -> str:
    try:
        found = await sign_in(context, login, password, SessionKind.TOKENS)
    except (WrongCredentials, RateLimited) as refusal:
        return type(refusal).__name__
    return type(found).__name__


async def outcomes(
    stores: Stores, identity: Identity, login: str, passwords: list[str], *, spread: bool = False
) -> Counter[str]:
    """Return how attempts end that are made at once; `spread` over many addresses, or from one."""
    tries = [
        outcome(
            context_from(stores, identity, f"192.0.2.{number}" if spread else "192.0.2.1"),
            login,
            password,
        )
        for number, password in enumerate(passwords)
    ]
    return Counter(await asyncio.gather(*tries))


async def test_five_failures_for_an_account(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    identity = identity_of(empty_stores)
    context = context_from(empty_stores, identity)
    for _ in range(5):
        assert await outcome(context, "ann", WRONG) == "WrongCredentials"
    with pytest.raises(RateLimited) as refused:
        await sign_in(context, "ann", PASSWORD, SessionKind.TOKENS)
    assert 890 <= refused.value.retry_after_s <= 900
    elsewhere = context_from(empty_stores, identity, "192.0.2.99")
    assert await outcome(elsewhere, "ann", PASSWORD) == "RateLimited"


async def test_who_fails_on_purpose_does_not_lock_out_a_browser_that_is_known(
    empty_stores: Stores,
) -> None:
    ann = await an_account(empty_stores)
    bob = await an_account(empty_stores, "bob")
    identity = identity_of(empty_stores)
    first = context_from(empty_stores, identity)
    await sign_in(first, "ann", PASSWORD, SessionKind.COOKIE)
    mark = first.reply.browser_mark
    assert mark
    attacker = context_from(empty_stores, identity, "198.51.100.7")
    for _ in range(6):
        last = await outcome(attacker, "ann", WRONG)
    assert last == "RateLimited"
    elsewhere = context_from(empty_stores, identity, "192.0.2.9")
    assert await outcome(elsewhere, "ann", PASSWORD) == "RateLimited"
    at_home = context_from(empty_stores, identity, "192.0.2.9", browser_mark=mark)
    again = await sign_in(at_home, "ann", PASSWORD, SessionKind.COOKIE)
    assert isinstance(again, SignedIn)
    assert at_home.reply.browser_mark is None  # it keeps the one that it has
    for _ in range(5):  # and has no more guesses than others
        assert await outcome(at_home, "ann", WRONG) == "WrongCredentials"
    assert await outcome(at_home, "ann", PASSWORD) == "RateLimited"
    assert {str(ann), str(bob)}.isdisjoint(mark)


@pytest.mark.parametrize("forge", ["of another", "made up", "cut", "long", "not ASCII"])
async def test_a_mark_that_is_not_ours_counts_for_nothing(empty_stores: Stores, forge: str) -> None:
    await an_account(empty_stores)
    await an_account(empty_stores, "bob")
    identity = identity_of(empty_stores)
    bobs = context_from(empty_stores, identity)
    await sign_in(bobs, "bob", PASSWORD, SessionKind.COOKIE)
    mark = bobs.reply.browser_mark or ""
    marks = {
        "of another": mark,
        "made up": "A" * len(mark),
        "cut": mark[:-9],
        "long": mark * 50,
        "not ASCII": "é" * 40,
    }
    for number in range(5):
        away = context_from(empty_stores, identity, f"192.0.2.{number}")
        assert await outcome(away, "ann", WRONG) == "WrongCredentials"
    forged = context_from(empty_stores, identity, browser_mark=marks[forge])
    assert await outcome(forged, "ann", PASSWORD) == "RateLimited"


async def test_one_who_is_unknown_is_limited_just_so(empty_stores: Stores) -> None:
    context = context_from(empty_stores, identity_of(empty_stores))
    for login in ("Nobody", " nobody", "NOBODY ", "nobody", "nobody"):
        assert await outcome(context, login, WRONG) == "WrongCredentials"
    with pytest.raises(RateLimited) as unknown:
        await sign_in(context, "nobody", WRONG, SessionKind.TOKENS)
    await an_account(empty_stores)
    for _ in range(5):
        assert await outcome(context, "ann", WRONG) == "WrongCredentials"
    with pytest.raises(RateLimited) as known:
        await sign_in(context, "ann", WRONG, SessionKind.TOKENS)
    words = [re.sub("[0-9]+", "", str(one.value)) for one in (known, unknown)]
    assert words[0] == words[1]


async def test_five_failures_by_handle_and_address_together(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    context = context_from(empty_stores, identity_of(empty_stores))
    for login in ("ann", "ANN@example.org", "Ann", "ann@example.org", "ann"):
        assert await outcome(context, login, WRONG) == "WrongCredentials"
    # No sixth guess is right; and neither name tells that the other one was tried.
    assert await outcome(context, "ann@example.org", PASSWORD) == "WrongCredentials"
    assert await outcome(context, "ann", PASSWORD) == "WrongCredentials"
    assert await outcome(later(context, minutes=16), "ann", PASSWORD) == "SignedIn"


async def test_limits_do_not_tell_whose_an_address_is(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    identity = identity_of(empty_stores)
    for number in range(6):
        await outcome(context_from(empty_stores, identity, f"192.0.2.{number}"), "ann", WRONG)
    elsewhere = context_from(empty_stores, identity, "198.51.100.1")
    for guess in ("ann@example.org", "nobody@example.org"):
        assert [await outcome(elsewhere, guess, WRONG) for _ in range(6)] == [
            *["WrongCredentials"] * 5,
            "RateLimited",
        ]


async def test_mails_of_one_kind_do_not_stop_the_others(empty_stores: Stores) -> None:
    context = context_of(empty_stores)
    for _ in range(5):
        await count_mail(context, "ann@example.org", "sign-up")
    with pytest.raises(RateLimited):
        await count_mail(context, "ann@example.org", "sign-up")
    await count_mail(context, "ann@example.org", "reset")


async def test_a_reset_clears_the_counts_of_a_known_browser_too(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    identity = identity_of(empty_stores)
    first = context_from(empty_stores, identity)
    await sign_in(first, "ann", PASSWORD, SessionKind.COOKIE)
    at_home = context_from(empty_stores, identity, browser_mark=first.reply.browser_mark or "")
    for where in (at_home, first):
        for _ in range(5):
            await outcome(where, "ann", WRONG)
        assert await outcome(where, "ann", PASSWORD) == "RateLimited"
    await forget_failures(at_home, ann, ["ann", "ann@example.org"])
    assert await outcome(at_home, "ann", PASSWORD) == "SignedIn"
    assert await outcome(first, "ann", PASSWORD) == "SignedIn"


async def test_who_tries_passwords_in_a_session_leaves_a_trace(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    with pytest.raises(WrongCredentials):
        await prove(context_of(empty_stores, signed_in_as(ann)), WRONG)
    assert await audited(empty_stores, "proofFailed") == [("FAILED", ann, ann)]


async def test_who_guesses_while_signed_in_is_seen_by_the_owner(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    eve = await an_account(empty_stores, "eve")
    context = context_from(empty_stores, identity_of(empty_stores), principal=signed_in_as(eve))
    assert await outcome(context, "ann", WRONG) == "WrongCredentials"
    query = "{ viewer { account { securityEvents { nodes { action address } } } } }"
    seen = await ask(empty_stores, query, principal=signed_in_as(ann))
    events = seen["viewer"]["account"]["securityEvents"]["nodes"]
    assert {"action": "signInFailed", "address": "192.0.2.1"} in events


async def test_twenty_failures_from_a_network(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    identity = identity_of(empty_stores)
    for number in range(20):
        context = context_from(empty_stores, identity, f"2001:db8::{number:x}")
        assert await outcome(context, f"nobody{number}", WRONG) == "WrongCredentials"
    context = context_from(empty_stores, identity, "2001:db8::ffff")
    assert await outcome(context, "ann", PASSWORD) == "RateLimited"
    elsewhere = context_from(empty_stores, identity, "2001:db8:0:1::1")
    assert await outcome(elsewhere, "ann", PASSWORD) == "SignedIn"


async def test_what_is_refused_neither_counts_nor_prolongs(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    context = context_from(empty_stores, identity_of(empty_stores))
    start = context.clock()
    for _ in range(5):
        await outcome(context, "ann", WRONG)
    for minute in range(1, 15):
        assert await outcome(later(context, minutes=minute), "ann", WRONG) == "RateLimited"
    assert await outcome(later(context, minutes=15, seconds=1), "ann", PASSWORD) == "SignedIn"
    assert context.clock() - start < timedelta(minutes=10)  # the clock was ahead, not the time


async def test_the_window_slides(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    context = context_from(empty_stores, identity_of(empty_stores))
    for minute in range(0, 10, 2):
        await outcome(later(context, minutes=minute), "ann", WRONG)
    with pytest.raises(RateLimited) as refused:
        await sign_in(later(context, minutes=10), "ann", PASSWORD, SessionKind.TOKENS)
    assert 290 <= refused.value.retry_after_s <= 301
    one_is_forgotten = later(context, minutes=15, seconds=5)
    assert await outcome(one_is_forgotten, "ann", WRONG) == "WrongCredentials"
    assert await outcome(one_is_forgotten, "ann", WRONG) == "RateLimited"


async def test_a_success_counts_nothing_and_clears_nothing(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    await an_account(empty_stores, "mallory")
    context = context_from(empty_stores, identity_of(empty_stores))
    for number in range(4):
        assert await outcome(context, "ann", WRONG) == "WrongCredentials"
        assert await outcome(context, "ann", PASSWORD) == "SignedIn"
        for other in range(3):
            await outcome(context, f"nobody{number}{other}", WRONG)
        assert await outcome(context, "mallory", PASSWORD) == "SignedIn"
    for other in range(4):
        assert await outcome(context, f"nobody{other}", WRONG) == "WrongCredentials"
    assert await outcome(context, "mallory", PASSWORD) == "RateLimited"


async def test_fifty_right_ones_at_once_pass(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    found = await outcomes(empty_stores, identity_of(empty_stores), "ann", [PASSWORD] * 50)
    assert found == {"SignedIn": 50}


async def test_of_wrong_ones_at_once_no_more_than_may_be(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    found = await outcomes(
        empty_stores, identity_of(empty_stores), "ann", [WRONG] * 100, spread=True
    )
    assert found == {"WrongCredentials": 5, "RateLimited": 95}
    assert len(await audited(empty_stores, "signInFailed")) == 5


async def test_aliases_in_one_document_count_each(empty_stores: Stores) -> None:
    await an_account(empty_stores)
    one = 'signIn(input: {login: "ann", password: "%s", session: TOKENS}) { __typename }'
    fields = [one % WRONG] * 7 + [one % PASSWORD]
    document = "\n".join(f"a{number}: {field}" for number, field in enumerate(fields))
    data = await ask(empty_stores, f"mutation {{ {document} }}")
    found = [field["__typename"] for field in data.values()]
    assert found == ["WrongCredentials"] * 5 + ["RateLimited"] * 3


async def test_failures_end_nobodys_session(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    identity = identity_of(empty_stores)
    context = context_from(empty_stores, identity)
    signed = await sign_in(context, "ann", PASSWORD, SessionKind.COOKIE)
    assert isinstance(signed, SignedIn)
    for _ in range(6):
        await outcome(context_from(empty_stores, identity, "192.0.2.66"), "ann", WRONG)
    keys = [
        key
        async for key in empty_stores.redis.client.scan_iter(empty_stores.redis.key("session", "*"))
    ]
    assert keys
    assert await audited(empty_stores, "signOut") == []
    assert await audited(empty_stores, "signIn") == [("DONE", ann, ann)]


async def test_proving_ones_password_is_limited_too(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    context = context_of(empty_stores, signed_in_as(ann))
    assert (await prove(context, PASSWORD)).user_id == ann
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            await prove(context, WRONG)
    with pytest.raises(RateLimited):
        await prove(context, PASSWORD)


async def test_what_is_no_failure_is_given_back(empty_stores: Stores) -> None:
    context = context_of(empty_stores)
    for _ in range(30):
        with pytest.raises(NotFound):
            async with attempt(context, "somebody"):
                raise NotFound("It is not there.")
    async with attempt(context, "somebody"):
        pass


async def test_one_who_goes_away_has_used_an_attempt(empty_stores: Stores) -> None:
    context = context_of(empty_stores)
    for _ in range(5):
        with pytest.raises(asyncio.CancelledError):
            async with attempt(context, "somebody"):
                raise asyncio.CancelledError
    with pytest.raises(RateLimited):
        async with attempt(context, "somebody"):
            pass


async def test_no_name_or_address_is_kept(empty_stores: Stores) -> None:
    context = context_of(empty_stores)
    await outcome(context, "ann@example.org", WRONG)
    await count_mail(context, "ann@example.org", "reset")
    keys = [
        key
        async for key in empty_stores.redis.client.scan_iter(
            empty_stores.redis.key("attempts", "*")
        )
    ]
    assert len(keys) == 4
    assert not [key for key in keys if "ann" in key]
    for key in keys:
        assert await empty_stores.redis.client.pttl(key) > 0


async def test_redis_down_lets_nobody_try(
    empty_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object, **__: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(empty_stores.redis.client, "eval", down)
    with pytest.raises(StoreUnavailable):
        async with attempt(context_of(empty_stores), "somebody"):
            pytest.fail("it was tried")
