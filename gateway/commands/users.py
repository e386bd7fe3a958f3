"""`users`: makes accounts, lists them, and changes what they may do."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from datasources.records.accounts import ListedAccount, Role
from gateway.commands.use_case import WRONG_USE, run_use_case

if TYPE_CHECKING:
    from resolvers.context import RequestContext

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True)

_ACCESS = "python -m gateway users"
_STDIN = Path("-")

Login = Annotated[str, typer.Argument(metavar="WHO", help="A handle or an e-mail address.")]
NewRole = Annotated[
    Role, typer.Argument(case_sensitive=False, help="What they may do from now on.")
]


@app.command()
def create(
    handle: Annotated[str, typer.Argument(help="Unique name: 3 to 30 letters, digits, _ . -")],
    email: Annotated[str, typer.Argument(help="Counts as confirmed: no mail is sent.")],
    name: Annotated[
        str | None, typer.Option(help="The name that others see; by default the handle.")
    ] = None,
    role: Annotated[Role, typer.Option(case_sensitive=False)] = Role.LISTENER,
    password_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Its first line is the password; - for standard input."),
    ] = None,
) -> None:
    """Make an account.

    The password is asked for without being shown; without a terminal, it is the first line of
    standard input. It is never an argument: those can be seen by others on the machine.
    """
    from resolvers.roles import NewAccount, create_account

    password = _read_password(password_file)
    new = NewAccount(handle, email, name or handle, role)
    _run(lambda context: create_account(context, new, password))
    typer.echo(f"{handle} can sign in, as {role.value}.")


@app.command("role")
def change_role(login: Login, role: NewRole) -> None:
    """Change what somebody may do, and sign them out everywhere."""
    from resolvers.roles import change_role

    changed = _run(lambda context: change_role(context, login, role))
    typer.echo(
        f"{login} is {role.value} from the next sign-in on."
        if changed
        else f"{login} is {role.value} already."
    )


@app.command()
def disable(login: Login) -> None:
    """Close an account to its owner, and sign them out everywhere. Nothing is deleted."""
    from resolvers.roles import disable_account

    changed = _run(lambda context: disable_account(context, login))
    typer.echo(f"{login} cannot sign in any more." if changed else f"{login} is disabled already.")


@app.command()
def enable(login: Login) -> None:
    """Open an account again that was disabled."""
    from resolvers.roles import enable_account

    changed = _run(lambda context: enable_account(context, login))
    typer.echo(f"{login} can sign in again." if changed else f"{login} is not disabled.")


@app.command("list")
def list_users(
    role: Annotated[
        Role | None, typer.Option(case_sensitive=False, help="Only those who may do this.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 50,
    after: Annotated[str, typer.Option(metavar="HANDLE", help="Those behind this handle.")] = "",
) -> None:
    """List accounts by handle: a table in a terminal, elsewhere a line for each with tabs."""
    from datasources.postgres.accounts import fetch_listed_accounts

    async def listed(context: "RequestContext") -> Sequence[ListedAccount]:
        return await fetch_listed_accounts(
            context.stores.postgres, role=role, after=after.lower(), limit=limit + 1
        )

    found = _run(listed)
    _print(found[:limit])
    if len(found) > limit:
        only = f" --role {role.value}" if role else ""
        more = f"{_ACCESS} list{only} --limit {limit} --after {found[limit - 1].handle}"
        typer.echo(f"There are more: {more}", err=True)


def _read_password(file: Path | None) -> str:
    """Return the password from the terminal, standard input, or a file."""
    if file is None and sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        if file is None or file == _STDIN:
            line = sys.stdin.readline()
        else:
            with file.open(encoding="utf-8") as opened:
                line = opened.readline()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        typer.echo(f"The password cannot be read from {file or _STDIN}: {why}.", err=True)
        raise typer.Exit(WRONG_USE) from None
    return line.rstrip("\r\n")


def _run(use_case: "Callable[[RequestContext], Awaitable[T]]") -> T:
    return run_use_case(_ACCESS, use_case)


def _print(found: Sequence[ListedAccount]) -> None:
    rows = [
        (
            one.handle,
            one.email or "-",
            one.role.value,
            f"{one.created_at:%Y-%m-%d}",
            "disabled" if one.disabled_at else "open",
            "yes" if one.totp_confirmed_at else "no",
        )
        for one in found
    ]
    titles = ("Handle", "E-mail", "Role", "Since", "State", "Second factor")
    if not sys.stdout.isatty():
        for row in (titles, *rows):
            typer.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*titles, box=None)
    for row in rows:
        table.add_row(*map(Text, row))  # as text: brackets in an address are no markup
    Console().print(table)
