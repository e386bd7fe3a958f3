"""The root of all reading."""

from collections.abc import Sequence
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from datasources.loaders.entities import EntityRecord
from datasources.records.external_ids import EntityKind, ExternalSource
from datasources.records.genres import GenreRecord
from datasources.records.listening import ListeningRange
from datasources.records.page import Page
from datasources.records.recommendations import SuggestionPage
from datasources.records.references import EntityRef
from datasources.records.tracks import TrackRecord
from datasources.records.users import UserRecord
from resolvers import charts as charts_of
from resolvers import entities, genres, recommendations, search
from resolvers.context import RequestContext
from resolvers.ids import at_most_max_ids, parse_id, parse_id_of
from resolvers.text import checked_text
from schema.enums import ExternalIdType
from schema.inputs.tune import TuneInput
from schema.permissions import ANYBODY, CATALOG, RECOMMENDATIONS
from schema.queries.api_keys import ApiKeyQueries
from schema.queries.apps import AppQueries
from schema.queries.audit import AuditQueries
from schema.queries.playlists import PlaylistQueries
from schema.types.album import Album
from schema.types.artist import Artist
from schema.types.entity import Node
from schema.types.genre import Genre
from schema.types.playlist import Playlist
from schema.types.ranking import RankedTrackConnection
from schema.types.recommendation import TrackRecommendationConnection
from schema.types.search import SearchConnection
from schema.types.track import Track
from schema.types.user import User
from schema.views import PAGE_ARGUMENTS

Context = Info[RequestContext, None]


def _argument(description: str, name: str | None = None) -> Any:
    return strawberry.argument(description=description, name=name)


First = Annotated[int | None, _argument(PAGE_ARGUMENTS["first"])]
After = Annotated[str | None, _argument(PAGE_ARGUMENTS["after"])]
Id = Annotated[strawberry.ID, _argument("A global id, as the `id` of an entity gives it.")]
Ids = Annotated[list[strawberry.ID], _argument("Up to 100 global ids.")]


async def _entity(info: Context, kind: EntityKind, id_: str) -> EntityRecord | None:
    return await entities.entity(info.context, EntityRef(kind, parse_id_of(kind, id_)))


@strawberry.type(description="Where reading starts.")
class Query(ApiKeyQueries, AppQueries, AuditQueries, PlaylistQueries):
    """The fields of the root. Look-ups are null for what is not there, or not for this viewer."""

    @strawberry.field(
        description="Any entity by its id.",
        graphql_type=Node | None,
        directives=ANYBODY.directives,
    )
    async def node(self, info: Context, id: Id) -> EntityRecord | None:  # noqa: A002  Relay's name
        """Return an entity."""
        return await entities.entity(info.context, parse_id(id))

    @strawberry.field(
        description="Entities by their ids, in the order of the ids; null for what is not there.",
        graphql_type=list[Node | None] | None,
        directives=ANYBODY.directives,
    )
    async def nodes(self, info: Context, ids: Ids) -> Sequence[EntityRecord | None]:
        """Return entities."""
        refs = [parse_id(one) for one in at_most_max_ids(ids)]
        return await entities.entities(info.context, refs)

    @strawberry.field(
        description="The person who asks; null where nobody is signed in.",
        graphql_type=User | None,
        directives=ANYBODY.directives,
    )
    async def viewer(self, info: Context) -> UserRecord | None:
        """Return the viewer."""
        return await entities.viewer(info.context)

    @strawberry.field(
        description="A person by handle.",
        graphql_type=User | None,
        directives=ANYBODY.directives,
    )
    async def user(
        self,
        info: Context,
        handle: Annotated[str, _argument("The person's unique name; case does not matter.")],
    ) -> UserRecord | None:
        """Return a person."""
        return await entities.user_by_handle(info.context, handle)

    @strawberry.field(description="A track by its id.", graphql_type=Track | None)
    async def track(self, info: Context, id: Id) -> EntityRecord | None:  # noqa: A002  the graph's name
        """Return a track."""
        return await _entity(info, EntityKind.TRACK, id)

    @strawberry.field(
        description="Tracks by their ids, in the order of the ids; null for what is not there.",
        graphql_type=list[Track | None] | None,
    )
    async def tracks(self, info: Context, ids: Ids) -> Sequence[EntityRecord | None]:
        """Return tracks."""
        track = EntityKind.TRACK
        refs = [EntityRef(track, parse_id_of(track, one)) for one in at_most_max_ids(ids)]
        return await entities.entities(info.context, refs)

    @strawberry.field(
        description="All tracks with an ISRC, the most popular first.",
        graphql_type=list[Track] | None,
    )
    async def tracks_by_isrc(
        self,
        info: Context,
        isrc: Annotated[str, _argument("An ISRC; hyphens and case do not matter.")],
    ) -> Sequence[TrackRecord]:
        """Return tracks."""
        return await entities.tracks_by_isrc(info.context, isrc)

    @strawberry.field(description="An album by its id.", graphql_type=Album | None)
    async def album(self, info: Context, id: Id) -> EntityRecord | None:  # noqa: A002  the graph's name
        """Return an album."""
        return await _entity(info, EntityKind.ALBUM, id)

    @strawberry.field(description="An artist by its id.", graphql_type=Artist | None)
    async def artist(self, info: Context, id: Id) -> EntityRecord | None:  # noqa: A002  the graph's name
        """Return an artist."""
        return await _entity(info, EntityKind.ARTIST, id)

    @strawberry.field(description="A playlist by its id.", graphql_type=Playlist | None)
    async def playlist(self, info: Context, id: Id) -> EntityRecord | None:  # noqa: A002  the graph's name
        """Return a playlist."""
        return await _entity(info, EntityKind.PLAYLIST, id)

    @strawberry.field(
        description="The entity that another service knows by an id of its own.",
        graphql_type=Node | None,
        directives=ANYBODY.directives,
    )
    async def by_external_id(
        self,
        info: Context,
        source: Annotated[ExternalSource, _argument("The service.")],
        type_: Annotated[ExternalIdType, _argument("What kind of entity it is.", name="type")],
        value: Annotated[str, _argument("The id, as that service writes it.")],
    ) -> EntityRecord | None:
        """Return an entity."""
        kind = EntityKind(type_.value)
        return await entities.by_external_id(info.context, source, kind, value)

    @strawberry.field(
        description=(
            "What people type. Case, accents, apostrophes and hyphens do not matter; every word"
            " must be found, the last may be a beginning. Exact names first, then the most popular."
        ),
        graphql_type=SearchConnection | None,
        directives=ANYBODY.directives,
    )
    async def search(
        self,
        info: Context,
        query: Annotated[str, _argument("Up to 200 characters and 30 words.")],
        types: Annotated[
            list[EntityKind] | None, _argument("Only these kinds; all five by default.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Page[EntityRef]:
        """Return results."""
        return await search.search(info.context, query, types, first, after)

    @strawberry.field(
        description=(
            "Tracks that go with one to five seeds in all, best first. Without a trained model"
            " popularity stands in, and the connection is `degraded`."
        ),
        graphql_type=TrackRecommendationConnection | None,
        directives=RECOMMENDATIONS.directives,
    )
    async def recommendations(
        self,
        info: Context,
        seed_tracks: Annotated[
            list[strawberry.ID] | None, _argument("Ids of tracks to start from.")
        ] = None,
        seed_artists: Annotated[
            list[strawberry.ID] | None, _argument("Ids of artists to start from.")
        ] = None,
        seed_genres: Annotated[
            list[str] | None, _argument("Slugs of genres to start from.")
        ] = None,
        tune: Annotated[TuneInput | None, _argument("How the tracks should sound.")] = None,
        first: First = None,
        after: After = None,
    ) -> SuggestionPage:
        """Return recommendations."""
        seeds = recommendations.Seeds(
            tracks=[parse_id_of(EntityKind.TRACK, one) for one in seed_tracks or ()],
            artists=[parse_id_of(EntityKind.ARTIST, one) for one in seed_artists or ()],
            genres=[checked_text("seedGenres", slug) for slug in seed_genres or ()],
        )
        ranges = tune.ranges() if tune else {}
        return await recommendations.recommend(info.context, seeds, ranges, first, after)

    @strawberry.field(
        description=(
            "The most played tracks of a time. Where nothing was played, the catalogue's most"
            " popular, without counts."
        ),
        graphql_type=RankedTrackConnection | None,
        directives=CATALOG.directives,
    )
    async def charts(
        self,
        info: Context,
        range: Annotated[ListeningRange, _argument("How far back plays are counted.")] = (  # noqa: A002  the graph's name
            ListeningRange.MEDIUM
        ),
        genre: Annotated[
            str | None, _argument("The slug of a genre; all genres by default.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Page[Any]:
        """Return a chart."""
        slug = None if genre is None else checked_text("genre", genre)
        return await charts_of.charts(info.context, range, slug, first, after)

    @strawberry.field(
        description="All genres and subgenres, by name.", graphql_type=list[Genre] | None
    )
    async def genres(self, info: Context) -> Sequence[GenreRecord]:
        """Return genres."""
        return await genres.all_genres(info.context)
