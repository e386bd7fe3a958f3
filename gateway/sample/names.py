"""Names made of words: a template's braces are filled, and no name is given twice."""

import re
from collections.abc import Callable, Mapping, Sequence

from gateway.sample.dice import Dice
from gateway.sample.words import WORDS

_GAP = re.compile(r"\{(\w+)\}")
_TRIES = 200


def fill(dice: Dice, template: str, given: Mapping[str, str] | None = None) -> str:
    """Return a template with each gap filled: by a given word, a digit, or one of its list.

    No word stands in it twice.
    """
    used: set[str] = set()

    def word(gap: re.Match[str]) -> str:
        name = gap[1]
        if given and name in given:
            return given[name]
        if name == "digit":
            return str(dice.whole(1, 5))
        found = dice.pick(WORDS[name])
        while found in used:
            found = dice.pick(WORDS[name])
        used.add(found)
        return found

    return _GAP.sub(word, template)


def unused(make: Callable[[], str], used: set[str]) -> str:
    """Return a name that is not used yet, and note it as used."""
    for _ in range(_TRIES):
        name = make()
        if name not in used:
            used.add(name)
            return name
    raise LookupError("the word lists have too few words for so many names")


def name_like(
    dice: Dice, templates: Sequence[str], used: set[str], given: Mapping[str, str] | None = None
) -> str:
    """Return a new name after any of the templates."""
    return unused(lambda: fill(dice, dice.pick(templates), given), used)
