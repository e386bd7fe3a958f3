"""What entities have in common: a global id, and ids of other services."""

from typing import Any

import strawberry

from datasources.loaders.batch import Batch
from datasources.loaders.external_ids import ExternalIdsOfEntity
from datasources.loaders.library import Mark
from datasources.records.external_ids import ExternalIdRecord, ExternalSource
from resolvers.ids import global_id
from resolvers.permission import mark_of_viewer
from schema.views import attribute, computed, loaded, view


def record_id(record: Any) -> str:
    """Name the type as the record does: a TrackRecord is a Track."""
    return global_id(type(record).__name__.removesuffix("Record"), record.id)


@strawberry.interface(description="Anything that can be fetched again by its id.")
class Node:
    """An entity."""

    id: strawberry.ID = computed(record_id, "Opaque id, unique among all types.")


@view(ExternalIdRecord, description="What another service calls an entity.")
class ExternalId:
    """An id given by a service of ours or of others."""

    source: ExternalSource = attribute("The service.")
    value: str = attribute("The id, as that service writes it.")


def marked(batch: Batch[Mark, bool], description: str) -> Any:
    """Declare whether the viewer keeps an entity."""
    return loaded(
        batch,
        key=mark_of_viewer,
        description=(
            f"{description} False where nobody is signed in, null for a credential without"
            " `library:read`."
        ),
    )


def external_ids() -> Any:
    """Declare the external ids of an entity."""
    return loaded(
        ExternalIdsOfEntity,
        key="id",
        description="What other services call it, by source and value.",
    )
