"""How operations come in: sizes, times and origins, the same for HTTP, WebSocket and SSE."""

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

_ORIGIN = re.compile(r"https?://[^\s/?#@*,]+")


class TransportSettings(BaseModel):
    """`POLYPHONY_TRANSPORT_*`."""

    model_config = ConfigDict(frozen=True)

    max_body_bytes: int = Field(1 << 20, gt=0, description="Longest body of a request.")
    body_timeout_s: float = Field(10, gt=0, description="A body that takes longer is dropped.")
    timeout_s: float = Field(
        30, gt=0, description="Longest time for one answer; a client may ask for less."
    )
    max_batch: int = Field(
        0, ge=0, description="Most operations in one request; 0 refuses requests that hold a list."
    )
    document_cache_bytes: int = Field(
        32 << 20, ge=0, description="Memory for parsed and validated documents, in each process."
    )
    min_compressed_bytes: int = Field(
        1000, ge=0, description="Shorter answers are sent as they are."
    )
    allowed_origins: str = Field(
        "",
        description=(
            "Other sites whose pages may send operations and open sockets, by commas:"
            " https://app.example."
        ),
    )
    max_message_bytes: int = Field(1 << 20, gt=0, description="Longest message on a socket.")
    max_operations_per_socket: int = Field(
        100, gt=0, description="Most operations at once on one socket."
    )
    max_sockets_per_principal: int = Field(
        20,
        gt=0,
        description="Most sockets of one account, app or service in a process, and most streams.",
    )
    max_sockets_per_address: int = Field(
        200,
        gt=0,
        description="Most sockets of an address that nobody signed in on, and most streams.",
    )
    max_sockets: int = Field(
        10_000, gt=0, description="Most sockets in a process, and most streams."
    )
    init_timeout_s: float = Field(
        10, gt=0, description="A socket that does not say `connection_init` by then is closed."
    )
    ping_interval_s: float = Field(
        12, gt=0, description="How often a socket is pinged; two unanswered pings end it."
    )

    @field_validator("allowed_origins")
    @classmethod
    def _whole_origins(cls, origins: str) -> str:
        for one in filter(None, map(str.strip, origins.split(","))):
            # "*", too: sessions' cookies are taken from these.
            if not _ORIGIN.fullmatch(one):
                raise ValueError(f"{one!r} is no origin: scheme and host, as https://app.example")
        return origins

    @property
    def origins(self) -> frozenset[str]:
        """The allowed origins, as browsers write them in `Origin`."""
        listed = map(str.strip, self.allowed_origins.split(","))
        return frozenset(one.lower() for one in listed if one)
