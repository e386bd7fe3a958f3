"""`apps`: registers apps of third parties, lists and disables them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from datasources.records.apps import AppAuthentication, AppGrant, AppRecord
from gateway.commands.use_case import WRONG_USE, run_use_case

if TYPE_CHECKING:
    from resolvers.context import RequestContext

app = typer.Typer(no_args_is_help=True)

_ACCESS = "python -m gateway apps"

AppId = Annotated[str, typer.Argument(metavar="ID", help="As `apps list` shows it.")]


@app.command()
def register(
    name: Annotated[str, typer.Argument(help="What people read when they are asked.")],
    website: Annotated[str, typer.Argument(help="Where they learn more: an address with https.")],
    scope: Annotated[list[str], typer.Option(help="What it may ask for; repeat it for more.")],
    redirect_uri: Annotated[
        list[str] | None, typer.Option(help="Where people come back to; repeat it for more.")
    ] = None,
    grant: Annotated[
        list[AppGrant] | None,
        typer.Option(case_sensitive=False, help="How it gets tokens; by default with a code."),
    ] = None,
    authentication: Annotated[
        AppAuthentication, typer.Option(case_sensitive=False, help="How it shows who it is.")
    ] = AppAuthentication.SECRET,
    jwks_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its public keys, for PRIVATE_KEY_JWT.")
    ] = None,
    jwks_uri: Annotated[str | None, typer.Option(help="Or where they are.")] = None,
    owner: Annotated[
        str | None, typer.Option(metavar="WHO", help="Whose it is: a handle or an address.")
    ] = None,
) -> None:
    """Register an app. Its secret goes to standard output, this one time."""
    from resolvers.app_commands import register_app_of
    from resolvers.app_input import AppValues

    grants = grant or [AppGrant.AUTHORIZATION_CODE]
    values = AppValues(
        name=name,
        website=website,
        authentication=authentication,
        grants=[one.value for one in grants],
        redirect_uris=redirect_uri or (),
        scopes=scope,
        jwks=None if jwks_file is None else _read(jwks_file),
        jwks_uri=jwks_uri,
    )
    made = run_use_case(_ACCESS, lambda context: register_app_of(context, values, owner))
    typer.echo(f"{made.app.name} is registered; its client id is {made.app.id}.", err=True)
    if made.secret is not None:
        typer.echo("Its secret, which nobody can see again:", err=True)
        typer.echo(made.secret)


@app.command()
def disable(app_id: AppId) -> None:
    """Let an app get no more tokens; those that it has are void everywhere within five seconds."""
    _set_disabled(app_id, disabled=True)


@app.command()
def enable(app_id: AppId) -> None:
    """Let an app get tokens again that was disabled."""
    _set_disabled(app_id, disabled=False)


@app.command("list")
def list_apps(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    after: Annotated[UUID | None, typer.Option(metavar="ID", help="Those behind this app.")] = None,
) -> None:
    """List apps, the oldest first, a line for each with tabs; never their secrets."""
    from datasources.postgres.apps import fetch_listed_apps

    async def listed(context: "RequestContext") -> Sequence[tuple[AppRecord, str | None]]:
        return await fetch_listed_apps(context.stores.postgres, after=after, limit=limit + 1)

    found = run_use_case(_ACCESS, listed)
    titles = ("Id", "Name", "Website", "Owner", "Shows", "Grants", "Scopes", "Since", "State")
    for row in (titles, *(_row(one, owner) for one, owner in found[:limit])):
        typer.echo("\t".join(row))
    if len(found) > limit:
        typer.echo(f"There are more: {_ACCESS} list --after {found[limit - 1][0].id}", err=True)


def _row(one: AppRecord, owner: str | None) -> tuple[str, ...]:
    return (
        str(one.id),
        one.name,
        one.website,
        owner or "-",
        one.authentication.value,
        " ".join(one.grants),
        " ".join(one.scopes),
        f"{one.created_at:%Y-%m-%d}",
        "disabled" if one.disabled_at else "open",
    )


def _set_disabled(text: str, *, disabled: bool) -> None:
    from resolvers.app_commands import set_app_disabled

    try:
        app_id = UUID(text)
    except ValueError:
        typer.echo("That is no id of an app: `apps list` shows them.", err=True)
        raise typer.Exit(WRONG_USE) from None
    changed = run_use_case(
        _ACCESS, lambda context: set_app_disabled(context, app_id, disabled=disabled)
    )
    state = "disabled" if disabled else "enabled"
    typer.echo(f"{app_id} is {state}." if changed else f"{app_id} is {state} already.")


def _read(file: Path) -> dict[str, Any]:
    """Return the key set in a file."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no JSON"
        typer.echo(f"The keys cannot be read from {file}: {why}.", err=True)
        raise typer.Exit(WRONG_USE) from None
    return found if isinstance(found, dict) else {}
