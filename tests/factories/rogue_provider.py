"""An OpenID provider that does as it is told: answers rubbish, lies, or not at all."""

import json
from dataclasses import dataclass, field
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from auth.outgoing import Outgoing, OutgoingError
from gateway.cookies import SESSION_COOKIE
from tests.factories.elsewhere import begin
from tests.factories.id_tokens import ID_TOKEN, ISSUER, LOGOUT_TOKEN, key_set, signed

DISCOVERY, KEYS, TOKEN, USERINFO = (
    "/.well-known/openid-configuration",
    "/keys",
    "/token",
    "/userinfo",
)
CALLBACK = "/auth/callback/acme"


def settings(issuer: str = ISSUER) -> dict[str, object]:
    return {"issuer": issuer, "client_id": "polyphony", "client_secret": "a secret"}


@dataclass
class Rogue(Outgoing):
    """Stands in for the network. `answers` replace what a path would say, `claims` the tokens'.

    `nonce` is what the browser brought to the authorization endpoint.
    """

    issuer: str = ISSUER
    answers: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    nonce: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    async def send(self, request: httpx2.Request) -> httpx2.Response:
        """Answer a request as the provider."""
        path = request.url.path
        self.asked.append(path)
        answer = self.answers.get(path)
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            answer = self._usual(path, request)
        if isinstance(answer, httpx2.Response):
            answer.request = request
            return answer
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return httpx2.Response(200, content=content, request=request)

    def _usual(self, path: str, request: httpx2.Request) -> Any:
        if path == DISCOVERY:
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}{TOKEN}",
                "jwks_uri": f"{self.issuer}{KEYS}",
                "userinfo_endpoint": f"{self.issuer}{USERINFO}",
                "end_session_endpoint": f"{self.issuer}/logout",
                "authorization_response_iss_parameter_supported": True,
                **self.metadata,
            }
        if path == KEYS:
            return key_set()
        if path == TOKEN:
            form = {name: one[0] for name, one in parse_qs(request.content.decode()).items()}
            self.forms.append(form)
            return {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token()}
        if path == USERINFO:
            return {"sub": "ann", "email": "ann@example.org", "email_verified": True}
        raise OutgoingError("no such page")

    def id_token(self) -> str:
        """Return an ID token that is good at this moment, but for `claims`."""
        return signed(ID_TOKEN, {"iss": self.issuer, "nonce": self.nonce, **_now(), **self.claims})

    def logout_token(self, **claims: Any) -> str:
        """Return a logout token that is good at this moment, but for these claims."""
        return signed(LOGOUT_TOKEN, {"iss": self.issuer, **_now(), **claims})


def _now() -> dict[str, int]:
    return {"iat": int(time()), "exp": int(time()) + 300}


async def begun(client: httpx2.AsyncClient, rogue: Rogue, provider: str = "acme") -> str:
    """Begin an attempt and return its state; the provider knows the nonce."""
    asked = parse_qs(urlsplit(await begin(client, provider)).query)
    rogue.nonce = asked["nonce"][0]
    return asked["state"][0]


async def back(client: httpx2.AsyncClient, state: str, **more: str) -> httpx2.Response:
    query = {"state": state, "code": "a code", "iss": ISSUER, **more}
    return await client.get(CALLBACK, params={name: one for name, one in query.items() if one})


async def arrives(client: httpx2.AsyncClient, rogue: Rogue, **more: str) -> httpx2.Response:
    return await back(client, await begun(client, rogue), **more)


def refused(answer: httpx2.Response, status: int = 400) -> bool:
    assert answer.status_code == status, answer.text
    cookies = " ".join(answer.headers.get_list("set-cookie"))
    return SESSION_COOKIE not in cookies and "__Host-newcomer" not in cookies
