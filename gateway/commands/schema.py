"""`schema`: the schema as text."""

from pathlib import Path
from typing import Annotated

import typer

FILE = Path("schema.graphql")


def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Compare with schema.graphql; exit 1 where they differ.")
    ] = False,
) -> None:
    """Print the schema in GraphQL's schema language."""
    from schema.build import sdl

    text = sdl()
    if not check:
        typer.echo(text, nl=False)
    elif not FILE.exists() or FILE.read_text() != text:
        typer.echo(f"{FILE} is not what the code says: run `make schema`, commit it.", err=True)
        raise typer.Exit(1)
