import pytest
from typer.testing import CliRunner, Result

from datasources.records.recommendations import ModelRecord
from gateway.__main__ import app
from gateway.commands.recommend import summary
from gateway.training import TrainingSummary
from tests.factories.music import NOW


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize("arguments", [("recommend", "train"), ("rollup",)])
def test_an_embedded_mongodb_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object, arguments: tuple[str, ...]
) -> None:
    for name in ("POSTGRES", "MONGO", "REDIS"):
        monkeypatch.delenv(f"POLYPHONY_{name}_URL", raising=False)
    monkeypatch.chdir(str(tmp_path))  # away from any .env
    done = run(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "POLYPHONY_MONGO_URL" in done.stderr


def test_a_summary_has_the_numbers() -> None:
    model = ModelRecord("cosine", 4, NOW)
    done = TrainingSummary(
        people=1892,
        artists=17_545,
        counts=92_798,
        tracks=0,
        artist_lists=17_539,
        people_lists=1885,
        artist_model=model,
    )
    assert summary(done) == [
        "cosine, version 4",
        "  92,798 counts of 1,892 people, 17,545 artists",
        "  neighbours of 17,539 artists",
        "  tracks for 1,885 people",
        "No analysed tracks: nothing learnt of how they sound.",
    ]


def test_a_summary_says_that_there_was_nothing() -> None:
    done = TrainingSummary(people=0, artists=0, counts=0, tracks=0)
    assert summary(done)[0] == "No play counts: nothing learnt of artists and people."
