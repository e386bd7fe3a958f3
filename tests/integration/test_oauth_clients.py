"""How apps show who they are, and what happens where they cannot."""

import base64
import hmac
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock
from urllib.parse import quote
from uuid import uuid4

import httpx2
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey

from auth.outgoing import Outgoing, OutgoingError
from datasources.records.apps import AppAuthentication
from datasources.stores import Stores
from resolvers.errors import InvalidInput
from tests.factories.apps import PUBLIC, VALUES, App, an_app, as_app
from tests.factories.http import BASE
from tests.factories.oauth_world import World, a_world, code_of
from tests.factories.operations import identity_of

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEY = ECKey.generate_key("P-256", {"kid": "k1"}, private=True)
OTHER = ECKey.generate_key("P-256", {"kid": "k1"}, private=True)
KEYS = {"keys": [KEY.as_dict(private=False)]}
SIGNED = replace(VALUES, authentication=AppAuthentication.PRIVATE_KEY_JWT, jwks=KEYS)
OWN = {"grant_type": "client_credentials"}


@pytest.fixture
async def world(empty_stores: Stores) -> AsyncIterator[World]:
    async with a_world(empty_stores) as made:
        made.browser.cookies.clear()
        yield made


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def assertion(
    app: App,
    key: Any = KEY,
    header: Mapping[str, object] | None = None,
    **changes: object,
) -> dict[str, str]:
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": app.id, "sub": app.id, "aud": BASE, "jti": str(uuid4()), "iat": now,
        "exp": now + 60,
    }  # fmt: skip
    said = {name: one for name, one in {**claims, **changes}.items() if one is not None}
    text = jwt.encode(
        {"alg": "ES256", "kid": "k1", **(header or {})}, said, key, ["ES256", "HS256"]
    )
    return {"client_assertion_type": TYPE, "client_assertion": text}


def by_hmac(sent: Mapping[str, str], key: ECKey) -> str:
    """Return an assertion signed with the text of a public key, as if that were a secret."""
    claims = sent["client_assertion"].split(".")[1]
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"k1"}').rstrip(b"=").decode()
    signed = f"{header}.{claims}"
    digest = hmac.digest(key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


async def own(world: World, form: Mapping[str, str], **headers: str) -> httpx2.Response:
    """Ask for a token of the app itself."""
    return await as_app(world.browser, "/oauth/token", {**OWN, **form}, **headers)


async def test_a_secret_comes_in_a_header_or_in_the_form(world: World) -> None:
    app = world.app
    encoded = basic(quote(app.id, safe=""), quote(app.secret, safe=""))
    assert (await own(world, {}, Authorization=encoded)).status_code == 200
    assert (await own(world, app.proof)).status_code == 200


async def test_no_other_proof_lets_an_app_in(world: World) -> None:
    app, public = world.app, await an_app(world.stores, world.identity, world.bob, PUBLIC)
    wrong: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"client_id": app.id}, {}),
        ({"client_id": app.id, "client_secret": "as_wrong"}, {}),
        ({"client_id": app.id, **assertion(app)}, {}),
        ({"client_id": public.id, "client_secret": app.secret}, {}),
        ({"client_id": "x"}, {}),
        ({}, {}),
        ({}, {"Authorization": basic(app.id, "wrong")}),
        ({}, {"Authorization": "Basic !!!"}),
        ({}, {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:x").decode()}),
        ({}, {"Authorization": f"Bearer {app.secret}"}),
        ({"client_id": public.id}, {"Authorization": basic(app.id, app.secret)}),
    ]
    for form, headers in wrong:
        answer = await own(world, form, **headers)
        assert (answer.status_code, code_of(answer)) == (401, "invalid_client"), (form, headers)
        assert answer.headers["cache-control"] == "no-store"
    twice = await own(world, app.proof, Authorization=basic(app.id, app.secret))
    assert code_of(twice) == "invalid_request"


async def test_an_app_without_a_secret_never_acts_for_itself(world: World) -> None:
    public = await an_app(world.stores, world.identity, world.bob, PUBLIC)
    answer = await own(world, {"client_id": public.id})
    assert code_of(answer) == "unauthorized_client"


async def test_an_app_signs_with_its_key(world: World) -> None:
    app = await an_app(world.stores, world.identity, world.bob, SIGNED)
    sent = assertion(app)
    assert (await own(world, sent)).status_code == 200
    again = await own(world, sent)
    assert code_of(again) == "invalid_client"  # once is all that an assertion is good for
    endpoint = assertion(app, aud=[f"{BASE}/oauth/token"])
    assert (await own(world, endpoint)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "header"),
    [
        ({"aud": "https://other.example"}, {}),
        ({"iss": "somebody"}, {}),
        ({"exp": 1}, {}),
        ({"exp": 4_000_000_000}, {}),
        ({"exp": None}, {}),
        ({"iat": 4_000_000_000}, {}),
        ({"jti": None}, {}),
        ({}, {"kid": "k2"}),
        ({}, {"typ": "at+jwt"}),
        ({}, {"jku": "https://evil.example/keys"}),
        ({}, {"jwk": KEY.as_dict(private=False)}),
    ],
)
async def test_a_bad_assertion_is_refused(
    world: World, changes: dict[str, object], header: dict[str, object]
) -> None:
    app = await an_app(world.stores, world.identity, world.bob, SIGNED)
    answer = await own(world, assertion(app, header=header, **changes))
    assert (answer.status_code, code_of(answer)) == (401, "invalid_client")


async def test_another_key_a_shared_secret_or_none_signs_nothing(world: World) -> None:
    app = await an_app(world.stores, world.identity, world.bob, SIGNED)
    unsigned = assertion(app)["client_assertion"].split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"k1"}').rstrip(b"=").decode()
    for sent in (
        assertion(app, OTHER),
        {"client_assertion_type": TYPE, "client_assertion": by_hmac(assertion(app), KEY)},
        {"client_assertion_type": TYPE, "client_assertion": f"{none}.{unsigned[1]}."},
        {"client_assertion_type": TYPE, "client_assertion": "x.y.z"},
        {"client_assertion_type": TYPE, "client_assertion": "x"},
    ):
        answer = await own(world, sent)
        assert (answer.status_code, code_of(answer)) == (401, "invalid_client")


async def test_a_claim_that_stands_there_twice_is_refused(world: World) -> None:
    app = await an_app(world.stores, world.identity, world.bob, SIGNED)
    now = int(datetime.now(UTC).timestamp())
    claims = (
        f'{{"iss":"{app.id}","sub":"{app.id}","aud":"https://other.example","aud":"{BASE}",'
        f'"jti":"j","iat":{now},"exp":{now + 60}}}'
    )
    text = jws.serialize_compact({"alg": "ES256", "kid": "k1"}, claims, KEY, algorithms=["ES256"])
    sent = {"client_assertion_type": TYPE, "client_assertion": text}
    assert code_of(await own(world, sent)) == "invalid_client"


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
async def test_weak_or_private_keys_are_not_registered(world: World) -> None:
    weak = RSAKey.generate_key(1024, {"kid": "k"}, private=True)
    wrong: tuple[dict[str, Any], ...] = (
        {"keys": [weak.as_dict(private=False)]},
        {"keys": [KEY.as_dict(private=True)]},
        {"keys": [KEY.as_dict(private=False), OTHER.as_dict(private=False)]},  # of one name
        {"keys": [{"kty": "oct", "kid": "k", "k": "AAAA"}]},
        {"keys": []},
        {},
    )
    for keys in wrong:
        with pytest.raises(InvalidInput) as refused:
            await an_app(world.stores, world.identity, world.bob, replace(SIGNED, jwks=keys))
        assert refused.value.path == ("input", "jwks")


@pytest.mark.parametrize(
    "uri",
    [
        "http://keys.example/jwks",
        "https://user@keys.example/jwks",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_",
        "https://keys.example/jwks#part",
    ],
)
async def test_keys_are_not_registered_at_odd_addresses(world: World, uri: str) -> None:
    values = replace(SIGNED, jwks=None, jwks_uri=uri)
    with pytest.raises(InvalidInput):
        await an_app(world.stores, world.identity, world.bob, values)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "2130706433:1", "0x7f.1:1", "localhost:1",
     "169.254.169.254", "10.0.0.1", "[fd00::1]"],
)  # fmt: skip
async def test_nobody_sends_us_to_our_own_network(
    empty_stores: Stores, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = AsyncMock(side_effect=OutgoingError("was sent"))
    monkeypatch.setattr(Outgoing, "_sent_to", sent)
    identity = replace(identity_of(empty_stores), outgoing=Outgoing())
    async with a_world(empty_stores, identity) as world:
        values = replace(SIGNED, jwks=None, jwks_uri=f"https://{host}/keys")
        app = await an_app(world.stores, world.identity, world.bob, values)
        answer = await own(world, assertion(app))
        # The same answer as for any wrong proof: nothing is learnt of who is there.
        assert (answer.status_code, answer.json()) == (
            401, (await own(world, {"client_id": "x"})).json(),
        )  # fmt: skip
    sent.assert_not_called()


async def test_introspection_and_revocation_are_for_the_apps_own_tokens(world: World) -> None:
    other = await an_app(world.stores, world.identity, world.bob, replace(VALUES, name="Other"))
    mine = (await own(world, world.app.proof)).json()["access_token"]
    for app, active in ((world.app, True), (other, False)):
        form = {"token": mine, **app.proof}
        answer = await as_app(world.browser, "/oauth/introspect", form)
        assert answer.json()["active"] is active
        assert active or answer.json() == {"active": False}
    nobody = await as_app(world.browser, "/oauth/introspect", {"token": mine})
    assert nobody.status_code == 401
    public = await an_app(world.stores, world.identity, world.bob, PUBLIC)
    anybody = await as_app(world.browser, "/oauth/introspect", {"token": mine, **public.proof})
    assert code_of(anybody) == "unauthorized_client"
    unknown = await as_app(world.browser, "/oauth/revoke", {"token": "x", **world.app.proof})
    assert unknown.status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password", "username": "ann", "password": "x"},
        {"grant_type": "implicit"},
        {"grant_type": 'x"y\\z'},
        {"grant_type": "authorization_code"},
        {"grant_type": "refresh_token"},
        {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "x"},
        {},
    ],
)
async def test_no_other_grant_is_known(world: World, form: dict[str, str]) -> None:
    answer = await as_app(world.browser, "/oauth/token", {**form, **world.app.proof})
    assert answer.status_code == 400
    assert "access_token" not in answer.text


async def test_the_body_is_a_form_of_a_reasonable_size(world: World) -> None:
    json = await world.browser.post("/oauth/token", json={**OWN, **world.app.proof})
    assert (json.status_code, code_of(json)) == (415, "invalid_request")
    large = await own(world, {**world.app.proof, "x": "y" * 70_000})
    assert large.status_code == 413
    in_address = await world.browser.post("/oauth/token", params={**OWN, **world.app.proof})
    assert in_address.status_code >= 400
    assert (await world.browser.get("/oauth/token")).status_code == 405
