"""Loaders of people."""

from datasources.loaders.batch import Batch, PagedBatch
from datasources.loaders.sources import from_postgres, pages_from_postgres
from datasources.postgres import users

UserById = Batch("UserById", from_postgres(users.fetch_users_by_ids))
UserByHandle = Batch("UserByHandle", from_postgres(users.fetch_users_by_handles))

FollowersOfUser = PagedBatch(
    "FollowersOfUser",
    pages_from_postgres(users.fetch_followers),
    keyset=users.FOLLOWS,
    total=Batch("FollowerCountOfUser", from_postgres(users.count_followers), missing=0),
)
FollowingOfUser = PagedBatch(
    "FollowingOfUser",
    pages_from_postgres(users.fetch_following),
    keyset=users.FOLLOWS,
    total=Batch("FollowingCountOfUser", from_postgres(users.count_following), missing=0),
)
