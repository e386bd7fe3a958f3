"""Removes what a deleted account leaves in the three stores."""

from functools import partial
from uuid import UUID

import structlog

from datasources.errors import StoreError
from datasources.mongo.personal_data import remove_listening
from datasources.postgres import jobs
from datasources.postgres.deletion import remove_belongings, remove_person
from datasources.records.jobs import JobRecord
from datasources.redis.personal_data import remove_moments
from datasources.stores import Stores

log = structlog.get_logger(__name__)


class DeletionDuty:
    """The handler of jobs that follow a deleted account."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores

    async def __call__(self, job: JobRecord) -> None:
        """Remove what is there still; whoever begins again goes on where the last one ended.

        A store that is down does not keep the others: it is all that is left for the next time.
        The person's row goes last, and the job with it, in one transaction.

        Raises:
            StoreUnavailable, StoreTimeout: a store did not answer.
        """
        user_id = UUID(job.payload["user_id"])
        stores = self._stores
        away: StoreError | None = None
        for part in (
            partial(remove_moments, stores.redis),
            partial(remove_listening, stores.mongo),
            partial(remove_belongings, stores.postgres),
        ):
            try:
                await part(user_id)
            except StoreError as error:
                away = error
        if away is not None:
            raise away
        async with stores.postgres.transaction() as connection:
            await remove_person(connection, user_id)
            await jobs.finish(connection, job)
        log.info("account removed", job=str(job.id))
