"""`keys`: makes API keys for people, lists them, and revokes them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from datasources.records.api_keys import ApiKeyKind, ApiKeyPlan, ApiKeyRecord
from gateway.commands.use_case import WRONG_USE, run_use_case

if TYPE_CHECKING:
    from resolvers.context import RequestContext

app = typer.Typer(no_args_is_help=True)

_ACCESS = "python -m gateway keys"


@app.command()
def create(
    login: Annotated[str, typer.Argument(metavar="WHO", help="A handle or an e-mail address.")],
    name: Annotated[str, typer.Argument(help="What to call the key.")],
    scope: Annotated[list[str], typer.Option(help="What it may be used for; repeat it for more.")],
    plan: Annotated[ApiKeyPlan, typer.Option(case_sensitive=False)] = ApiKeyPlan.FREE,
    publishable: Annotated[
        bool,
        typer.Option("--publishable", help="For pages: the catalogue, bound to origins."),
    ] = False,
    origin: Annotated[
        list[str] | None, typer.Option(help="A page that may use it: https://music.example")
    ] = None,
    address: Annotated[
        list[str] | None, typer.Option(help="A network that may use it: 192.0.2.0/24")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, help="How long it is good.")] = None,
) -> None:
    """Make a key for somebody, on any plan. Its text goes to standard output, this one time."""
    from resolvers.api_keys import NewApiKey
    from resolvers.key_administration import create_key_for

    kind = ApiKeyKind.PUBLISHABLE if publishable else ApiKeyKind.SECRET
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    new = NewApiKey(name, scope, kind, expires_at, address or (), origin or ())
    made = run_use_case(_ACCESS, lambda context: create_key_for(context, login, new, plan))
    typer.echo(f"{made.api_key.id} is {login}'s, on the plan {plan.value}. Its text:", err=True)
    typer.echo(made.secret)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` shows it.")],
) -> None:
    """End a key, everywhere within five seconds. It cannot be undone."""
    from resolvers.key_administration import revoke_any_key

    try:
        id_ = UUID(key_id)
    except ValueError:
        typer.echo("That is no id of a key: `keys list` shows them.", err=True)
        raise typer.Exit(WRONG_USE) from None
    changed = run_use_case(_ACCESS, lambda context: revoke_any_key(context, id_))
    typer.echo(f"{id_} is revoked." if changed else f"{id_} is revoked already.")


@app.command("list")
def list_keys(
    user: Annotated[str | None, typer.Option(metavar="WHO", help="Only this person's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    after: Annotated[UUID | None, typer.Option(metavar="ID", help="Those behind this key.")] = None,
) -> None:
    """List keys, the newest first, a line for each with tabs; never their texts."""
    from resolvers.key_administration import list_keys

    async def listed(context: "RequestContext") -> Sequence[ApiKeyRecord]:
        return await list_keys(context, user, after=after, limit=limit + 1)

    found = run_use_case(_ACCESS, listed)
    titles = ("Id", "Owner", "Name", "Begins with", "Kind", "Plan", "Scopes", "State", "Last used")
    now = datetime.now(UTC)
    for row in (titles, *(_row(key, now) for key in found[:limit])):
        typer.echo("\t".join(row))
    if len(found) > limit:
        typer.echo(f"There are more: {_ACCESS} list --after {found[limit - 1].id}", err=True)


def _row(key: ApiKeyRecord, now: datetime) -> tuple[str, ...]:
    used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
    return (
        str(key.id),
        str(key.user_id),
        key.name,
        f"{key.prefix}…",
        key.kind.value,
        key.plan.value,
        " ".join(key.scopes),
        _state(key, now),
        used,
    )


def _state(key: ApiKeyRecord, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= now:
        return "expired"
    return "good"
