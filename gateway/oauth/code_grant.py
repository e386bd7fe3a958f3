"""Codes that people's browsers carry: what an app asks for, and what it gets for the code."""

import re
from uuid import UUID

from authlib.oauth2.rfc6749 import ClientMixin, InvalidRequestError, OAuth2Error
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from auth.app_tokens import scope_text
from datasources.records.apps import CodeRecord
from gateway.oauth.bridge import await_
from gateway.oauth.client import AppClient
from gateway.oauth.grant_base import OurGrant, written
from resolvers.app_codes import CodeRequest, issue_code, redeem_code, use_code

_CHALLENGE = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_MAX_NONCE_CHARS = 500
_MAX_STATE_CHARS = 1500
PROMPTS = frozenset({"none", "login", "consent", "select_account"})


class CodeGrant(OurGrant, AuthorizationCodeGrant):
    """A code that people's browsers carry, which the app exchanges."""

    def validate_authorization_request(self) -> str:
        """Return where the answer goes; more is checked than Authlib does.

        Raises:
            OAuth2Error: with that address, once it is known to be the app's.
        """
        redirect_uri: str = super().validate_authorization_request()
        problem = _problem_with(self.request.payload.data, self.context.identity.audience)
        if problem is not None:
            problem.redirect_uri = redirect_uri
            raise problem
        return redirect_uri

    def generate_authorization_code(self) -> str:
        """Return a new code, which is kept, for the person who agreed."""
        data = self.request.payload.data
        asked = CodeRequest(
            redirect_uri=data["redirect_uri"],
            scopes=self.request.scope.split(),
            challenge=data["code_challenge"],
            nonce=data.get("nonce"),
        )
        return await_(issue_code(self.context, self.app, asked))

    def save_authorization_code(self, code: str, request: object) -> None:
        """Do nothing: it is kept."""

    def query_authorization_code(self, code: str, client: ClientMixin) -> "Code | None":
        """Return a code, and spend it."""
        if not isinstance(client, AppClient):
            return None
        record = await_(use_code(self.context, client.app, code))
        return None if record is None else Code(record)

    def delete_authorization_code(self, authorization_code: "Code") -> None:
        """Do nothing: it is spent."""

    def authenticate_user(self, authorization_code: "Code") -> UUID:
        """Return who agreed."""
        return authorization_code.record.user_id

    def generate_token(self, *_: object, **__: object) -> dict[str, str | int]:
        """Return the tokens that a code becomes."""
        code: Code = self.request.authorization_code
        return written(await_(redeem_code(self.context, self.app, code.record)))


def _problem_with(data: dict[str, str], audience: str) -> OAuth2Error | None:
    """Return what is wrong with a request for a code, where something is."""
    for name in ("request", "request_uri", "registration"):
        if name in data:
            return OAuth2Error(error=f"{name}_not_supported")
    prompts = data.get("prompt", "").split()
    if not set(prompts) <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        return InvalidRequestError("This prompt is not known here.")
    if data.get("response_mode", "query") != "query":
        return InvalidRequestError("Answers come in the query.")
    if not data.get("max_age", "0").isdecimal() or len(data.get("max_age", "")) > len("999999999"):
        return InvalidRequestError("An age is a number of seconds.")
    if len(data.get("nonce", "")) > _MAX_NONCE_CHARS:
        return InvalidRequestError("This nonce is too long.")
    if len(data.get("state", "")) > _MAX_STATE_CHARS:
        return InvalidRequestError("This state is too long.")
    if data.get("resource", audience) != audience:
        return OAuth2Error(error="invalid_target")
    return None


class Code:
    """A code, as Authlib asks about it."""

    code_challenge_method = "S256"

    def __init__(self, record: CodeRecord) -> None:
        self.record = record
        self.code_challenge = record.challenge

    def get_redirect_uri(self) -> str:
        """Return where it was sent."""
        return self.record.redirect_uri

    def get_scope(self) -> str:
        """Return what it is good for."""
        return scope_text(self.record.scopes)


class S256(CodeChallenge):
    """PKCE, required of every app, and by SHA-256 only."""

    def validate_code_challenge(self, grant: CodeGrant, redirect_uri: str) -> None:
        """Let a request pass that has a challenge, and says how it was made."""
        del redirect_uri
        data = grant.request.payload.data
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is needed: 'code_challenge_method=S256'.")
        if not _CHALLENGE.fullmatch(data.get("code_challenge", "")):
            raise InvalidRequestError("PKCE is needed: 'code_challenge'.")
