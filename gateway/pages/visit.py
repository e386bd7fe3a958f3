"""One request of a page: who comes, what a form sent, and the answers that all pages share."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from datasources.loaders.accounts import AccountOfUser
from datasources.records.accounts import AccountRecord
from datasources.records.users import UserRecord
from gateway.pages.forms import EMPTY, Form, read_form
from gateway.pages.rendering import Renderer
from gateway.pages.security import security_headers
from resolvers.context import RequestContext
from resolvers.errors import Unauthenticated
from resolvers.signed_in import signed_in

SIGN_IN = "/account/sign-in"


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page is made from. `person` is None for nobody."""

    request: Request
    context: RequestContext
    person: UserRecord | None
    renderer: Renderer

    @property
    def me(self) -> UUID:
        """The id of the person.

        Raises:
            Unauthenticated: nobody is signed in.
        """
        return signed_in(self.context)

    async def account(self) -> AccountRecord:
        """Return the person's account.

        Raises:
            Unauthenticated: nobody is signed in, or the account is gone meanwhile.
        """
        account = await self.context.loaders.of(AccountOfUser).load(self.me)
        if account is None:
            raise Unauthenticated("Sign in first.")
        return account

    def query(self, name: str) -> str:
        """Return a parameter of the address, or ""."""
        return self.request.query_params.get(name, "")

    async def form(self) -> Form:
        """Return what was sent.

        Raises:
            BadForm: no form of ours sends that.
        """
        return await read_form(self.request)

    def page(
        self, template: str, form: Form = EMPTY, *, status: int | None = None, **values: Any
    ) -> Response:
        """Return a page; its status is the form's, where none is given."""
        return self.renderer.page(
            self.request, template, person=self.person, form=form, status=status, **values
        )

    def go(self, path: str, **query: str) -> Response:
        """Return the way to the page that follows on a form: the browser fetches it with GET."""
        headers = dict(security_headers(self.context.identity))
        return RedirectResponse(_with_query(path, query), status_code=303, headers=headers)

    def json(self, content: object, status: int = 200) -> Response:
        """Return what a script of ours asked for; a refusal is `{message}`."""
        return JSONResponse(content, status, headers=dict(security_headers(self.context.identity)))


Handler = Callable[[Visit], Awaitable[Response]]


def _with_query(path: str, query: Mapping[str, str]) -> str:
    given = {name: value for name, value in query.items() if value}
    return f"{path}{'&' if '?' in path else '?'}{urlencode(given)}" if given else path
