"""Runs a script in Chromium, and returns what it has seen."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "web"
SCREENSHOTS = HERE / "screenshots"
_PATIENCE_S = 180


def chromium() -> str:
    """Return the browser, or skip the test."""
    return _program("chromium", "chromium-browser", "google-chrome")


def node() -> str:
    """Return Node, or skip the test; the browser's driver has to be installed."""
    found = _program("node")
    assert (WEB / "node_modules").is_dir(), "the browser's driver is missing: run `make web`"
    return found


async def seen_by(script: str, *arguments: str) -> dict[str, Any]:
    """Return the document that a script of this folder prints; it has to end well."""
    process = await asyncio.create_subprocess_exec(
        node(),
        str(HERE / script),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), _PATIENCE_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, err.decode()
    seen: dict[str, Any] = json.loads(out)
    return seen


def _program(*names: str) -> str:
    for name in names:
        if found := shutil.which(name):
            return found
    pytest.skip(f"no {names[0]} on this machine")
