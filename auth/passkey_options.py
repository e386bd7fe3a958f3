"""Passkeys (WebAuthn): whom they are for, and what a browser is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from webauthn.helpers import base64url_to_bytes, options_to_json_dict
from webauthn.helpers.cose import COSEAlgorithmIdentifier as Algorithm
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

RP_NAME = "Polyphony"
ALGORITHMS = [
    Algorithm.ECDSA_SHA_256,
    Algorithm.EDDSA,
    Algorithm.RSASSA_PKCS1_v1_5_SHA_256,  # Windows
]


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Whom a passkey is for: the host, and the origin that its pages must have."""

    id: str
    origin: str

    @classmethod
    def at(cls, public_url: str) -> "RelyingParty":
        """Return the relying party of an address: never that of a request."""
        parts = urlsplit(public_url)
        host = parts.hostname or ""
        usual = {"http": 80, "https": 443}.get(parts.scheme)
        port = "" if parts.port in (None, usual) else f":{parts.port}"
        return cls(host, f"{parts.scheme}://{host}{port}")


def registration_options(
    party: RelyingParty,
    challenge: str,
    user: tuple[UUID, str, str],
    known: Sequence[tuple[bytes, Sequence[str]]],
    seconds: int,
) -> dict[str, Any]:
    """Return what `navigator.credentials.create` is asked, as JSON has it.

    `user` is their id, handle and name; `known` are credentials that they have, by id and
    transports: an authenticator does not make a second one.
    """
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=RP_NAME,
        user_id=user[0].bytes,
        user_name=user[1],
        user_display_name=user[2],
        challenge=base64url_to_bytes(challenge),
        timeout=seconds * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id_, transports=[*map(AuthenticatorTransport, via)])
            for id_, via in known
        ],
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json_dict(options)


def sign_in_options(party: RelyingParty, challenge: str, seconds: int) -> dict[str, Any]:
    """Return what `navigator.credentials.get` is asked, as JSON has it: any passkey of ours."""
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=base64url_to_bytes(challenge),
        timeout=seconds * 1000,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)
