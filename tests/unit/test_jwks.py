import asyncio
import warnings
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from auth.jwks import JwksCache
from auth.outgoing import OutgoingError

_EC = ECKey.generate_key("P-256", private=False)
_RSA = RSAKey.generate_key(2048, private=False)
with warnings.catch_warnings(action="ignore"):
    _WEAK = RSAKey.generate_key(1024, private=False)
_OKP = OKPKey.generate_key("Ed25519", private=False)


def _jwk(key: Any, **more: object) -> dict[str, object]:
    return {**key.as_dict(private=False), **more}


class _Issuer:
    def __init__(self, *keys: dict[str, object]) -> None:
        self.answer: object = {"keys": list(keys)}
        self.failing = False
        self.fetches = 0
        self.now = 1000.0
        self.gate: asyncio.Event | None = None
        self.begun = asyncio.Event()
        self.cache = JwksCache(self._fetch, clock=lambda: self.now)

    async def _fetch(self) -> object:
        self.fetches += 1
        if self.gate is not None:
            self.begun.set()
            await self.gate.wait()
        if self.failing:
            raise OutgoingError("down")
        return self.answer


async def test_known_keys_are_not_asked_for_again() -> None:
    issuer = _Issuer(_jwk(_EC, kid="a"), _jwk(_RSA, kid="b"), _jwk(_OKP, kid="c"))
    for kid, algorithm in (
        ("a", "ES256"), ("b", "RS256"), ("b", "PS256"), ("c", "EdDSA"), ("c", "Ed25519"),
    ):  # fmt: skip
        key = await issuer.cache.key(kid, algorithm)
        assert key is not None
        assert key is await issuer.cache.key(kid, algorithm)
    assert issuer.fetches == 1


async def test_a_key_is_for_its_own_algorithm_only() -> None:
    issuer = _Issuer(_jwk(_EC, kid="a"), _jwk(_RSA, kid="b", alg="RS256"))
    assert await issuer.cache.key("a", "RS256") is None
    assert await issuer.cache.key("b", "PS256") is None
    for algorithm in ("HS256", "none", "", "ES512", "RS1"):
        assert await issuer.cache.key("a", algorithm) is None


@pytest.mark.parametrize(
    "entry",
    [
        _jwk(_WEAK, kid="a"),
        _jwk(_RSA, kid="a", use="enc"),
        {"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "kid": "a", "n": 5, "e": "AQAB"},
        {"kty": "RSA", "kid": "a"},
        {"kty": ["RSA"], "kid": "a"},
        {**OctKey.generate_key(256).as_dict(), "kid": "a"},
        "RSA",
        None,
    ],
    ids=["1024 bits", "enc", "tiny", "number", "empty", "odd type", "secret", "text", "null"],
)  # fmt: skip
async def test_what_is_no_key_that_verifies_is_none(entry: Any) -> None:
    issuer = _Issuer(entry)
    assert await issuer.cache.key("a", "RS256") is None


async def test_two_keys_of_one_name_are_none() -> None:
    other = RSAKey.generate_key(2048, private=False)
    issuer = _Issuer(_jwk(_RSA, kid="a"), _jwk(other, kid="a"))
    assert await issuer.cache.key("a", "RS256") is None


async def test_without_a_name_the_only_key_is_meant() -> None:
    issuer = _Issuer(_jwk(_RSA, kid="a"), _jwk(_EC, kid="b"))
    assert await issuer.cache.key("", "RS256") is not None
    issuer.answer = {"keys": [_jwk(_EC, kid="b"), _jwk(ECKey.generate_key("P-256"), kid="c")]}
    issuer.now += 700
    assert await issuer.cache.key("", "ES256") is None


async def test_a_thousand_unknown_names_are_two_fetches_a_minute() -> None:
    issuer = _Issuer(_jwk(_EC, kid="a"))
    assert await issuer.cache.key("a", "ES256") is not None
    found = await asyncio.gather(*(issuer.cache.key(f"x{i}", "ES256") for i in range(500)))
    assert set(found) == {None}
    for i in range(500):
        assert await issuer.cache.key(f"y{i}", "ES256") is None
        assert await issuer.cache.key("a", "ES256") is not None
    assert issuer.fetches == 2
    issuer.now += 61
    assert await issuer.cache.key("z", "ES256") is None
    assert issuer.fetches == 3


async def test_a_new_key_is_found_at_once() -> None:
    issuer = _Issuer(_jwk(_EC, kid="a"))
    await issuer.cache.key("a", "ES256")
    issuer.answer = {"keys": [_jwk(_EC, kid="b")]}
    assert await issuer.cache.key("b", "ES256") is not None
    assert await issuer.cache.key("a", "ES256") is None


async def test_keys_that_were_withdrawn_are_forgotten() -> None:
    issuer = _Issuer(_jwk(_EC, kid="a"))
    await issuer.cache.key("a", "ES256")
    issuer.answer = {"keys": []}
    assert await issuer.cache.key("a", "ES256") is not None
    issuer.now += 601
    assert await issuer.cache.key("a", "ES256") is None


async def test_keys_are_believed_for_a_while_when_their_issuer_is_down() -> None:
    issuer = _Issuer(_jwk(_EC, kid="a"))
    await issuer.cache.key("a", "ES256")
    issuer.failing = True
    issuer.now += 3000
    assert await issuer.cache.key("a", "ES256") is not None
    with pytest.raises(OutgoingError):
        await issuer.cache.key("b", "ES256")
    issuer.now += 601
    with pytest.raises(OutgoingError):
        await issuer.cache.key("a", "ES256")
    issuer.failing = False
    issuer.now += 61
    assert await issuer.cache.key("a", "ES256") is not None


async def test_old_keys_are_used_while_somebody_fetches_new_ones() -> None:
    issuer = _Issuer(_jwk(_EC, kid="a"))
    await issuer.cache.key("a", "ES256")
    issuer.now += 601
    issuer.gate = asyncio.Event()
    first = asyncio.create_task(issuer.cache.key("a", "ES256"))
    await issuer.begun.wait()
    assert await issuer.cache.key("a", "ES256") is not None
    issuer.gate.set()
    assert await first is not None
    assert issuer.fetches == 2


@pytest.mark.parametrize("answer", [None, [], {}, {"keys": {}}, {"keys": "a"}, 5, "keys"])
async def test_rubbish_is_no_key_set(answer: object) -> None:
    issuer = _Issuer()
    issuer.answer = answer
    with pytest.raises(OutgoingError, match="no key set"):
        await issuer.cache.key("a", "ES256")


async def test_many_keys_are_imported_one_by_one() -> None:
    """A set of 100 keys costs what is used of it: importing all would hold up the others."""
    issuer = _Issuer(*(_jwk(_RSA, kid=f"k{i}") for i in range(100)))
    await issuer.cache.key("k50", "RS256")
    assert len(issuer.cache._imported) == 1
