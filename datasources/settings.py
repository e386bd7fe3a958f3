"""The settings of all stores together."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from datasources.mongo.settings import MongoSettings
from datasources.postgres.settings import PostgresSettings
from datasources.redis.settings import RedisSettings


class StoreSettings(BaseModel):
    """Where each store is; one without a URL is embedded."""

    model_config = ConfigDict(frozen=True)

    postgres: PostgresSettings = PostgresSettings()
    mongo: MongoSettings = MongoSettings()
    redis: RedisSettings = RedisSettings()
    data_dir: Path = Field(Path(".polyphony"), description="Where embedded stores keep files.")

    def patient(self) -> "StoreSettings":
        """Return the settings for commands: an import takes longer, and two connections."""
        minute = 60.0
        return self.model_copy(
            update={
                "postgres": self.postgres.model_copy(
                    update={
                        "command_timeout_s": 10 * minute,
                        "pool_size": max(2, self.postgres.pool_size),
                    }
                ),
                "mongo": self.mongo.model_copy(update={"timeout_s": minute}),
            }
        )
