"""Apps of third parties: registered, changed, given another secret, disabled, deleted."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from auth.opaque import hash_of, new_secret
from auth.principal import PrincipalKind
from datasources.ids import new_id
from datasources.postgres import apps as stored
from datasources.postgres import audit
from datasources.postgres.accounts import fetch_account_of_login, lock_account
from datasources.postgres.client import Connection
from datasources.postgres.token_families import revoke_families_of_app
from datasources.records.apps import AppAuthentication, AppRecord
from resolvers.app_input import AppValues, checked_app
from resolvers.attempts import login_key
from resolvers.audit import entry
from resolvers.context import RequestContext
from resolvers.credentials import apps_ended, tokens_ended
from resolvers.errors import InvalidInput, LimitExceeded, NotFound, Unauthenticated
from resolvers.first_party import in_person
from resolvers.mails import MailTemplate, queue_mail

MAX_APPS = 20
MAX_OVERLAP_S = 7 * 86_400
_MARK = "as_"  # so that whoever searches for leaked secrets finds ours
_COMMAND_LINE = "COMMAND_LINE"
_MADE = "An app was registered that may ask people for access."
_ROTATED = "An app got another secret."
_NOT_YOURS = "There is no such app."


@dataclass(frozen=True, slots=True)
class AppRegistered:
    """A new app, and its secret, where it has one: nobody sees that again."""

    app: AppRecord
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AppUpdated:
    """An app after a change."""

    app: AppRecord


@dataclass(frozen=True, slots=True)
class AppSecretRotated:
    """An app, and its new secret: nobody sees that again."""

    app: AppRecord
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AppDeleted:
    """An app that there is no more."""

    id: UUID


async def register_app(context: RequestContext, values: AppValues) -> AppRegistered:
    """Register an app of who is signed in, and mail them.

    Raises:
        Unauthenticated, Forbidden: nobody is signed in, or something acts for them.
        InvalidInput: a value that cannot be taken.
        LimitExceeded: they have 20.
    """
    owner_id = in_person(context)
    checked = await checked_app(values, local=_local(context))
    async with context.stores.postgres.transaction() as connection:
        account = await lock_account(connection, owner_id)
        if account is None or account.disabled_at is not None:
            raise Unauthenticated("Sign in first.")
        if await stored.count_apps(connection, owner_id) >= MAX_APPS:
            raise LimitExceeded(f"An account has at most {MAX_APPS} apps. Delete one first.")
        registered = await _insert(context, connection, checked, owner_id)
        await queue_mail(connection, MailTemplate.APP_CHANGED, user_id=owner_id, change=_MADE)
    return registered


async def register_app_of(
    context: RequestContext, values: AppValues, owner: str | None
) -> AppRegistered:
    """Register an app from the command line, for a handle or address, or for the operator.

    Raises:
        NotFound: nobody has this handle or address and an account.
        InvalidInput: a value that cannot be taken.
    """
    owner_id = None
    if owner is not None:
        account = await fetch_account_of_login(context.stores.postgres, login_key(owner))
        if account is None:
            raise NotFound(f"Nobody here is called {owner}.")
        owner_id = account.user_id
    checked = await checked_app(values, local=_local(context))
    async with context.stores.postgres.transaction() as connection:
        return await _insert(context, connection, checked, owner_id)


async def _insert(
    context: RequestContext, connection: Connection, values: AppValues, owner_id: UUID | None
) -> AppRegistered:
    now = context.clock()
    has_secret = values.authentication is AppAuthentication.SECRET
    secret = f"{_MARK}{new_secret()}" if has_secret else None
    app = AppRecord(
        id=new_id(),
        owner_id=owner_id,
        name=values.name,
        website=values.website,
        authentication=values.authentication,
        grants=values.grants,
        redirect_uris=values.redirect_uris,
        scopes=values.scopes,
        jwks=values.jwks,
        jwks_uri=values.jwks_uri,
        secret_hash=None if secret is None else hash_of(secret),
        old_secret_hash=None,
        old_secret_until=None,
        created_at=now,
        updated_at=now,
        disabled_at=None,
    )
    await stored.insert_app(connection, app)
    await _note(context, connection, "registerApp", app)
    return AppRegistered(app, secret)


async def update_app(
    context: RequestContext, app_id: UUID | None, changes: Mapping[str, Any]
) -> AppUpdated:
    """Change what is said of an app: only what is in `changes`. How it authenticates stays.

    What it may no longer ask for, its tokens lose when they are renewed.

    Raises:
        Unauthenticated, Forbidden, InvalidInput: as for `register_app`.
        NotFound: the caller has no such app; None is nobody's.
    """
    owner_id = in_person(context)
    async with context.stores.postgres.transaction() as connection:
        app = await _own(connection, owner_id, app_id)
        names = ("name", "website", "grants", "redirect_uris", "scopes", "jwks", "jwks_uri")
        kept = {name: getattr(app, name) for name in names}
        if changes.get("jwks") or changes.get("jwks_uri"):
            kept |= {"jwks": None, "jwks_uri": None}
        asked = AppValues(authentication=app.authentication, **{**kept, **changes})
        checked = await checked_app(asked, local=_local(context))
        written = {name: getattr(checked, name) for name in names}
        written["updated_at"] = context.clock()
        changed = await stored.update_app(connection, app.id, written)
        await _note(context, connection, "updateApp", app)
    return AppUpdated(changed)


async def rotate_app_secret(
    context: RequestContext, app_id: UUID | None, overlap_s: int
) -> AppSecretRotated:
    """Give an app another secret, and mail its owner; the one before is good for a while.

    Raises:
        Unauthenticated, Forbidden: as for `register_app`.
        NotFound: the caller has no such app; None is nobody's.
        InvalidInput: the app has no secret, or the overlap is longer than a week.
    """
    owner_id = in_person(context)
    if not 0 <= overlap_s <= MAX_OVERLAP_S:
        raise InvalidInput(("overlapS",), f"An overlap has 0 to {MAX_OVERLAP_S} seconds.")
    now, secret = context.clock(), f"{_MARK}{new_secret()}"
    async with context.stores.postgres.transaction() as connection:
        app = await _own(connection, owner_id, app_id)
        if app.authentication is not AppAuthentication.SECRET:
            raise InvalidInput(("id",), "This app has no secret.")
        values = {
            "secret_hash": hash_of(secret),
            "old_secret_hash": app.secret_hash if overlap_s else None,
            "old_secret_until": now + timedelta(seconds=overlap_s) if overlap_s else None,
            "updated_at": now,
        }
        changed = await stored.update_app(connection, app.id, values)
        await _note(context, connection, "rotateAppSecret", app)
        await queue_mail(connection, MailTemplate.APP_CHANGED, user_id=owner_id, change=_ROTATED)
    return AppSecretRotated(changed, secret)


async def delete_app(context: RequestContext, app_id: UUID | None) -> AppDeleted:
    """Delete an app; all tokens that it has die, and what people consented to is forgotten.

    Raises:
        Unauthenticated, Forbidden: as for `register_app`.
        NotFound: the caller has no such app; None is nobody's.
    """
    owner_id = in_person(context)
    async with context.stores.postgres.transaction() as connection:
        app = await _own(connection, owner_id, app_id)
        await stored.end_app(connection, app.id, context.clock())
        await _note(context, connection, "deleteApp", app)
    await apps_ended(context, app.id)
    return AppDeleted(app.id)


async def set_app_disabled(context: RequestContext, app_id: UUID, *, disabled: bool) -> bool:
    """Let an app get no more tokens, and void those it has; or let it again. False where it is so.

    What is void stays so when it is enabled again. For the command line.

    Raises:
        NotFound: there is no such app.
    """
    now = context.clock()
    async with context.stores.postgres.transaction() as connection:
        app = await stored.lock_app(connection, app_id)
        if app is None:
            raise NotFound(_NOT_YOURS)
        if (app.disabled_at is not None) is disabled:
            return False
        values = {"disabled_at": now if disabled else None, "updated_at": now}
        if disabled:
            values["tokens_since"] = now
        await stored.update_app(connection, app_id, values)
        ended = await revoke_families_of_app(connection, app_id, now) if disabled else ()
        await _note(context, connection, "disableApp" if disabled else "enableApp", app)
    if disabled:
        await tokens_ended(context, app_id, *ended)
    return True


async def _own(connection: Connection, owner_id: UUID, app_id: UUID | None) -> AppRecord:
    app = None if app_id is None else await stored.lock_app(connection, app_id)
    if app is None or app.owner_id != owner_id:
        raise NotFound(_NOT_YOURS)
    return app


async def _note(
    context: RequestContext, connection: Connection, action: str, app: AppRecord
) -> None:
    """Write down what was done: by who is signed in, or from the command line by nobody."""
    written = entry(context, action, subject_id=app.owner_id, app=str(app.id))
    if context.principal.kind is PrincipalKind.ANONYMOUS:
        written = replace(written, actor_kind=_COMMAND_LINE)
    await audit.record(connection, written)


def _local(context: RequestContext) -> bool:
    """Whether this gateway itself is reached without TLS, as in development only."""
    return context.identity.public_url.startswith("http://")
