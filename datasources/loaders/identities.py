"""Loader of the identities at OpenID providers that a person signs in with."""

from datasources.loaders.batch import Batch
from datasources.loaders.sources import from_postgres
from datasources.postgres import identities

IdentitiesOfUser = Batch("IdentitiesOfUser", from_postgres(identities.fetch_identities), missing=())
