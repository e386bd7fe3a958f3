"""Mails over a real SMTP server: TLS or nothing, one address each, and refusals told apart."""

import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from urllib.parse import quote
from uuid import UUID

import pytest

from datasources.mail.errors import MailError
from datasources.mail.message import compose
from datasources.mail.settings import MailSettings
from datasources.mail.smtp import SmtpServer
from datasources.records.mail import Mail
from tests.plugins.smtp import PASSWORD, USER, MailServer, mail_server

ADA = "ada@music.example"
LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"


def _message(recipient: str = ADA) -> EmailMessage:
    return compose(
        Mail("Grüße", "Guten Tag: ä\n", "<p>Guten Tag: ä</p>\n"),
        sender="Polyphony <no-reply@music.example>",
        recipient=recipient,
        mail_id=UUID(int=7),
        host="music.example",
        now=datetime(2026, 3, 14, 15, 9, tzinfo=UTC),
    )


def _client(
    server: MailServer,
    tls: ssl.SSLContext | None = None,
    *,
    login: str = "",
    plaintext: bool = False,
    scheme: str = "smtp",
) -> SmtpServer:
    settings = MailSettings(
        url=None, sender="Polyphony <no-reply@music.example>", plaintext=plaintext, timeout_s=10
    )
    url = f"{scheme}://{login}localhost:{server.port}"
    return SmtpServer(url, settings, "music.example", tls)


async def test_a_mail_goes_by_starttls_and_password(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    async with mail_server(server_tls) as server:
        await _client(server, client_tls, login=LOGIN).send(_message(), ADA)
    (mail,) = server.received
    assert (mail.sender, mail.recipients) == ("no-reply@music.example", [ADA])
    assert mail.message["Subject"] == "Grüße"
    assert mail.message["Message-ID"] == "<00000000-0000-0000-0000-000000000007@music.example>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["Date"] == "Sat, 14 Mar 2026 15:09:00 +0000"
    text = mail.message.get_body(("plain",))
    html = mail.message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content() == "Guten Tag: ä\r\n"
    assert "<p>Guten Tag: ä</p>" in html.get_content()


async def test_a_wrong_password_is_tried_again(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    async with mail_server(server_tls) as server:
        client = _client(server, client_tls, login="somebody:else@")
        with pytest.raises(MailError, match="SMTPAuthenticationError: 535") as caught:
            await client.send(_message(), ADA)
    assert not caught.value.permanent
    assert not server.received


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    server_tls: ssl.SSLContext,
) -> None:
    async with mail_server(server_tls) as server:
        with pytest.raises(MailError) as caught:
            await _client(server, login=LOGIN).send(_message(), ADA)
    assert not caught.value.permanent
    assert not server.received


async def test_without_tls_nothing_is_sent_unless_the_settings_say_so() -> None:
    """A server, or somebody in between, that offers no STARTTLS gets no mail."""
    async with mail_server() as server:
        with pytest.raises(MailError):
            await _client(server).send(_message(), ADA)
        assert not server.received
        await _client(server, plaintext=True).send(_message(), ADA)
    assert [mail.recipients for mail in server.received] == [[ADA]]


@pytest.mark.parametrize(
    ("answer", "permanent"), [("550 no such user", True), ("451 try later", False)]
)
async def test_refused_recipients_are_final_or_not(answer: str, *, permanent: bool) -> None:
    async with mail_server() as server:
        server.refuses = {ADA: answer}
        with pytest.raises(MailError) as caught:
            await _client(server, plaintext=True).send(_message(), ADA)
        assert caught.value.permanent is permanent
        assert caught.value.reason == f"recipient refused: {answer[:3]}"
        assert "user" not in caught.value.reason


async def test_a_server_that_is_away_comes_back() -> None:
    async with mail_server() as server:
        client = _client(server, plaintext=True)
        await server.stop()
        with pytest.raises(MailError) as caught:
            await client.send(_message(), ADA)
        assert not caught.value.permanent
        await server.start()
        await client.send(_message(), ADA)
    assert len(server.received) == 1


async def test_only_the_one_recipient_gets_it_whatever_the_headers_say() -> None:
    message = _message()
    message.replace_header("To", "ada@music.example, eve@evil.example")
    message["Cc"] = "eve@evil.example"
    async with mail_server() as server:
        await _client(server, plaintext=True).send(message, ADA)
    assert [mail.recipients for mail in server.received] == [[ADA]]
