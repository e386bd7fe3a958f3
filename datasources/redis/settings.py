"""How Redis is reached."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class RedisSettings(BaseModel):
    """`POLYPHONY_REDIS_*`."""

    model_config = ConfigDict(frozen=True)

    url: SecretStr | None = Field(
        None, description="redis://host:6379/0. Absent: embedded, in memory."
    )
    prefix: str = Field("polyphony:", description="What each key begins with.")
    timeout_s: float = Field(1.0, gt=0, description="Longest wait for an answer.")
    events_kept_hours: float = Field(
        24.0, gt=0, le=24 * 30, description="How long plays are kept for clients that come back."
    )
    events_kept: int = Field(
        10_000, ge=100, le=1_000_000, description="How many plays of one person are kept so."
    )

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(
            ("redis://", "rediss://", "unix://")
        ):
            raise ValueError("not an address like redis://host:6379/0")
        return url
