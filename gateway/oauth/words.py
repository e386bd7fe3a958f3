"""What an app asks for, in the words of the people who are asked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from auth.key_settings import PUBLISHABLE_SCOPES, SECRET_SCOPES
from auth.scopes import OpenIdScope, Scope

_WORDS: Mapping[str, str] = {
    OpenIdScope.OPENID: "Know that it is you, each time you sign in there",
    OpenIdScope.PROFILE: "See your handle, your name and your picture",
    OpenIdScope.EMAIL: "See your e-mail address",
    OpenIdScope.OFFLINE_ACCESS: "Do all of this while you are away, too",
    Scope.CATALOG_READ: "Look things up in the catalogue for you",
    Scope.PLAYLISTS_READ: "See your playlists, the private ones, too",
    Scope.PLAYLISTS_WRITE: "Change, share and delete your playlists",
    Scope.LIBRARY_READ: "See what you saved, whom you follow and whom you blocked",
    Scope.LIBRARY_WRITE: "Save and remove music, follow and block people in your name",
    Scope.LISTENS_READ: "See what you listen to, and what you listened to before",
    Scope.LISTENS_WRITE: "Add to what you listened to",
    Scope.RECOMMENDATIONS_READ: "See what is recommended to you",
}
_CHANGES = frozenset({Scope.PLAYLISTS_WRITE, Scope.LIBRARY_WRITE, Scope.LISTENS_WRITE})


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that an app asks for; `changes` says that it is more than looking."""

    words: str
    changes: bool


def asked_for(scopes: Collection[str]) -> list[Asked]:
    """Return what some scopes mean, in the order in which people care."""
    return [Asked(words, name in _CHANGES) for name, words in _WORDS.items() if name in scopes]


@dataclass(frozen=True, slots=True)
class Meaning(Asked):
    """A scope by its name, and which keys can have it; apps can have all of these."""

    name: str
    secret: bool
    publishable: bool


def meanings() -> list[Meaning]:
    """Return what each scope means that an app or a key can have, in the same order."""
    return [
        Meaning(
            words, name in _CHANGES, str(name), name in SECRET_SCOPES, name in PUBLISHABLE_SCOPES
        )
        for name, words in _WORDS.items()
    ]
