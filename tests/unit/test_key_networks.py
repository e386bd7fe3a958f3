"""From where a key may be used: networks of both kinds, whichever way an address is written."""

import pytest

from auth.networks import in_networks, network_text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("192.0.2.0/24", "192.0.2.0/24"),
        (" 192.0.2.7 ", "192.0.2.7/32"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("2001:db8::7", "2001:db8::7/128"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("::/0", "::/0"),
    ],
)
def test_networks_are_kept_in_one_way(text: str, kept: str) -> None:
    assert network_text(text) == kept


@pytest.mark.parametrize(
    "text", ["", "x", "192.0.2.1/24", "192.0.2.0/33", "192.0.2", "fe80::1%eth0/64x", "010.0.0.1"]
)
def test_what_is_no_network(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  whichever the library words it
        network_text(text)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("192.0.3.7", False),
        ("2001:db8:1::7", True),
        ("2001:db9::7", False),
        ("2001:db8::7%eth0", True),
        ("", False),
        ("unknown", False),
        ("192.0.2.7.example", False),
    ],
)
def test_an_address_lies_in_a_network_or_not(address: str, *, inside: bool) -> None:
    assert in_networks(address, ["192.0.2.0/24", "2001:db8::/32"]) is inside


def test_no_network_holds_nothing() -> None:
    assert not in_networks("192.0.2.7", [])
