"""Which passwords are taken."""

import pytest

from auth.password_rules import _windows, problem_with

ABOUT = ("annelotte.van.dijk", "Annelotte van Dijk", "annelotte@example.org")


@pytest.mark.parametrize(
    "password",
    [
        "violet otters juggle",
        "xK4#9sLpQ2",
        "пять жёлтых слонов",
        "五匹の黄色い象が踊っています",
        "a" * 32 + "violet otters juggle",
        "a" * 990 + "violet otters juggle",
        "violet otters juggle" + "a" * 990,
        "é" * 480 + "violet otters juggle",
        "    violet otters    ",
    ],
)
async def test_taken(password: str) -> None:
    assert await problem_with(password, ABOUT) is None


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("xK4#9sLpQ", "at least 10"),
        ("", "at least 10"),
        ("e\u0301" * 9, "at least 10"),
        ("x7" * 512 + "y", "at most 1024 bytes"),
        ("é" * 513, "at most 1024 bytes"),
        ("y" * 1_000_000, "at most 1024 bytes"),
        ("\ufdfa" * 4000, "at most 1024 bytes"),
        ("violet\0otters juggle", "no such characters"),
        ("violet\ud800otters juggle", "no such characters"),
        ("password12", "first that would be tried"),
        ("Password123!", "first that would be tried"),
        ("".join(chr(ord(char) + 0xFEE0) for char in "password12"), "first that would be tried"),
        ("aaaaaaaaaaaaaaaaaaaa", "first that would be tried"),
        ("a" * 1024, "first that would be tried"),
        ("1234567890", "first that would be tried"),
        ("qwertyuiop", "first that would be tried"),
        ("annelotte.van.dijk", "first that would be tried"),
        ("annelotte@example.org", "first that would be tried"),
    ],
)
async def test_not_taken(password: str, says: str) -> None:
    problem = await problem_with(password, ABOUT)
    assert problem is not None
    assert says in problem


@pytest.mark.parametrize("size", [10, 16, 17, 31, 32, 33, 48, 64, 65, 200, 1024])
def test_the_estimator_sees_bounded_parts(size: int) -> None:
    plain = list(_windows("x" * size))
    signs = list(_windows("4@8({[<369!1|70$5+%2"[:size].ljust(size, "$")))
    assert max(map(len, plain)) <= 32
    assert 1 <= len(plain) <= 4
    if size >= 12:
        assert max(map(len, signs)) <= 16
    assert all(plain)
    assert all(signs)
