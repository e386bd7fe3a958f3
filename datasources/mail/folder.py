"""Mails in a folder, where no mail server is configured: for trying things, and tests."""

import asyncio
import os
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import structlog

from datasources.mail.errors import MailError

log = structlog.get_logger(__name__)

_NOT_IN_NAMES = re.compile(r"[^0-9A-Za-z-]+")


class MailFolder:
    """Writes each mail as a file `.eml`, and its text beside it as `.txt`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Write a mail, and say in the log where it lies; its links stand in the file alone.

        Raises:
            MailError: it cannot be written.
        """
        try:
            path = await asyncio.to_thread(self._write, message, recipient)
        except OSError as error:
            raise MailError(f"the folder: {error.strerror}") from None
        log.warning(
            "no mail server: the mail is in a file", file=str(path), subject=_subject(message)
        )

    def _write(self, message: EmailMessage, recipient: str) -> Path:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        at = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
        about = _NOT_IN_NAMES.sub("-", _subject(message)).strip("-").lower()
        path = self.folder / f"{at}-{about}.txt"
        body = message.get_body(("plain",))
        text = body.get_content() if body else ""
        _write_private(path.with_suffix(".eml"), bytes(message))
        heading = f"To: {recipient}\nSubject: {_subject(message)}\n\n"
        _write_private(path, f"{heading}{text}".encode())
        return path


def _subject(message: EmailMessage) -> str:
    return str(message["Subject"])


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that its owner alone may read: links in mails let people in."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
