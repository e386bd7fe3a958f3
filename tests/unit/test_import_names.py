"""The rule of splitting artists' names."""

from collections.abc import Sequence

import pytest

from datasources.names import name_key
from gateway.importers.names import credits_of, keys_in_title, split_artist


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("Earth, Wind & Fire", ("Earth, Wind & Fire", None)),
        ("Tyler, The Creator", ("Tyler, The Creator", None)),
        ("AC/DC", ("AC/DC", None)),
        ("Little Feat", ("Little Feat", None)),
        ("Sleeping With Sirens", ("Sleeping With Sirens", None)),
        ("Tallak feat,Viv Gee", ("Tallak feat,Viv Gee", None)),
        ("feat. Nobody", ("feat. Nobody", None)),
        ("Somebody feat. ", ("Somebody feat. ", None)),
        ("Gucci Mane feat. Young Jeezy", ("Gucci Mane", "Young Jeezy")),
        ("Randy Leroy ft. Bollebof", ("Randy Leroy", "Bollebof")),
        ("SWV Featuring Wu-Tang Clan", ("SWV", "Wu-Tang Clan")),
        ("Big Moe featuring E.S.G. & Big Pokey", ("Big Moe", "E.S.G. & Big Pokey")),
        ("A feat. B feat. C", ("A", "B feat. C")),
    ],
)
def test_artist_columns_are_split_at_markers_only(
    column: str, expected: tuple[str, str | None]
) -> None:
    assert split_artist(column) == expected


KNOWN = ("Young Thug", "Beyoncé", "Simon & Garfunkel", "Simon", "Jay-Z", "Justin Bieber")


def credited(title: str, *known: str, featured: str | None = None) -> list[str]:
    spellings: dict[str, Sequence[str]] = {name_key(name): [name] for name in known or KNOWN}
    asked = {key: spellings[key] for key in keys_in_title(title) if key in spellings}
    (main, *others) = credits_of("Main", featured, title, asked)
    assert main == ("Main", "MAIN")
    assert {role for _, role in others} <= {"FEATURED"}
    return [name for name, _ in others]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Song", []),
        ("Song feat. Young Thug", []),
        ("Song (feat. Young Thug)", ["Young Thug"]),
        ("Song (Feat. young thug) - Remix", ["Young Thug"]),
        ("Song [feat. BEYONCE]", ["Beyoncé"]),
        ("Song (ft. Jay Z)", ["Jay-Z"]),
        ("Song (featuring Jay-Z)", ["Jay-Z"]),
        ("Song (with Justin Bieber) [feat. Young Thug]", ["Justin Bieber", "Young Thug"]),
        ("Song (feat. Simon & Garfunkel)", ["Simon & Garfunkel"]),
        ("Song (feat. Simon & Young Thug)", ["Simon", "Young Thug"]),
        ("Song (feat. Simon, Jay-Z and Beyoncé)", ["Simon", "Jay-Z", "Beyoncé"]),
        ("Song (feat. Simon, Jay-Z, & Beyoncé)", ["Simon", "Jay-Z", "Beyoncé"]),
        ("Song (feat. Simon & Somebody)", []),
        ("Song (with love)", []),
        ("Song (Without Simon)", []),
        ("Song (feat. Simon) (feat. Simon)", ["Simon"]),
        ("Song (feat. )", []),
    ],
)
def test_titles_credit_known_artists_only(title: str, expected: list[str]) -> None:
    assert credited(title) == expected


def test_the_main_artist_is_not_featured_too() -> None:
    assert credited("Song (feat. Main)", "Main") == []


def test_who_is_featured_twice_is_credited_once() -> None:
    assert credited("Song (feat. Simon)", featured="Simon") == ["Simon"]


def test_of_two_spellings_the_exact_one_is_taken_else_the_first() -> None:
    known = {"sia": ["SIA", "Sia"]}
    assert credits_of("Main", None, "Song (feat. Sia)", known)[1][0] == "Sia"
    assert credits_of("Main", None, "Song (feat. sia)", known)[1][0] == "SIA"
