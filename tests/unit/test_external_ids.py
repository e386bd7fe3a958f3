from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import Select
from sqlalchemy.dialects import postgresql

from datasources.postgres.client import Postgres
from datasources.postgres.external_ids import fetch_ids_by_external
from datasources.records.external_ids import EntityKind, ExternalSource

ID: UUID = uuid4()
DIALECT: Any = postgresql.dialect


class Recorder:
    """Notes statements instead of running them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    async def read(self, statement: Select[Any]) -> Sequence[tuple[object, ...]]:
        compiled = statement.compile(
            dialect=DIALECT(),
            compile_kwargs={"render_postcompile": True},
        )
        self.asked.append((str(compiled), compiled.params))
        return [(ExternalSource.SPOTIFY, EntityKind.TRACK, "v0", ID)]


async def test_any_number_of_external_ids_is_one_statement_with_three_arrays() -> None:
    recorder = Recorder()
    postgres = cast("Postgres", recorder)
    keys = [(ExternalSource.SPOTIFY, EntityKind.TRACK, f"v{n}") for n in range(3)]
    assert await fetch_ids_by_external(postgres, keys) == {keys[0]: ID}
    await fetch_ids_by_external(postgres, keys[:1])
    (three, parameters), (one, _) = recorder.asked
    assert three == one
    assert [len(values) for values in parameters.values()] == [3, 3, 3]
