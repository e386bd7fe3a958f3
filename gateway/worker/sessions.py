"""Ends sessions in browsers that should have ended already, but for a Redis that was away."""

from datasources.postgres import jobs
from datasources.records.jobs import JobRecord
from datasources.stores import Stores
from resolvers.sessions import forget_ended


class SessionsDuty:
    """The handler of jobs that `resolvers.sessions.end_sessions` asks for."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def __call__(self, job: JobRecord) -> None:
        """End what is left; those that began later stay.

        Raises:
            StoreUnavailable, StoreTimeout: a store did not answer.
        """
        await forget_ended(self._stores.redis, job.payload)
        async with self._stores.postgres.transaction() as connection:
            await jobs.finish(connection, job)
