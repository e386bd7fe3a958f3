"""Passkeys (WebAuthn): whether the answer of a browser holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
import webauthn
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    decode_credential_public_key,
    parse_attestation_object,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.decoded_public_key_to_cryptography import decoded_public_key_to_cryptography
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticationCredential,
    RegistrationCredential,
)

from auth.passkey_options import ALGORITHMS, RelyingParty

T = TypeVar("T")
C = TypeVar("C", RegistrationCredential, AuthenticationCredential)

MAX_BYTES = 16 * 1024
"""The most that a credential may have as JSON; those of browsers have one or two thousand."""

_MAX_CREDENTIAL_ID_BYTES = 1023  # what the specification allows
_RSA_BITS = range(2048, 4097)
# We ask for no attestation; browsers leave "packed" where a device vouches only for itself. The
# other formats would have us read certificates that nobody asked for.
_FORMATS = (AttestationFormat.NONE, AttestationFormat.PACKED)


class Malformed(Exception):
    """No answer of a browser at all."""


class Refused(Exception):
    """An answer that does not hold; the message is for tests, it says nothing to clients."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[C]):
    """What a browser sent, read and not yet believed. `challenge` is the id that it answers."""

    challenge: str = field(repr=False)
    credential: C = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential that an authenticator made, and that it could use."""

    id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    transports: Sequence[str]
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Use:
    """What an authenticator said when it signed. Compare the count with the one before."""

    sign_count: int
    backed_up: bool


def read_registration(credential: object) -> Answer[RegistrationCredential]:
    """Return what `navigator.credentials.create` gave.

    Raises:
        Malformed: it is nothing of the kind, or too large.
    """
    return _read(credential, parse_registration_credential_json)


def read_sign_in(credential: object) -> Answer[AuthenticationCredential]:
    """Return what `navigator.credentials.get` gave.

    Raises:
        Malformed: it is nothing of the kind, or too large.
    """
    return _read(credential, parse_authentication_credential_json)


def _read(credential: object, parse: Callable[[Any], C]) -> Answer[C]:
    def read() -> Answer[C]:
        if len(orjson.dumps(credential)) > MAX_BYTES:
            raise ValueError("too large")
        parsed = parse(credential)
        data = parse_client_data_json(parsed.response.client_data_json)
        if len(parsed.raw_id) > _MAX_CREDENTIAL_ID_BYTES:
            raise ValueError("too long an id")
        return Answer(bytes_to_base64url(data.challenge), parsed)

    return _guarded(read, Malformed)


def check_registration(
    party: RelyingParty, answer: Answer[RegistrationCredential]
) -> NewCredential:
    """Return the credential that was made, for the challenge that `answer` names.

    Whether that challenge is ours is the caller's to know.

    Raises:
        Refused: it is not for us, nobody was verified, or its key is none that we could use.
    """

    def check() -> NewCredential:
        _same_origin(answer)
        response = answer.credential.response
        if parse_attestation_object(response.attestation_object).fmt not in _FORMATS:
            raise ValueError("attestation that was not asked for")
        made = webauthn.verify_registration_response(
            credential=answer.credential,
            expected_challenge=base64url_to_bytes(answer.challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
        if made.credential_id != answer.credential.raw_id:
            raise ValueError("two ids")
        _usable(made.credential_public_key)
        return NewCredential(
            made.credential_id,
            made.credential_public_key,
            made.sign_count,
            sorted({one.value for one in response.transports or ()}),
            made.credential_backed_up,
        )

    return _guarded(check, Refused)


def check_sign_in(
    party: RelyingParty,
    answer: Answer[AuthenticationCredential],
    owner_id: UUID,
    public_key: bytes,
) -> Use:
    """Return what the owner's authenticator signed, for the challenge that `answer` names.

    Raises:
        Refused: it is not for us or by another, nobody was verified, or the signature is wrong.
    """

    def check() -> Use:
        _same_origin(answer)
        if answer.credential.response.user_handle != owner_id.bytes:
            raise ValueError("somebody else's")
        used = webauthn.verify_authentication_response(
            credential=answer.credential,
            expected_challenge=base64url_to_bytes(answer.challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            # Compared where it is written: the library does so before it knows who signed.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        return Use(used.new_sign_count, used.credential_backed_up)

    return _guarded(check, Refused)


def _same_origin(answer: Answer[Any]) -> None:
    """Refuse what was made in a frame of another site's page."""
    data = parse_client_data_json(answer.credential.response.client_data_json)
    if data.cross_origin:
        raise ValueError("in another site's page")


def _usable(public_key: bytes) -> None:
    """Refuse a key that no signature could be checked with, or only a weak or a slow one."""
    key = decoded_public_key_to_cryptography(decode_credential_public_key(public_key))
    if isinstance(key, RSAPublicKey) and key.key_size not in _RSA_BITS:
        raise ValueError("an RSA key of an unusual size")


def _guarded(work: Callable[[], T], error: type[Exception]) -> T:
    """Run what hostile bytes make raise anything: the library's errors, and many of Python's."""
    try:
        return work()
    except Exception as cause:  # noqa: BLE001  whatever they raise
        raise error(f"{type(cause).__name__}: {cause}") from None
