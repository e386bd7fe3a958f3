"""Who ends credentials says so: no module of use cases ends some without telling all processes."""

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from datasources.postgres import api_keys, app_consents, apps, revocations, token_families

RESOLVERS = Path(__file__).parents[2] / "resolvers"
ENDING = ("end_", "replace_", "revoke_", "sign_out_")
TELLING = {"apps_ended", "forget_sessions", "key_changed", "look_again", "tokens_ended"}
OF_OTHERS = {"end_sessions"}
"""Use cases that end credentials within the transaction of who calls them, who tells of it."""
HERE_ALONE = {"revoke", "sign_out", "forget"}
"""What `Revocations` and `ApiKeys` take in, for this process and no other."""


def _endings() -> set[str]:
    modules = (api_keys, app_consents, apps, revocations, token_families)
    return OF_OTHERS | {
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


def _use_cases(module: Path) -> dict[str, set[str]]:
    """Return what is called by each function that no other of its module calls, or for it."""
    tree = ast.parse(module.read_text())
    functions = {
        one.name: {name for name, _ in _called(one)}
        for one in tree.body
        if isinstance(one, ast.AsyncFunctionDef | ast.FunctionDef)
    }

    def reached(name: str, seen: set[str]) -> set[str]:
        for called in functions[name] - seen:
            seen.add(called)
            if called in functions:
                reached(called, seen)
        return seen

    inner = {called for name, names in functions.items() for called in names - {name}}
    return {name: reached(name, set()) for name in functions if name not in inner}


def test_every_end_is_told() -> None:
    endings = _endings()
    assert {"revoke_family", "revoke_key", "end_app", "end_consent", "sign_out_person"} <= endings
    ending, silent = [], []
    for path in sorted(RESOLVERS.glob("*.py")):
        for name, calls in _use_cases(path).items():
            if calls & endings and name not in OF_OTHERS:
                ending.append(f"{path.stem}.{name}")
                if not calls & TELLING:
                    silent.append(f"{path.stem}.{name}")
    assert {"app_commands.delete_app", "roles.disable_account"} <= set(ending)
    assert silent == []


def test_no_process_keeps_an_end_to_itself() -> None:
    alone = [
        path.name
        for path in sorted(RESOLVERS.glob("*.py"))
        for name, on in _called(ast.parse(path.read_text()))
        if name in HERE_ALONE and on in {"revocations", "api_keys"}
    ]
    assert set(alone) == {"credentials.py"}


def test_what_is_named_here_is_there() -> None:
    for name in TELLING | OF_OTHERS:
        module = "sessions" if name.endswith("_sessions") else "credentials"
        assert inspect.iscoroutinefunction(getattr(import_module(f"resolvers.{module}"), name))
