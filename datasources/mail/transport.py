"""The way that mails go: over SMTP where a server is configured, else into a folder."""

from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from datasources.mail.folder import MailFolder
from datasources.mail.settings import MailSettings
from datasources.mail.smtp import SmtpServer

FOLDER = "mail"


class MailTransport(Protocol):
    """Takes mails."""

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Send a mail to one address, whatever its headers say.

        Raises:
            MailError: it was not taken, or that is not known; sent again it may come twice.
        """


def open_transport(settings: MailSettings, data_dir: Path, host: str) -> MailTransport:
    """Return the way that mails go; nothing is connected yet. `host` is how we greet servers."""
    if settings.url is None:
        return MailFolder(data_dir / FOLDER)
    return SmtpServer(settings.url.get_secret_value(), settings, host)
