"""Opens what tells who is who."""

import base64
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from auth.api_keys import ApiKeys
from auth.identity import Identity
from auth.keyring import KeyRing
from auth.oidc import Provider
from auth.outgoing import Outgoing
from auth.passwords import Passwords
from auth.revocations import Revocations
from auth.services import Services
from auth.vault import Vault
from datasources.stores import Stores
from gateway.settings import Settings

_KEY_FILE = "key-encryption-key"
_KEY_BYTES = 32


@asynccontextmanager
async def open_identity(
    settings: Settings, stores: Stores, *, demo: bool = False
) -> AsyncIterator[Identity]:
    """Yield the identity of this process, and end its threads at the end.

    Only with `demo` may the accounts of the demo be used.
    """
    auth = settings.auth
    vault = Vault.of(key_encryption_keys(settings))
    passwords = Passwords(auth.password_threads, auth.password_queue)
    try:
        yield Identity(
            settings=auth,
            public_url=settings.address,
            vault=vault,
            passwords=passwords,
            keys=KeyRing(stores.postgres, vault),
            revocations=Revocations(),
            outgoing=Outgoing(loopback=not settings.production),
            demo=demo,
            providers=_providers(settings),
            api_keys=ApiKeys("live" if settings.production else "dev"),
            key_settings=settings.keys,
            services=Services(settings.services, loopback=not settings.production),
        )
    finally:
        passwords.close()


def _providers(settings: Settings) -> Mapping[str, Provider]:
    """Return the OpenID providers by name. None is asked yet: one that is down is no matter."""
    return {
        name: Provider(
            name, one, Outgoing(loopback=not settings.production, private=one.private_network)
        )
        for name, one in settings.auth.providers.items()
    }


def key_encryption_keys(settings: Settings) -> str:
    """Return the configured keys, or, outside production, one kept in the data folder."""
    if settings.auth.key_encryption_key is not None:
        return settings.auth.key_encryption_key.get_secret_value()
    return _kept_key(settings.data_dir)


def _kept_key(data_dir: Path) -> str:
    """Return the key in a file that its owner alone may read, made on first use."""
    path = data_dir / _KEY_FILE
    data_dir.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{_KEY_FILE}.{os.getpid()}")
    if not path.exists():
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(base64.b64encode(os.urandom(_KEY_BYTES)).decode())
        try:
            os.link(draft, path)  # the first of two processes wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
