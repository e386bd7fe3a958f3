"""Loaders of apps: those that a person registered, and those that act for them."""

from datasources.loaders.batch import Batch
from datasources.loaders.sources import from_postgres
from datasources.postgres import app_consents, apps

AppsOfUser = Batch("AppsOfUser", from_postgres(apps.fetch_apps_of_owners), missing=())
AuthorizedAppsOfUser = Batch(
    "AuthorizedAppsOfUser", from_postgres(app_consents.fetch_authorized_apps), missing=()
)
