"""Tokens of services: good ones, forged ones, and issuers that are down (RFC 9068, RFC 8725)."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from auth.jwt import BadToken
from auth.principal import Principal, PrincipalKind
from auth.scopes import Scope
from auth.services import Services
from datasources.errors import StoreUnavailable
from gateway.settings import Settings
from tests.factories.jwts import b64
from tests.factories.service_tokens import (
    AUDIENCE,
    FIRST,
    ISSUER,
    SECOND,
    SETTINGS,
    Wire,
    claims_at,
    public,
    services,
    token_of,
    unsigned,
    with_hmac,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
UNKNOWN = 1000


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def house(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Services:
    return services(wire, monkeypatch)


async def read(house: Services, token: str) -> Principal | None:
    return await house.principal(token, AUDIENCE, NOW)


@pytest.mark.parametrize("kid", ["rsa", "ec", "okp"])
async def test_each_key_of_each_set_verifies(house: Services, kid: str) -> None:
    assert await read(house, token_of(kid, claims_at(NOW))) == Principal(
        PrincipalKind.SERVICE, scopes=frozenset({Scope.CATALOG_READ}), service="billing"
    )


async def test_the_old_name_of_ed25519_is_taken(house: Services) -> None:
    assert await read(house, token_of("okp", claims_at(NOW), {"alg": "EdDSA"}))


@pytest.mark.parametrize(
    ("client", "scope", "scopes"),
    [
        ("billing-1", "admin catalog:read", {Scope.ADMIN, Scope.CATALOG_READ}),
        ("billing-1", "", set()),
        ("billing-1", ..., set()),
        ("mobile-1", "admin catalog:read everything", {Scope.CATALOG_READ}),
    ],
)
async def test_scopes_are_those_of_the_token_that_are_configured(
    house: Services, client: str, scope: object, scopes: set[Scope]
) -> None:
    claims = claims_at(NOW, client_id=client, scope=scope)
    principal = await read(house, token_of("ec", claims))
    assert principal is not None
    assert principal.scopes == scopes
    assert principal.user_id is None


async def test_keys_are_fetched_once(house: Services, wire: Wire) -> None:
    for _ in range(50):
        assert await read(house, token_of("ec", claims_at(NOW)))
    assert wire.fetched == {FIRST: 1, SECOND: 1}


async def test_unknown_names_cost_two_fetches_in_a_minute(house: Services, wire: Wire) -> None:
    for number in range(UNKNOWN):
        with pytest.raises(BadToken, match="kid"):
            await read(house, token_of("ec", claims_at(NOW), {"kid": f"unknown-{number}"}))
    assert wire.fetched == {FIRST: 2, SECOND: 2}
    assert await read(house, token_of("ec", claims_at(NOW)))


async def test_a_new_key_is_found(house: Services, wire: Wire) -> None:
    wire.answers[SECOND] = {"keys": []}
    assert await read(house, token_of("rsa", claims_at(NOW)))
    wire.answers[SECOND] = {"keys": [public("ec")]}
    assert await read(house, token_of("ec", claims_at(NOW)))


async def test_a_set_that_is_down_leaves_the_others(house: Services, wire: Wire) -> None:
    del wire.answers[SECOND]
    assert await read(house, token_of("rsa", claims_at(NOW)))
    with pytest.raises(BadToken, match="kid"):
        await read(house, token_of("ec", claims_at(NOW)))


async def test_a_set_that_goes_down_is_remembered(house: Services, wire: Wire) -> None:
    assert await read(house, token_of("ec", claims_at(NOW)))
    del wire.answers[SECOND]
    with pytest.raises(BadToken, match="kid"):
        await read(house, token_of("ec", claims_at(NOW), {"kid": "new"}))
    assert await read(house, token_of("ec", claims_at(NOW)))


@pytest.mark.parametrize("answer", [None, [], {}, {"keys": {}}, "keys", {"keys": None}])
async def test_an_issuer_that_does_not_answer_is_no_judgement(
    house: Services, wire: Wire, answer: object
) -> None:
    wire.answers = {} if answer is None else {FIRST: answer, SECOND: answer}
    with pytest.raises(StoreUnavailable, match="house"):
        await read(house, token_of("ec", claims_at(NOW)))


def _forged() -> list[tuple[str, str]]:
    second = int(NOW.timestamp())
    good = claims_at(NOW)
    doubled = json.dumps(good)[:-1] + ', "client_id": "mobile-1"}'
    claims: list[tuple[str, dict[str, Any]]] = [
        ("aud", {"aud": "https://other.example"}),
        ("aud", {"aud": ...}),
        ("exp", {"exp": second}),
        ("exp", {"exp": ...}),
        ("exp", {"exp": True}),
        ("iat", {"iat": second + 60}),
        ("nbf", {"nbf": second + 60}),
        ("sub", {"sub": ...}),
        ("jti", {"jti": ...}),
        ("client_id", {"client_id": ...}),
        ("client_id", {"client_id": "somebody-else"}),
        ("client_id", {"client_id": ["billing-1"]}),
        ("scope", {"scope": ["catalog:read"]}),
    ]
    headers: list[tuple[str, dict[str, Any]]] = [
        ("typ", {"typ": "JWT"}),  # an ID token
        ("typ", {"typ": ...}),
        ("kid", {"kid": "ec"}),  # of another kind of key
        ("header", {"jku": f"{ISSUER}/mine.json"}),
        ("header", {"jwk": public("rsa")}),
        ("header", {"x5u": f"{ISSUER}/mine.pem"}),
        ("header", {"crit": []}),
        ("alg", {"alg": "PS256"}),
        ("alg", {"alg": "RS512"}),
    ]
    return [
        *((why, token_of("rsa", claims_at(NOW, **one))) for why, one in claims),
        *((why, token_of("rsa", good, one)) for why, one in headers),
        ("alg", with_hmac(good)),
        ("form", unsigned(good)),
        ("kid", token_of("weak", good)),
        ("json", token_of("rsa", doubled)),
        ("signature", token_of("rsa", good).rpartition(".")[0] + "." + b64(b"x" * 256)),
    ]


@pytest.mark.parametrize(("why", "token"), _forged())
async def test_forged_and_careless_tokens(house: Services, why: str, token: str) -> None:
    # One whose claims cannot be read is nobody's: it is refused as a token of ours.
    if why == "json":
        assert await read(house, token) is None
        return
    with pytest.raises(BadToken, match=why):
        await read(house, token)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "x" * 9000, "é.é.é", "pk_dev_x"])
async def test_what_is_no_token_is_nobodys(house: Services, wire: Wire, token: str) -> None:
    assert await read(house, token) is None
    assert await read(house, token_of("ec", claims_at(NOW, iss="https://music.example"))) is None
    assert await read(house, token_of("ec", claims_at(NOW, iss=[ISSUER]))) is None
    assert wire.fetched == {}


async def test_an_audience_of_its_own(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    house = services(wire, monkeypatch, audience="music-api")
    assert await read(house, token_of("ec", claims_at(NOW, aud=["x", "music-api"])))
    with pytest.raises(BadToken, match="aud"):
        await read(house, token_of("ec", claims_at(NOW)))


# --- settings -----------------------------------------------------------------------------------


def test_settings_are_json_or_a_file_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = json.dumps({"house": SETTINGS})
    file = tmp_path / "services.json"
    file.write_text(text)
    for value in (text, str(file)):
        monkeypatch.setenv("POLYPHONY_SERVICES", value)
        found = Settings(_env_file=None).services["house"]
        assert found.services["billing-1"].scopes == {Scope.CATALOG_READ, Scope.ADMIN}
    monkeypatch.setenv("POLYPHONY_SERVICES", "")
    assert not Settings(_env_file=None).services


@pytest.mark.parametrize(
    "wrong",
    [
        {"jwks": []},
        {"jwks": ["http://id.services.example/keys"]},
        {"jwks": ["https://user:password@id.example/keys"]},
        {"jwks": ["file:///etc/passwd"]},
        {"services": {}},
        {"services": {"a": {"name": "a", "scopes": ["everything"]}}},
        {"surprise": 1},
    ],
)
def test_wrong_settings(monkeypatch: pytest.MonkeyPatch, wrong: dict[str, object]) -> None:
    monkeypatch.setenv("POLYPHONY_SERVICES", json.dumps({"house": SETTINGS | wrong}))
    with pytest.raises(ValidationError):
        Settings(_env_file=None)


@pytest.mark.parametrize("text", ["[]", "{", '{"a": 1, "a": 2}', "/nowhere/services.json"])
def test_settings_that_are_no_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("POLYPHONY_SERVICES", text)
    with pytest.raises(ValidationError):
        Settings(_env_file=None)


def test_two_entries_of_one_issuer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYPHONY_SERVICES", json.dumps({"a": SETTINGS, "b": SETTINGS}))
    with pytest.raises(ValidationError, match="one issuer"):
        Settings(_env_file=None)
