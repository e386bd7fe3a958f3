"""The command line: `python -m gateway --help`."""

import sys

import typer
from pydantic import ValidationError

from datasources.errors import StoreError
from gateway.commands import apps, imports, keys, recommend, signing_keys, users
from gateway.commands.demo import demo
from gateway.commands.doctor import doctor
from gateway.commands.migrate import migrate
from gateway.commands.rollup import rollup
from gateway.commands.schema import schema
from gateway.commands.serve import serve
from gateway.commands.worker import worker

app = typer.Typer(
    help="Polyphony, a GraphQL gateway for music. Settings: POLYPHONY_* (docs/operators.md).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (serve, demo, worker, migrate, doctor, schema, rollup):
    app.command()(command)
app.add_typer(apps.app, name="apps", help="Register, list and disable apps of third parties.")
app.add_typer(imports.app, name="import", help="Import a catalogue, or listening.")
app.add_typer(keys.app, name="keys", help="Make, list and revoke API keys.")
app.add_typer(recommend.app, name="recommend", help="Train recommendations.")
app.add_typer(
    signing_keys.app,
    name="signing-keys",
    help="Rotate or list the keys that sign access tokens.",
)
app.add_typer(users.app, name="users", help="Make accounts, list them, change what they may do.")


def main() -> None:
    """Run a command; settings that are wrong, or a store that is not there, are said in a line."""
    try:
        app(prog_name="python -m gateway")
    except ValidationError as error:
        for one in error.errors():
            name = "_".join(["POLYPHONY", *map(str, one["loc"] or ("*",))]).upper()
            typer.echo(f"{name}: {one['msg'].removeprefix('Value error, ')}", err=True)
        sys.exit(2)
    except StoreError as error:
        typer.echo(f"{error}. `python -m gateway doctor` says more.", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
