"""The `oidc-provider` of npm as a process: an OpenID provider that others made and certified."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

CLIENTS = Path(__file__).parents[1] / "clients"
CLIENT_SECRET = "a secret of the tests, and long enough"
_STOP_S = 10


@dataclass(frozen=True, slots=True)
class Acme:
    """The provider. `client_key` is the private key of its client `polyphony-signed`."""

    issuer: str
    client_key: ECKey


@pytest.fixture(scope="session")
def acme() -> Iterator[Acme]:
    """Run the provider for all tests; they sign in as people of their own."""
    with running_provider(
        "https://music.example/auth/callback/acme", "https://music.example/auth/logout"
    ) as found:
        yield found


class running_provider:  # noqa: N801  used like a function
    """Runs the provider for the addresses that browsers are sent back to."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Acme:
        node = shutil.which("node")
        if node is None:
            pytest.skip("no node on this machine")
        modules = CLIENTS / "node_modules"
        assert modules.is_dir(), "the provider is missing: `make test` installs it"
        key = ECKey.generate_key("P-256", private=True)
        public = {**key.as_dict(private=False), "kid": "tests", "use": "sig", "alg": "ES256"}
        self._process = subprocess.Popen(  # noqa: S603  our own script
            [node, str(CLIENTS / "provider.mjs"), *self._addresses],
            env={**os.environ, "CLIENT_JWK": json.dumps(public)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        return Acme(json.loads(self._process.stdout.readline())["issuer"], key)

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate(timeout=_STOP_S)
