"""How PostgreSQL is reached."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


class PostgresSettings(BaseModel):
    """`POLYPHONY_POSTGRES_*`. The time-outs keep a request under two seconds when it hangs."""

    model_config = ConfigDict(frozen=True)

    url: SecretStr | None = Field(
        None, description="postgresql://user:password@host:5432/name. Absent: embedded."
    )
    pool_size: int = Field(10, ge=1, description="Connections a process keeps.")
    pool_timeout_s: float = Field(1.0, gt=0, description="Longest wait for a free connection.")
    connect_timeout_s: float = Field(0.7, gt=0, description="Longest wait for a new connection.")
    command_timeout_s: float = Field(0.7, gt=0, description="Longest statement of a request.")

    @field_validator("url")
    @classmethod
    def _with_our_driver(cls, url: SecretStr | None) -> SecretStr | None:
        """Take an address for any driver; ours is asyncpg."""
        if url is None:
            return None
        try:
            parsed = make_url(url.get_secret_value())
        except ArgumentError:
            raise ValueError(
                "not an address like postgresql://user:password@host:5432/name"
            ) from None
        if parsed.get_backend_name() not in {"postgresql", "postgres"}:
            raise ValueError("not an address of PostgreSQL: it begins with postgresql://")
        ours = parsed.set(drivername="postgresql+asyncpg")
        return SecretStr(ours.render_as_string(hide_password=False))
