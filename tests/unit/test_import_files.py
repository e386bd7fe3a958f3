"""Reading files: lines are counted as an editor shows them, and one bad row is one bad row."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.__main__ import app
from gateway.importers.delimited import MAX_FIELD_CHARS, BadRow, Row, Unreadable, open_delimited
from tests.factories.catalogue_csv import csv_text
from tests.factories.hetrec_files import artist, write_hetrec


def read(path: Path, content: bytes, *, tabs: bool = False) -> list[tuple[int, object]]:
    path.write_bytes(content)
    with open_delimited(path, ("a", "b"), tabs=tabs) as file:
        rows = list(file)
    return [(one.line, list(one.fields) if isinstance(one, Row) else one.reason) for one in rows]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.csv"


def test_lines_are_counted_where_rows_start(path: Path) -> None:
    content = b'a,b\r\n1,"x\r\ny"\r\n2\r\n\r\n3,"say ""hi"""\r\n'
    assert read(path, content) == [
        (2, ["1", "x\r\ny"]),
        (4, "1 fields instead of 2"),
        (6, ["3", 'say "hi"']),
    ]


def test_columns_are_found_by_name(path: Path) -> None:
    assert read(path, b"\xef\xbb\xbfb,other, a\n1,2,3\n") == [(2, ["3", "1"])]


def test_a_long_row_is_refused(path: Path) -> None:
    assert read(path, b"a,b\n1,2,3\n") == [(2, "3 fields instead of 2")]


def test_a_row_that_is_not_utf8_is_refused_alone(path: Path) -> None:
    assert read(path, b"a,b\nM\xf6tley,1\nM\xc3\xb6tley,2\n") == [
        (2, "not UTF-8"),
        (3, ["Mötley", "2"]),
    ]


def test_a_quote_that_is_never_closed_ends_somewhere(path: Path) -> None:
    filler = b"x" * 1000
    lines = [b'1,"open', *[filler] * (MAX_FIELD_CHARS // 1000 + 1), b"2,3"]
    rows = read(path, b"a,b\n" + b"\n".join(lines) + b"\n")
    assert rows[0][0] == 2
    assert "field larger than field limit" in str(rows[0][1])
    assert rows[-1] == (len(lines) + 1, ["2", "3"])


def test_tab_separated_text_has_no_quotes(path: Path) -> None:
    content = b'a\tb\r\n1\t"Weird Al" Yankovic\r\n2\tother\r\n'
    expected = [(2, ["1", '"Weird Al" Yankovic']), (3, ["2", "other"])]
    assert read(path, content, tabs=True) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty."),
        (b"a,c\n1,2\n", "has a wrong header: missing column b."),
        ("a,b\n1,2\n".encode("utf-16"), "is not UTF-8."),
        (b"b;a\n1;2\n", "has a wrong header: missing columns a, b."),
    ],
)
def test_a_file_of_which_nothing_can_be_read(path: Path, content: bytes, message: str) -> None:
    with pytest.raises(Unreadable) as error:
        read(path, content)
    assert str(error.value) == f"{path} {message}"


def test_what_is_no_row_is_told_from_what_is(path: Path) -> None:
    path.write_bytes(b"a,b\n1\n")
    with open_delimited(path, ("a", "b")) as file:
        assert list(file) == [BadRow(2, "1 fields instead of 2")]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("missing.csv", "missing.csv does not exist."),
        (".", ". is a folder, not a file."),
        ("wrong.csv", "wrong.csv has a wrong header: missing columns track_id, track_name,"),
    ],
)
def test_a_catalogue_that_cannot_be_read(
    argument: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.csv").write_text(csv_text([], ["id", "name"]))
    result = CliRunner().invoke(app, ["import", "catalogue", argument])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.startswith("Nothing imported: ")
    assert result.stderr.count("\n") == 1
    assert not result.stdout


@pytest.mark.parametrize(
    ("gone", "message"), [("user_friends.dat", "user_friends.dat does not exist."), ("", "")]
)
def test_listens_that_cannot_be_read(
    gone: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYPHONY_MONGO_URL", "mongodb://127.0.0.1:1/nowhere")
    folder = write_hetrec(tmp_path / "lastfm", [artist(1, "A")])
    if gone:
        (folder / gone).unlink()
    else:
        folder, message = folder / "artists.dat", "artists.dat is a file, not a folder."
    result = CliRunner().invoke(app, ["import", "listens", str(folder), "--format", "hetrec"])
    assert result.exit_code == 2
    assert result.stderr == f"Nothing imported: {tmp_path / 'lastfm'}/{message}\n"


def test_listens_need_a_mongodb_that_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POLYPHONY_MONGO_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["import", "listens", ".", "--format", "hetrec"])
    assert result.exit_code == 2
    assert "set POLYPHONY_MONGO_URL" in result.stderr
    assert result.stderr.count("\n") == 1
