"""A mail as it travels: headers that nobody else can write, a text, and the same as HTML."""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from uuid import UUID

from datasources.mail.errors import MailError
from datasources.records.mail import Mail

# What stands in an address that we send to: one "@", and nothing that a header or a command of
# SMTP takes for its own. Stricter than the standard, whose other addresses nobody has.
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9.-]{1,253}", re.ASCII | re.IGNORECASE)


def compose(
    mail: Mail, *, sender: str, recipient: str, mail_id: UUID, host: str, now: datetime
) -> EmailMessage:
    """Return the message of a mail to one address.

    `sender` may have a name. `mail_id` and `host` make the Message-ID: a mail that is sent twice
    has the same.

    Raises:
        MailError: the recipient is not one address that mail can be sent to.
    """
    if not _ADDRESS.fullmatch(recipient):
        raise MailError("the address is none", permanent=True)
    message = EmailMessage(policy=SMTP)
    message["From"] = sender_address(sender)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{mail_id}@{host or 'localhost'}>"
    # No out-of-office notes, please (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, cte=_encoding(mail.text))
    message.add_alternative(mail.html, subtype="html", cte=_encoding(mail.html))
    return message


def sender_address(sender: str) -> Address:
    """Return whom mails are from: "Polyphony <no-reply@music.example>".

    Raises:
        ValueError: it is not one address.
    """
    found = getaddresses([sender])
    if len(found) != 1 or "@" not in found[0][1]:
        raise ValueError(f"not an address like Polyphony <no-reply@music.example>: {sender}")
    name, address = found[0]
    return Address(name, addr_spec=address)


def _encoding(text: str) -> str:
    """Return how a body is written: as it is where it can be, so that people can read a file."""
    return "7bit" if text.isascii() else "quoted-printable"
