"""Limits of what people keep."""

from pydantic import BaseModel, ConfigDict, Field


class PlaylistSettings(BaseModel):
    """`POLYPHONY_PLAYLISTS_*`."""

    model_config = ConfigDict(frozen=True)

    history: int = Field(
        1000,
        ge=1,
        description="Changes of a playlist that are kept; a subscriber further behind is lagged.",
    )
