"""The command line: `python -m gateway --help`."""

import typer

from gateway.commands import imports, recommend
from gateway.commands.demo import demo
from gateway.commands.doctor import doctor
from gateway.commands.migrate import migrate
from gateway.commands.rollup import rollup
from gateway.commands.schema import schema
from gateway.commands.serve import serve

app = typer.Typer(
    help="Polyphony, a GraphQL gateway for music. Settings: POLYPHONY_* (docs/operators.md).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (serve, demo, migrate, doctor, schema, rollup):
    app.command()(command)
app.add_typer(imports.app, name="import", help="Import a catalogue, or listening.")
app.add_typer(recommend.app, name="recommend", help="Train recommendations.")

if __name__ == "__main__":
    app(prog_name="python -m gateway")
