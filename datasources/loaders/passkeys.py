"""Loaders of what lets a person sign in, beside their password."""

from datasources.loaders.batch import Batch
from datasources.loaders.sources import from_postgres
from datasources.postgres import passkeys, second_factors
from datasources.records.second_factors import NO_SECOND_FACTOR

PasskeysOfUser = Batch("PasskeysOfUser", from_postgres(passkeys.fetch_passkeys), missing=())
SecondFactorOfUser = Batch(
    "SecondFactorOfUser",
    from_postgres(second_factors.fetch_second_factors),
    missing=NO_SECOND_FACTOR,
)
