"""An authenticator app: enrolling it, and keeping it."""

import asyncio

import pyotp
import pytest
from sqlalchemy import select

from auth.principal import SessionKind
from datasources.postgres.account_tables import accounts, recovery_codes
from datasources.postgres.second_factors import fetch_second_factors, spend_step
from datasources.records.second_factors import NO_SECOND_FACTOR
from datasources.stores import Stores
from resolvers import second_factor
from resolvers.errors import Forbidden, NotFound, Unauthenticated, WrongCredentials
from resolvers.sessions import SignedIn
from resolvers.sign_in import sign_in
from tests.factories.operations import ask
from tests.factories.second_factors import PASSWORD, House


async def test_an_enrolment_changes_nothing_until_it_is_confirmed(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    enrolment = await second_factor.enrol_totp(house.signed_in(ada), PASSWORD)
    assert enrolment.uri.startswith("otpauth://totp/Polyphony:user1?")
    assert enrolment.secret in enrolment.uri
    assert enrolment.qr_svg.startswith("<svg ")
    found = await fetch_second_factors(empty_stores.postgres, [ada])
    assert found == {ada: NO_SECOND_FACTOR}
    signed = await sign_in(house.context(), "user1", PASSWORD, SessionKind.TOKENS)
    assert isinstance(signed, SignedIn)


async def test_a_confirmed_one_is_asked_for(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    before = house.now
    app, codes = await house.enrol(ada)
    assert len({*codes}) == 10
    (found,) = (await fetch_second_factors(empty_stores.postgres, [ada])).values()
    assert (found.enabled, found.confirmed_at, found.recovery_codes_left) == (True, before, 10)
    challenge = await house.challenge()
    signed = await second_factor.complete_sign_in(house.context(), challenge, app.at(house.now))
    assert signed.user.id == ada
    assert signed.tokens
    actions = await house.audited()
    assert [action for action, _, _ in actions] == ["enrolTotp", "confirmTotp", "signIn"]
    assert actions[-1][2]["how"] == ["password", "totp"]
    (mail,) = await house.mails()
    assert mail["template"] == "SECOND_FACTOR_CHANGED"
    assert mail["user_id"] == str(ada)


async def test_stores_hold_no_secret_in_the_clear(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    app, codes = await house.enrol(ada)
    (account,) = await empty_stores.postgres.read(select(accounts))
    assert app.byte_secret() not in account.totp_sealed
    assert house.identity.vault.open(account.totp_sealed, f"totp:{ada}") == app.byte_secret()
    kept = {row.hash for row in await empty_stores.postgres.read(select(recovery_codes))}
    assert len(kept) == 10
    assert {len(hash_) for hash_ in kept} == {32}
    written = str(await house.audited()) + str(await house.mails())
    assert not [code for code in [*codes, app.secret] if code in written]


async def test_another_account_cannot_open_the_sealed_secret(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada, bob = await house.person(1), await house.person(2)
    app, _ = await house.enrol(ada)
    await house.enrol(bob)
    (ada_row,) = await empty_stores.postgres.read(select(accounts).where(accounts.c.user_id == ada))
    async with empty_stores.postgres.transaction() as connection:
        swapped = accounts.update().where(accounts.c.user_id == bob)
        await connection.execute(swapped.values(totp_sealed=ada_row.totp_sealed))
    challenge = await house.challenge(2)
    with pytest.raises(Exception, match="totp"):
        await second_factor.complete_sign_in(house.context(), challenge, app.at(house.now))


async def test_a_wrong_code_confirms_nothing(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    await second_factor.enrol_totp(house.signed_in(ada), PASSWORD)
    for wrong in ("000000", "", "abcdef", "0000-0000-0000-0000-0000-0000"):
        with pytest.raises(WrongCredentials):
            await second_factor.confirm_totp(house.signed_in(ada), wrong)
    assert await fetch_second_factors(empty_stores.postgres, [ada]) == {ada: NO_SECOND_FACTOR}
    assert await house.mails() == []


async def test_the_last_enrolment_counts(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    first = await second_factor.enrol_totp(house.signed_in(ada), PASSWORD)
    await second_factor.enrol_totp(house.signed_in(ada), PASSWORD)
    code = pyotp.TOTP(first.secret).at(house.now)
    with pytest.raises(WrongCredentials):
        await second_factor.confirm_totp(house.signed_in(ada), code)


async def test_an_active_one_is_not_replaced(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    app, _ = await house.enrol(ada)
    with pytest.raises(Forbidden):
        await second_factor.enrol_totp(house.signed_in(ada), PASSWORD)
    with pytest.raises(NotFound):
        await second_factor.confirm_totp(house.signed_in(ada), app.at(house.now))
    challenge = await house.challenge()
    await second_factor.complete_sign_in(house.context(), challenge, app.at(house.now))


async def test_changes_ask_for_the_password(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    await house.enrol(ada)
    for use_case in (
        second_factor.enrol_totp,
        second_factor.disable_totp,
        second_factor.replace_recovery_codes,
    ):
        with pytest.raises(WrongCredentials):
            await use_case(house.signed_in(ada), "not the password")
        with pytest.raises(Unauthenticated):
            await use_case(house.context(), PASSWORD)
    (found,) = (await fetch_second_factors(empty_stores.postgres, [ada])).values()
    assert (found.enabled, found.recovery_codes_left) == (True, 10)


async def test_without_a_password_one_signs_in_again(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person(password=None)
    with pytest.raises(Unauthenticated):
        await second_factor.enrol_totp(house.signed_in(ada, seconds_ago=3600), None)
    assert await second_factor.enrol_totp(house.signed_in(ada, seconds_ago=60), None)


async def test_a_disabled_one_is_not_asked_for(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    _, codes = await house.enrol(ada)
    challenge = await house.challenge()
    await second_factor.disable_totp(house.signed_in(ada), PASSWORD)
    signed = await sign_in(house.context(), "user1", PASSWORD, SessionKind.TOKENS)
    assert isinstance(signed, SignedIn)
    with pytest.raises(WrongCredentials):
        await second_factor.complete_sign_in(house.context(), challenge, codes[0])
    await second_factor.disable_totp(house.signed_in(ada), PASSWORD)  # nothing is left to do
    changes = [mail["change"] for mail in await house.mails()]
    assert changes == ["The second factor was switched on.", "The second factor was switched off."]
    actions = [action for action, _, _ in await house.audited()]
    assert actions.count("disableTotp") == 1
    app, _ = await house.enrol(ada)  # at once, with a code of the same half minute
    await second_factor.complete_sign_in(
        house.context(), await house.challenge(), app.at(house.now)
    )


async def test_new_recovery_codes_void_the_old(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    with pytest.raises(NotFound):
        await second_factor.replace_recovery_codes(house.signed_in(ada), PASSWORD)
    _, old = await house.enrol(ada)
    replaced = await second_factor.replace_recovery_codes(house.signed_in(ada), PASSWORD)
    assert replaced.second_factor.recovery_codes_left == 10
    challenge = await house.challenge()
    with pytest.raises(WrongCredentials):
        await second_factor.complete_sign_in(house.context(), challenge, old[0])
    await second_factor.complete_sign_in(house.context(), challenge, replaced.recovery_codes[0])


async def test_a_step_is_spent_once_whoever_has_looked_before(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    await house.enrol(ada)
    step = int(house.now.timestamp()) // 30

    async def spend(step: int) -> bool:
        async with empty_stores.postgres.transaction() as connection:
            return await spend_step(connection, ada, step)

    assert sorted(await asyncio.gather(*(spend(step) for _ in range(4)))) == [False] * 3 + [True]
    assert not await spend(step - 1)
    assert await spend(step + 1)


async def test_the_owner_sees_it_in_the_graph(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    query = """
        { user(handle: "user1") { account {
            secondFactor { enabled confirmedAt recoveryCodesLeft } passkeys { id }
        } } }
    """
    principal = house.signed_in(ada).principal
    before = await ask(empty_stores, query, principal=principal)
    assert before["user"]["account"] == {
        "secondFactor": {"enabled": False, "confirmedAt": None, "recoveryCodesLeft": 0},
        "passkeys": [],
    }
    confirmed_at = house.now
    await house.enrol(ada)
    after = await ask(empty_stores, query, principal=principal)
    assert after["user"]["account"]["secondFactor"] == {
        "enabled": True,
        "confirmedAt": confirmed_at.isoformat(),
        "recoveryCodesLeft": 10,
    }


async def test_results_do_not_show_their_secrets_in_logs(empty_stores: Stores) -> None:
    house = House.of(empty_stores)
    ada = await house.person()
    enrolment = await second_factor.enrol_totp(house.signed_in(ada), PASSWORD)
    code = pyotp.TOTP(enrolment.secret).at(house.now)
    confirmed = await second_factor.confirm_totp(house.signed_in(ada), code)
    replaced = await second_factor.replace_recovery_codes(house.signed_in(ada), PASSWORD)
    required = second_factor.SecondFactorRequired(await house.challenge(), 300)
    shown = repr([enrolment, confirmed, replaced, required])
    secrets = [enrolment.secret, required.challenge]
    assert not [
        secret
        for secret in [*secrets, *confirmed.recovery_codes, *replaced.recovery_codes]
        if secret in shown
    ]
