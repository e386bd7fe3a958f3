"""Runs a script of this folder in Node, and returns what it prints."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
_PATIENCE_S = 180


def node() -> str:
    """Return Node, or skip the test; the clients have to be installed."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("no node on this machine")
    assert (HERE / "node_modules").is_dir(), "the clients are missing: run `make clients`"
    return found


async def printed_by(script: str, *arguments: str) -> Any:
    """Return the JSON that a script prints; it has to end well."""
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
    return json.loads(out)
