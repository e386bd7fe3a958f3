"""Requests as Authlib reads them: parameters that were sent once each, and nothing ambiguous."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from starlette.requests import Request

from gateway.pages.forms import BadForm, read_form

MAX_QUERY_CHARS = 4000
_MAX_PARAMETERS = 30
_PLACE = "https://here.invalid/"
"""Authlib wants an address, and looks at nothing of it but its scheme."""

# What a grant may say back in its own words, which must not break them.
_SAID_BACK = ("response_type", "grant_type", "redirect_uri", "client_id", "scope", "prompt")


class OAuthRequest(OAuth2Request):
    """A request with its parameters, already read."""

    def __init__(
        self, method: str, parameters: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(method, _PLACE, headers=dict(headers or {}))
        self.parameters = parameters
        self.payload = BasicOAuth2Payload(dict(parameters))

    @property
    def args(self) -> dict[str, str | None]:
        """What the address has."""
        return dict(self.parameters) if self.method == "GET" else {}

    @property
    def form(self) -> dict[str, str]:
        """What the body has."""
        return dict(self.parameters) if self.method == "POST" else {}


async def posted(request: Request) -> OAuthRequest:
    """Return a request whose parameters are in its body; those of its address do not count.

    Raises:
        BadForm: it is no form, too large, has a parameter twice, or one that cannot be meant.
    """
    form = await read_form(request)
    return OAuthRequest("POST", _tidied(dict(form.values)), request.headers)


def queried(query: str) -> OAuthRequest:
    """Return a request whose parameters are in its address.

    Raises:
        BadForm: as for `posted`.
    """
    if len(query) > MAX_QUERY_CHARS:
        raise BadForm(414)
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS
        )
    except ValueError:
        raise BadForm(400) from None
    given = dict(pairs)
    if len(given) != len(pairs):
        raise BadForm(400)
    return OAuthRequest("GET", _tidied(given))


def _tidied(given: Mapping[str, str]) -> dict[str, str]:
    """Return parameters; one without a value counts as left out (RFC 6749, 3.1)."""
    for name, value in given.items():
        odd = name in _SAID_BACK and ('"' in value or "\\" in value)
        if odd or not value.isascii() or not (value.isprintable() or not value):
            raise BadForm(400)
    return {name: value for name, value in given.items() if value}
