"""The documents say what there is, and their links lead somewhere."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate
from pydantic import BaseModel

from gateway.settings import Settings
from schema.errors import ErrorCode

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")], key=lambda path: path.relative_to(ROOT)
)
LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
EXAMPLE = re.compile(r"^ *```graphql\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
EXAMPLES = [
    (document.name, example)
    for document in DOCUMENTS
    for example in EXAMPLE.findall(document.read_text())
]
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


def _variables() -> list[str]:
    names = []
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names += [f"POLYPHONY_{name}_{inner}".upper() for inner in kind.model_fields]
        else:
            names.append(f"POLYPHONY_{name}".upper())
    return names


@pytest.mark.parametrize("variable", _variables())
def test_operators_read_of_each_setting(variable: str) -> None:
    rows = re.findall(
        r"^\| `(POLYPHONY_\w+)` \|", (ROOT / "docs/operators.md").read_text(), re.MULTILINE
    )
    assert rows.count(variable) == 1


def test_operators_read_of_no_setting_that_is_gone() -> None:
    named = set(re.findall(r"\| `(POLYPHONY_\w+)` \|", (ROOT / "docs/operators.md").read_text()))
    assert named == set(_variables())


def test_the_example_of_a_configuration_sets_what_there_is() -> None:
    named = re.findall(r"^#(POLYPHONY_\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    passwords = {f"POLYPHONY_{store}_PASSWORD" for store in ("POSTGRES", "MONGO", "REDIS")}
    assert len(named) == len(set(named)) > len(passwords)
    assert set(named) - passwords <= set(_variables())


@pytest.mark.parametrize("code", list(ErrorCode))
def test_clients_read_of_each_error_code(code: ErrorCode) -> None:
    assert f"| `{code}` |" in (ROOT / "docs/clients.md").read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text()
    for target, anchor in LINK.findall(text):
        path = (document.parent / target) if target else document
        assert path.exists(), f"{target} is not there"
        if anchor:
            headings = HEADING.findall(path.read_text())
            slugs = {
                re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings
            }
            assert anchor in slugs, f"{target} has no heading #{anchor}"


def test_make_commands_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(), re.MULTILINE))
        assert named <= targets, document.name


@pytest.mark.parametrize(("document", "example"), EXAMPLES)
def test_examples_fit_the_schema(document: str, example: str) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text(), assume_valid_sdl=True)
    assert validate(schema, parse(example)) == [], document


def test_there_are_examples() -> None:
    assert {"README.md", "clients.md"} <= {document for document, _ in EXAMPLES}
