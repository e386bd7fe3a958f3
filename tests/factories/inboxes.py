"""People who are told things, and how a test reads what they were told."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from auth.principal import Principal, person
from datasources.postgres.notification_tables import notifications
from datasources.records.notifications import NewNotification, NotificationKind
from datasources.stores import Stores
from resolvers.following import follow_user
from resolvers.ids import global_id
from resolvers.notifying import tell
from tests.factories.music import NOW, Music, user_id
from tests.factories.operations import ask, context_of

INBOX = """
query ($first: Int, $after: String) {
  viewer {
    notifications(first: $first, after: $after) {
      totalCount unreadCount pageInfo { hasNextPage endCursor }
      edges {
        cursor
        node {
          id kind createdAt readAt role device address
          actor { handle } playlist { title } invitation { title role }
        }
      }
    }
  }
}
"""


async def people(stores: Stores, last: int, since: int = 1) -> None:
    """Write people who know nobody."""
    music = Music()
    for number in range(since, last + 1):
        music.user(number)
    await music.write(stores)


def one(number: int) -> Principal:
    """Return somebody who is signed in."""
    return person(user_id(number))


async def inbox(stores: Stores, number: int, **variables: Any) -> dict[str, Any]:
    """Return the inbox of a person, as they read it."""
    found: dict[str, Any] = (await ask(stores, INBOX, variables, one(number)))["viewer"]
    inbox: dict[str, Any] = found["notifications"]
    return inbox


async def told(stores: Stores, number: int) -> list[tuple[str, str | None]]:
    """Return the kind and actor of what a person was told, the newest first."""
    nodes = [edge["node"] for edge in (await inbox(stores, number))["edges"]]
    return [(one["kind"], one["actor"] and one["actor"]["handle"]) for one in nodes]


async def follow(stores: Stores, follower: int, followed: int) -> None:
    """Let somebody follow somebody."""
    await follow_user(context_of(stores, one(follower)), global_id("User", user_id(followed)))


async def tell_of_followers(
    stores: Stores, to: int, *actors: int, at: datetime = NOW, device: str | None = None
) -> None:
    """Tell a person of followers, or, of nobody, of a sign-in."""
    kind = NotificationKind.NEW_FOLLOWER if actors else NotificationKind.NEW_DEVICE
    async with stores.postgres.transaction() as connection:
        for actor in actors or (None,):
            actor_id: UUID | None = None if actor is None else user_id(actor)
            await tell(connection, NewNotification(user_id(to), kind, at, actor_id, device=device))


async def age(stores: Stores, by: timedelta, *ids: UUID) -> None:
    """Let notifications be older than they are."""
    of = notifications.c
    statement = update(notifications).values(created_at=of.created_at - by)
    if ids:
        statement = statement.where(of.id.in_(ids))
    async with stores.postgres.transaction() as connection:
        await connection.execute(statement)
