"""Time-based one-time passwords (RFC 6238): six digits, a step of 30 s, SHA-1 as all apps have."""

import base64
import hmac
import os
import unicodedata
from datetime import datetime

import pyotp
import segno

STEP_S = 30
_SECRET_BYTES = 20  # RFC 4226 recommends 160 bits
_DIGITS = 6
_DRIFT = (0, -1, 1)
"""Which steps a clock may be off, the likeliest first."""


def new_secret() -> bytes:
    """Return a secret for one authenticator."""
    return os.urandom(_SECRET_BYTES)


def in_base32(secret: bytes) -> str:
    """Return a secret as people type it into an app that cannot scan."""
    return base64.b32encode(secret).decode()


def uri_of(secret: bytes, issuer: str, name: str) -> str:
    """Return the `otpauth` address that apps scan; `name` tells a person's accounts apart."""
    return pyotp.TOTP(in_base32(secret)).provisioning_uri(name=name, issuer_name=issuer)


def qr_of(uri: str) -> str:
    """Return a QR code as SVG: no style or script, dark on light whatever the page's colours."""
    code = segno.make(uri, error="m", micro=False)
    return code.svg_inline(
        scale=5, border=4, dark="#000", light="#fff", title="QR code for an authenticator app"
    )


def step_at(moment: datetime) -> int:
    """Return the number of the step that a moment lies in."""
    return int(moment.timestamp()) // STEP_S


def digits_in(text: str) -> str | None:
    """Return the code that somebody typed, however they grouped it; None where it is no code."""
    if len(text) > _DIGITS * 4:
        return None
    code = "".join(unicodedata.normalize("NFKC", text).split()).replace("-", "")
    return code if len(code) == _DIGITS and code.isascii() and code.isdigit() else None


def step_of(secret: bytes, code: str, now: datetime, last_step: int) -> int | None:
    """Return the step that a code belongs to, one step off at most; None for a wrong code.

    None, too, for a code of `last_step` or before: it was used, or could have been seen then.
    """
    otp = pyotp.HOTP(in_base32(secret))
    here = step_at(now)
    steps = [here + drift for drift in _DRIFT if here + drift > last_step]
    return next((step for step in steps if hmac.compare_digest(otp.at(step), code)), None)
