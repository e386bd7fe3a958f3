"""The text of API keys: made, recognised, and never believed where it is mistyped."""

import re
from zlib import crc32

import pytest

from auth.api_key_text import BadKeyText, has_key, new_key, read_key, without_keys
from datasources.records.api_keys import ApiKeyKind

SECRET, PUBLISHABLE = ApiKeyKind.SECRET, ApiKeyKind.PUBLISHABLE


@pytest.mark.parametrize("kind", ApiKeyKind)
@pytest.mark.parametrize("environment", ["dev", "live"])
def test_a_key_is_read_as_it_was_made(environment: str, kind: ApiKeyKind) -> None:
    for _ in range(100):
        made = new_key(environment, kind)
        assert read_key(made.text) == made
        assert made.text.startswith(made.prefix)
        assert made.text not in repr(made)
        assert len(made.hash) == 32


def test_the_kinds_are_told_apart_by_their_prefix() -> None:
    assert re.fullmatch(r"pk_live_[0-9A-Za-z]{36}", new_key("live", SECRET).text)
    assert re.fullmatch(r"pk_live_pub_[0-9A-Za-z]{36}", new_key("live", PUBLISHABLE).text)


def test_what_is_shown_leaves_128_bits() -> None:
    for kind in ApiKeyKind:
        made = new_key("live", kind)
        hidden = len(made.text) - len(made.prefix) - 6
        assert 62**hidden > 2**128


def test_no_two_are_alike() -> None:
    made = [new_key("live", SECRET) for _ in range(2000)]
    assert len({one.text for one in made}) == len({one.hash for one in made}) == 2000


def test_the_checksum_is_that_of_crc32() -> None:
    text = new_key("live", SECRET).text
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = 0
    for letter in text[-6:]:
        number = number * 62 + letters.index(letter)
    assert number == crc32(text[:-6].encode())


def test_each_mistyped_character_is_found() -> None:
    text = new_key("live", SECRET).text
    for place in range(len("pk_live_"), len(text)):
        for other in "0Aa9":
            wrong = text[:place] + other + text[place + 1 :]
            if wrong != text:
                with pytest.raises(BadKeyText):
                    read_key(wrong)


def test_a_key_is_none_of_another_environment_or_kind() -> None:
    text = new_key("dev", SECRET).text
    for wrong in (text.replace("dev", "live"), text.replace("pk_dev_", "pk_dev_pub_")):
        with pytest.raises(BadKeyText, match="checksum"):
            read_key(wrong)


@pytest.mark.parametrize(
    "text",
    ["", "pk_", "pk_live_", "pk_live_abc", "pk__" + "a" * 36, "pk_LIVE_" + "a" * 36, "pk_" * 3000,
     "pk_live_" + "ä" * 36, "pk_live_" + "a" * 35, "pk_live_" + "a" * 37, "sk_live_" + "a" * 36,
     "pk_live_" + "a" * 35 + "\n", "pk_live_\0" + "a" * 35, "٣" * 44, "pk_live_" + "\ud800" * 36],
)  # fmt: skip
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(BadKeyText, match="form"):
        read_key(text)


def test_a_key_is_found_and_taken_out_of_a_text() -> None:
    for kind in ApiKeyKind:
        text = new_key("live", kind).text
        line = f"GET /graphql/{text}?x"
        assert has_key(line)
        assert without_keys(line) == "GET /graphql/pk_…?x"
    assert without_keys("GET /pk_file.txt") == "GET /pk_file.txt"
    assert not has_key("pk_live_short")
