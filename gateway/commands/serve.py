"""`serve`: run the gateway."""

import signal
import socket
import sys
from typing import Annotated

import typer

from gateway.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port.")] = 1,
) -> None:
    """Run the gateway until SIGTERM or Ctrl-C; answers under way are finished first."""
    import structlog
    import uvicorn

    from gateway.observability.logs import configure_logs

    settings = Settings()
    host, port = host or settings.host, port or settings.port
    in_memory = [name for name in ("mongo", "redis") if getattr(settings, name).url is None]
    if workers > 1 and in_memory:
        stores = " and ".join(in_memory)
        typer.echo(
            f"Each worker would have its own embedded {stores}: run one, or set their URLs.",
            err=True,
        )
        raise typer.Exit(2)
    if not is_free(host, port):
        typer.echo(f"Port {port} is in use: choose another with --port.", err=True)
        raise typer.Exit(1)
    configure_logs(production=settings.production)
    address = settings.public_url or f"http://{host}:{port}"
    structlog.get_logger(__name__).info("starting", graphql=f"{address.rstrip('/')}/graphql")
    # uvicorn stops in order and then raises the signal again: to have been told to stop is success.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        "gateway.app:app_from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=settings.stop_timeout_s,
    )


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens on a port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
