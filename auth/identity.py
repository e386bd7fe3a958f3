"""What one process needs to tell who is who: passwords, keys, and the address it answers at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from auth.api_keys import ApiKeys
from auth.app_keys import AppKeys
from auth.key_settings import KeySettings
from auth.key_use import KeyUse
from auth.keyring import KeyRing
from auth.oidc import Provider
from auth.outgoing import Outgoing
from auth.page_origins import PageOrigins
from auth.passwords import Passwords
from auth.revocations import Revocations
from auth.services import Services
from auth.settings import AuthSettings
from auth.vault import Vault


@dataclass(frozen=True, slots=True)
class Identity:
    """Made once at start. `public_url` has no slash at its end; links in mails begin with it.

    It never comes from a request: whoever sends one may choose its Host.
    """

    settings: AuthSettings
    public_url: str
    vault: Vault
    passwords: Passwords
    keys: KeyRing
    revocations: Revocations
    outgoing: Outgoing
    demo: bool = False
    providers: Mapping[str, Provider] = field(default_factory=dict)
    api_keys: ApiKeys = field(default_factory=ApiKeys)
    app_keys: AppKeys = field(default_factory=AppKeys)
    key_use: KeyUse = field(default_factory=KeyUse)
    key_settings: KeySettings = field(default_factory=KeySettings)
    page_origins: PageOrigins = field(default_factory=PageOrigins)
    services: Services = field(default_factory=Services)

    @property
    def issuer(self) -> str:
        """Who issues our tokens."""
        return self.public_url

    @property
    def audience(self) -> str:
        """Whom our access tokens are for (RFC 9068): this graph."""
        return f"{self.public_url}/graphql"

    @property
    def host(self) -> str:
        """The relying party of passkeys: the host of the public address, without a port."""
        return urlsplit(self.public_url).hostname or ""
