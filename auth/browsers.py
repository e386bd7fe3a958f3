"""Browsers in which a person has signed in before: what fails there is counted apart.

So who fails on purpose keeps others of their kind waiting, and not the account's owner. (OWASP
calls it a device cookie.) A mark opens nothing: it only has a few attempts of its own.
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from auth.vault import CannotOpen, Vault

_BYTES = 16
_MAX_CHARS = 200


def mark_for(vault: Vault, account: str) -> str:
    """Return a new mark for a browser in which the owner of an account has just signed in."""
    return urlsafe_b64encode(vault.seal(os.urandom(_BYTES), _purpose(account))).decode()


def browser_of(vault: Vault, mark: str, account: str) -> str | None:
    """Return what names a browser, or None where the mark is not for this account."""
    if not mark or len(mark) > _MAX_CHARS:
        return None
    try:
        return vault.open(urlsafe_b64decode(mark), _purpose(account)).hex()
    except (Base64Error, ValueError, CannotOpen):
        return None


def _purpose(account: str) -> str:
    return f"browser:{account}"
