"""Mails as they are written: headers that nobody else can write, links to us alone."""

import re
import stat
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser
from pathlib import Path
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from datasources.mail.errors import MailError
from datasources.mail.folder import MailFolder
from datasources.mail.message import compose, sender_address
from datasources.records.mail import Mail, MailTemplate
from gateway.worker.rendering import render
from gateway.worker.words import HAS_ACCOUNT, WORDS, Words, said

ADA = "ada@music.example"
URL = "https://music.example"
TOKEN = "t" * 43
VALUES = {
    "lifetime": "24 hours",
    "change": "It changed.",
    "handle": "ada-of-the-long-and-hyphened-",
    "email": f"{'ada-' * 16}@music.example",
}
ALL_WORDS = [*WORDS.values(), HAS_ACCOUNT]


def _compose(mail: Mail, recipient: str = ADA, sender: str = "us@music.example") -> EmailMessage:
    return compose(
        mail,
        sender=sender,
        recipient=recipient,
        mail_id=UUID(int=7),
        host="music.example",
        now=datetime(2026, 3, 14, tzinfo=UTC),
    )


def _render(words: Words, path: str = "/account/confirm") -> Mail:
    return render(words, public_url=URL, path=path, token=TOKEN, **VALUES)


class _Remote(HTMLParser):
    """Collects what a mail's HTML would fetch, and where it leads."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.fetched += [values[name] or "" for name in ("src", "srcset") if name in values]
        if tag in {"link", "script", "img", "iframe"}:
            self.fetched.append(tag)
        if tag == "a":
            self.links.append(values.get("href") or "")


@pytest.mark.parametrize("template", MailTemplate)
def test_every_occasion_has_words(template: MailTemplate) -> None:
    assert WORDS[template].subject


@pytest.mark.parametrize("words", ALL_WORDS, ids=lambda words: str(words.subject))
def test_text_and_html_say_the_same_and_lead_to_us_alone(words: Words) -> None:
    mail = _render(words)
    found = _Remote()
    found.feed(mail.html)
    assert found.fetched == []
    assert "url(" not in mail.html
    link = f"{URL}/account/confirm?token={TOKEN}"
    links = [link] if words.button else []
    assert found.links == [*links, URL]
    assert re.findall(r"https?://\S+", mail.text) == [*links, URL]
    assert 'name="color-scheme" content="light dark"' in mail.html
    assert max(map(len, mail.text.splitlines())) <= max(78, len(link), len(VALUES["email"]))
    for paragraph in words.paragraphs:
        said_ = paragraph.format(**VALUES)
        assert said_ in " ".join(mail.text.split())
        assert said_ in mail.html


def test_what_happened_is_no_html() -> None:
    words = WORDS[MailTemplate.SECOND_FACTOR_CHANGED]
    mail = render(words, public_url=URL, path="/account", change="<b>{subject}</b>")
    assert "&lt;b&gt;{subject}&lt;/b&gt;" in mail.html


@pytest.mark.parametrize(
    ("lifetime", "words"),
    [
        (timedelta(days=1), "24 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=20), "1 minute"),
    ],
)
def test_lifetimes_are_said_in_words(lifetime: timedelta, words: str) -> None:
    assert said(lifetime) == words


HOSTILE_ADDRESSES = [
    "ada@music.example\r\nBcc: eve@evil.example",
    "ada@music.example\nBcc: eve@evil.example",
    "ada@music.example, eve@evil.example",
    "ada@music.example;eve@evil.example",
    "ada@music.example eve@evil.example",
    "Ada <ada@music.example>",
    "ada@music.example>\r\nRCPT TO:<eve@evil.example",
    '"ada\r\n"@music.example',
    "ada@music.example\0",
    "ada\u2028@music.example",
    "ada@music.exаmple",  # noqa: RUF001  a Cyrillic letter, as attackers use them
    "@music.example",
    "ada@",
    "ada",
    "",
]


@pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
def test_nothing_but_one_address_is_sent_to(address: str) -> None:
    with pytest.raises(MailError) as caught:
        _compose(_render(HAS_ACCOUNT), address)
    assert caught.value.permanent
    assert "evil" not in caught.value.reason


@pytest.mark.parametrize("subject", ["Hi\r\nBcc: eve@evil.example", "Hi\nX-Evil: yes"])
def test_no_header_grows_out_of_another(subject: str) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        _compose(Mail(subject, "text", "<p>html</p>"))


@pytest.mark.parametrize(
    "sender", ["", "Polyphony", "a@x.example, b@x.example", "Polyphony <no-reply>"]
)
def test_a_sender_is_one_address(sender: str) -> None:
    with pytest.raises(ValueError, match="address"):
        sender_address(sender)


def test_a_sender_may_have_any_name() -> None:
    message = _compose(_render(HAS_ACCOUNT), sender='"Müsik, ltd." <no-reply@music.example>')
    sent = message_from_bytes(bytes(message), policy=SMTP)
    (address,) = sent["From"].addresses
    assert (address.display_name, address.addr_spec) == ("Müsik, ltd.", "no-reply@music.example")


def test_links_are_readable_in_the_raw_mail() -> None:
    raw = bytes(_compose(_render(WORDS[MailTemplate.VERIFY_SIGN_UP]))).decode("ascii")
    assert f"\r\n{URL}/account/confirm?token={TOKEN}\r\n" in raw
    assert max(map(len, raw.split("\r\n"))) <= 998


async def test_the_folder_holds_mails_and_the_log_says_where(tmp_path: Path) -> None:
    folder = MailFolder(tmp_path / "mail")
    with capture_logs() as logs:
        await folder.send(_compose(_render(WORDS[MailTemplate.RESET_PASSWORD])), ADA)
    files = sorted(folder.folder.iterdir())
    assert [path.suffix for path in files] == [".eml", ".txt"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600] * 2
    text = files[1].read_text()
    assert text.startswith(f"To: {ADA}\nSubject: Reset your password\n\n")
    assert f"token={TOKEN}" in text
    (line,) = logs
    assert line["file"] == str(files[1])
    assert TOKEN not in repr(logs)
    assert ADA not in repr(logs)
    sent = message_from_bytes(files[0].read_bytes(), policy=SMTP)
    assert [part.get_content_type() for part in sent.iter_parts()] == ["text/plain", "text/html"]


async def test_mails_of_one_moment_do_not_replace_each_other(tmp_path: Path) -> None:
    folder = MailFolder(tmp_path)
    for _ in range(20):
        await folder.send(_compose(_render(HAS_ACCOUNT)), ADA)
    names = [path.suffix for path in folder.folder.iterdir()]
    assert names.count(".eml") == 20
