"""Seals what a store must hold but may not read: signing keys, secrets of second factors."""

import base64
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class CannotOpen(Exception):
    """Sealed with a key that is not configured, for another purpose, or damaged."""


class Vault:
    """AES-256-GCM with the key encryption key; older keys still open what they sealed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = [AESGCM(key) for key in keys]

    @classmethod
    def of(cls, keys: str) -> "Vault":
        """Return the vault of keys in base64, the sealing one first, separated by commas."""
        return cls([base64.b64decode(key.strip()) for key in keys.split(",")])

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """Return the sealed secret; it opens for the same purpose only ("totp:<user>")."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, secret, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Return the secret.

        Raises:
            CannotOpen: none of the keys fits, or it was sealed for something else.
        """
        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(nonce, text, purpose.encode())
            except InvalidTag:
                continue
        raise CannotOpen(purpose)
