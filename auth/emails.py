"""E-mail addresses: what is taken as one, and which of them are the same."""

from email_validator import EmailNotValidError, validate_email

MAX_CHARS = 254


def normalised_email(text: str) -> str | None:
    """Return an address as mail is sent to it, or None where it is none.

    ASCII alone: a domain of other letters is in its encoded form (xn--…), so that no header of a
    mail can hold anything else. Nobody's name server is asked. Local parts of other letters are
    not taken: many servers on the way could not deliver to them.
    """
    if len(text) > MAX_CHARS:
        return None
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
    except (EmailNotValidError, UnicodeError):
        return None
    address = found.ascii_email
    # The library says so, too; this is what a mail's headers depend on.
    if address is None or len(address) > MAX_CHARS or not address.isprintable():
        return None
    return address


def email_key(address: str) -> str:
    """Return what addresses are compared by: `Ann@Example.com` is `ann@example.com`.

    By their standard, servers might tell letters apart by case; none does that people use.
    """
    return address.casefold()
