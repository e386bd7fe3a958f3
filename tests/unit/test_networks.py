"""What stands for a client where attempts are counted."""

import pytest

from resolvers.attempts import login_key, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_a_client_is_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_login_has_one_key() -> None:
    assert login_key(" Ann@Example.org ") == "ann@example.org"
    assert login_key("ANN") == "ann"
