"""Makes routes of handlers: who comes, whether a form is ours, and what to do when one fails."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from datasources.errors import StoreError
from datasources.loaders.users import UserById
from datasources.records.users import UserRecord
from gateway.authentication import Refused, caller_of, credential_in_address
from gateway.context import build_context
from gateway.cookies import forget_session, keep_session
from gateway.pages.errors import problem_page, refusal_page
from gateway.pages.forms import BadForm
from gateway.pages.rendering import Renderer
from gateway.pages.security import from_our_page, local_path
from gateway.pages.visit import SIGN_IN, Handler, Visit
from resolvers.context import RequestContext
from resolvers.errors import BadUserInput, Refusal, Unauthenticated, WrongCredentials

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Page:
    """An address: what shows it, what takes its form, and whether one has to be signed in.

    `home` is the page to come back to after signing in, where this one has no page to show.
    """

    path: str
    show: Handler | None = None
    act: Handler | None = None
    signed_in: bool = False
    home: str | None = None

    def route(self, renderer: Renderer) -> Route:
        """Return the route."""
        methods = (["GET"] if self.show else []) + (["POST"] if self.act else [])
        return Route(self.path, _endpoint(self, renderer), methods=methods)


def _endpoint(page: Page, renderer: Renderer) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if request.method == "POST" and not from_our_page(request):
            return problem_page(renderer, request, HTTPStatus.FORBIDDEN)
        try:
            return await _answer(page, renderer, request)
        except Refused as refused:
            return problem_page(renderer, request, refused.status)
        except StoreError as error:
            log.warning("store failed", store=error.store)
            return problem_page(renderer, request, HTTPStatus.SERVICE_UNAVAILABLE)
        except BadUserInput:
            return problem_page(renderer, request, HTTPStatus.BAD_REQUEST)
        except BadForm as error:
            return problem_page(renderer, request, error.status)
        except Refusal as refusal:
            return refusal_page(renderer, request, refusal)

    return answer


async def _answer(page: Page, renderer: Renderer, request: Request) -> Response:
    caller = await caller_of(request)
    # That the form is ours has been seen: no header needs to say so.
    context = build_context(request, caller.principal, page=True)
    person = await _person(context)
    visit = Visit(request, context, person, renderer)
    handler = page.act if request.method == "POST" else page.show
    if handler is None:  # HEAD comes as GET does
        return problem_page(renderer, request, HTTPStatus.METHOD_NOT_ALLOWED)
    if page.signed_in and person is None:
        response = _to_sign_in(page, visit, "session-ended" if caller.ended else "")
    else:
        try:
            response = await handler(visit)
        except WrongCredentials:
            raise
        except Unauthenticated:
            response = _to_sign_in(page, visit, "sign-in-again")
    if caller.ended and context.reply.session_id is None:
        forget_session(response)
    keep_session(response, context.reply, context.identity.settings.session_lifetime_s)
    return response


async def _person(context: RequestContext) -> UserRecord | None:
    user_id = context.principal.user_id
    return None if user_id is None else await context.loaders.of(UserById).load(user_id)


def _to_sign_in(page: Page, visit: Visit, notice: str) -> Response:
    """Return the way to sign in, and from there back to the page: without what may be a token."""
    request = visit.request
    query = "" if credential_in_address(request) else request.url.query
    here = request.url.path + (f"?{query}" if query else "")
    back = here if request.method == "GET" else page.home or page.path
    return visit.go(SIGN_IN, next=local_path(back, ""), notice=notice)
