"""`signing-keys`: the keys that sign access tokens."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from datasources.records.tokens import SigningKeyRecord

app = typer.Typer(no_args_is_help=True)


@app.command("rotate")
def rotate(
    at_once: Annotated[
        bool,
        typer.Option(
            "--now", help="The old key has leaked: all that it signed is void from now on."
        ),
    ] = False,
) -> None:
    """Publish a new key; it signs twelve minutes later, and the old one verifies what it signed."""
    made = asyncio.run(_rotate(at_once=at_once))
    typer.echo(f"{made.kid} is published, and signs from {_shown(made.active_from)} on.")
    if at_once:
        typer.echo("All others have ended. Every server knows within a minute.")


@app.command("list")
def list_keys() -> None:
    """Show each key: from when it signs, and until when it verifies."""
    now = datetime.now(UTC)
    for key in asyncio.run(_fetch()):
        until = f", verifies until {_shown(key.expires_at)}" if key.expires_at else ""
        typer.echo(f"{key.kid}  {_state(key, now)}, signs from {_shown(key.active_from)}{until}")


def _state(key: SigningKeyRecord, now: datetime) -> str:
    if key.expires_at is not None and key.expires_at <= now:
        return "ended"
    return "published" if key.active_from > now else "active"


def _shown(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


async def _rotate(*, at_once: bool) -> SigningKeyRecord:
    from auth.keyring import KeyRing
    from auth.vault import Vault
    from datasources.ids import new_id
    from datasources.records.audit import AuditRecord, AuditResult
    from datasources.stores import open_stores
    from gateway.identity import key_encryption_keys
    from gateway.settings import Settings

    settings = Settings()
    async with open_stores(settings.stores.patient()) as stores:
        vault = Vault.of(key_encryption_keys(settings))
        now = datetime.now(UTC)
        noted = AuditRecord(new_id(), now, "rotateKeys", AuditResult.DONE, "COMMAND_LINE")
        return await KeyRing(stores.postgres, vault).rotate(now, noted, at_once=at_once)


async def _fetch() -> Sequence[SigningKeyRecord]:
    from datasources.postgres.signing_keys import fetch_signing_keys
    from datasources.stores import open_stores
    from gateway.settings import Settings

    async with open_stores(Settings().stores.patient()) as stores:
        return await fetch_signing_keys(stores.postgres)
