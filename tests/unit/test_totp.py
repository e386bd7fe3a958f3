from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pyotp
import pytest

from auth import totp

# RFC 6238, appendix B, SHA-1: the last six of its eight digits.
RFC_SECRET = b"12345678901234567890"
RFC_VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]
NOW = datetime(2026, 1, 1, 12, 0, 15, tzinfo=UTC)


def code_at(secret: bytes, moment: datetime) -> str:
    return pyotp.TOTP(totp.in_base32(secret)).at(moment)


@pytest.mark.parametrize(("seconds", "code"), RFC_VECTORS)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert totp.step_of(RFC_SECRET, code, now, 0) == seconds // 30


@pytest.mark.parametrize(
    ("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_clocks_may_be_one_step_off(steps: int, taken: bool) -> None:
    secret = totp.new_secret()
    then = NOW + timedelta(seconds=steps * totp.STEP_S)
    step = totp.step_of(secret, code_at(secret, then), NOW, 0)
    assert step == (totp.step_at(then) if taken else None)


def test_a_used_step_and_those_before_are_void() -> None:
    secret = totp.new_secret()
    here = totp.step_at(NOW)
    before = NOW - timedelta(seconds=totp.STEP_S)
    assert totp.step_of(secret, code_at(secret, NOW), NOW, here) is None
    assert totp.step_of(secret, code_at(secret, before), NOW, here) is None
    after = NOW + timedelta(seconds=totp.STEP_S)
    assert totp.step_of(secret, code_at(secret, after), NOW, here) == here + 1


def test_another_secrets_code_is_wrong() -> None:
    mine, other = totp.new_secret(), bytes(20)
    assert totp.step_of(mine, code_at(other, NOW), NOW, 0) is None


@pytest.mark.parametrize(
    "typed", ["123456", " 123 456 ", "123-456", "\uff11\uff12\uff13\uff14\uff15\uff16"]
)
def test_codes_are_read_as_people_type_them(typed: str) -> None:
    assert totp.digits_in(typed) == "123456"


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "12345a", "\u0663" * 6, "\0" * 6, "1" * 100_000]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert totp.digits_in(typed) is None


def test_secrets_are_random_and_long() -> None:
    secrets = {totp.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {20}


def test_the_address_is_what_apps_scan() -> None:
    secret = totp.new_secret()
    uri = totp.uri_of(secret, "Polyphony", "ada & co")
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.path) == (
        "otpauth",
        "totp",
        "/Polyphony:ada%20%26%20co",
    )
    assert parse_qs(parts.query) == {"secret": [totp.in_base32(secret)], "issuer": ["Polyphony"]}
    app = pyotp.parse_uri(uri)
    assert isinstance(app, pyotp.TOTP)
    assert totp.step_of(secret, app.at(NOW), NOW, 0) == totp.step_at(NOW)


def test_the_picture_needs_no_exception_of_a_strict_policy() -> None:
    picture = totp.qr_of(totp.uri_of(totp.new_secret(), "Polyphony", "ada"))
    svg = ET.fromstring(picture)  # noqa: S314  our own
    assert svg.tag == "svg"
    for element in svg.iter():
        assert element.tag in {"svg", "g", "path", "title"}
        assert not any(name == "style" or name.startswith("on") for name in element.attrib)
        assert not any("href" in name for name in element.attrib)
    light = svg.find(".//path[@fill]")
    assert light is not None
    assert light.attrib["fill"] == "#fff"
