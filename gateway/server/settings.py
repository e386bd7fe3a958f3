"""How long connections may take, and how the server stops."""

from pydantic import BaseModel, ConfigDict, Field


class ConnectionSettings(BaseModel):
    """`POLYPHONY_CONNECTION_*`."""

    model_config = ConfigDict(frozen=True)

    max_head_bytes: int = Field(
        32_768, ge=1024, description="Longest head of a request; 431 beyond it."
    )
    head_timeout_s: float = Field(10.0, gt=0, description="A head that is slower is dropped.")
    stall_timeout_s: float = Field(
        20.0, gt=0, description="A peer that reads, or sends its body, slower than this is dropped."
    )
    idle_timeout_s: int = Field(
        5, gt=0, description="A kept connection without a request is closed after this."
    )


class StopSettings(BaseModel):
    """`POLYPHONY_STOP_*`."""

    model_config = ConfigDict(frozen=True)

    delay_s: float = Field(
        5.0, ge=0, description="Readiness fails for so long before anything is refused."
    )
    window_s: float = Field(
        20.0, ge=0, description="Sockets and streams leave within this, each at its own moment."
    )
    timeout_s: float = Field(
        35.0, ge=0, description="Longest wait for answers under way, the window included."
    )
