"""Genres."""

from datasources.loaders.genres import GenreById, SubgenresOfGenre
from datasources.records.genres import GenreRecord
from schema.permissions import CATALOG
from schema.views import attribute, loaded, view


@view(
    GenreRecord,
    description="A genre of music; subgenres name the genre they belong to.",
    access=CATALOG,
)
class Genre:
    """A genre or subgenre."""

    slug: str = attribute("Its name in lower case with hyphens: unique, for use as an argument.")
    name: str = attribute("Its name as people write it.")
    track_count: int = attribute("How many tracks are in it.")
    parent: "Genre | None" = loaded(
        GenreById, key="parent_id", description="The genre it belongs to; null for a genre itself."
    )
    subgenres: "list[Genre] | None" = loaded(
        SubgenresOfGenre, key="id", description="The subgenres of it, by name."
    )
