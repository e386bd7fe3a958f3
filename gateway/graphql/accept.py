"""Reads the weights of `Accept` and `Accept-Encoding`."""

from starlette.datastructures import Headers


def weights(headers: Headers, name: str) -> dict[str, float]:
    """Return what a client takes, in lower case, with its weight from 0 (never) to 1.

    Header fields of the same name count as one list (RFC 9110); media type parameters other than
    `q` do not matter here, so the greatest weight of a type stands. A weight that is no number
    between 0 and 1 counts as 0. Without the header the result is empty.
    """
    taken: dict[str, float] = {}
    for item in ",".join(headers.getlist(name)).split(","):
        value, *parameters = (part.strip().lower() for part in item.split(";"))
        if value:
            taken[value] = max(taken.get(value, 0.0), _weight(parameters))
    return taken


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0 <= weight <= 1 else 0.0
    return 1.0
