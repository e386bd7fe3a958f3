"""Attacks on access tokens: RFC 8725, RFC 9068 and OWASP ASVS 5 (V9, self-contained tokens)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey

from auth.identity import Identity
from auth.jwt import MAX_CHARS, BadToken
from auth.keyring import KeyRing
from auth.principal import PrincipalKind, SessionKind
from auth.scopes import Scope
from auth.tokens import access_token, principal_of_token
from auth.vault import Vault
from datasources.errors import StoreUnavailable
from datasources.records.accounts import Role
from datasources.records.tokens import SigningKeyRecord
from datasources.stores import Stores
from tests.factories.jwts import (
    CLAIMS,
    FAMILY,
    HEADER,
    KEY,
    KID,
    NOW_S,
    USER,
    b64,
    hmac_with_public_key,
    rsa_signed,
    signed,
    signed_text,
    unsigned,
)
from tests.factories.operations import identity_of

NOW = datetime.fromtimestamp(NOW_S, UTC)
NO_STORES: Any = Stores(*[None] * 3)  # type: ignore[arg-type]  # nothing that could be asked


def key_record(
    kid: str = KID, *, active_from: datetime = NOW, expires_at: datetime | None = None
) -> SigningKeyRecord:
    public = {name: str(value) for name, value in KEY.as_dict(private=False).items()}
    private = json.dumps(KEY.as_dict(private=True)).encode()
    sealed = Vault([b"k" * 32]).seal(private, f"signing-key:{kid}")
    return SigningKeyRecord(kid, "ES256", public, sealed, NOW, active_from, expires_at)


@pytest.fixture
def identity() -> Identity:
    """An identity with one key, and nothing revoked; its stores are none."""
    identity = identity_of(NO_STORES)
    identity.keys._take([key_record()])
    identity.keys._unknown_at = [identity.keys._clock()] * 2  # it may not look for others now
    identity.revocations.loaded = True
    return identity


async def refused(identity: Identity, token: str, now: datetime = NOW) -> str:
    with pytest.raises(BadToken) as caught:
        await principal_of_token(identity, NO_STORES.postgres, token, now)
    return str(caught.value)


async def test_a_good_token_stands_for_its_person(identity: Identity) -> None:
    principal = await principal_of_token(identity, NO_STORES.postgres, signed(), NOW)
    assert principal.kind is PrincipalKind.USER
    assert principal.user_id == USER
    assert principal.role is Role.LISTENER
    assert principal.scopes == {Scope.ACCOUNT_MANAGE, Scope.CATALOG_READ}
    assert principal.session is not None
    assert principal.session.kind is SessionKind.TOKENS
    assert principal.session.id == str(FAMILY)
    assert principal.authenticated_at == NOW - timedelta(seconds=10)


async def test_what_we_issue_is_what_we_take(identity: Identity) -> None:
    identity.keys._take([replace(key_record(KEY.thumbprint()), kid=KEY.thumbprint())])
    token = await access_token(identity, USER, Role.ADMIN, FAMILY, NOW, NOW)
    principal = await principal_of_token(identity, NO_STORES.postgres, token, NOW)
    assert (principal.user_id, principal.role) == (USER, Role.ADMIN)
    assert principal.scopes == frozenset(Scope)
    assert len(token) < MAX_CHARS / 4


# --- the signature ------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
async def test_alg_none_is_refused(identity: Identity, algorithm: str) -> None:
    assert await refused(identity, unsigned(algorithm))
    assert await refused(identity, unsigned(algorithm) + b64(b"\0" * 64))


async def test_a_public_key_as_hmac_secret_is_refused(identity: Identity) -> None:
    assert await refused(identity, hmac_with_public_key()) == "alg"


async def test_another_algorithm_than_ours_is_refused(identity: Identity) -> None:
    assert await refused(identity, rsa_signed()) == "alg"


async def test_another_key_of_the_same_name_is_refused(identity: Identity) -> None:
    stranger = ECKey.generate_key("P-256", private=True)
    assert await refused(identity, signed(key=stranger)) == "signature"


async def test_a_changed_claim_is_refused(identity: Identity) -> None:
    header, _, signature = signed().split(".")
    claims = b64(json.dumps({**CLAIMS, "roles": ["ADMIN"]}).encode())
    assert await refused(identity, f"{header}.{claims}.{signature}") == "signature"


async def test_an_all_zero_signature_is_refused(identity: Identity) -> None:
    """The "psychic" signature that verifies anything where r and s are not checked."""
    body = signed().rpartition(".")[0]
    assert await refused(identity, f"{body}.{b64(bytes(64))}") == "signature"


@pytest.mark.parametrize("size", [0, 1, 63, 65, 128])
async def test_a_signature_of_another_length_is_refused(identity: Identity, size: int) -> None:
    body = signed().rpartition(".")[0]
    assert await refused(identity, f"{body}.{b64(bytes(size))}")


async def test_a_signature_written_another_way_is_refused(identity: Identity) -> None:
    token = signed()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place = alphabet.index(token[-1])
    twin = token[:-1] + alphabet[place ^ 1]  # the last bits of 64 bytes stand for nothing
    assert await refused(identity, twin)
    assert await refused(identity, token + "==")


# --- the header ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "member",
    [
        {"jku": "https://attacker.example/jwks.json"},
        {"x5u": "https://attacker.example/cert.pem"},
        {"jwk": KEY.as_dict(private=False)},
        {"x5c": ["MIIB"]},
        {"b64": False},
        {"crit": []},
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
    ],
    ids="-".join,
)
async def test_a_header_that_brings_its_own_key_or_meaning_is_refused(
    identity: Identity, member: dict[str, Any]
) -> None:
    assert await refused(identity, signed(member)) == "header"


@pytest.mark.parametrize("type_", ["JWT", "jwt", "id_token+jwt", "logout+jwt", "", None, 5, ...])
async def test_a_token_of_another_type_is_refused(identity: Identity, type_: object) -> None:
    assert await refused(identity, signed({"typ": type_})) == "typ"


@pytest.mark.parametrize("type_", ["at+jwt", "AT+JWT", "application/at+jwt"])
async def test_the_type_is_compared_as_media_types_are(identity: Identity, type_: str) -> None:
    assert await principal_of_token(identity, NO_STORES.postgres, signed({"typ": type_}), NOW)


@pytest.mark.parametrize("kid", ["", "x" * 300, 5, None, ["test-key"], {}, ...])
async def test_a_key_name_that_is_none_is_refused(identity: Identity, kid: object) -> None:
    assert await refused(identity, signed({"kid": kid}))


@pytest.mark.parametrize(
    "kid", ["other", "../../dev/null", "x' union select 'y", "\0", "test-key\0", "TEST-KEY"]
)
async def test_an_unknown_key_is_refused(identity: Identity, kid: str) -> None:
    assert await refused(identity, signed({"kid": kid})) == "kid"


async def test_a_key_that_has_ended_verifies_nothing(identity: Identity) -> None:
    identity.keys._take([key_record(expires_at=NOW)])
    assert await refused(identity, signed()) == "kid"


async def test_duplicate_members_of_the_header_are_refused(identity: Identity) -> None:
    text = json.dumps(HEADER)[:-1] + ', "alg": "ES256"}'
    assert await refused(identity, signed_text(text, json.dumps(CLAIMS))) == "json"


# --- the claims ---------------------------------------------------------------------------------

REQUIRED = (
    "iss",
    "aud",
    "sub",
    "client_id",
    "iat",
    "exp",
    "jti",
    "sid",
    "roles",
    "scope",
    "auth_time",
)


@pytest.mark.parametrize("name", REQUIRED)
async def test_a_missing_claim_is_refused(identity: Identity, name: str) -> None:
    assert await refused(identity, signed(claims={name: ...})) == name


WRONG_VALUES: tuple[object, ...] = (None, True, [], {}, 1.5, -1, "", [None], 10**30, "1800000890")
TEXTS = {"client_id", "jti", "scope"}  # which may be any text but none


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name in (*REQUIRED, "nbf")
        for value in WRONG_VALUES
        if not (name in TEXTS and isinstance(value, str) and value)
    ],
)
async def test_a_claim_of_another_type_is_refused(
    identity: Identity, name: str, value: object
) -> None:
    assert await refused(identity, signed(claims={name: value})) == name


@pytest.mark.parametrize("name", ["sub", "exp", "aud", "roles"])
async def test_a_claim_twice_is_refused(identity: Identity, name: str) -> None:
    twice = json.dumps(CLAIMS)[:-1] + f', "{name}": {json.dumps(CLAIMS[name])}}}'
    assert await refused(identity, signed_text(json.dumps(HEADER), twice)) == "json"


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "5",
        "null",
        '"text"',
        "",
        "{",
        "\ufeff{}",
        json.dumps(CLAIMS).replace(str(NOW_S + 890), "NaN"),
        json.dumps(CLAIMS).replace(str(NOW_S + 890), "Infinity"),
        json.dumps(CLAIMS).replace(str(NOW_S + 890), "1e999"),
        json.dumps(CLAIMS).replace(str(NOW_S + 890), "9" * 5000),
        '{"a":' * 700 + "1" + "}" * 700,
        "[" * 3000 + "]" * 3000,
    ],
    ids=lambda text: text[:20],
)
async def test_claims_that_are_no_object_are_refused(identity: Identity, text: str) -> None:
    assert await refused(identity, signed_text(json.dumps(HEADER), text))


@pytest.mark.parametrize(
    "audience",
    [
        "https://music.example",
        "https://music.example/graphql/",
        "https://other.example/graphql",
        ["https://other.example/graphql"],
        [],
        ["https://music.example/graphql", 5],
    ],
    ids=str,
)
async def test_a_token_for_others_is_refused(identity: Identity, audience: object) -> None:
    assert await refused(identity, signed(claims={"aud": audience})) == "aud"


@pytest.mark.parametrize(
    "issuer", ["https://music.example/", "http://music.example", "https://evil.example", "music"]
)
async def test_a_token_of_another_issuer_is_refused(identity: Identity, issuer: str) -> None:
    assert await refused(identity, signed(claims={"iss": issuer})) == "iss"


@pytest.mark.parametrize("late_s", [0, 1, 3600])
async def test_an_expired_token_is_refused(identity: Identity, late_s: int) -> None:
    late = NOW + timedelta(seconds=890 + late_s)
    assert await refused(identity, signed(), late) == "exp"
    in_time = NOW + timedelta(seconds=889)
    assert await principal_of_token(identity, NO_STORES.postgres, signed(), in_time)


@pytest.mark.parametrize("name", ["nbf", "iat"])
async def test_a_token_from_the_future_is_refused(identity: Identity, name: str) -> None:
    assert await refused(identity, signed(claims={name: NOW_S + 11})) == name
    clock_ahead = signed(claims={name: NOW_S + 9})
    assert await principal_of_token(identity, NO_STORES.postgres, clock_ahead, NOW)


@pytest.mark.parametrize("roles", [["ADMIN", "LISTENER"], ["OWNER"], "ADMIN", ["admin"], [None]])
async def test_roles_that_are_none_of_ours_are_refused(identity: Identity, roles: object) -> None:
    assert await refused(identity, signed(claims={"roles": roles})) == "roles"


async def test_a_scope_is_never_more_than_the_role_has(identity: Identity) -> None:
    token = signed(claims={"scope": "admin catalog:read nonsense"})
    principal = await principal_of_token(identity, NO_STORES.postgres, token, NOW)
    assert principal.scopes == {Scope.CATALOG_READ}


@pytest.mark.parametrize("subject", ["me", "{00000000-0000-0000-0000-000000001001}", "1001"])
async def test_a_subject_that_is_no_id_is_refused(identity: Identity, subject: str) -> None:
    assert await refused(identity, signed(claims={"sub": subject})) == "sub"


# --- the form -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "a.b.c.d",
        "é.é.é",
        signed().replace(".", "..", 1),
        signed() + ".x",
        " " + signed(),
        signed() + "\n",
        signed().replace(".", ".\n", 1),
        signed().upper(),
        f"{b64(b'x' * 10)}.{b64(b'y')}.{b64(b'z')}",
    ],
    ids=lambda token: repr(token[:12]),
)
async def test_what_is_no_token_is_refused(identity: Identity, token: str) -> None:
    assert await refused(identity, token)


async def test_an_oversized_token_is_refused_unread(identity: Identity) -> None:
    token = signed(claims={"padding": "x" * MAX_CHARS})
    assert await refused(identity, token) == "length"
    assert await refused(identity, "a" * 10_000_000) == "length"


# --- revocations --------------------------------------------------------------------------------


async def test_a_revoked_family_is_refused(identity: Identity) -> None:
    identity.revocations.revoke(FAMILY)
    assert await refused(identity, signed()) == "revoked"


async def test_whoever_was_signed_out_everywhere_is_refused(identity: Identity) -> None:
    identity.revocations.since = {USER: NOW}
    assert await refused(identity, signed()) == "revoked"
    since = signed(claims={"iat": NOW_S})  # the same second: the family decides
    assert await principal_of_token(identity, NO_STORES.postgres, since, NOW)


class _DownKeys:
    """Signing keys in a PostgreSQL that does not answer."""

    def __init__(self) -> None:
        self.asked = 0
        self.records: Sequence[SigningKeyRecord] | None = None

    async def fetch(self, _: object) -> Sequence[SigningKeyRecord]:
        self.asked += 1
        if self.records is None:
            raise StoreUnavailable("postgres")
        return self.records


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> _DownKeys:
    down = _DownKeys()
    monkeypatch.setattr("auth.keyring.fetch_signing_keys", down.fetch)
    return down


async def test_an_unknown_key_asks_the_store_twice_a_minute_at_most(keys: _DownKeys) -> None:
    clock = [100.0]
    ring = KeyRing(NO_STORES.postgres, Vault([b"k" * 32]), clock=lambda: clock[0])
    keys.records = [key_record()]
    for number in range(1000):
        assert await ring.verifying(f"unknown-{number}", NOW) is None
    assert keys.asked == 2
    assert await ring.verifying(KID, NOW) is not None
    clock[0] += 61
    assert await ring.verifying("unknown", NOW) is None
    assert keys.asked == 3


async def test_a_key_that_cannot_be_looked_up_is_no_bad_token(keys: _DownKeys) -> None:
    """Whoever is told that a good token is bad signs in again."""
    ring = KeyRing(NO_STORES.postgres, Vault([b"k" * 32]), clock=lambda: 100.0)
    for _ in range(5):
        with pytest.raises(StoreUnavailable):
            await ring.verifying(KID, NOW)
    assert keys.asked == 2


async def test_published_keys_have_public_members_only(identity: Identity) -> None:
    identity.keys._take([key_record(), key_record("next", active_from=NOW + timedelta(hours=1))])
    published: Sequence[Mapping[str, str]] = await identity.keys.published(NOW)
    assert [one["kid"] for one in published] == [KID, "next"]
    for one in published:
        assert set(one) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
