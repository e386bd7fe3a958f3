"""All settings together, and the only reader of the environment."""

from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from auth.key_settings import KeySettings
from auth.service_settings import ServiceIssuers
from auth.settings import AuthSettings
from datasources.mail.settings import MailSettings
from datasources.mongo.settings import MongoSettings
from datasources.postgres.settings import PostgresSettings
from datasources.redis.settings import RedisSettings
from datasources.settings import StoreSettings
from gateway.graphql.settings import TransportSettings
from gateway.server.settings import ConnectionSettings, StopSettings
from resolvers.settings import PlaylistSettings


class Environment(StrEnum):
    """Where the gateway runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """`POLYPHONY_*` variables, or a `.env` file; docs/operators.md describes each."""

    model_config = SettingsConfigDict(
        env_prefix="POLYPHONY_",
        env_file=".env",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        extra="ignore",
        frozen=True,
    )

    env: Environment = Environment.DEVELOPMENT
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    public_url: str | None = Field(
        None, description="Where people and clients reach the gateway: https://music.example."
    )
    trusted_proxies: str = Field(
        "", description="Addresses of proxies whose X-Forwarded-For is believed, by commas."
    )
    worker: bool = Field(
        True, description="Send mails and do other queued work in the server's process."
    )
    graphiql: bool | None = Field(None, description="Serve GraphiQL; by default not in production.")
    introspection: bool | None = Field(
        None, description="Answer introspection; by default not in production."
    )
    data_dir: Path = Field(Path(".polyphony"), description="Where embedded stores keep files.")
    postgres: PostgresSettings = PostgresSettings(url=None)
    mongo: MongoSettings = MongoSettings(url=None)
    redis: RedisSettings = RedisSettings(url=None)
    auth: AuthSettings = AuthSettings(key_encryption_key=None)
    mail: MailSettings = MailSettings(url=None)
    connection: ConnectionSettings = ConnectionSettings()
    stop: StopSettings = StopSettings()
    transport: TransportSettings = TransportSettings()
    playlists: PlaylistSettings = PlaylistSettings()
    keys: KeySettings = KeySettings()
    services: ServiceIssuers = Field(
        default_factory=dict, description="Issuers whose services may call: JSON, or a file of it."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses_of_proxies(cls, proxies: str) -> str:
        for one in filter(None, map(str.strip, proxies.split(","))):
            try:
                ip_network(one)
            except ValueError:
                # "*", too: then whoever sends the header says where they are.
                raise ValueError(f"{one!r} is no address or network of a proxy") from None
        return proxies

    @property
    def production(self) -> bool:
        """Whether nothing may be assumed."""
        return self.env is Environment.PRODUCTION

    @property
    def graphiql_on(self) -> bool:
        """Whether browsers get GraphiQL."""
        return not self.production if self.graphiql is None else self.graphiql

    @property
    def introspection_on(self) -> bool:
        """Whether clients may read the schema."""
        return not self.production if self.introspection is None else self.introspection

    @property
    def stores(self) -> StoreSettings:
        """Where the stores are."""
        return StoreSettings(
            postgres=self.postgres, mongo=self.mongo, redis=self.redis, data_dir=self.data_dir
        )

    @property
    def address(self) -> str:
        """Where people and clients reach the gateway, without a slash at its end."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")

    @model_validator(mode="after")
    def _nothing_assumed_in_production(self) -> Self:
        needed = {
            "POSTGRES_URL": self.postgres.url,
            "MONGO_URL": self.mongo.url,
            "REDIS_URL": self.redis.url,
            "PUBLIC_URL": self.public_url,
            "AUTH_KEY_ENCRYPTION_KEY": self.auth.key_encryption_key,
            "MAIL_URL": self.mail.url,
        }
        plain = [
            name
            for name, one in self.auth.providers.items()
            if not one.issuer.startswith("https://")
        ]
        if self.production and plain:
            raise ValueError(f"production asks no provider without https: {', '.join(plain)}")
        missing = [f"POLYPHONY_{name}" for name, value in needed.items() if value is None]
        if self.production and missing:
            raise ValueError(f"production needs {', '.join(missing)}: docs/operators.md says why")
        return self
