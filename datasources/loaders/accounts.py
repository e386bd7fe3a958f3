"""Loaders of accounts."""

from datasources.loaders.batch import Batch
from datasources.loaders.sources import from_postgres
from datasources.postgres import accounts

AccountOfUser = Batch("AccountOfUser", from_postgres(accounts.fetch_accounts_by_ids))
