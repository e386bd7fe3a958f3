"""How MongoDB is reached."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class MongoSettings(BaseModel):
    """`POLYPHONY_MONGO_*`."""

    model_config = ConfigDict(frozen=True)

    url: SecretStr | None = Field(
        None, description="mongodb://host:27017/name. Absent: embedded, in memory."
    )
    timeout_s: float = Field(1.0, gt=0, description="Longest operation of a request.")
