"""Where OpenID providers say that somebody signed out there (OpenID Back-Channel Logout 1.0)."""

from http import HTTPStatus

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from datasources.errors import StoreError
from gateway.context import build_context
from gateway.pages.forms import BadForm, read_form
from resolvers.errors import NotFound, ProviderDown, Refusal
from resolvers.provider_attempts import provider_of
from resolvers.provider_logout import signed_out_there

log = structlog.get_logger(__name__)

_HEADERS = {"Cache-Control": "no-store"}


async def _logout(request: Request) -> Response:
    context = build_context(request)
    try:
        provider = provider_of(context, request.path_params["provider"])
        form = await read_form(request)
        ended = await signed_out_there(context, provider, form["logout_token"])
    except BadForm as error:
        return _refused(HTTPStatus(error.status), "invalid_request")
    except NotFound:
        return _refused(HTTPStatus.NOT_FOUND, "invalid_request")
    except ProviderDown:
        return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable")
    except StoreError as error:
        log.warning("store failed", store=error.store)
        return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "temporarily_unavailable")
    except Refusal:
        return _refused(HTTPStatus.BAD_REQUEST, "invalid_request")
    log.info("signed out by a provider", provider=provider.name, sessions=ended)
    return Response(headers=_HEADERS)


def _refused(status: HTTPStatus, error: str) -> Response:
    return JSONResponse({"error": error}, status, headers=_HEADERS)


ROUTES: tuple[BaseRoute, ...] = (
    Route("/auth/backchannel-logout/{provider}", _logout, methods=["POST"]),
)
