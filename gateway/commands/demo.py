"""`demo`: the whole gateway in one process, with sample music or with files of your own."""

import asyncio
import gc
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from starlette.applications import Starlette

from datasources.stores import Stores, open_stores
from gateway.settings import Environment, Settings

if TYPE_CHECKING:
    from gateway.sample.accounts import DemoAccount

LOCALHOST = "localhost"
_THIS_MACHINE = {"127.0.0.1", "::1", "0.0.0.0", "::"}  # noqa: S104  compared, not bound
_OWN = ("postgres", "mongo", "redis", "mail")
_HASH_CHARS = 10
_LAST_PORT = 65_535

Report = Callable[[str], None]


def demo(
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.")] = None,
    host: Annotated[str, typer.Option(help="Name or address to listen on.")] = LOCALHOST,
    catalogue: Annotated[
        Path | None, typer.Option(help="A spotify_songs.csv to serve instead of the sample.")
    ] = None,
    listens: Annotated[
        Path | None, typer.Option(help="A HetRec folder of Last.fm listens to serve.")
    ] = None,
) -> None:
    """Serve music on embedded stores: a sample, or the files named. Ctrl-C stops it."""
    from uvicorn.loops.auto import auto_loop_factory

    from gateway.commands.demo_server import DemoServer, run_until_stopped
    from gateway.commands.sockets import PortTaken, listen_on
    from gateway.server.stack import with_room

    given = Settings(env=Environment.DEVELOPMENT)
    port = given.port if port is None else port
    try:
        sockets = listen_on(host, port, given.connection.stall_timeout_s)
    except PortTaken:
        other = port + 1 if port < _LAST_PORT else port - 1
        _say(f"Port {port} is in use. Choose another one: PORT={other} make demo")
        raise typer.Exit(1) from None
    except OSError as error:
        _say(f"Cannot listen on port {port} of {host}: {error.strerror or error}")
        raise typer.Exit(1) from None
    unused = [f"POLYPHONY_{one.upper()}_URL" for one in _OWN if getattr(given, one).url]
    if unused:
        _say(f"Not used: {', '.join(unused)}. The demo has its own; see `make run`.")
    files = [path for path in (catalogue, listens) if path is not None]
    address = address_of(host, sockets[0].getsockname()[1])
    settings = demo_settings(given, files, address)
    examples = FILE_EXAMPLES if files else SAMPLE_EXAMPLES
    accounts: list[DemoAccount] = []

    async def run() -> None:
        server = DemoServer(
            lambda: _app(settings),
            settings,
            answering=lambda: typer.echo(
                welcome(f"{address}/graphql", settings.data_dir, examples, accounts)
            ),
        )
        prepared = _prepared(settings, catalogue, listens, accounts)
        await run_until_stopped(server, sockets, prepared)

    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        with_room(lambda: runner.run(run()))


def _say(line: str) -> None:
    typer.echo(line, err=True)


def demo_settings(given: Settings, files: list[Path], address: str) -> Settings:
    """Return the settings with embedded stores only, their data in a folder for these files.

    Links and passkeys are for `address`: it says localhost, which browsers trust without TLS.
    """
    name = "demo"
    if files:
        paths = "\n".join(str(path.resolve()) for path in files)
        name = f"demo-{hashlib.sha256(paths.encode()).hexdigest()[:_HASH_CHARS]}"
    embedded = {one: getattr(given, one).model_copy(update={"url": None}) for one in _OWN}
    ours = {"public_url": address, "worker": True, "data_dir": given.data_dir / name}
    return given.model_copy(update={**embedded, **ours})


def address_of(host: str, port: int) -> str:
    """Return where clients on this machine find the gateway."""
    shown = LOCALHOST if host in _THIS_MACHINE else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


SAMPLE_EXAMPLES = (
    'Search "beyonde" or "dont tell": accents and apostrophes do not matter.',
    'The tab "Reference": Ada\'s playlists, their tracks, albums and artists in one request.',
    '{ user(handle: \\"emeka\\") { displayName nowPlaying { track { title } } } }',
)
FILE_EXAMPLES = (
    'Search "beyonce" or "dont stop": accents and apostrophes do not matter.',
    'The tab "Reference" with the handle "spotify": playlists, tracks, albums and artists.',
    "{ charts(range: ALL, first: 5) { nodes { title } } }",
)


def welcome(
    address: str,
    data_dir: Path,
    examples: tuple[str, str, str],
    accounts: "Sequence[DemoAccount]" = (),
) -> str:
    """Return what the demo says once it answers."""
    search, tab, query = examples
    people = "\n".join(
        f"  {one.handle:<10} {one.password}   ({one.role.value.lower()})" for one in accounts
    )
    return f"""
Polyphony answers at {address}
A shared playlist, live: {address.removesuffix("/graphql")}/live

Open it in a browser and try:
  1. {search}
  2. {tab}
  3. From a terminal:
     curl -s {address} -H 'content-type: application/json' \\
       -d '{{"query": "{query}"}}'

Sign in, here only, as:
{people}

Mails are put into {data_dir / "mail"}.
PostgreSQL keeps its data in {data_dir}. MongoDB and Redis live in the memory of this
process: listening and recommendations are made anew at each start, and sessions in browsers
end with it. Ctrl-C stops the demo.
"""


def _app(settings: Settings) -> Starlette:
    from gateway.app import create_app
    from gateway.observability.logs import configure_logs

    configure_logs(production=False, level=logging.WARNING)
    app = create_app(settings, demo=True)
    gc.freeze()  # what is alive now stays: the collector need not look at it again
    return app


@asynccontextmanager
async def _prepared(
    settings: Settings,
    catalogue: Path | None,
    listens: Path | None,
    accounts: "list[DemoAccount]",
) -> AsyncIterator[None]:
    """Fill the stores, and hold them: they are the ones that the application opens, too.

    Who can sign in is added to `accounts`.
    """
    from datasources.mongo.indexes import ensure_indexes
    from datasources.postgres.migrate import migrate

    # Filling makes many small objects, nearly all of which stay.
    gc.set_threshold(50_000, 20, 100)
    async with open_stores(settings.stores.patient()) as stores:
        with _progress() as report:
            report("making tables")
            await migrate(stores.postgres.url)
            if not (catalogue or listens):
                await _fill(stores, settings.data_dir, report)
        if catalogue or listens:
            from gateway.commands.demo_files import import_files

            await import_files(stores, settings.data_dir, catalogue, listens)
        accounts += await _accounts(stores, settings)
        # Made last: an embedded MongoDB has to keep up what it has no use for.
        await ensure_indexes(stores.mongo)
        async with nullcontext() if catalogue or listens else _playing_on(stores):
            yield


@asynccontextmanager
async def _playing_on(stores: Stores) -> AsyncIterator[None]:
    """Let the people of the sample play on."""
    from gateway.sample.catalogue import sample_catalogue
    from gateway.sample.playing import play_on

    task = asyncio.create_task(play_on(stores.redis, sample_catalogue()))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _fill(stores: Stores, data_dir: Path, report: Report) -> None:
    from gateway.sample.fill import Found, fill_sample

    summary = await fill_sample(stores, datetime.now(UTC), report)
    if summary.found is Found.OTHER_DATA:
        _say(
            f"{data_dir} holds something else than this version's sample, and is served as it is."
            " Remove the folder to have the sample made anew."
        )


async def _accounts(stores: Stores, settings: Settings) -> "list[DemoAccount]":
    from auth.passwords import Passwords
    from gateway.identity import key_encryption_keys
    from gateway.sample.accounts import ensure_demo_accounts

    passwords = Passwords(settings.auth.password_threads, settings.auth.password_queue)
    try:
        return await ensure_demo_accounts(
            stores, passwords, key_encryption_keys(settings), datetime.now(UTC)
        )
    finally:
        passwords.close()


@contextmanager
def _progress() -> Iterator[Report]:
    """Show the step in a terminal; say nothing elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("") as status:
        yield status.update
