from collections.abc import Callable
from dataclasses import fields
from typing import Any
from uuid import UUID

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from auth.passkey_options import RelyingParty, registration_options, sign_in_options
from auth.passkeys import (
    MAX_BYTES,
    Malformed,
    NewCredential,
    Refused,
    Use,
    check_registration,
    check_sign_in,
    read_registration,
    read_sign_in,
)
from tests.factories.authenticator import BACKED_UP, PRESENT, VERIFIED, Authenticator

PARTY = RelyingParty.at("https://music.example")
OWNER = UUID(int=1)
ONE = bytes_to_base64url(b"1" * 32)
OTHER = bytes_to_base64url(b"2" * 32)
CREATE = registration_options(PARTY, ONE, (OWNER, "ada", "Ada"), [], 300)
GET = sign_in_options(PARTY, ONE, 300)


def registered(device: Authenticator, **wrong: Any) -> NewCredential:
    return check_registration(PARTY, read_registration(device.create(CREATE, **wrong)))


def used(device: Authenticator, **wrong: Any) -> Use:
    made = registered(device)
    answer = read_sign_in(device.get(GET, **wrong))
    return check_sign_in(PARTY, answer, OWNER, made.public_key)


@pytest.mark.parametrize(
    ("address", "id_", "origin"),
    [
        ("https://music.example", "music.example", "https://music.example"),
        ("https://Music.Example:443/graph", "music.example", "https://music.example"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_the_relying_party_is_the_public_address(address: str, id_: str, origin: str) -> None:
    assert RelyingParty.at(address) == RelyingParty(id_, origin)


def test_options_ask_for_what_we_need() -> None:
    known = [(b"known", ["internal", "usb"])]
    options = registration_options(PARTY, ONE, (OWNER, "ada", "Ada"), known, 300)
    assert options["rp"] == {"name": "Polyphony", "id": "music.example"}
    assert options["challenge"] == ONE
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert options["excludeCredentials"] == [
        {
            "id": bytes_to_base64url(b"known"),
            "type": "public-key",
            "transports": ["internal", "usb"],
        }
    ]
    assert GET["challenge"] == ONE
    assert GET["rpId"] == "music.example"
    assert GET["userVerification"] == "required"
    assert not GET.get("allowCredentials")


def test_a_passkey_is_made_and_signs() -> None:
    device = Authenticator()
    made = registered(device)
    assert made.id == device.id
    assert made.transports == ["hybrid", "internal"]
    assert (made.sign_count, made.backed_up) == (1, True)
    answer = read_sign_in(device.get(GET))
    assert answer.challenge == ONE
    assert check_sign_in(PARTY, answer, OWNER, made.public_key) == Use(2, backed_up=True)


def test_answers_do_not_show_themselves_in_logs() -> None:
    device = Authenticator()
    shown = repr(read_registration(device.create(CREATE))) + repr(registered(device))
    assert ONE not in shown
    assert "public_key" not in shown
    assert [one.name for one in fields(NewCredential) if not one.repr] == ["id", "public_key"]


WRONG = [
    {"origin": "https://evil.example"},
    {"origin": "https://music.example.evil.example"},
    {"origin": "http://music.example"},
    {"origin": "https://music.example:444"},
    {"origin": None},
    {"origin": {"a": 1}},
    {"rp_id": "evil.example"},
    {"rp_id": "example"},
    {"cross_origin": True},
    {"flags": PRESENT},
    {"flags": VERIFIED},
    {"flags": PRESENT | VERIFIED | BACKED_UP},  # backed up, and cannot be
    {"flags": PRESENT | VERIFIED | 128},  # extensions that are not there
]


@pytest.mark.parametrize("wrong", [*WRONG, {"type": "webauthn.get"}])
def test_what_was_not_made_for_us_is_not_kept(wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        registered(Authenticator(), **wrong)


@pytest.mark.parametrize(
    "wrong",
    [*WRONG, {"type": "webauthn.create"}, {"user_handle": UUID(int=2).bytes}, {"user_handle": b""}],
)
def test_what_was_not_signed_for_us_lets_nobody_in(wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        used(Authenticator(), **wrong)


def test_another_key_lets_nobody_in() -> None:
    device, other = Authenticator(), Authenticator()
    other.user_handle = OWNER.bytes
    made = registered(device)
    with pytest.raises(Refused, match="signature"):
        check_sign_in(PARTY, read_sign_in(other.get(GET)), OWNER, made.public_key)


def test_the_user_handle_must_be_there() -> None:
    device = Authenticator()
    made = registered(device)
    credential = device.get(GET)
    del credential["response"]["userHandle"]
    with pytest.raises(Refused):
        check_sign_in(PARTY, read_sign_in(credential), OWNER, made.public_key)


def rsa_key(bits: int) -> dict[int, Any]:
    numbers = rsa.generate_private_key(65537, bits).public_key().public_numbers()
    return {1: 3, 3: -257, -1: numbers.n.to_bytes(bits // 8, "big"), -2: b"\1\0\1"}


def test_rsa_keys_of_windows_are_taken() -> None:
    assert registered(Authenticator(), public_key=rsa_key(2048)).public_key


@pytest.mark.parametrize(
    "key",
    [
        rsa_key(1024),
        {1: 3, 3: -257, -1: b"\xff" * 1024, -2: b"\1\0\1"},  # 8192 bits
        {1: 2, 3: -7, -1: 1, -2: b"\1" * 32, -3: b"\1" * 32},  # no point of the curve
        {1: 2, 3: -7, -1: 1, -2: b"", -3: b""},
        {1: 2, 3: -65535, -1: 1, -2: b"\1" * 32, -3: b"\1" * 32},  # SHA-1
        {1: 2, 3: -7},
        {1: 99, 3: -7},
        {99: 99},
    ],
    ids=["short", "long", "no point", "empty", "SHA-1", "no curve", "unknown type", "no type"],
)
def test_keys_that_are_weak_slow_or_none_are_not_kept(key: dict[int, Any]) -> None:
    with pytest.raises(Refused):
        registered(Authenticator(), public_key=key)


@pytest.mark.parametrize("fmt", ["tpm", "android-safetynet", "fido-u2f", "packed", "no-such"])
def test_attestation_that_was_not_asked_for_is_refused(fmt: str) -> None:
    with pytest.raises(Refused):
        registered(Authenticator(), fmt=fmt)


def nested(depth: int) -> object:
    value: object = []
    for _ in range(depth):
        value = [value]
    return value


READERS = [read_registration, read_sign_in]
Reader = Callable[[object], object]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "credential",
    [
        None,
        1,
        "text",
        '{"id": "AA"}',
        [],
        {},
        {"id": 1},
        {"id": "AA", "rawId": "AA", "type": "public-key", "response": []},
        {"id": "AA", "rawId": "AA", "type": ["x"], "response": {}},
        {"id": "AA", "rawId": "AA", "type": {}, "response": {"clientDataJSON": 5}},
        nested(200),
        nested(5000),
        {"a": 2**70},
        {"a": "\ud800"},
        {"id": float("nan")},
    ],
    ids=range(15),
)
def test_what_is_no_credential_is_malformed(read: Reader, credential: object) -> None:
    with pytest.raises(Malformed):
        read(credential)


def client_data(text: bytes) -> list[dict[str, Any]]:
    device = Authenticator()
    credentials = [device.create(CREATE), device.get(GET)]
    for one in credentials:
        one["response"]["clientDataJSON"] = bytes_to_base64url(text)
    return credentials


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"[" * 9000,
        b'{"a":' * 1500,
        b'{"type":"webauthn.get","origin":"x"}',
        b'{"type":1,"origin":2,"challenge":3}',
        b'{"type":1,"origin":2,"challenge":"\xc3\xa9"}',
        b"9" * 9000,
    ],
    ids=lambda text: repr(text[:40]),
)
def test_hostile_client_data_is_malformed(text: bytes) -> None:
    creation, assertion = client_data(text)
    with pytest.raises(Malformed):
        read_registration(creation)
    with pytest.raises(Malformed):
        read_sign_in(assertion)


@pytest.mark.parametrize("read", READERS)
def test_large_credentials_are_malformed(read: Reader) -> None:
    device = Authenticator()
    credential = device.create(CREATE) if read is read_registration else device.get(GET)
    assert read(credential)
    with pytest.raises(Malformed, match="too large"):
        read(credential | {"padding": "x" * MAX_BYTES})


def test_long_ids_are_malformed() -> None:
    with pytest.raises(Malformed, match="too long"):
        read_sign_in(Authenticator(id=bytes(1024)).get(GET))
    assert read_sign_in(Authenticator(id=bytes(1023)).get(GET))


CBOR_BOMBS = [
    b"\x81" * 10_000,
    b"\xc6" * 10_000,
    b"\xa1\x00" * 5000,
    b"\x5b" + b"\x7f" * 8,
    b"\x9b" + b"\x7f" * 8,
    b"\xbb" + b"\x7f" * 8,
    b"\xc4\x82\x1b" + b"\x7f" * 8 + b"\x01",
    b"\xd8\x1c\x81\xd8\x1d\x00",
    b"\xa1\x81\x00\x00",
    b"",
    cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": "text"}),
    cbor2.dumps({"fmt": "none", "attStmt": 5, "authData": bytes(37)}),
    cbor2.dumps({"fmt": ["none"], "attStmt": {}, "authData": bytes(200)}),
    cbor2.dumps([1, 2, 3]),
]


@pytest.mark.parametrize("bomb", CBOR_BOMBS, ids=lambda bomb: repr(bomb[:8]))
def test_hostile_cbor_is_refused(bomb: bytes) -> None:
    credential = Authenticator().create(CREATE)
    credential["response"]["attestationObject"] = bytes_to_base64url(bomb)
    with pytest.raises(Refused):
        check_registration(PARTY, read_registration(credential))


@given(where=st.integers(0, 10_000), flip=st.integers(1, 255))
@settings(max_examples=200, deadline=None)
def test_a_changed_byte_is_refused_or_does_not_matter(where: int, flip: int) -> None:
    device = Authenticator()
    made = registered(device)
    credential = device.get(GET)
    for name in ("authenticatorData", "clientDataJSON", "signature", "userHandle"):
        text = credential["response"][name]
        at = where % len(text)
        broken = text[:at] + chr(ord(text[at]) ^ flip) + text[at + 1 :]
        changed = credential | {"response": credential["response"] | {name: broken}}
        try:
            check_sign_in(PARTY, read_sign_in(changed), OWNER, made.public_key)
        except (Malformed, Refused):
            continue
        # Base64 does not see a change of the last character's spare bits.
        assert base64url_to_bytes(broken) == base64url_to_bytes(text), name


def test_a_registrations_challenge_is_the_one_it_names() -> None:
    answer = read_registration(Authenticator().create(CREATE, challenge=OTHER))
    assert answer.challenge == OTHER
