"""`users` and `signing-keys` as operators run them: no secret is printed, nor in their log."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

from sqlalchemy import select, text

from auth.vault import Vault
from datasources.postgres.account_tables import accounts, signing_keys
from datasources.stores import Stores

ROOT = Path(__file__).parents[2]
KEK = bytes(range(100, 132))
PASSWORD = "violet otters juggle"
TRIVIAL = "password1234"


async def run(stores: Stores, data_dir: Path, *arguments: str, typed: str = "") -> tuple[int, str]:
    """Return the exit status of a command, and all that it prints."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("POLYPHONY_")}
    ours = {
        "POLYPHONY_POSTGRES_URL": stores.postgres.url,
        "POLYPHONY_DATA_DIR": str(data_dir),
        "POLYPHONY_AUTH_KEY_ENCRYPTION_KEY": b64encode(KEK).decode(),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *arguments,
        cwd=ROOT, env=env | ours, stdin=PIPE, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    async with asyncio.timeout(120):
        output, log = await process.communicate(typed.encode())
    assert process.returncode is not None
    return process.returncode, (output + log).decode()


def ways_to_write(secret: bytes) -> set[str]:
    return {
        secret.hex(),
        str(secret)[2:-1],
        b64encode(secret).decode().rstrip("="),
        urlsafe_b64encode(secret).decode().rstrip("="),
    }


async def test_users_print_no_secret(empty_stores: Stores, tmp_path: Path) -> None:
    create = ("users", "create", "ann", "ann@example.org")
    made, shown = await run(empty_stores, tmp_path, *create, typed=f"{PASSWORD}\n")
    assert made == 0, shown
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(
            text("update accounts set totp_sealed = :sealed, totp_confirmed_at = now()"),
            {"sealed": b"sealed-second-factor"},
        )
    printed = shown
    for typed, *arguments in (
        (PASSWORD, *create),  # it is taken
        (TRIVIAL, "users", "create", "bob", "bob@example.org"),
        ("", "users", "role", "ann", "CURATOR"),
        ("", "users", "disable", "ann"),
        ("", "users", "list"),
    ):
        printed += (await run(empty_stores, tmp_path, *arguments, typed=f"{typed}\n"))[1]
    assert "ann@example.org" in printed
    ((hashed, sealed),) = await empty_stores.postgres.read(
        select(accounts.c.password_hash, accounts.c.totp_sealed)
    )
    secrets = {PASSWORD, TRIVIAL, hashed, "argon2"} | ways_to_write(sealed) | ways_to_write(KEK)
    assert [secret for secret in secrets if secret in printed] == []


async def test_keys_print_no_secret(empty_stores: Stores, tmp_path: Path) -> None:
    printed = ""
    for command in ("rotate", "rotate", "list"):
        status, shown = await run(empty_stores, tmp_path, "signing-keys", command)
        assert status == 0, shown
        printed += shown
    rows = await empty_stores.postgres.read(
        select(signing_keys.c.kid, signing_keys.c.private_sealed)
    )
    assert len(rows) == 2
    vault = Vault([KEK])
    secrets = ways_to_write(KEK) | {"PRIVATE KEY"}
    for kid, sealed in rows:
        assert kid in printed
        private = json.loads(vault.open(sealed, f"signing-key:{kid}"))
        secrets |= ways_to_write(sealed) | {private["d"]}
    assert [secret for secret in secrets if secret in printed] == []
