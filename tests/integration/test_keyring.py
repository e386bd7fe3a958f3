"""Signing keys: made once, sealed, rotated with overlap."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from auth.held import held_token, still_good
from auth.identity import Identity
from auth.jwt import BadToken, read_header
from auth.keyring import JWKS_CACHE_S, REFRESH_S, KeyRing
from auth.revocations import Revocations
from auth.tokens import access_token, principal_of_token
from auth.vault import CannotOpen, Vault
from datasources.ids import new_id
from datasources.postgres.account_tables import audit_log
from datasources.postgres.signing_keys import fetch_signing_keys
from datasources.records.accounts import Role
from datasources.records.audit import AuditRecord, AuditResult
from datasources.stores import Stores
from tests.factories.operations import identity_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
USER, FAMILY = UUID(int=1), UUID(int=2)
OVERLAP = timedelta(seconds=JWKS_CACHE_S + REFRESH_S)
VAULT = Vault([b"k" * 32])


def ring_of(stores: Stores, vault: Vault = VAULT) -> KeyRing:
    return KeyRing(stores.postgres, vault)


def noted() -> AuditRecord:
    return AuditRecord(new_id(), NOW, "rotateKeys", AuditResult.DONE, "COMMAND_LINE")


async def issued(identity: Identity, now: datetime) -> str:
    return await access_token(identity, USER, Role.LISTENER, FAMILY, now, now)


async def test_processes_that_start_together_make_one_key(empty_stores: Stores) -> None:
    rings = [ring_of(empty_stores) for _ in range(5)]
    signers = await asyncio.gather(*(ring.signer(NOW) for ring in rings for _ in range(3)))
    assert len({signer.kid for signer in signers}) == 1
    assert len(await fetch_signing_keys(empty_stores.postgres)) == 1


async def test_the_private_part_is_sealed(empty_stores: Stores) -> None:
    signer = await ring_of(empty_stores).signer(NOW)
    private = signer.key.as_dict(private=True)["d"]
    (row,) = await empty_stores.postgres.read(text("select k::text from signing_keys k"))
    assert signer.kid in row[0]
    assert str(private) not in row[0]
    assert '"d"' not in row[0]
    (record,) = await fetch_signing_keys(empty_stores.postgres)
    assert b'"d"' not in record.private_sealed
    assert str(private) not in f"{record!r} {signer!r}"


async def test_another_key_encryption_key_does_not_open_it(empty_stores: Stores) -> None:
    await ring_of(empty_stores).signer(NOW)
    with pytest.raises(CannotOpen):
        await ring_of(empty_stores, Vault([b"x" * 32])).signer(NOW)
    older = Vault([b"x" * 32, b"k" * 32])
    assert await ring_of(empty_stores, older).signer(NOW)


async def test_a_sealed_key_opens_under_its_own_name_only(empty_stores: Stores) -> None:
    await ring_of(empty_stores).signer(NOW)
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(text("update signing_keys set kid = 'another'"))
    with pytest.raises(CannotOpen):
        await ring_of(empty_stores).signer(NOW)


async def test_rotation_overlaps(empty_stores: Stores) -> None:
    """Every cache knows the new key before it signs; the old one outlives its last token."""
    identity = identity_of(empty_stores)
    identity.revocations.loaded = True
    old = (await identity.keys.signer(NOW)).kid
    other = replace(identity, keys=ring_of(empty_stores))  # another process, with its own cache
    await other.keys.refresh()
    made = await identity.keys.rotate(NOW, noted())
    assert made.kid != old

    published = {one["kid"] for one in await identity.keys.published(NOW)}
    assert published == {old, made.kid}
    for late in (timedelta(), OVERLAP):
        assert read_header(await issued(identity, NOW + late)).kid == old
    assert made.active_from > NOW + OVERLAP

    last = await issued(identity, made.active_from - timedelta(seconds=1))
    assert read_header(last).kid == old
    first = await issued(identity, made.active_from)
    assert read_header(first).kid == made.kid
    assert await principal_of_token(other, empty_stores.postgres, first, made.active_from)
    almost = made.active_from + timedelta(seconds=898)
    assert await principal_of_token(other, empty_stores.postgres, last, almost)

    assert made.expires_at is None
    ended = made.active_from + timedelta(hours=2)
    assert [one["kid"] for one in await identity.keys.published(ended)] == [made.kid]


async def test_rotating_twice_keeps_what_still_signs(empty_stores: Stores) -> None:
    identity = identity_of(empty_stores)
    identity.revocations.loaded = True
    old = (await identity.keys.signer(NOW)).kid
    second = await identity.keys.rotate(NOW, noted())
    third = await identity.keys.rotate(NOW + timedelta(minutes=1), noted())
    assert (await identity.keys.signer(NOW + timedelta(minutes=2))).kid == old
    assert (await identity.keys.signer(second.active_from)).kid == second.kid
    token = await issued(identity, second.active_from)
    assert (await identity.keys.signer(third.active_from)).kid == third.kid
    assert await principal_of_token(
        identity, empty_stores.postgres, token, third.active_from + timedelta(minutes=10)
    )


async def test_keys_that_have_leaked_end_at_once(empty_stores: Stores) -> None:
    identity = identity_of(empty_stores)
    identity.revocations.loaded = True
    old = await issued(identity, NOW)
    await identity.keys.rotate(NOW, noted())  # with overlap: one signs still, one does not yet
    other = replace(identity, keys=ring_of(empty_stores))  # another process, with its own cache
    assert await principal_of_token(other, empty_stores.postgres, old, NOW)
    held = held_token(old)
    assert still_good(other, held, NOW)

    made = await identity.keys.rotate(NOW, noted(), at_once=True)
    assert (await identity.keys.signer(NOW)).kid == made.kid
    assert [one["kid"] for one in await identity.keys.published(NOW)] == [made.kid]
    await other.keys.refresh()  # as it does each minute
    for process in (identity, other):
        with pytest.raises(BadToken):
            await principal_of_token(process, empty_stores.postgres, old, NOW)
        assert not still_good(process, held, NOW)
    new = await issued(other, NOW)
    assert read_header(new).kid == made.kid
    assert await principal_of_token(identity, empty_stores.postgres, new, NOW)


async def test_keys_that_have_ended_are_removed(empty_stores: Stores) -> None:
    ring = ring_of(empty_stores)
    for day in range(5):
        await ring.rotate(NOW + timedelta(days=day), noted())
    assert len(await fetch_signing_keys(empty_stores.postgres)) == 2


async def test_the_first_key_of_a_rotation_signs_at_once(empty_stores: Stores) -> None:
    ring = ring_of(empty_stores)
    made = await ring.rotate(NOW, noted())
    assert (await ring.signer(NOW)).kid == made.kid


async def test_a_rotation_is_written_down(empty_stores: Stores) -> None:
    made = await ring_of(empty_stores).rotate(NOW, noted())
    (entry,) = await empty_stores.postgres.read(select(audit_log))
    assert (entry.action, entry.details) == ("rotateKeys", {"kid": made.kid})


async def test_a_token_of_another_database_is_refused(empty_stores: Stores) -> None:
    """Every installation has its own keys, though issuer and audience be the same."""
    identity = identity_of(empty_stores)
    identity.revocations.loaded = True
    token = await issued(identity, NOW)
    async with empty_stores.postgres.transaction() as connection:
        await connection.execute(text("delete from signing_keys"))
    fresh = replace(identity, keys=ring_of(empty_stores), revocations=Revocations(loaded=True))
    with pytest.raises(BadToken):
        await principal_of_token(fresh, empty_stores.postgres, token, NOW)
