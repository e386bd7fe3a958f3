"""The whole life of somebody in a browser, with all that they do wrong."""

import asyncio
import json
import re
import time

from tests.e2e.person import Person
from tests.e2e.watched import DEADLINE_S, PAUSE_S
from tests.factories.authenticator import Authenticator
from tests.factories.visitor import Answer

NEXT = "/account/sessions"


async def begins(ben: Person) -> None:
    """Sign up, follow the link, and sign in."""
    browser = ben.visitor
    who = {"email": ben.email, "handle": ben.handle, "displayName": "Ben"}
    assert (await browser.submit("/account/sign-up", **who, password=ben.weak())).status == 422
    assert (await browser.submit("/account/sign-up", **who, password=ben.password)).status == 303
    token = await ben.house.token_mailed(ben.email)
    # A mail programme that encodes too much makes a page of it that there is not.
    for mark in ("%3F", "%253F"):
        assert (await browser.send("GET", f"/account/confirm{mark}token={token}")).status == 404
    shown = await browser.open("/account/confirm", token=token)
    ben.learn("mail token", token, shown.place)
    bad = ben.made_up("mail token")
    ben.learn("wrong mail token", bad, (await browser.open("/account/confirm", token=bad)).place)
    confirm, wrong = "/account/confirm", ben.house.password("wrong password")
    assert (await browser.submit(confirm, token=bad, password=ben.password)).status == 422
    for password in ("", wrong):
        again = await browser.submit(confirm, token=token, password=password)
        ben.learn("mail token", token, again.place)  # in the form, for the link is good
        assert again.status == 422
    assert (await browser.submit(confirm, token=token, password=ben.password)).status == 303
    assert (await browser.submit(confirm, token=token, password=ben.password)).status == 422
    assert (await sign_in(ben, wrong)).status == 422
    assert (await sign_in(ben)).response.headers["location"] == NEXT


async def sign_in(ben: Person, password: str = "") -> Answer:
    form = {"login": ben.handle, "password": password or ben.password}
    return await ben.visitor.submit("/account/sign-in", **form, next=NEXT)


async def has_a_second_factor(ben: Person) -> None:
    """Enrol an app, and sign in with codes."""
    browser, home = ben.visitor, "/account/second-factor"
    wrong = ben.house.password("wrong password")
    assert (await browser.submit(f"{home}/enrol", password=wrong)).status == 422
    page = await browser.submit(f"{home}/enrol", password=ben.password)
    ben.set_up(_found(r'id="totp-key">(\w+)<', page), page.place)
    assert (await browser.submit(f"{home}/confirm", code=ben.wrong_code())).status == 422
    page = await browser.submit(f"{home}/confirm", code=ben.code())
    ben.take_codes(re.findall(r"<code>([0-9A-Z-]{29})</code>", page.text), page.place)
    assert (await browser.submit(f"{home}/codes", password=wrong)).status == 422
    page = await browser.submit(f"{home}/codes", password=ben.password)
    ben.take_codes(re.findall(r"<code>([0-9A-Z-]{29})</code>", page.text), page.place)

    assert (await browser.submit("/account/sign-out")).status == 303
    step = "/account/sign-in/code"
    for field, code, status in (
        ("code", ben.wrong_code(), 422),
        ("recovery", ben.made_up("recovery code"), 422),
        ("code", ben.code(1), 303),
        ("recovery", ben.recovery_code(), 303),
    ):
        assert (await sign_in(ben)).status == 303
        assert (await browser.open(step)).status == 200
        answer = await browser.submit(step, **{field: code})
        assert answer.status == status, answer.text
    browser.cookies["__Host-challenge"] = ben.made_up("challenge")
    late = await browser.submit(step, recovery=ben.recovery_code())  # which is still good
    assert late.status == 422
    assert (await browser.submit(f"{home}/disable", password=wrong)).status == 422


async def has_a_passkey(ben: Person) -> None:
    """Add a passkey, and sign in with it."""
    browser, device = ben.visitor, Authenticator()
    begun = await browser.submit("/account/passkeys/options", password=ben.password)
    ben.learn("passkey challenge", begun.json()["challenge"], begun.place)
    made = json.dumps(device.create(begun.json()))
    for status in (303, 422):
        form = {"credential": made, "name": "a key"}
        assert (await browser.submit("/account/passkeys/add", **form)).status == status
    assert (await browser.open("/account/passkeys")).status == 200
    await browser.submit("/account/sign-out")
    for status in (303, 422):
        begun = await browser.submit("/account/sign-in/passkey/options")
        ben.learn("passkey challenge", begun.json()["challenge"], begun.place)
        wrong = {} if status == 303 else {"challenge": ben.made_up("challenge")}
        answer = json.dumps(device.get(begun.json(), **wrong))
        assert (
            await browser.submit("/account/sign-in/passkey", credential=answer)
        ).status == status
    assert (await browser.submit("/account/sign-in/passkey", credential=answer[:-9])).status == 400


async def changes_everything(ben: Person) -> None:
    """Change the password, ask for another address, and reset the password."""
    browser, new = ben.visitor, ben.house.password()
    wrong = ben.house.password("wrong password")
    for current, other, status in (
        (wrong, new, 422),
        (ben.password, ben.weak(), 422),
        (ben.password, new, 303),
    ):
        form = {"currentPassword": current, "newPassword": other}
        assert (await browser.submit("/account/password", **form)).status == status
    for password, status in ((wrong, 422), (new, 303)):
        form = {"password": password, "email": "other@example.org"}
        assert (await browser.submit("/account/email", **form)).status == status
    await ben.house.token_mailed("other@example.org")
    assert (await browser.submit("/account/forgot", email=ben.email)).status == 303
    token, ben.password = await ben.house.token_mailed(ben.email), ben.house.password()
    ben.learn("mail token", token, (await browser.open("/account/reset", token=token)).place)
    weak = await browser.submit("/account/reset", token=token, password=ben.weak())
    ben.learn("mail token", token, weak.place)  # the form is shown again, and the link is good
    assert weak.status == 422
    assert (
        await browser.submit("/account/reset", token=token, password=ben.password)
    ).status == 303
    assert (await sign_in(ben)).status == 303
    form = {"recovery": ben.recovery_code()}
    assert (await browser.submit("/account/sign-in/code", **form)).status == 303


async def looks_back(ben: Person) -> Answer:
    """Open all pages of the account, and return the export."""
    for page in (
        "",
        "/sessions",
        "/passkeys",
        "/second-factor",
        "/activity",
        "/email",
        "/password",
    ):
        assert (await ben.visitor.open(f"/account{page}")).status == 200
    assert (await ben.visitor.open("/account/nowhere")).status == 404
    await ben.visitor.send("POST", "/account/sign-in", data={"password": ben.password})
    await ben.visitor.submit("/account/data/delete", password=ben.password)
    await ben.visitor.submit("/account/data/delete", password=ben.handle, sure="yes")
    return await ben.visitor.submit("/account/data/export")


async def is_put_out(ben: Person) -> None:
    """Have an operator disable the account; return when the server knows that the session ended."""
    assert "cannot sign in" in await ben.house.command("users", "disable", ben.handle)
    assert (await sign_in(ben)).status == 422
    deadline = time.monotonic() + DEADLINE_S
    while (await ben.visitor.open("/account")).status != 303:
        assert time.monotonic() < deadline
        await asyncio.sleep(PAUSE_S)


def _found(pattern: str, answer: Answer) -> str:
    match = re.search(pattern, answer.text)
    assert match, answer.text
    return match[1]
