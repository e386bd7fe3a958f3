"""The words of a digest: one paragraph for each kind of notification that is in it.

All that others chose in it are handles, which have no room for a sentence or a link.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from datasources.postgres.notification_digests import NAMED
from datasources.records.mail import MailTemplate
from datasources.records.notifications import DigestPart, NotificationKind
from gateway.worker.words import NOT_YOU, WORDS, Words

PARTS: Mapping[NotificationKind, str] = {
    NotificationKind.NEW_FOLLOWER: "New followers: {new_follower}.",
    NotificationKind.INVITATION: "You are asked to work on playlists by: {invitation}.",
    NotificationKind.PLAYLIST_SHARED: "Playlists are shared between you and: {playlist_shared}.",
    NotificationKind.NEW_DEVICE: (
        "Sign-ins from a device that was not seen before: {new_device}. " + NOT_YOU
    ),
}
"""Each has one place, which is named as the kind is."""


def digest_words(parts: Sequence[DigestPart]) -> tuple[Words, Mapping[str, str]]:
    """Return the words of a digest, and what goes into their places."""
    words = WORDS[MailTemplate.NOTIFICATION_DIGEST]
    first, *rest = words.paragraphs
    paragraphs = (first, *(PARTS[part.kind] for part in parts), *rest)
    return replace(words, paragraphs=paragraphs), {
        part.kind.value.lower(): _who(part) for part in parts
    }


def _who(part: DigestPart) -> str:
    """Return some of the handles, or, where there are none to be named, how many it was."""
    if not part.handles:
        return str(part.count)
    named = ", ".join(f"@{handle}" for handle in part.handles[:NAMED])
    others = len(part.handles) - NAMED
    if others <= 0:
        return named
    return f"{named} and {others} {'other' if others == 1 else 'others'}"
