"""How MongoDB is reached."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


class MongoSettings(BaseModel):
    """`POLYPHONY_MONGO_*`."""

    model_config = ConfigDict(frozen=True)

    url: SecretStr | None = Field(
        None, description="mongodb://host:27017/name. Absent: embedded, in memory."
    )
    timeout_s: float = Field(1.0, gt=0, description="Longest operation of a request.")

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(
            ("mongodb://", "mongodb+srv://")
        ):
            raise ValueError("not an address like mongodb://host:27017/name")
        return url
