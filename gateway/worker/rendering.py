"""Makes mails of words, values and a link: the same as text and as HTML."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from datasources.records.mail import Mail
from gateway.worker.words import Words

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render(words: Words, *, public_url: str, path: str, token: str = "", **values: str) -> Mail:
    """Return a mail. Its link, where its words have a button, is `path` below `public_url`.

    `values` fill the places in the words.
    """
    link = f"{public_url}{path}{f'?token={token}' if token else ''}" if words.button else ""
    given = {
        "subject": words.subject,
        "paragraphs": [paragraph.format(**values) for paragraph in words.paragraphs],
        "button": words.button,
        "link": link,
        "public_url": public_url,
    }
    text, html = (
        _environment.get_template(f"mail.{form}").render(given) for form in ("txt", "html")
    )
    return Mail(words.subject, text, html)
