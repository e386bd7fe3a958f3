"""The sample in stores of its own, filled once for all tests that read it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from datasources.stores import Stores
from gateway.sample.catalogue import Catalogue, sample_catalogue
from gateway.sample.model import Row
from tests.plugins.databases import Databases
from tests.plugins.stores import scratch_stores


@pytest.fixture(scope="session")
def now() -> datetime:
    """The moment at which the sample's last listens end."""
    return datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


@pytest.fixture(scope="session")
def sample() -> Catalogue:
    """The sample as it was made, without a store."""
    return sample_catalogue()


@pytest.fixture(scope="session")
def sample_tables(sample: Catalogue) -> dict[str, list[Row]]:
    """The sample's rows by table."""
    return sample.tables


@pytest.fixture(scope="session")
async def sample_stores(databases: Databases, now: datetime) -> AsyncIterator[Stores]:
    """Stores with the sample: read them, and leave them as they are."""
    from gateway.sample.fill import fill_sample  # it needs scipy, which takes a while

    async with scratch_stores(databases) as stores:
        await fill_sample(stores, now)
        yield stores
