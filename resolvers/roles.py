"""What administrators do to accounts from the command line."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from auth.emails import email_key
from auth.handles import RULES, is_handle
from datasources.ids import new_id
from datasources.postgres import audit
from datasources.postgres.accounts import (
    fetch_account_of_login,
    insert_account,
    lock_account,
    set_disabled,
    set_role,
)
from datasources.postgres.client import Connection
from datasources.postgres.sign_ups import forget_sign_ups, insert_user
from datasources.records.accounts import AccountRecord, Role
from resolvers.account_input import checked_email, checked_password
from resolvers.attempts import login_key
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.errors import InvalidInput, NotFound
from resolvers.profile_commands import checked_name
from resolvers.sessions import end_sessions, forget_sessions

_ACTOR = "COMMAND_LINE"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is made of; its address counts as confirmed."""

    handle: str
    email: str
    display_name: str
    role: Role


async def create_account(context: RequestContext, new: NewAccount, password: str) -> UUID:
    """Make a person with an account, and return their id.

    Raises:
        InvalidInput: a value that cannot be taken, or is taken.
    """
    address = checked_email(new.email)
    if not is_handle(new.handle):
        raise InvalidInput(("input", "handle"), RULES)
    name = checked_name(new.display_name)
    await checked_password(password, new.handle, name, address)
    password_hash = await context.identity.passwords.hash(password)
    async with context.stores.postgres.transaction() as connection:
        person = await insert_user(connection, new_id(), new.handle, name, context.clock())
        if person is None:
            raise InvalidInput(("input", "handle"), f"Somebody is called {new.handle} already.")
        key = email_key(address)
        made = await insert_account(
            connection,
            person.id,
            email=address,
            email_key=key,
            password_hash=password_hash,
            role=new.role,
        )
        if not made:
            raise InvalidInput(("input", "email"), f"{address} has an account already.")
        await forget_sign_ups(connection, key)
        await _note(context, connection, "signUp", person.id, role=new.role)
    return person.id


async def change_role(context: RequestContext, login: str, role: Role) -> bool:
    """Give an account another role, and end its sessions; False where it has that role.

    Raises:
        NotFound: nobody has this handle or address and an account.
    """
    found = await _found(context, login)
    async with context.stores.postgres.transaction() as connection:
        account = await _locked(connection, found, login)
        if account.role is role:
            return False
        await set_role(connection, account.user_id, role)
        await end_sessions(context, connection, account.user_id)
        await _note(
            context, connection, "changeRole", account.user_id, before=account.role, role=role
        )
    await forget_sessions(context, found.user_id)
    return True


async def disable_account(context: RequestContext, login: str) -> bool:
    """Close an account to its owner, and end its sessions; False where it is closed already.

    Raises:
        NotFound: nobody has this handle or address and an account.
    """
    found = await _found(context, login)
    async with context.stores.postgres.transaction() as connection:
        account = await _locked(connection, found, login)
        if account.disabled_at is not None:
            return False
        await set_disabled(connection, account.user_id, context.clock())
        await end_sessions(context, connection, account.user_id)
        await _note(context, connection, "disableAccount", account.user_id)
    await forget_sessions(context, found.user_id)
    return True


async def enable_account(context: RequestContext, login: str) -> bool:
    """Open an account again; False where it is open.

    Raises:
        NotFound: nobody has this handle or address and an account.
    """
    found = await _found(context, login)
    async with context.stores.postgres.transaction() as connection:
        account = await _locked(connection, found, login)
        if account.disabled_at is None:
            return False
        await set_disabled(connection, account.user_id, None)
        await _note(context, connection, "enableAccount", account.user_id)
    return True


async def _found(context: RequestContext, login: str) -> AccountRecord:
    account = await fetch_account_of_login(context.stores.postgres, login_key(login))
    if account is None:
        raise NotFound(f"Nobody is called {login} and has an account.")
    return account


async def _locked(connection: Connection, found: AccountRecord, login: str) -> AccountRecord:
    account = await lock_account(connection, found.user_id)
    if account is None:
        raise NotFound(f"Nobody is called {login} and has an account.")
    return account


async def _note(
    context: RequestContext,
    connection: Connection,
    action: str,
    subject_id: UUID,
    **roles: Role,
) -> None:
    """Write down what was done from the command line, where nobody is signed in."""
    details: dict[str, Any] = dict(roles)
    noted = entry(context, action, subject_id=subject_id, **details)
    await audit.record(connection, replace(noted, actor_kind=_ACTOR))
