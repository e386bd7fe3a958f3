"""What people see when a page cannot be shown: few words, and never the cause."""

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gateway.pages.rendering import Renderer
from resolvers.errors import Forbidden, NotFound, Overloaded, ProviderDown, RateLimited, Refusal


@dataclass(frozen=True, slots=True)
class Problem:
    """A page's heading and sentence, by the status that it has."""

    title: str
    text: str


_PROBLEMS = {
    400: Problem("This request makes no sense", "Go back, reload the page and try again."),
    403: Problem(
        "This form did not come from here",
        "It was sent from another site, or your browser does not say where from. Nothing has"
        " changed. Open the page here and try again.",
    ),
    404: Problem("There is no such page", "The address may be mistyped or out of date."),
    405: Problem("This page takes no such request", "Open it from the page that leads to it."),
    413: Problem("That is too much", "A form here is never that large."),
    415: Problem("This is no form", "Use the page's own form."),
    429: Problem("Too many attempts", "Wait a little and try again."),
    500: Problem(
        "Something went wrong on our side",
        "It is noted. If you tell us about it, tell us the number of the request.",
    ),
    503: Problem(
        "A part of Polyphony does not answer",
        "Nothing has changed. Try again in a minute: this usually passes by itself.",
    ),
}
_REFUSED = {Forbidden: 403, NotFound: 404}
_ELSEWHERE = "Somebody else does not answer"
_BUSY_S = 10


def problem_page(
    renderer: Renderer,
    request: Request,
    status: int,
    *,
    title: str | None = None,
    text: str | None = None,
    retry_after_s: int | None = None,
) -> Response:
    """Return the page of a status; asks no store."""
    known = status if status in _PROBLEMS else (400 if status < 500 else 500)  # noqa: PLR2004  HTTP's own numbers
    problem = _PROBLEMS[known]
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return renderer.page(
        request,
        "problem.html",
        status=status,
        headers=headers,
        title=title or problem.title,
        text=text or problem.text,
        request_id=request.state.request_id if known in {500, 503} else None,
    )


def refusal_page(renderer: Renderer, request: Request, refusal: Refusal) -> Response:
    """Return the page of a refusal that belongs to no form."""
    text = refusal.message
    match refusal:
        case RateLimited(retry_after_s=wait):
            return problem_page(renderer, request, 429, text=text, retry_after_s=wait)
        case ProviderDown():
            return problem_page(renderer, request, 503, title=_ELSEWHERE, text=text)
        case Overloaded():
            return problem_page(renderer, request, 503, text=text, retry_after_s=_BUSY_S)
    status = next((code for kind, code in _REFUSED.items() if isinstance(refusal, kind)), 400)
    return problem_page(renderer, request, status, title="This cannot be done", text=text)


def http_error(renderer: Renderer, request: Request, error: Exception) -> Response:
    """Return the page for an address or method that there is not."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    response = problem_page(renderer, request, status)
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response
