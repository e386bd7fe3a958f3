"""docs/clients.md shows the clients as the tests set them up."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
YOURS = {"session.mjs", "__init__.py"}  # what the page leaves to its readers
SETUPS = sorted(
    one for one in (ROOT / "tests/clients/setup").iterdir() if one.suffix in {".mjs", ".py"}
)
LANGUAGES = {".mjs": "js", ".py": "python"}


@pytest.mark.parametrize(
    "setup", [one for one in SETUPS if one.name not in YOURS], ids=lambda one: one.name
)
def test_the_page_shows_what_is_tested(setup: Path) -> None:
    page = (ROOT / "docs/clients.md").read_text()
    assert f"```{LANGUAGES[setup.suffix]}\n{setup.read_text()}```\n" in page
