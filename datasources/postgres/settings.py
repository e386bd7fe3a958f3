"""How PostgreSQL is reached."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class PostgresSettings(BaseModel):
    """`POLYPHONY_POSTGRES_*`. The time-outs keep a request under two seconds when it hangs."""

    model_config = ConfigDict(frozen=True)

    url: SecretStr | None = Field(
        None, description="postgresql+asyncpg://user:password@host:5432/name. Absent: embedded."
    )
    pool_size: int = Field(10, ge=1, description="Connections a process keeps.")
    pool_timeout_s: float = Field(1.0, gt=0, description="Longest wait for a free connection.")
    connect_timeout_s: float = Field(0.7, gt=0, description="Longest wait for a new connection.")
    command_timeout_s: float = Field(0.7, gt=0, description="Longest statement of a request.")
