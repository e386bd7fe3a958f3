"""What goes wrong around people: nonsense that is sent, defects of ours, stores that are down."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from tests.e2e import life_in_browser
from tests.e2e.person import Person
from tests.e2e.watched import Watched
from tests.e2e.watched_setup import FAILURES, PUBLIC_URL
from tests.factories.authenticator import Authenticator
from tests.factories.secret_search import Place
from tests.factories.visitor import Answer
from tests.unit.test_secret_input import MARK, NUMBER, inputs, literal, wrong_values

_AT_ONCE = 16
_FORM = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}

Act = Callable[[], Awaitable[Any]]


# --- nonsense -----------------------------------------------------------------------------------


async def sends_nonsense(person: Person) -> None:
    """Send values that do not fit as each argument of each mutation, by variable and by literal."""
    person.learn("nonsense", MARK)
    person.learn("nonsense", str(NUMBER))
    waiting = list(_nonsense())
    while waiting:
        now, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
        await asyncio.gather(*(person.visitor.ask(*one) for one in now))


def _nonsense() -> Iterator[tuple[str, dict[str, Any]]]:
    for mutation, argument, definition in inputs():
        declared = f"mutation ($it: {definition.type})"
        for value in wrong_values(definition):
            if MARK in (*_names(value), value):
                continue  # as a name, which errors repeat; or it fits
            yield f"{declared} {{ {mutation}({argument}: $it) {{ __typename }} }}", {"it": value}
            yield f"mutation {{ {mutation}({argument}: {literal(value)}) {{ __typename }} }}", {}


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _names(one)


async def sends_what_is_no_request(person: Person, url: str) -> None:
    """Send secrets in documents, bodies, addresses and bytes that are none."""
    visitor = person.visitor
    password = json.dumps(person.password)
    right = f'signIn(input: {{login: "x", password: {password}, session: TOKENS}}) {{ __typename }}'
    for document in (
        f"mutation {{ {right}",
        f"mutation {{ {right} {password} }}",
        f"{{ viewer(password: {password}) {{ handle }} }}",
        f"mutation ($p: Int = {password}) {{ {right} }}",
        f'mutation {{ verifyEmail(input: {{token: """{visitor.token}""" """x}}) }}',
    ):
        answer = await visitor.ask(document)
        assert answer.json()["errors"], answer.text
        await visitor.open("/graphql", query=document)
    await visitor.open("/graphql", query=f"mutation {{ {right} }}")
    form = f"login={quote(person.handle)}&password={quote(person.password)}"
    for body in (form, f"{form}&{form}", f"{form}&x=%ff", form * 2000, json.dumps({"p": password})):
        await visitor.send("POST", "/account/sign-in", content=body, headers=_FORM)
        for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", "x/y"):
            headers = {"Content-Type": kind, "GraphQL-Preflight": "1"}
            await visitor.send("POST", "/graphql", content=body, headers=headers)
            await visitor.send("POST", "/account/password", content=body, headers=headers)
    host, _, port = url.rpartition("//")[2].partition(":")
    for bad in ("Content-Length: x", "Transfer-Encoding: x", f"{person.password}", "\0"):
        reader, writer = await asyncio.open_connection(host, int(port))
        head = (
            f"GET /account?token={visitor.token} HTTP/1.1\r\nAuthorization: Bearer {visitor.token}"
        )
        writer.write(f"{head}\r\n{bad}\r\n\r\n".encode())
        said = b""
        with suppress(OSError):  # the server may reset what is no request
            writer.write_eof()
            while more := await reader.read(65_536):
                said += more
        person.house.places.append(Place("answer", f"to {bad[:9]!r}", said))
        writer.close()


async def fails_too_often(stranger: Person) -> None:
    """Guess passwords until one has to wait."""
    for _ in range(FAILURES):
        await stranger.sign_in("WrongCredentials", stranger.house.password("wrong password"))
    await stranger.sign_in("RateLimited", stranger.house.password("wrong password"))
    assert (await life_in_browser.sign_in(stranger)).status == 429


# --- defects ------------------------------------------------------------------------------------


async def meets_defects(ada: Person, ben: Person, cleo: Person) -> None:
    """Use what needs a table that is not there, or takes no rows."""
    house, stranger = ada.house, Person.new(ada.house, "dora_lives")
    app, browser = stranger.visitor, ben.visitor
    new = {"email": stranger.email, "handle": stranger.handle, "displayName": "Dora"}
    new["password"] = stranger.password
    token = {"token": stranger.made_up("mail token")}
    reset = token | {"password": stranger.password}
    login = {"login": cleo.handle, "password": cleo.password}
    tokens: dict[str, Any] = {"input": login | {"session": "TOKENS"}}
    asked = await ada.sign_in("SecondFactorRequired")
    second: dict[str, Any] = {"challenge": asked["challenge"], "code": ada.recovery_code()}
    begun = await app.mutate("startPasskeySignIn")
    options = begun.json()["data"]["startPasskeySignIn"]["options"]
    stranger.learn("passkey challenge", options["challenge"], begun.place)
    key = json.dumps(Authenticator().get(options))
    passkey: dict[str, Any] = {"credential": key, "session": "TOKENS"}
    refresh: dict[str, Any] = {"refreshToken": cleo.refresh}

    defects: dict[tuple[str, bool], list[Act]] = {
        ("accounts", False): [
            lambda: app.mutate("signIn", **tokens),
            lambda: app.mutate("signIn", **tokens, literal=True),
            lambda: app.submit("/account/sign-in", **login),
            lambda: cleo.visitor.mutate("enrolTotp", password=cleo.password, literal=True),
            lambda: cleo.visitor.open("/account/export"),
            lambda: browser.submit("/account/second-factor/enrol", password=ben.password),
        ],
        ("pending_sign_ups", True): [
            lambda: app.mutate("signUp", input=new, literal=True),
            lambda: app.submit("/account/sign-up", **new),
        ],
        ("mail_tokens", False): [
            lambda: app.mutate("verifyEmail", input=token),
            lambda: app.mutate("resetPassword", input=reset, literal=True),
            lambda: app.submit("/account/confirm", **token),
            lambda: app.submit("/account/reset", **reset),
        ],
        ("refresh_tokens", False): [lambda: app.mutate("refreshTokens", **refresh, literal=True)],
        ("refresh_tokens", True): [
            lambda: app.mutate("refreshTokens", **refresh),
            lambda: app.mutate("signIn", **tokens),
        ],
        ("recovery_codes", False): [lambda: app.mutate("completeSignIn", **second, literal=True)],
        ("passkeys", False): [lambda: app.mutate("signInWithPasskey", **passkey, literal=True)],
        ("audit_log", True): [lambda: app.submit("/account/sign-in", **login)],
        ("jobs", True): [lambda: app.mutate("signUp", input=new)],
    }
    for (table, full), acts in defects.items():
        async with house.broken(table, full=full):
            for act in acts:
                _must_be_masked(await act())
    await house.postgres.execute("update accounts set totp_sealed = 'x' where totp_sealed <> 'x'")
    given: dict[str, Any] = {"challenge": asked["challenge"], "code": ada.code()}
    _must_be_masked(await app.mutate("completeSignIn", **given, literal=True))


def _must_be_masked(answer: Answer) -> None:
    page = "Something went wrong on our side" in answer.text
    assert '"INTERNAL"' in answer.text or page, answer.text


# --- trouble ------------------------------------------------------------------------------------


async def meets_trouble(ada: Person, cleo: Person) -> None:
    """Use what needs stores that are down; nobody can tell whether anything is right."""
    app, browser = ada.house.visitor(), ada.house.visitor()
    assert (await life_in_browser.sign_in(replace(cleo, visitor=browser))).status == 303
    for proxy in cleo.house.proxies.values():
        await proxy.die()
    login = {"login": cleo.handle, "password": cleo.password}
    reset = {"token": cleo.made_up("mail token"), "password": cleo.password}
    begun: dict[str, Any] = {"challenge": cleo.made_up("challenge"), "code": ada.recovery_code()}
    answers = [
        await app.mutate("signIn", input=login | {"session": "TOKENS"}),
        await app.mutate("signIn", input=login | {"session": "COOKIE"}, literal=True),
        await app.mutate("resetPassword", input=reset),
        await app.mutate("refreshTokens", refreshToken=cleo.refresh),
        await app.mutate("completeSignIn", **begun, literal=True),
        await app.mutate("startPasskeySignIn"),
        await app.submit("/account/sign-in", **login),
        await app.submit("/account/reset", **reset),
        await browser.open("/account"),
        await browser.submit("/account/second-factor/enrol", password=cleo.password),
        await cleo.visitor.open("/account/export"),
    ]
    for answer in answers:
        assert "SERVICE_UNAVAILABLE" in answer.text or answer.status == 503, answer.text
    await app.open("/health/ready")


async def mistypes_settings(house: Watched) -> None:
    """Start commands with addresses and keys that are wrong."""
    secret = house.password("store password")
    login = f"ann:{quote(secret, safe='')}"
    wrong = {
        "POLYPHONY_POSTGRES_URL": f"postgresql://{login}@127.0.0.1:1/x",
        "POLYPHONY_MONGO_URL": f"mongodb://{login}@127.0.0.1:1/x",
        "POLYPHONY_REDIS_URL": f"redis://{login}@127.0.0.1:1/0",
        "POLYPHONY_PUBLIC_URL": PUBLIC_URL,
    }
    assert "Is it running" in await house.command("doctor", **wrong)
    key = house.secrets.learn("wrong key", secret[:12])
    assert "32 bytes" in await house.command(
        "signing-keys", "list", POLYPHONY_AUTH_KEY_ENCRYPTION_KEY=key
    )
