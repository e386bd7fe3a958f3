"""Every door has a lock: the guard walks the schema, and fails where nothing was decided."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
import strawberry
from graphql import GraphQLField, GraphQLNamedType, GraphQLObjectType, GraphQLSchema, get_named_type
from strawberry import federation
from strawberry.federation.schema_directives import RequiresScopes

from auth.scopes import PUBLIC_SCOPES
from datasources.loaders.accounts import AccountOfUser
from resolvers.permission import ONESELF
from schema.build import build_schema
from schema.enforcement import FREE, granted, members, missing, requirements
from schema.permissions import ACCOUNT, ANYBODY, CATALOG, Public
from schema.views import loaded
from tests.factories.visibility import VIEWERS
from tests.guards.graph import policy_of, reached, readers

GRAPH = build_schema()._schema

# What anybody reads, decided one by one: each of these is shown to people without a credential.
OPEN_TYPES = {
    "Query",
    "_Service",
    *("Track", "Album", "Artist", "Genre", "Credit", "AudioFeatures", "ExternalId"),
    *("TrackConnection", "TrackEdge", "AlbumConnection", "AlbumEdge", "PageInfo"),
    *("RankedTrackConnection", "RankedTrack"),
    *("TrackRecommendationConnection", "TrackRecommendation", "RecommendationModel"),
    *("ArtistRecommendationConnection", "ArtistRecommendation"),
    *("SearchConnection", "SearchEdge"),
    *("Playlist", "PlaylistItem", "Collaborator", "PlaylistItemConnection", "PlaylistItemEdge"),
    *("PlaylistConnection", "PlaylistEdge"),
    # Whoever reads a list may read what it was: those who watch it see each change anyway.
    *("PlaylistChange", "PlaylistItemChange", "PlaylistItemRekeyed", "PlaylistVersion"),
    *("PlaylistChangeConnection", "PlaylistChangeEdge"),
    *("User", "UserConnection", "UserEdge"),
    # Whose listening one may see is decided at each event: tests/integration/test_now_playing.py.
    *("Subscription", "NowPlayingChanged", "NowPlaying", "Lagged"),
    *("ListenAdded", "Listen"),  # so it is there: tests/integration/test_listen_added.py
    "PlaylistChanged",  # who may read the playlist: tests/integration/test_playlist_changed.py
    "PresenceChanged",  # whom it names is decided at each event, too: test_presence.py
    "RecommendationsRefreshed",  # of the viewer's own: test_recommendations_refreshed.py
}
OPEN_FIELDS_OF_PEOPLE = {
    *("id", "handle", "displayName", "avatarUrl", "createdAt"),
    *("followers", "following"),
    "isFollowed",  # of the viewer's own: null where the credential is not for it
    "playlists",  # the loader tells the owner from others: tests/guards/test_visibility.py
}
# Fields that lead to entities of several kinds: their resolvers ask for the scope of each kind,
# which tests/guards/test_visibility.py tries.
OF_ANY_KIND = {
    *("Query.node", "Query.nodes", "Query.byExternalId", "Query._entities"),
    *("SearchEdge.node", "SearchConnection.nodes"),
}


def directives_of(element: GraphQLField | GraphQLNamedType) -> list[object]:
    definition = element.extensions.get("strawberry-definition")
    return list(getattr(definition, "directives", None) or ())


def is_decided(element: GraphQLField | GraphQLNamedType) -> bool:
    return any(isinstance(one, RequiresScopes | Public) for one in directives_of(element))


def undecided(schema: GraphQLSchema) -> Iterator[str]:
    """Yield the roots of operations that say nothing of who may use them, nor does their type."""
    for root in (schema.query_type, schema.mutation_type, schema.subscription_type):
        for name, field in (root.fields if root else {}).items():
            of_type = root is schema.query_type and is_decided(get_named_type(field.type))
            if not (is_decided(field) or of_type or name.startswith("_")):
                yield f"{root.name if root else ''}.{name}"


def open_fields(schema: GraphQLSchema) -> Iterator[tuple[GraphQLObjectType, str, GraphQLField]]:
    """Yield the fields that anybody reads: by no policy, and by no scope but the public ones."""
    needed, nobody = requirements(schema), VIEWERS["anonymous"]
    for type_ in reached(schema):
        for name, field in type_.fields.items():
            free = not missing(nobody, needed.get((type_.name, name), FREE))
            if free and policy_of(field) is None:
                yield type_, name, field


def open_types(schema: GraphQLSchema) -> set[str]:
    """Return the types that anybody reaches by open fields alone."""
    ways: dict[str, set[str]] = {}
    for type_, _, field in open_fields(schema):
        ways.setdefault(type_.name, set()).update(one.name for one in members(schema, field))
    found, waiting = set(), [root.name for root in readers(schema)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += ways.get(name, ())
    return found


def blind(schema: GraphQLSchema) -> set[str]:
    """Return the fields of several kinds of entity, of which some need scopes."""
    return {
        f"{type_.name}.{name}"
        for type_ in reached(schema)
        for name, field in type_.fields.items()
        if not isinstance(get_named_type(field.type), GraphQLObjectType)
        and any(is_decided(one) for one in members(schema, field))
    }


def test_all_that_starts_an_operation_is_decided() -> None:
    assert list(undecided(GRAPH)) == []


def test_what_anybody_reads_was_meant_to_be_read() -> None:
    assert open_types(GRAPH) == OPEN_TYPES


def test_what_anybody_reads_of_people_was_meant_to_be_read() -> None:
    found = {name for type_, name, _ in open_fields(GRAPH) if type_.name == "User"}
    assert found == OPEN_FIELDS_OF_PEOPLE


def test_what_leads_to_several_kinds_asks_for_each() -> None:
    assert blind(GRAPH) == OF_ANY_KIND


def test_anybody_has_only_public_scopes() -> None:
    assert VIEWERS["anonymous"].scopes == PUBLIC_SCOPES


def test_what_a_type_is_granted_is_met_on_all_ways() -> None:
    met = granted(GRAPH)
    assert met["Account"] == requirements(GRAPH)["User", "account"]
    assert met["Query"] == met["User"] == met["PageInfo"] == FREE
    assert met["TrackConnection"] == requirements(GRAPH)["Query", "track"]
    assert met["RankedTrackConnection"] == FREE  # from charts, and from a person's tops


# --- the guard fails where it should ------------------------------------------------------------


def made_up() -> GraphQLSchema:
    """Return a schema in which much was forgotten."""

    @federation.type(directives=CATALOG.directives)
    class Song:
        title: str

    @federation.type
    class Secret:
        code: str

    @federation.type
    class Person:
        name: str
        diary: Secret
        guarded: Secret = loaded(
            AccountOfUser, key="id", allowed=ONESELF, description="By a policy."
        )
        scoped: Secret = strawberry.field(directives=ACCOUNT.directives)

    def nothing() -> Any: ...

    several_kinds = Annotated[Song | Secret, strawberry.union("Several")]

    @strawberry.type
    class Query:
        song: Song = strawberry.field(resolver=nothing)
        person: Person = strawberry.field(resolver=nothing, directives=ANYBODY.directives)
        forgotten: Person = strawberry.field(resolver=nothing)
        several: Any = strawberry.field(
            resolver=nothing, directives=ANYBODY.directives, graphql_type=several_kinds
        )

    @strawberry.type
    class Mutation:
        meant: str = strawberry.mutation(resolver=nothing, directives=ANYBODY.directives)
        forgotten: str = strawberry.mutation(resolver=nothing)

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def forgotten(self) -> AsyncIterator[str]:
            yield ""

    return federation.Schema(Query, Mutation, Subscription, federation_version="2.9")._schema


@pytest.fixture(scope="module")
def forgetful() -> GraphQLSchema:
    return made_up()


def test_the_guard_finds_what_is_undecided(forgetful: GraphQLSchema) -> None:
    assert set(undecided(forgetful)) == {
        "Query.forgotten",
        "Mutation.forgotten",
        "Subscription.forgotten",
    }


def test_the_guard_finds_what_anybody_reads(forgetful: GraphQLSchema) -> None:
    found = {f"{type_.name}.{name}" for type_, name, _ in open_fields(forgetful)}
    assert {"Person.name", "Person.diary", "Secret.code"} <= found
    assert not {"Person.guarded", "Person.scoped"} & found
    assert "Secret" in open_types(forgetful)


def test_the_guard_finds_fields_of_several_kinds(forgetful: GraphQLSchema) -> None:
    assert blind(forgetful) == {"Query.several"}
