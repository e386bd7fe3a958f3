"""The house stands as docs/adr/0001 draws it."""

import ast
import importlib
import re
import subprocess
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("auth", "bench", "datasources", "gateway", "resolvers", "schema", "tests")
FOLDERS = (
    *PACKAGES,
    "datasources/embedded",
    "datasources/loaders",
    "datasources/mongo",
    "datasources/postgres",
    "datasources/postgres/migrations",
    "datasources/records",
    "datasources/redis",
    "docker",
    "docs",
    "docs/adr",
    "gateway/graphql",
    "gateway/observability",
    "schema/types",
    "tests/e2e",
    "tests/factories",
    "tests/guards",
    "tests/integration",
    "tests/plugins",
    "tests/unit",
    "web",
)
MAX_LINES = 400
MAX_TEST_LINES = 600


def _tracked() -> list[Path]:
    """Files of the project: in git, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607  whichever git there is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.fixture(scope="module")
def files() -> list[Path]:
    try:
        found = _tracked()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: cannot tell our files from others")
    return found


@pytest.fixture(scope="module")
def modules(files: list[Path]) -> list[Path]:
    found = [path for path in files if path.suffix == ".py"]
    assert len(found) > 50
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_a_top_level_package_is_ours(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__file__ is not None
    assert Path(module.__file__).parent == ROOT / package


def test_no_installed_distribution_provides_our_names() -> None:
    installed = packages_distributions()
    assert "pytest" in installed
    assert {name: installed[name] for name in PACKAGES if name in installed} == {}


def test_every_top_level_package_is_known(modules: list[Path]) -> None:
    first = {path.relative_to(ROOT).parts[0] for path in modules}
    assert first == set(PACKAGES)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_has_inhabitants(folder: str, files: list[Path]) -> None:
    inside = [path for path in files if path.is_relative_to(ROOT / folder)]
    assert [path for path in inside if path.name != "__init__.py"], f"{folder} is an empty shell"


def test_docker_has_no_python(modules: list[Path]) -> None:
    assert [path for path in modules if path.is_relative_to(ROOT / "docker")] == []


def test_a_module_says_its_role(modules: list[Path]) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in modules
        if not path.is_relative_to(ROOT / "tests")
        and path.read_text()
        and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_a_file_is_one_idea(modules: list[Path]) -> None:
    long = {}
    for path in modules:
        lines = len(path.read_text().splitlines())
        if lines > (MAX_TEST_LINES if path.is_relative_to(ROOT / "tests") else MAX_LINES):
            long[str(path.relative_to(ROOT))] = lines
    assert long == {}


def test_tools_have_the_same_versions_everywhere() -> None:
    makefile = (ROOT / "Makefile").read_text()
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text()
    uv = re.search(r"^UV_VERSION := (\S+)$", makefile, re.MULTILINE)
    assert uv is not None
    assert f"uv=={uv[1]}" in dockerfile


def test_the_image_has_every_package(modules: list[Path]) -> None:
    dockerfile = (ROOT / "docker" / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    served = {path.relative_to(ROOT).parts[0] for path in modules} - {"bench", "tests"}
    assert {name for name in served if f"COPY {name}/ {name}/" not in dockerfile} == set()
    assert {name for name in served if f"!{name}" not in ignored} == set()
