import json
from datetime import UTC, datetime
from typing import Any

import pytest
from authlib.oidc.core.util import create_half_hash

from auth.id_token import Asked, read_id_token
from auth.jwt import BadToken
from auth.logout_token import Logout, read_logout_token
from tests.factories.id_tokens import (
    ACCESS_TOKEN,
    CLIENT_ID,
    EC,
    EVENT,
    ID_TOKEN,
    ISSUER,
    LOGOUT_TOKEN,
    NONCE,
    NOW_S,
    OKP,
    RSA,
    WEAK,
    hmac_with,
    keys,
    signed,
    signed_text,
    unsigned,
)

NOW = datetime.fromtimestamp(NOW_S, UTC)
ASKED = Asked(ISSUER, CLIENT_ID, NONCE, ACCESS_TOKEN)


def _half(algorithm: str) -> str:
    hashed = create_half_hash(ACCESS_TOKEN, algorithm)
    assert hashed is not None
    return str(hashed.decode())


@pytest.mark.parametrize(
    ("claims", "header", "key"),
    [
        ({}, {}, EC),
        ({}, {"typ": ...}, EC),
        ({}, {"typ": "application/jwt"}, EC),
        ({}, {"kid": ...}, EC),
        ({}, {"alg": "RS256", "kid": "rsa"}, RSA),
        ({}, {"alg": "PS256", "kid": "rsa"}, RSA),
        ({}, {"alg": "EdDSA", "kid": "okp"}, OKP),
        ({}, {"alg": "Ed25519", "kid": "okp"}, OKP),
        ({}, {"x5t": "a member that says nothing to us"}, EC),
        ({"aud": [CLIENT_ID]}, {}, EC),
        ({"azp": CLIENT_ID}, {}, EC),
        ({"at_hash": _half("ES256")}, {}, EC),
        ({"at_hash": _half("EdDSA")}, {"alg": "Ed25519", "kid": "okp"}, OKP),
        ({"iat": NOW_S + 5, "nbf": NOW_S + 5}, {}, EC),
        ({"amr": ["pwd"], "auth_time": NOW_S - 60, "email": "ann@example.org"}, {}, EC),
    ],
)
async def test_a_good_id_token_is_read(
    claims: dict[str, Any], header: dict[str, Any], key: Any
) -> None:
    token = signed(ID_TOKEN, claims, header, key=key)
    assert (await read_id_token(token, keys(), ASKED, NOW))["sub"] == "ann"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"}, {"iss": f"{ISSUER}/"}, {"iss": ...}, {"iss": [ISSUER]},
        {"aud": "another"}, {"aud": ...}, {"aud": []}, {"aud": [CLIENT_ID, "another"]},
        {"aud": [CLIENT_ID, 5]}, {"aud": None}, {"aud": CLIENT_ID.upper()},
        {"azp": "another"}, {"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID},
        {"nonce": "of another attempt"}, {"nonce": ...}, {"nonce": ""}, {"nonce": None},
        {"nonce": [NONCE]},
        {"exp": NOW_S}, {"exp": NOW_S - 1}, {"exp": ...}, {"exp": str(NOW_S + 60)},
        {"exp": NOW_S + 60.5}, {"exp": True}, {"exp": 10**20},
        {"iat": NOW_S + 60}, {"iat": ...}, {"nbf": NOW_S + 60}, {"iat": -1},
        {"sub": ...}, {"sub": ""}, {"sub": 5}, {"sub": "a" * 256}, {"sub": "änn"}, {"sub": "a\nb"},
        {"at_hash": "of another token"}, {"at_hash": 5}, {"amr": "pwd"}, {"auth_time": "now"},
    ],
    ids=str,
)  # fmt: skip
async def test_claims_that_are_not_for_this_attempt_are_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(BadToken):
        await read_id_token(signed(ID_TOKEN, claims), keys(), ASKED, NOW)


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "at+jwt"}, {"typ": "logout+jwt"}, {"typ": "application/at+jwt"}, {"typ": 5},
        {"typ": None}, {"kid": "unknown"}, {"kid": "rsa"}, {"kid": "weak"}, {"kid": 5},
        {"kid": None}, {"kid": "a" * 201}, {"crit": ["exp"]}, {"crit": []}, {"b64": False},
        {"jku": "https://evil.example/keys"}, {"x5u": "https://evil.example/"},
        {"jwk": EC.as_dict(private=False)}, {"x5c": []},
    ],
    ids=range(18),
)  # fmt: skip
async def test_headers_that_lead_elsewhere_are_refused(header: dict[str, Any]) -> None:
    with pytest.raises(BadToken):
        await read_id_token(signed(ID_TOKEN, {}, header), keys(), ASKED, NOW)


def _twice(name: str, value: object) -> str:
    text = json.dumps(ID_TOKEN)
    return f"{text[:-1]}, {json.dumps(name)}: {json.dumps(value)}}}"


@pytest.mark.parametrize(
    "token",
    [
        unsigned(ID_TOKEN),
        unsigned(ID_TOKEN, "ES256"),
        unsigned(ID_TOKEN, "NONE"),
        hmac_with(EC.as_pem(private=False), ID_TOKEN),
        hmac_with(RSA.as_pem(private=False), ID_TOKEN, "rsa"),
        hmac_with(json.dumps(EC.as_dict(private=False)).encode(), ID_TOKEN),
        hmac_with(b"", ID_TOKEN),
        signed(ID_TOKEN, {}, {"alg": "RS256", "kid": "weak"}, key=WEAK),
        signed(ID_TOKEN, {}, {"alg": "RS512", "kid": "rsa"}, key=RSA),
        signed(ID_TOKEN)[:-4] + "AAAA",
        signed(ID_TOKEN) + ".",
        signed(ID_TOKEN) + "=",
        "." * 2,
        "",
        "a" * 9000,
        signed_text('{"alg": "ES256", "kid": "ec", "typ": "JWT"}', _twice("sub", "mallory")),
        signed_text('{"alg": "ES256", "kid": "ec", "typ": "JWT"}', _twice("nonce", NONCE)),
        signed_text('{"alg": "ES256", "kid": "rsa", "kid": "ec"}', json.dumps(ID_TOKEN)),
        signed_text('{"alg": "ES256", "kid": "ec"}', '{"exp": NaN}'),
        signed_text('{"alg": "ES256", "kid": "ec"}', '["ann"]'),
        signed_text('{"alg": "ES256", "kid": "ec"}', "[" * 3000),
        signed(LOGOUT_TOKEN),
    ],
    ids=range(22),
)
async def test_forged_and_malformed_tokens_are_refused(token: str) -> None:
    with pytest.raises(BadToken):
        await read_id_token(token, keys(), ASKED, NOW)


# --- logout tokens ------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", ["logout+jwt", "JWT", ...])
async def test_a_good_logout_token_is_read(type_: Any) -> None:
    token = signed(LOGOUT_TOKEN, {}, {"typ": type_})
    assert await read_logout_token(token, keys(), ISSUER, CLIENT_ID, NOW) == Logout(
        "ann", "their session", "one of a kind", datetime.fromtimestamp(NOW_S + 120, UTC)
    )


@pytest.mark.parametrize(
    ("claims", "found"), [({"sid": ...}, ("ann", None)), ({"sub": ...}, (None, "their session"))]
)
async def test_either_the_person_or_the_session_is_enough(
    claims: dict[str, Any], found: tuple[str | None, str | None]
) -> None:
    token = signed(LOGOUT_TOKEN, claims)
    logout = await read_logout_token(token, keys(), ISSUER, CLIENT_ID, NOW)
    assert (logout.subject, logout.sid) == found


@pytest.mark.parametrize(
    "token",
    [
        signed(LOGOUT_TOKEN, {"iss": "https://evil.example"}),
        signed(LOGOUT_TOKEN, {"aud": "another"}),
        signed(LOGOUT_TOKEN, {"exp": NOW_S}),
        signed(LOGOUT_TOKEN, {"exp": ...}),
        signed(LOGOUT_TOKEN, {"iat": NOW_S + 60}),
        signed(LOGOUT_TOKEN, {"jti": ...}),
        signed(LOGOUT_TOKEN, {"jti": "a" * 256}),
        signed(LOGOUT_TOKEN, {"events": ...}),
        signed(LOGOUT_TOKEN, {"events": {}}),
        signed(LOGOUT_TOKEN, {"events": [EVENT]}),
        signed(LOGOUT_TOKEN, {"events": {EVENT: True}}),
        signed(LOGOUT_TOKEN, {"nonce": NONCE}),
        signed(LOGOUT_TOKEN, {"sub": ..., "sid": ...}),
        signed(LOGOUT_TOKEN, {"sid": 5}),
        signed(LOGOUT_TOKEN, {"sub": 5}),
        signed(LOGOUT_TOKEN, {}, {"typ": "at+jwt"}),
        signed(LOGOUT_TOKEN, {}, {"kid": "unknown"}),
        signed(LOGOUT_TOKEN, {}, {"alg": "RS256", "kid": "weak"}, key=WEAK),
        hmac_with(EC.as_pem(private=False), LOGOUT_TOKEN),
        unsigned(LOGOUT_TOKEN),
        signed(ID_TOKEN),
        "",
    ],
    ids=range(22),
)
async def test_other_logout_tokens_are_refused(token: str) -> None:
    with pytest.raises(BadToken):
        await read_logout_token(token, keys(), ISSUER, CLIENT_ID, NOW)
