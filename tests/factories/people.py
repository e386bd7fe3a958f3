"""People with accounts, sessions and tokens."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import insert, update

from auth.identity import Identity
from auth.principal import ANONYMOUS, Principal, SessionKind
from datasources.postgres.account_tables import accounts
from datasources.postgres.tables import users
from datasources.records.accounts import Role
from datasources.records.users import ListeningVisibility
from datasources.stores import Stores
from resolvers.context import Client
from resolvers.sessions import SignedIn, Tokens, begin_session
from tests.factories.music import user_id
from tests.factories.operations import context_of

PHONE = Client("192.0.2.7", "PolyphonyPhone/3.1 (iOS 19.1)")
BROWSER = Client(
    "192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", True
)


async def add_account(
    stores: Stores, number: int = 1, *, role: Role = Role.LISTENER, demo: bool = False
) -> UUID:
    """Write a person with an account, and return their id."""
    person = user_id(number)
    async with stores.postgres.transaction() as connection:
        await connection.execute(
            insert(users).values(
                id=person,
                handle=f"user{number}",
                display_name=f"User {number}",
                created_at=datetime.now(UTC),
                listening_visibility=ListeningVisibility.PUBLIC,
            )
        )
        address = f"user{number}@example.org"
        await connection.execute(
            insert(accounts).values(
                user_id=person, email=address, email_key=address, role=role, demo=demo
            )
        )
    return person


async def change_account(stores: Stores, person: UUID, **values: object) -> None:
    """Change columns of an account, behind everybody's back."""
    async with stores.postgres.transaction() as connection:
        statement = update(accounts).where(accounts.c.user_id == person)
        await connection.execute(statement.values(**values))


async def tokens_of(
    stores: Stores, identity: Identity, person: UUID, client: Client = PHONE
) -> Tokens:
    """Sign a person in on a phone, and return its tokens."""
    context = context_of(stores, identity=identity, client=client)
    signed: SignedIn = await begin_session(context, person, SessionKind.TOKENS, ("password",))
    assert signed.tokens is not None
    return signed.tokens


async def cookie_of(
    stores: Stores,
    identity: Identity,
    person: UUID,
    principal: Principal = ANONYMOUS,
    client: Client = BROWSER,
) -> str:
    """Sign a person in in a browser, and return the id in its cookie."""
    context = context_of(stores, principal, identity=identity, client=client)
    signed = await begin_session(context, person, SessionKind.COOKIE, ("password",))
    assert signed.tokens is None
    assert context.reply.session_id
    return context.reply.session_id
