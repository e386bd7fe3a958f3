"""Loaders of people.

`UserById` is for what people do themselves; whatever shows people to others asks for those whom
the viewer sees: keys of these end with the viewer's id.
"""

from datasources.loaders.batch import Batch, PagedBatch
from datasources.loaders.sources import from_postgres
from datasources.loaders.viewers import seen_from_postgres, seen_pages_from_postgres
from datasources.postgres import users

UserById = Batch("UserById", from_postgres(users.fetch_users_by_ids))
SeenUserById = Batch("SeenUserById", from_postgres(users.fetch_seen_users))
SeenUserByHandle = Batch("SeenUserByHandle", seen_from_postgres(users.fetch_users_by_handles))

FollowersOfUser = PagedBatch(
    "FollowersOfUser",
    seen_pages_from_postgres(users.fetch_followers),
    keyset=users.FOLLOWERS,
    total=Batch("FollowerCountOfUser", seen_from_postgres(users.count_followers), missing=0),
)
FollowingOfUser = PagedBatch(
    "FollowingOfUser",
    seen_pages_from_postgres(users.fetch_following),
    keyset=users.FOLLOWING,
    total=Batch("FollowingCountOfUser", seen_from_postgres(users.count_following), missing=0),
)
