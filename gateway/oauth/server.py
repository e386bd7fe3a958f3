"""Authlib's authorization server, for one request: with our grants, and our way to find apps."""

import logging
from collections.abc import Iterable, Mapping

from authlib.oauth2.rfc6749 import AuthorizationServer
from authlib.oauth2.rfc9207.parameter import IssuerParameter
from starlette.responses import JSONResponse

from datasources.records.users import UserRecord
from gateway.oauth.bridge import await_
from gateway.oauth.client import METHOD, AppClient, authenticate, find_app
from gateway.oauth.code_grant import S256, CodeGrant
from gateway.oauth.grants import DeviceGrant, OwnGrant, RefreshGrant
from gateway.oauth.requests import OAuthRequest
from resolvers.context import RequestContext

# It writes tokens to its log, with all that they are good for.
logging.getLogger("authlib").setLevel(logging.WARNING)

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff"}


class Answer(JSONResponse):
    """What Authlib answers; `location` is where a browser is to go, in place of a body."""

    location: str | None = None


class Server(AuthorizationServer):
    """Made for each request, since it knows who sends it; all its steps run in `run_sync`."""

    def __init__(self, context: RequestContext) -> None:
        super().__init__()
        self.context = context
        self.register_client_auth_method(METHOD, self._authenticated)
        self.register_grant(CodeGrant, [S256(required=True)])
        for grant in (RefreshGrant, OwnGrant, DeviceGrant):
            self.register_grant(grant)
        _Issuer(context.identity.issuer)(self)

    def query_client(self, client_id: str) -> AppClient | None:  # type: ignore[override]  # None is what Authlib looks for
        """Return the app that is called so."""
        app = await_(find_app(self.context, client_id))
        return None if app is None else AppClient(app)

    def _authenticated(self, _: object, request: OAuthRequest) -> AppClient:
        return AppClient(await_(authenticate(self.context, request)))

    def create_oauth2_request(self, request: OAuthRequest) -> OAuthRequest:
        """Return the request: it was read before."""
        return request

    def answer_to_person(self, grant: CodeGrant, user: UserRecord | None) -> Answer:
        """Return where the person's browser goes: with a code, or, for nobody, with an error."""
        answer: Answer = self.create_authorization_response(grant.request, user, grant)  # type: ignore[assignment]  # it is what `handle_response` makes
        return answer

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Tell nobody."""

    def handle_response(
        self, status: int, body: object, headers: Mapping[str, str] | Iterable[tuple[str, str]]
    ) -> Answer:
        """Return Authlib's answer as Starlette's."""
        given = dict(headers)
        answer = Answer(body, status, headers=NO_STORE)
        answer.location = given.get("Location")
        if "WWW-Authenticate" in given:
            answer.headers["WWW-Authenticate"] = given["WWW-Authenticate"]
        return answer


class _Issuer(IssuerParameter):
    """Says in each answer who answers (RFC 9207)."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def get_issuer(self) -> str:
        """Return who we are."""
        return self._issuer
