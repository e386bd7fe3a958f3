"""The other ways to tokens: Authlib checks the protocol, our use cases do what comes of it."""

from uuid import UUID

from authlib.oauth2.rfc6749 import (
    AccessDeniedError,
    ClientMixin,
    InvalidGrantError,
    InvalidScopeError,
    OAuth2Error,
    TokenMixin,
)
from authlib.oauth2.rfc6749 import grants as authlib
from authlib.oauth2.rfc8628 import DeviceCodeGrant as AuthlibDeviceCodeGrant
from authlib.oauth2.rfc8628 import ExpiredTokenError, SlowDownError
from authlib.oauth2.rfc8628.errors import AuthorizationPendingError

from auth.app_tokens import scope_text
from auth.scopes import SCOPES_OF_OWN
from datasources.records.apps import DeviceRecord
from datasources.records.tokens import RefreshRecord
from gateway.oauth.bridge import await_
from gateway.oauth.grant_base import OurGrant, written
from resolvers.app_devices import Waiting, ask_for_device, redeem_device
from resolvers.app_tokens import renew_tokens, renewable, tokens_for_itself
from resolvers.errors import WrongCredentials


class RefreshGrant(OurGrant, authlib.RefreshTokenGrant):
    """A refresh token, which is spent for the next one."""

    def authenticate_refresh_token(self, refresh_token: str) -> "Refresh":
        """Return a token of the app; nothing is spent yet.

        Raises:
            InvalidGrantError: it is none.
        """
        sent = await_(renewable(self.context, self.app, refresh_token))
        if sent is None:
            raise InvalidGrantError
        return Refresh(sent)

    def authenticate_user(self, refresh_token: "Refresh") -> UUID:
        """Return whose it is."""
        return refresh_token.record.user_id

    def issue_token(self, user: UUID, refresh_token: TokenMixin) -> dict[str, str | int]:
        """Return new tokens; what the app may no longer ask for they do not have."""
        del user
        asked = self.request.payload.scope
        granted = (asked or refresh_token.get_scope()).split()
        scopes = sorted(set(granted) & set(self.app.scopes))
        if not scopes:
            raise InvalidScopeError
        sent = self.request.form["refresh_token"]
        try:
            return written(await_(renew_tokens(self.context, self.app, sent, scopes)))
        except WrongCredentials:
            raise InvalidGrantError from None

    def revoke_old_credential(self, refresh_token: TokenMixin) -> None:
        """Do nothing: it is spent."""


class Refresh(TokenMixin):
    """A refresh token, as Authlib asks about it."""

    def __init__(self, record: RefreshRecord) -> None:
        self.record = record

    def check_client(self, client: object) -> bool:
        """Agree: it was looked for among those of the app."""
        del client
        return True

    def get_scope(self) -> str:
        """Return what the person agreed to."""
        return scope_text(self.record.scopes or ())


class OwnGrant(OurGrant, authlib.ClientCredentialsGrant):
    """An app's own name and secret: it reads what is public, for nobody."""

    def generate_token(self, *_: object, **__: object) -> dict[str, str | int]:
        """Return a token for the app itself."""
        may = SCOPES_OF_OWN & set(self.app.scopes)
        asked = set((self.request.payload.scope or "").split()) or may
        if not asked or not asked <= may:
            raise InvalidScopeError
        return written(await_(tokens_for_itself(self.context, self.app, asked)))


class DeviceGrant(OurGrant, AuthlibDeviceCodeGrant):
    """A device that asks again and again whether it was let in."""

    def authenticate_token_endpoint_client(self) -> ClientMixin:
        """Return the app that asks."""
        client = super().authenticate_token_endpoint_client()
        self.request.client = client
        return client

    def query_device_credential(self, device_code: str) -> "Device":
        """Return a device that was let in.

        Raises:
            OAuth2Error: it was not, or not yet.
        """
        found = await_(ask_for_device(self.context, self.app, device_code))
        if isinstance(found, Waiting):
            raise _WAITING[found]
        return Device(found)

    def validate_device_credential(self, credential: "Device") -> UUID | None:
        """Return who let it in."""
        return credential.record.user_id

    def generate_token(self, *_: object, **__: object) -> dict[str, str | int]:
        """Return the device's tokens."""
        device: Device = self.request.credential
        return written(await_(redeem_device(self.context, self.app, device.record)))


_WAITING: dict[Waiting, type[OAuth2Error]] = {
    Waiting.PENDING: AuthorizationPendingError,
    Waiting.TOO_FAST: SlowDownError,
    Waiting.DENIED: AccessDeniedError,
    Waiting.EXPIRED: ExpiredTokenError,
    Waiting.UNKNOWN: InvalidGrantError,
}


class Device:
    """A device, as Authlib asks about it."""

    def __init__(self, record: DeviceRecord) -> None:
        self.record = record

    def get_client_id(self) -> str:
        """Return which app runs there."""
        return str(self.record.app_id)

    def get_scope(self) -> str:
        """Return what it asked for."""
        return scope_text(self.record.scopes)
