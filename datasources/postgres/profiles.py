"""Changes to what a person shows of themselves."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from datasources.postgres.reading import columns_of
from datasources.postgres.search_index import entry
from datasources.postgres.tables import search_entries, users
from datasources.records.external_ids import EntityKind
from datasources.records.users import UserRecord


async def update_profile(
    connection: AsyncConnection, user_id: UUID, changes: Mapping[str, object]
) -> UserRecord | None:
    """Change columns of `users` and return the person; None where there is none.

    The entry in `search_entries` is kept up.
    """
    columns = columns_of(UserRecord, users)
    if changes:
        await connection.execute(update(users).where(users.c.id == user_id).values(**changes))
    statement = select(*columns).where(users.c.id == user_id)
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    person = UserRecord(*row)
    if changes:
        await index_person(connection, person)
    return person


async def index_person(connection: AsyncConnection, person: UserRecord) -> None:
    """Let a person be found by their name and handle (`search_entries`)."""
    row = entry(EntityKind.USER, person.id, person.display_name, (person.handle,), 0)
    statement = insert(search_entries).values(row)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["kind", "entity_id"],
            set_={"name_key": statement.excluded.name_key, "key": statement.excluded.key},
        )
    )
