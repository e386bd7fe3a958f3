"""Who ends credentials says so: no module of use cases ends some without telling all processes."""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from datasources.postgres import api_keys, app_consents, apps, revocations, token_families

RESOLVERS = Path(__file__).parents[2] / "resolvers"
ENDING = ("end_", "replace_", "revoke_", "sign_out_")
TELLING = {"forget_sessions", "key_changed", "look_again", "tokens_ended"}
HERE_ALONE = {"revoke", "sign_out", "forget"}
"""What `Revocations` and `ApiKeys` take in, for this process and no other."""


def _endings() -> set[str]:
    modules = (api_keys, app_consents, apps, revocations, token_families)
    return {
        name
        for module in modules
        for name, one in inspect.getmembers(module, inspect.iscoroutinefunction)
        if name.startswith(ENDING) and one.__module__ == module.__name__
    }


def _called(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the name of each function that is called, and that of what it is called on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(name):
                    yield name, ""
                case ast.Attribute(ast.Attribute(attr=on) | ast.Name(on), name):
                    yield name, on


def test_every_end_is_told() -> None:
    endings = _endings()
    assert {"revoke_family", "revoke_key", "end_app", "end_consent", "sign_out_person"} <= endings
    ending, silent = [], []
    for path in sorted(RESOLVERS.glob("*.py")):
        names = {name for name, _ in _called(ast.parse(path.read_text()))}
        if names & endings:
            ending.append(path.name)
            if not names & TELLING:
                silent.append(path.name)
    assert len(ending) >= 9
    assert silent == []


def test_no_process_keeps_an_end_to_itself() -> None:
    alone = [
        path.name
        for path in sorted(RESOLVERS.glob("*.py"))
        for name, on in _called(ast.parse(path.read_text()))
        if name in HERE_ALONE and on in {"revocations", "api_keys"}
    ]
    assert set(alone) == {"credentials.py"}


def test_what_tells_is_there() -> None:
    for name in TELLING:
        module = "sessions" if name == "forget_sessions" else "credentials"
        assert inspect.iscoroutinefunction(getattr(import_module(f"resolvers.{module}"), name))
