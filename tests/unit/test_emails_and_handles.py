"""What is taken as an address and as a handle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.emails import email_key, normalised_email
from auth.handles import is_handle


@pytest.mark.parametrize(
    ("typed", "sent_to"),
    [
        ("ann@example.org", "ann@example.org"),
        ("Ann.Lee+music@Example.ORG", "Ann.Lee+music@example.org"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@\uff45xample.org", "ann@example.org"),
    ],
)
def test_an_address(typed: str, sent_to: str) -> None:
    assert normalised_email(typed) == sent_to


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ann",
        "@example.org",
        "ann@",
        "ann@@example.org",
        "ann@example",
        "ann@localhost",
        "ann@[127.0.0.1]",
        '"ann lee"@example.org',
        "Ann <ann@example.org>",
        "ann@example.org, bob@example.org",
        "ann@example.org\r\nBcc: bob@example.org",
        "ann\r\n@example.org",
        "ann\n@example.org",
        "ann\0@example.org",
        "ann@exam\u2028ple.org",
        "ann@example.org\ud800",
        "änn@example.org",
        "a" * 65 + "@example.org",
        "ann@" + "a." * 125 + "example.org",
        "ann@" + "x" * 1_000_000,
        "ann@-example.org",
        "ann..lee@example.org",
        "ann@bücher" + "ü" * 60 + ".example",
    ],
)
def test_no_address(typed: str) -> None:
    assert normalised_email(typed) is None


@given(st.text(max_size=40).map(lambda text: f"ann{text}@example.org{text}"))
def test_an_address_can_never_break_a_header(typed: str) -> None:
    address = normalised_email(typed)
    assert address is None or (address.isascii() and address.isprintable() and " " not in address)


def test_case_does_not_tell_addresses_apart() -> None:
    assert email_key("Ann@Example.org") == email_key("ann@example.org")


@pytest.mark.parametrize(
    "handle", ["ann", "Ann_99", "a.b-c", "9x9", "x" * 30, "-ann", "undeleted-x"]
)
def test_a_handle(handle: str) -> None:
    assert is_handle(handle)


@pytest.mark.parametrize(
    "handle",
    ["", "an", "x" * 31, "ann lee", "ann@lee", "änn", "ann\n", "...", "_-_", "deleted-7",
     "Deleted-7", "ann/lee", "\u0430nn", "ann\0", "a\u0301nn"],
)  # fmt: skip
def test_no_handle(handle: str) -> None:
    assert not is_handle(handle)
