"""What keeps pages safe: headers, where a form may come from, and where one may be sent on."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import Request

from auth.identity import Identity

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    # With "no-referrer" a form of ours would be sent with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_A_YEAR = "max-age=31536000"
_MAX_PATH_CHARS = 2000


def security_headers(identity: Identity) -> Mapping[str, str]:
    """Return the headers of every page and script."""
    if identity.public_url.startswith("https://"):
        return {**_HEADERS, "Strict-Transport-Security": _A_YEAR}
    return _HEADERS


def from_our_page(request: Request) -> bool:
    """Whether a form or script of this very origin sent a request.

    Other ports and subdomains of the host are "same-site", and refused: they get our cookies.
    A browser too old to say so names the origin at least; a request with neither is refused.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    identity: Identity = request.state.identity
    return request.headers.get("origin", "").lower() == _origin(identity.public_url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def local_path(text: str | None, otherwise: str) -> str:
    """Return the text where it is a path on this host, else the other one.

    Browsers read two slashes as another host, of either kind, and leave out tabs and line ends.
    """
    if not text or len(text) > _MAX_PATH_CHARS or not text.isascii() or not text.isprintable():
        return otherwise
    fine = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if fine and " " not in text else otherwise
