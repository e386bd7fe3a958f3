"""Accounts of the demo: two listeners and an admin whose passwords are shown at each start.

They are marked in `accounts.demo`, and nothing but the demo lets anybody in by them.
"""

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from auth.passwords import Passwords
from datasources.ids import new_id
from datasources.postgres.accounts import fetch_account_of_login, insert_account, set_password
from datasources.postgres.sign_ups import insert_user
from datasources.postgres.users import fetch_users_by_handles
from datasources.records.accounts import Role
from datasources.stores import Stores
from gateway.sample.people import ADA, EDITOR

_PEOPLE = (
    (ADA, "Ada", Role.LISTENER),
    (EDITOR, "Sunniva", Role.LISTENER),
    ("admin", "Demo Admin", Role.ADMIN),
)
_BYTES = 10  # 80 bits, 16 letters


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Who can sign in to the demo."""

    handle: str
    role: Role
    password: str = field(repr=False)


async def ensure_demo_accounts(
    stores: Stores, passwords: Passwords, key: str, now: datetime
) -> list[DemoAccount]:
    """Make the accounts that are not there, and return all of them with their passwords.

    `key` is a secret of this folder of data: passwords follow from it, so that they stay the same
    from start to start and are nobody else's. One that was changed is set back. Where somebody
    else is called so, there is no such account.
    """
    wanted = [DemoAccount(handle, role, _password(key, handle)) for handle, _, role in _PEOPLE]
    names = [name for _, name, _ in _PEOPLE]
    made = await asyncio.gather(
        *(
            _ensure(stores, passwords, account, name, now)
            for account, name in zip(wanted, names, strict=True)
        )
    )
    return [account for account, there in zip(wanted, made, strict=True) if there]


async def _ensure(
    stores: Stores, passwords: Passwords, account: DemoAccount, name: str, now: datetime
) -> bool:
    found = await fetch_account_of_login(stores.postgres, account.handle)
    if found is None:
        return await _make(stores, passwords, account, name, now)
    if not found.demo:
        return False
    if not (await passwords.verify(found.password_hash, account.password)).ok:
        password_hash = await passwords.hash(account.password)
        async with stores.postgres.transaction() as connection:
            await set_password(connection, found.user_id, password_hash, now)
    return True


async def _make(
    stores: Stores, passwords: Passwords, account: DemoAccount, name: str, now: datetime
) -> bool:
    password_hash = await passwords.hash(account.password)
    email = f"{account.handle}@demo.example"
    user_id = await _person(stores, account.handle, name, now)
    async with stores.postgres.transaction() as connection:
        await insert_account(
            connection,
            user_id,
            email=email,
            email_key=email,
            password_hash=password_hash,
            role=account.role,
            demo=True,
        )
    # Another demo with the same folder may have been first: it has made the same one.
    found = await fetch_account_of_login(stores.postgres, account.handle)
    return found is not None and found.demo


async def _person(stores: Stores, handle: str, name: str, now: datetime) -> UUID:
    """Return the id of a person, who may be one of the sample's."""
    async with stores.postgres.transaction() as connection:
        person = await insert_user(connection, new_id(), handle, name, now)
    if person is None:
        person = (await fetch_users_by_handles(stores.postgres, [handle]))[handle]
    return person.id


def _password(key: str, handle: str) -> str:
    """Return sixteen letters and digits in groups of four."""
    made = hmac.digest(key.encode(), f"demo account {handle}".encode(), hashlib.sha256)[:_BYTES]
    letters = base64.b32encode(made).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
