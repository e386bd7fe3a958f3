import re

import pytest

from auth.recovery_codes import hash_of, new_codes

CODE = "0123-4567-89AB-CDEF-GHJK-MNPQ"


def test_there_are_ten_of_120_bits() -> None:
    codes = new_codes()
    assert len({*codes}) == 10
    for code in codes:
        assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}", code)


def test_no_two_people_get_the_same() -> None:
    assert not {*new_codes()} & {*new_codes()}


def test_every_character_turns_up() -> None:
    seen = {char for _ in range(50) for code in new_codes() for char in code}
    assert len(seen - {"-"}) == 32


@pytest.mark.parametrize(
    "typed",
    [
        CODE.lower(),
        CODE.replace("-", ""),
        CODE.replace("-", " "),
        f"\t{CODE}\n",
        CODE.replace("0", "O").replace("1", "l"),
        CODE.replace("1", "I").replace("0", "o"),
        CODE.replace("A", "\uff21"),
    ],
)
def test_codes_are_read_as_people_type_them(typed: str) -> None:
    assert hash_of(typed) == hash_of(CODE) is not None


@pytest.mark.parametrize(
    "typed", ["", "123456", CODE[:-1], CODE + "0", CODE.replace("A", "U"), "\ud800", "0" * 100_000]
)
def test_what_is_no_code_has_no_hash(typed: str) -> None:
    assert hash_of(typed) is None


def test_other_codes_have_other_hashes() -> None:
    codes = [*new_codes(), CODE]
    assert len({hash_of(code) for code in codes}) == 11
