"""Random secrets without a meaning of their own, and what is stored in their place."""

import secrets
from hashlib import sha256

_SECRET_BYTES = 32


def new_secret() -> str:
    """Return 256 random bits as text: a refresh token, or the id of a session."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def hash_of(secret: str) -> bytes:
    """Return what is stored in place of a random secret: SHA-256 of it."""
    return sha256(secret.encode(errors="surrogatepass")).digest()
