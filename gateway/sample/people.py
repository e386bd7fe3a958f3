"""People: accounts, what they like, and whom they follow."""

from collections.abc import Sequence
from datetime import timedelta

from datasources.records.users import ListeningVisibility, UserRecord
from gateway.sample.dice import Dice, Urn
from gateway.sample.genres import GENRES
from gateway.sample.identifiers import id_of_time
from gateway.sample.model import SAMPLE_DAY, Person
from gateway.sample.words import PEOPLE

ADA = "ada"
"""The handle that examples name: she is public and keeps the most playlists."""

EDITOR = "fjord_fan"
"""The handle of who works on a playlist of Ada's: between the two, it is seen to change."""

_HIDDEN = {
    "oskar": ListeningVisibility.FOLLOWERS,
    "quentin": ListeningVisibility.PRIVATE,
    "uma": ListeningVisibility.PRIVATE,
}
_FIRST_ACCOUNT_DAYS, _LAST_ACCOUNT_DAYS = 2900, 400
_FRIEND_SHARE = 0.45  # of follows that are answered


def make_people() -> list[Person]:
    """Return the people, the oldest account first."""
    dice = Dice("people")
    step = (_FIRST_ACCOUNT_DAYS - _LAST_ACCOUNT_DAYS) / len(PEOPLE)
    people = []
    for index, (handle, name) in enumerate(PEOPLE):
        days = _FIRST_ACCOUNT_DAYS - step * (index + dice.unit())
        created_at = (SAMPLE_DAY - timedelta(days=days)).replace(microsecond=0)
        record = UserRecord(
            id=id_of_time(dice, created_at),
            handle=handle,
            display_name=name,
            avatar_url=None,  # no picture lies on a server of others
            created_at=created_at,
            listening_visibility=_HIDDEN.get(handle, ListeningVisibility.PUBLIC),
        )
        people.append(Person(record, tuple(dice.some(list(GENRES), dice.whole(2, 3)))))
    return people


def make_follows(people: Sequence[Person]) -> list[tuple[Person, Person]]:
    """Return who follows whom: few are followed by many, and friends follow back."""
    dice = Dice("follows")
    fame = Urn(people, [1 / (1 + rank) for rank in range(len(people))])
    follows: dict[tuple[str, str], tuple[Person, Person]] = {}
    for person in people:
        share = dice.unit()
        for _ in range(1 + int(16 * share * share)):
            other = dice.weighted(fame)
            if other is person:
                continue
            follows[person.record.handle, other.record.handle] = (person, other)
            if dice.chance(_FRIEND_SHARE):
                follows[other.record.handle, person.record.handle] = (other, person)
    return list(follows.values())
