"""GraphiQL for browsers: the page at `/graphql` and its built assets below `/graphiql/`."""

import os
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from gateway.graphql.accept import weights

DIST = Path(__file__).parents[2] / "web" / "dist"

JSON_TYPES = ("application/json", "application/graphql-response+json")
# Ready-made files beside each asset, the smaller first.
ENCODINGS = {"br": ".br", "gzip": ".gz"}
# Named here because the system's table differs from machine to machine.
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}
# Monaco sets inline styles, and has its icon font as an asset or inline.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; worker-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
NOT_BUILT = "This page is not built: run `make web`, or `npm ci && npm run build` in web/.\n"


def wants_page(request: Request) -> bool:
    """Return whether a browser asks for a page: HTML is named, and weighs no less than JSON.

    Only GET and HEAD ask for one: a POST is an operation, whatever it accepts.
    """
    if request.method not in {"GET", "HEAD"}:
        return False
    taken = weights(request.headers, "accept")
    html = taken.get("text/html", 0.0)
    anything = taken.get("application/*", taken.get("*/*", 0.0))
    return html > 0 and html >= max(taken.get(kind, anything) for kind in JSON_TYPES)


def graphiql_page(dist: Path = DIST) -> Response:
    """Return the page that loads GraphiQL from this host, or a 503 that says how to build it."""
    response = built_page(dist / "index.html", CONTENT_SECURITY_POLICY)
    response.headers["Vary"] = "Accept"
    return response


def built_page(path: Path, policy: str) -> Response:
    """Return a page of web/ under a content security policy, or a 503 that says how to build it.

    Reads the file each time: it is small, and a new build shows without a restart.
    """
    try:
        page = path.read_bytes()
    except FileNotFoundError:
        return PlainTextResponse(NOT_BUILT, status_code=503, headers={"Cache-Control": "no-store"})
    return HTMLResponse(page, headers={**PAGE_HEADERS, "Content-Security-Policy": policy})


def graphiql_routes(dist: Path = DIST) -> list[Mount]:
    """Return the routes of the built assets, `/graphiql/assets/<name>`."""
    return [Mount("/graphiql/assets", Assets(dist / "assets"), name="graphiql-assets")]


class Assets(StaticFiles):
    """Files whose names carry a hash of their content, sent compressed where the client takes it.

    Answers 404 for what is no asset, also where nothing is built; the ready-made compressed files
    have no address of their own.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory, check_dir=False)

    async def check_config(self) -> None:
        """Let the gateway run without built assets: each is then a 404."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Return the file of an asset and what the system says of it, or no file."""
        if Path(path).suffix not in MEDIA_TYPES:
            return "", None
        return super().lookup_path(path)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Return the asset as the client takes it, or 304 where the client has it."""
        headers = Headers(scope=scope)
        path, encoding = _best_file(Path(full_path), headers)
        response = FileResponse(
            path,
            status_code=status_code,
            headers={
                "Cache-Control": "public, max-age=31536000, immutable",
                # A worker obeys the policy of its own script, not of the page.
                "Content-Security-Policy": "default-src 'self'",
                "Vary": "Accept-Encoding",
                "X-Content-Type-Options": "nosniff",
            },
            media_type=MEDIA_TYPES[Path(full_path).suffix],
            stat_result=path.stat() if encoding else stat_result,
        )
        if encoding:
            response.headers["Content-Encoding"] = encoding
        if self.is_not_modified(response.headers, headers):
            return NotModifiedResponse(response.headers)
        return response


def _best_file(path: Path, headers: Headers) -> tuple[Path, str | None]:
    """Return the file the client likes best, and its encoding; the plain one where none suits."""
    taken = weights(headers, "accept-encoding")
    anything = taken.get("*", 0.0)
    # Sending a file as it is is always allowed, but preferred only where the client says so.
    best: tuple[Path, str | None] = (path, None)
    best_weight = taken.get("identity", 0.0)
    for encoding, suffix in ENCODINGS.items():
        weight = taken.get(encoding, anything)
        better = weight > best_weight or (weight == best_weight > 0 and best[1] is None)
        ready = path.with_name(path.name + suffix)
        if better and ready.is_file():
            best, best_weight = (ready, encoding), weight
    return best
