"""`serve`: run the gateway."""

import asyncio
import signal
import sys
from typing import Annotated

import typer

from gateway.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port.")] = 1,
) -> None:
    """Run the gateway until SIGTERM or Ctrl-C; what is under way is finished first."""
    import structlog

    from datasources.diagnosis import wrong_addresses
    from gateway.commands.sockets import PortTaken, listen_on
    from gateway.observability.logs import configure_logs
    from gateway.server.config import ServerConfig
    from gateway.server.run import run

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
    for one in asyncio.run(wrong_addresses(settings.stores)).values():
        typer.echo(f"POLYPHONY_{one.store.upper()}_URL: {one.problem}", err=True)
        raise typer.Exit(2)
    try:
        sockets = listen_on(host, port, settings.connection.stall_timeout_s)
    except PortTaken:
        typer.echo(f"Port {port} is in use: choose another with --port.", err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        reason = error.strerror or error
        typer.echo(f"Cannot listen on port {port} of {host}: {reason}", err=True)
        raise typer.Exit(1) from None
    configure_logs(production=settings.production)
    address = settings.public_url or f"http://{host}:{port}"
    structlog.get_logger(__name__).info("starting", graphql=f"{address.rstrip('/')}/graphql")
    # To have been told to stop is success, also before the server is there to listen to it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config = ServerConfig(
        "gateway.app:app_from_environment",
        settings.connection,
        settings.stop,
        max_message_bytes=settings.transport.max_message_bytes,
        host=host,
        port=port,
        workers=workers,
        # X-Forwarded-For is whatever a client likes, unless a proxy of ours has written it.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
    )
    raise typer.Exit(run(config, sockets))
