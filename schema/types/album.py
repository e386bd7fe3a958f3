"""Albums."""

from datetime import date

from datasources.loaders.artists import CreditsOfAlbum
from datasources.loaders.library import AlbumIsSaved
from datasources.loaders.tracks import TracksOfAlbum
from datasources.records.albums import AlbumKind, AlbumRecord, DatePrecision
from schema.pagination import Connection
from schema.permissions import CATALOG
from schema.types.credit import Credit
from schema.types.entity import ExternalId, Node, external_ids, marked
from schema.types.track import Track
from schema.views import attribute, loaded, paged, view


@view(
    AlbumRecord,
    description="A release: an album, EP, single or compilation.",
    keys=["id"],
    access=CATALOG,
)
class Album(Node):
    """An album."""

    title: str = attribute("Its title as the release prints it.")
    kind: AlbumKind | None = attribute("The kind of release; null is unknown.")
    release_date: date | None = attribute(
        "When it came out, as far as `releaseDatePrecision` says; null is unknown."
    )
    release_date_precision: DatePrecision | None = attribute("How much of the date is known.")
    upc: str | None = attribute("Universal Product Code of the release: 12 or 13 digits.")
    external_ids: list[ExternalId] | None = external_ids()
    artists: list[Credit] | None = loaded(
        CreditsOfAlbum, key="id", description="Who made it, in the order of the credits."
    )
    is_saved: bool | None = marked(AlbumIsSaved, "Whether the viewer saved it.")
    tracks: Connection[Track] | None = paged(
        TracksOfAlbum,
        key="id",
        description="Its tracks by disc and number; those without a number come first.",
    )
