"""The enums of the graph: those of the records, with a description for each value."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import TypeVar

import strawberry

from auth.principal import SessionKind
from datasources.records.accounts import Role
from datasources.records.albums import AlbumKind, DatePrecision
from datasources.records.api_keys import ApiKeyKind, ApiKeyPlan
from datasources.records.apps import AppAuthentication, AppGrant
from datasources.records.artists import CreditRole
from datasources.records.audit import AuditResult
from datasources.records.changes import ChangeKind
from datasources.records.external_ids import EntityKind, ExternalSource
from datasources.records.listening import ListeningRange
from datasources.records.notifications import NotificationKind
from datasources.records.playlists import CollaboratorRole, PlaylistVisibility
from datasources.records.recommendations import RecommendationSource
from datasources.records.users import ListeningVisibility
from schema.errors import ErrorCode

E = TypeVar("E", bound=Enum)


class ExternalIdType(StrEnum):
    """The kinds of entity that other services have ids for: those of the catalogue."""

    TRACK = "TRACK"
    ALBUM = "ALBUM"
    ARTIST = "ARTIST"
    PLAYLIST = "PLAYLIST"


def _described(enum: type[E], description: str, values: Mapping[E, str], name: str = "") -> type[E]:
    """Name a record's enum in the graph, and describe it and each of its values."""
    strawberry.enum(enum, name=name or enum.__name__, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]  # set by Strawberry
        value.description = values[enum[value.name]]
    return enum


_described(
    AlbumKind,
    "The kind of a release.",
    {
        AlbumKind.ALBUM: "A full-length release.",
        AlbumKind.EP: "A release between a single and an album.",
        AlbumKind.SINGLE: "One song and what comes with it.",
        AlbumKind.COMPILATION: "A collection of tracks released before, often by many artists.",
    },
)
_described(
    DatePrecision,
    "How much of a date is known.",
    {
        DatePrecision.DAY: "The whole date.",
        DatePrecision.MONTH: "Year and month; the day reads as the first.",
        DatePrecision.YEAR: "The year; the rest reads as the first of January.",
    },
    name="ReleaseDatePrecision",
)
_described(
    CreditRole,
    "What an artist did on a track or album.",
    {
        CreditRole.MAIN: "It is theirs.",
        CreditRole.FEATURED: "They appear as guests.",
        CreditRole.REMIXER: "They made this version of another's recording.",
    },
)
_described(
    EntityKind,
    "A kind of entity that has a page of its own.",
    {
        EntityKind.TRACK: "A recording on a release.",
        EntityKind.ALBUM: "A release.",
        EntityKind.ARTIST: "A person or group that makes music.",
        EntityKind.PLAYLIST: "A list of tracks that people keep.",
        EntityKind.USER: "A person who listens.",
    },
)
_described(
    ExternalSource,
    "A service that knows entities of this graph by ids of its own.",
    {
        ExternalSource.SPOTIFY: "Spotify: 22 characters, as in its addresses.",
        ExternalSource.APPLE_MUSIC: "Apple Music: the catalogue's number.",
        ExternalSource.TIDAL: "TIDAL: the catalogue's number.",
        ExternalSource.DEEZER: "Deezer: the catalogue's number.",
        ExternalSource.MUSICBRAINZ: "MusicBrainz: an MBID.",
        ExternalSource.DISCOGS: "Discogs: the database's number.",
        ExternalSource.LASTFM: "Last.fm: the name as it stands in its addresses.",
        ExternalSource.HETREC: "The HetRec 2011 data set of Last.fm listening: its number.",
    },
)
_described(
    ListeningRange,
    "How far back listening is counted.",
    {
        ListeningRange.SHORT: "The last four weeks.",
        ListeningRange.MEDIUM: "The last six months.",
        ListeningRange.LONG: "The last year.",
        ListeningRange.ALL: "From the beginning.",
    },
)
_described(
    PlaylistVisibility,
    "Who finds a playlist.",
    {
        PlaylistVisibility.PUBLIC: "Everybody; it stands in lists and search results.",
        PlaylistVisibility.UNLISTED: "Whoever has its id.",
        PlaylistVisibility.PRIVATE: "Its owner and collaborators.",
    },
)
_described(
    CollaboratorRole,
    "What a collaborator may do with a playlist.",
    {
        CollaboratorRole.EDITOR: "Change its items.",
        CollaboratorRole.VIEWER: "See it, also where it is private.",
    },
)
_described(
    ChangeKind,
    "What a change did to the items of a playlist.",
    {
        ChangeKind.ADD: "Tracks were added.",
        ChangeKind.MOVE: "Items were moved.",
        ChangeKind.REMOVE: "Items were taken out.",
        ChangeKind.UNDO: "An earlier change was turned back.",
    },
    name="PlaylistChangeKind",
)
_described(
    NotificationKind,
    "What a notification is about.",
    {
        NotificationKind.NEW_FOLLOWER: "Somebody follows the viewer.",
        NotificationKind.INVITATION: "Somebody asks the viewer to work on a playlist.",
        NotificationKind.PLAYLIST_SHARED: (
            "Somebody works on a playlist of the viewer's from now on, or the viewer on somebody"
            " else's; or somebody gave the viewer theirs."
        ),
        NotificationKind.NEW_DEVICE: (
            "Somebody signed in to the account from a device that was not seen before."
        ),
    },
)
_described(
    RecommendationSource,
    "Where a recommendation comes from.",
    {
        RecommendationSource.PERSONAL: "What this person listens to.",
        RecommendationSource.SIMILAR: "What other people listen to together.",
        RecommendationSource.CONTENT: "How the music sounds.",
        RecommendationSource.POPULAR: "What most people listen to.",
    },
)
_described(
    ListeningVisibility,
    "Who may see what a person listens to.",
    {
        ListeningVisibility.PUBLIC: "Everybody.",
        ListeningVisibility.FOLLOWERS: "Those who follow them.",
        ListeningVisibility.PRIVATE: "Nobody else.",
    },
)
_described(
    ExternalIdType,
    "A kind of entity that other services have ids for.",
    {
        ExternalIdType.TRACK: "A recording on a release.",
        ExternalIdType.ALBUM: "A release.",
        ExternalIdType.ARTIST: "A person or group that makes music.",
        ExternalIdType.PLAYLIST: "A list of tracks that people keep.",
    },
)
_described(
    AuditResult,
    "How something ended.",
    {
        AuditResult.DONE: "It was done.",
        AuditResult.DENIED: "It was refused: the caller may not do it.",
        AuditResult.FAILED: "It did not come off: a wrong password, say.",
    },
)
_described(
    Role,
    "What an account may do beyond its own affairs.",
    {
        Role.LISTENER: "Nothing more.",
        Role.CURATOR: "Curate what the product itself publishes.",
        Role.ADMIN: "Administer accounts and read the audit log.",
    },
)
_described(
    SessionKind,
    "How a client keeps its session.",
    {
        SessionKind.COOKIE: "In a cookie: for browsers.",
        SessionKind.TOKENS: "In tokens that it sends itself: for apps.",
    },
)
_described(
    ApiKeyKind,
    "Where a key may be kept.",
    {
        ApiKeyKind.SECRET: "On a server, or a device of its owner's, for whom it acts.",
        ApiKeyKind.PUBLISHABLE: "In a page, where anybody can read it: for the catalogue alone.",
    },
)
_described(
    AppAuthentication,
    "How an app shows at `/oauth/token` that it is the one it says.",
    {
        AppAuthentication.SECRET: "By a secret, in a header or in the form: for servers.",
        AppAuthentication.PRIVATE_KEY_JWT: "By a token that it signs with a key of its own.",
        AppAuthentication.NONE: "Not at all: for what runs on people's devices, with PKCE.",
    },
)
_described(
    AppGrant,
    "A way in which an app gets tokens; those for people can be renewed.",
    {
        AppGrant.AUTHORIZATION_CODE: "By a code that the person's browser brings back.",
        AppGrant.DEVICE_CODE: "By a code that the person types elsewhere: for TVs and terminals.",
        AppGrant.CLIENT_CREDENTIALS: "For itself and nobody else: it reads what is public.",
    },
)
_described(
    ApiKeyPlan,
    "How much a key may be used; the documentation has the numbers.",
    {
        ApiKeyPlan.FREE: "For trying, and for small things.",
        ApiKeyPlan.PRO: "For products.",
        ApiKeyPlan.PARTNER: "For partners.",
    },
)
_described(
    ErrorCode,
    "What went wrong; the documentation says what to do about each.",
    {code: f"See `{code.value}` in the documentation of errors." for code in ErrorCode},
)
