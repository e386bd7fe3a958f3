"""Repairs of the embedded MongoDB's speed: what the mock does, without its detours.

Storing, counting and training on a year of the sample's listens take a third of the time so. What
is not plain (nested paths, unusual types, other operators and stages) is left to the mock.
"""

import operator
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any

from mongomock import aggregate as pipelines
from mongomock import collection, filtering, helpers

mock: Any = collection  # none of these has types
helping: Any = helpers
comparing: Any = filtering
grouping: Any = pipelines

_UNCHANGED: frozenset[type] = frozenset({str, int, float, bool, type(None)})
_SCALARS: frozenset[type] = frozenset({str, int, float, bool, datetime})
_COMPARISONS = {"$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le}

Document = Mapping[str, Any]
Key = Callable[[Document], str]


def quicken_mock() -> None:
    """Apply the repairs; once in a process, after those that `mongo.py` makes itself."""
    _copy_without_asking_leaves()
    _compare_scalars_directly()
    _filter_by_scalars_directly()
    _read_without_copying_results()
    _insert_where_nothing_is_replaced()
    _count_without_sorting()


# --- documents ----------------------------------------------------------------------------------


def _copy_without_asking_leaves() -> None:
    """Copy documents, and take time zones off and put them on, a whole document at a time."""
    for module, name, leaves in (
        (mock, "_copy_field", _SCALARS | _UNCHANGED),
        (helping, "patch_datetime_awareness_in_document", _UNCHANGED),
        (helping, "make_datetime_timezone_aware_in_document", _UNCHANGED),
    ):
        setattr(module, name, _walking(getattr(module, name), leaves))


def _walking(original: Callable[..., Any], leaves: frozenset[type]) -> Callable[..., Any]:
    """Return `original`, asked only about what is neither a dict, a list nor a known leaf."""

    @wraps(original)
    def walk(value: Any, *container: type) -> Any:
        kind = type(value)
        if kind in leaves:
            return value
        if container in {(), (dict,)}:
            if kind is dict:
                return {
                    name: one if type(one) in leaves else walk(one, *container)
                    for name, one in value.items()
                }
            if kind is list:
                return [one if type(one) in leaves else walk(one, *container) for one in value]
        return original(value, *container)

    return walk


def _compare_scalars_directly() -> None:
    """Sort and group values of one type by their own order, not by asking for BSON types."""
    original = comparing.BsonComparable.__lt__

    @wraps(original)
    def less(self: Any, other: Any) -> Any:
        left, right = self.obj, other.obj
        if type(left) is type(right) and type(left) in _SCALARS:
            return left < right
        return original(self, other)

    comparing.BsonComparable.__lt__ = less


# --- reading ------------------------------------------------------------------------------------


def _filter_by_scalars_directly() -> None:
    """Decide what compares values of one type."""
    original = mock.filter_applies

    @wraps(original)
    def applies(spec: Any, document: Any) -> Any:
        if type(spec) is not dict:
            return original(spec, document)
        for name, wanted in spec.items():
            value = document.get(name)  # None for operators and paths, which are not our matter
            fits = _fits(value, wanted)
            if fits is None:
                return original(spec, document)
            if not fits:
                return False
        return True

    mock.filter_applies = applies


def _fits(value: Any, wanted: Any) -> bool | None:
    """Return whether a value is the one wanted or lies in the interval; None: cannot say."""
    kind = type(value)
    if kind not in _SCALARS:
        return None
    if type(wanted) is kind:
        return bool(value == wanted)
    if type(wanted) is not dict or not wanted:
        return None
    for name, bound in wanted.items():
        compare = _COMPARISONS.get(name)
        if compare is None or type(bound) is not kind:
            return None
        if not compare(value, bound):
            return False
    return True


def _read_without_copying_results() -> None:
    """Hand out the next document without a copy of the list of all others."""

    def following(self: Any) -> Any:
        results = self._compute_results()
        position = self._emitted
        at_end = bool(self._limit) and position >= abs(self._limit)
        if at_end or self._skip + position >= len(results):
            raise StopIteration
        self._emitted = position + 1
        return results[self._skip + position]

    mock.Cursor.__next__ = following


# --- writing ------------------------------------------------------------------------------------


def _insert_where_nothing_is_replaced() -> None:
    """Take an upsert by a new `_id` for what it is: an insert."""
    original = mock.Collection._update  # noqa: SLF001  the one place for upserts

    @wraps(original)
    def update(self: Any, spec: Document, document: Any, *args: object, **options: object) -> Any:
        fresh = None
        if (
            options.get("upsert")
            and not args
            and _is_by_id(spec)
            and spec["_id"] not in self._store
        ):
            fresh = _whole(document, spec["_id"])
        if fresh is None:
            return original(self, spec, document, *args, **options)
        self._insert(fresh)
        return {
            "connectionId": self.database.client._id,  # noqa: SLF001  as the mock answers
            "err": None,
            "n": 1,
            "nModified": 0,
            "ok": 1,
            "upserted": spec["_id"],
            "updatedExisting": False,
        }

    mock.Collection._update = update  # noqa: SLF001


def _is_by_id(spec: Document) -> bool:
    return len(spec) == 1 and isinstance(spec.get("_id"), str)


def _whole(update: Any, new_id: str) -> dict[str, Any] | None:
    """Return the document that an upsert makes, None where it takes more than a copy."""
    if not isinstance(update, Mapping):
        return None
    fields = update["$setOnInsert"] if set(update) == {"$setOnInsert"} else update
    if fields.get("_id", new_id) != new_id or any("." in one or one[:1] == "$" for one in fields):
        return None
    return {**fields, "_id": new_id}


# --- counting -----------------------------------------------------------------------------------


def _count_without_sorting() -> None:
    """Count documents by a text of each, where that is all that a `$group` asks for."""
    original = mock.Collection.aggregate

    @wraps(original)
    def aggregate(
        self: Any, pipeline: list[dict[str, Any]], session: object = None, **options: object
    ) -> Any:
        rest = list(pipeline)
        spec = rest.pop(0)["$match"] if rest and set(rest[0]) == {"$match"} else {}
        counted = _counted(rest.pop(0)["$group"]) if rest and set(rest[0]) == {"$group"} else None
        if counted is None:
            return original(self, pipeline, session, **options)
        key, total = counted
        plain = helping.patch_datetime_awareness_in_document(spec)
        try:
            counts = Counter(map(key, self._iter_documents(plain)))
        except (KeyError, TypeError):  # a field is not there, or no text
            return original(self, pipeline, session, **options)
        groups = [{total: count, "_id": text} for text, count in counts.items()]
        return grouping.process_pipeline(groups, self.database, rest, session)

    mock.Collection.aggregate = aggregate


def _counted(group: Document) -> tuple[Key, str] | None:
    """Return the text to group by and the name of the count, None for any other `$group`."""
    totals = [(name, wanted) for name, wanted in group.items() if name != "_id"]
    if len(totals) != 1 or totals[0][1] != {"$sum": 1}:
        return None
    key = group.get("_id")
    if isinstance(key, str):
        parts: Iterable[Any] = [key]
    elif isinstance(key, Mapping) and set(key) == {"$concat"}:
        parts = key["$concat"]
    else:
        return None
    if not all(isinstance(part, str) and "." not in part and part[:2] != "$$" for part in parts):
        return None
    getters = [_getter(part) for part in parts]
    return lambda document: "".join(getter(document) for getter in getters), totals[0][0]


def _getter(part: str) -> Key:
    if not part.startswith("$"):
        return lambda _: part
    return operator.itemgetter(part[1:])
