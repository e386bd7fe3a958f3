"""Templates: every value is escaped, every page has the same frame and headers."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from datasources.records.users import UserRecord
from gateway.pages.forms import EMPTY, Form
from gateway.pages.notices import notice
from gateway.pages.security import security_headers

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
_VERSION_CHARS = 12


def _version() -> str:
    """Return a name for these style sheets and scripts: a change of one is seen at once."""
    content = b"".join(path.read_bytes() for path in sorted(STATIC.iterdir()))
    return hashlib.sha256(content).hexdigest()[:_VERSION_CHARS]


def shown_time(at: datetime) -> str:
    """Return a time for people: the day and the minute, in UTC."""
    return f"{at.astimezone(UTC):%-d %B %Y, %H:%M} UTC"


def shown_day(day: date) -> str:
    """Return a day for people."""
    return f"{day:%-d %B %Y}"


class Renderer:
    """Makes the HTML of pages from templates."""

    def __init__(self, *, graphiql: bool) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {"version": _version(), "graphiql": graphiql}
        self._environment.filters |= {"time": shown_time, "day": shown_day}

    def page(
        self,
        request: Request,
        template: str,
        *,
        person: UserRecord | None = None,
        form: Form = EMPTY,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> HTMLResponse:
        """Return a page; its status is the form's, where none is given."""
        html = self._environment.get_template(template).render(
            path=request.url.path,
            notice=None if form.failed else notice(request.query_params.get("notice")),
            person=person,
            form=form,
            **values,
        )
        retry = {} if form.retry_after_s is None else {"Retry-After": str(form.retry_after_s)}
        return HTMLResponse(
            html,
            status_code=form.status if status is None else status,
            headers={**security_headers(request.state.identity), **retry, **(headers or {})},
        )
