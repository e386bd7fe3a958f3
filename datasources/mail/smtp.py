"""Mails over SMTP: with TLS unless told otherwise, each to one address."""

import asyncio
import contextlib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)

from datasources.mail.errors import MailError
from datasources.mail.message import sender_address
from datasources.mail.settings import MailSettings

_PORTS = {"smtp": 587, "smtps": 465}
_STEPS = 3  # a mail may take a few of the server's longest answers, not any number of them
_REFUSED = 500
_FAREWELL_S = 2.0


class SmtpServer:
    """One mail server; each mail has a connection of its own."""

    def __init__(
        self,
        url: str,
        settings: MailSettings,
        host: str,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(url)
        self._implicit_tls = parts.scheme == "smtps"
        self._hostname = parts.hostname or "localhost"
        self._port = parts.port or _PORTS[parts.scheme]
        self._username = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._plaintext = settings.plaintext
        self._timeout_s = settings.timeout_s
        self._sender = sender_address(settings.sender).addr_spec
        self._host = host or "localhost"
        self._tls_context = tls_context

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Send a mail to one address, whatever its headers say.

        Raises:
            MailError: it was not taken, or that is not known; sent again it may come twice.
        """
        client = self._client()
        try:
            async with asyncio.timeout(self._timeout_s * _STEPS):
                await client.connect()
                await client.send_message(message, sender=self._sender, recipients=[recipient])
        except SMTPRecipientsRefused as refused:
            code = refused.recipients[0].code
            permanent = code >= _REFUSED
            raise MailError(f"recipient refused: {code}", permanent=permanent) from None
        except SMTPResponseException as answer:
            raise MailError(f"{type(answer).__name__}: {answer.code}") from None
        except (SMTPException, TimeoutError, OSError) as error:
            raise MailError(type(error).__name__) from None
        else:
            # The mail is taken: whatever happens now, it need not be sent again.
            with contextlib.suppress(SMTPException, OSError):
                await client.quit(timeout=_FAREWELL_S)
        finally:
            client.close()

    def _client(self) -> SMTP:
        return SMTP(
            hostname=self._hostname,
            port=self._port,
            username=self._username,
            password=self._password,
            local_hostname=self._host,
            timeout=self._timeout_s,
            use_tls=self._implicit_tls,
            # Never opportunistic: who can take STARTTLS out of an answer would read every mail.
            start_tls=not (self._implicit_tls or self._plaintext),
            tls_context=self._tls_context,
        )
