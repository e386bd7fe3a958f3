"""Compresses answers that are long enough for it.

Only what queries give: answers of mutations may hold tokens, and are short. What a query gives is
safe from BREACH, too: a page of another site can neither send an operation with somebody's
session (it would be asked first) nor see how long the answer is.
"""

import zlib
from collections.abc import Mapping

from backports import zstd
from starlette.datastructures import Headers

from gateway.graphql.accept import weights

_GZIP = 31  # window bits that mean a gzip header
_GZIP_LEVEL = 4
_ZSTD_LEVEL = 3


def _gzip(body: bytes) -> bytes:
    return zlib.compress(body, _GZIP_LEVEL, wbits=_GZIP)


def _zstd(body: bytes) -> bytes:
    return zstd.compress(body, _ZSTD_LEVEL)


# The quicker first: it wins where the client does not care.
_CODINGS = {"zstd": _zstd, "gzip": _gzip}


def compressed(headers: Headers, body: bytes) -> tuple[bytes, Mapping[str, str]]:
    """Return a body as the client takes it, and the headers that say so."""
    taken = weights(headers, "accept-encoding")
    anything = taken.get("*", 0.0)
    plain = taken.get("identity", 0.0)
    best = max(_CODINGS, key=lambda coding: taken.get(coding, anything))
    weight = taken.get(best, anything)
    if not weight or weight < plain:
        return body, {}
    return _CODINGS[best](body), {"Content-Encoding": best}
