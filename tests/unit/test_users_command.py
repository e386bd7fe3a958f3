"""`users` on the command line: what can be said without a store."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from datasources.records.accounts import ListedAccount, Role
from gateway.__main__ import app
from gateway.commands import users


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["users", *arguments], input=typed)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Keep what would be done from being done."""
    kept: list[object] = []
    monkeypatch.setattr(users, "_run", kept.append)
    return kept


def test_a_password_is_never_an_argument() -> None:
    assert run("create", "ann", "ann@example.org", "--password", "x").exit_code == 2
    assert run("create", "ann", "ann@example.org", "secret").exit_code == 2


@pytest.mark.parametrize("arguments", [(), ("--password-file", "-")])
def test_a_password_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, done: list[object], arguments: tuple[str, ...]
) -> None:
    read: list[str] = []
    original = users._read_password
    monkeypatch.setattr(users, "_read_password", lambda file: read.append(original(file)) or "")  # type: ignore[func-returns-value]  # to note it
    result = run("create", "ann", "ann@example.org", *arguments, typed="violet otters\r\nmore\n")
    assert (result.exit_code, read, len(done)) == (0, ["violet otters"], 1)
    assert "violet" not in result.output


def test_a_password_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("violet otters\n")
    assert users._read_password(file) == "violet otters"


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    for file in (tmp_path / "missing", tmp_path, binary):
        result = run("create", "ann", "ann@example.org", "--password-file", str(file))
        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1


def test_an_unknown_role_is_refused() -> None:
    result = run("role", "ann", "king")
    assert result.exit_code == 2
    assert "king" in result.stderr


def test_elsewhere_than_in_a_terminal_a_list_has_tabs(capsys: pytest.CaptureFixture[str]) -> None:
    since = datetime(2026, 3, 14, tzinfo=UTC)
    users._print(
        [
            ListedAccount("ann", "ann@example.org", Role.ADMIN, since, None, since),
            ListedAccount("bob", None, Role.LISTENER, since, since, None),
        ]
    )
    assert capsys.readouterr().out.splitlines() == [
        "Handle\tE-mail\tRole\tSince\tState\tSecond factor",
        "ann\tann@example.org\tADMIN\t2026-03-14\topen\tyes",
        "bob\t-\tLISTENER\t2026-03-14\tdisabled\tno",
    ]
