"""An authenticator in software: makes passkeys and signs with them, rightly or wrongly."""

import json
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from datasources.ids import new_id

PRESENT, VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED = 1, 4, 8, 16, 64


@dataclass(frozen=True)
class Ceremony:
    """What a browser and its authenticator do; replace parts of it to have them do wrong.

    None stands for what the options ask.
    """

    origin: str = "https://music.example"
    rp_id: str | None = None
    challenge: str | None = None
    cross_origin: bool = False
    flags: int = PRESENT | VERIFIED | BACKUP_ELIGIBLE | BACKED_UP
    sign_count: int | None = None
    user_handle: bytes | None = None
    type: str | None = None
    fmt: str = "none"
    public_key: dict[int, Any] | None = None


@dataclass
class Authenticator:
    """Holds one passkey, once it was asked to make it."""

    ceremony: Ceremony = field(default_factory=Ceremony)
    counts: bool = True
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    id: bytes = field(default_factory=lambda: new_id().bytes)
    user_handle: bytes = b""
    signed: int = 0

    def create(self, options: dict[str, Any], **wrong: Any) -> dict[str, Any]:
        """Return what `navigator.credentials.create` gives for these options."""
        how = replace(self.ceremony, **wrong)
        self.user_handle = base64url_to_bytes(options["user"]["id"])
        id_and_key = (
            bytes(16)
            + len(self.id).to_bytes(2, "big")
            + self.id
            + cbor2.dumps(how.public_key or self._public_key())
        )
        data = self._data(how, options["rp"]["id"], ATTESTED) + id_and_key
        attestation = {"fmt": how.fmt, "attStmt": {}, "authData": data}
        return self._credential(
            clientDataJSON=self._client_data(how, "webauthn.create", options),
            attestationObject=cbor2.dumps(attestation),
            transports=["internal", "hybrid", "unheard-of"],
        )

    def get(self, options: dict[str, Any], **wrong: Any) -> dict[str, Any]:
        """Return what `navigator.credentials.get` gives for these options."""
        how = replace(self.ceremony, **wrong)
        client_data = self._client_data(how, "webauthn.get", options)
        data = self._data(how, options["rpId"])
        signed = self.key.sign(data + sha256(client_data).digest(), ec.ECDSA(SHA256()))
        handle = self.user_handle if how.user_handle is None else how.user_handle
        return self._credential(
            clientDataJSON=client_data, authenticatorData=data, signature=signed, userHandle=handle
        )

    def _data(self, how: Ceremony, rp_id: str, more_flags: int = 0) -> bytes:
        self.signed += self.counts
        count = self.signed if how.sign_count is None else how.sign_count
        host = rp_id if how.rp_id is None else how.rp_id
        flags = bytes([how.flags | more_flags])
        return sha256(host.encode()).digest() + flags + count.to_bytes(4, "big")

    def _client_data(self, how: Ceremony, kind: str, options: dict[str, Any]) -> bytes:
        data = {
            "type": how.type or kind,
            "challenge": how.challenge or options["challenge"],
            "origin": how.origin,
            "crossOrigin": how.cross_origin,
        }
        return json.dumps(data).encode()

    def _public_key(self) -> dict[int, Any]:
        """Return the public key as COSE has it: EC2, ES256, P-256."""
        numbers = self.key.public_key().public_numbers()
        x, y = (part.to_bytes(32, "big") for part in (numbers.x, numbers.y))
        return {1: 2, 3: -7, -1: 1, -2: x, -3: y}

    def _credential(self, **response: Any) -> dict[str, Any]:
        shown = {
            name: bytes_to_base64url(value) if isinstance(value, bytes) else value
            for name, value in response.items()
        }
        id_ = bytes_to_base64url(self.id)
        return {"id": id_, "rawId": id_, "type": "public-key", "response": shown}
