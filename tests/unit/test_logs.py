"""What logs hold, and what they must not."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from gateway.observability.logs import configure_logs


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """What is written to stderr; afterwards logging is as it was."""
    root, access = logging.getLogger(), logging.getLogger("uvicorn.access")
    handlers, level, disabled = root.handlers, root.level, access.disabled
    yield capsys
    root.handlers, access.disabled = handlers, disabled
    root.setLevel(level)
    structlog.reset_defaults()


def _connect() -> None:
    password = "hunter" + str(2)  # put together, so that no line of source shows it
    raise ConnectionError(len(password))


@pytest.mark.parametrize("production", [True, False])
def test_stacks_hold_no_values_of_variables(
    logged: pytest.CaptureFixture[str], *, production: bool
) -> None:
    configure_logs(production=production)
    try:
        _connect()
    except ConnectionError:
        structlog.get_logger("test").exception("cannot connect")
        logging.getLogger("uvicorn.error").exception("cannot connect either")
    text = logged.readouterr().err
    assert "hunter2" not in text
    assert text.count("_connect") >= 2
    if production:
        stacks = [json.loads(line)["exception"] for line in text.splitlines()]
        assert [stack[0]["exc_type"] for stack in stacks] == ["ConnectionError"] * 2
