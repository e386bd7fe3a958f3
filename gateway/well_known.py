"""What others read to trust our tokens: the public keys (`/.well-known/jwks.json`)."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from auth.identity import Identity
from auth.keyring import JWKS_CACHE_S
from datasources.errors import StoreError
from gateway.oauth.cors import for_any_page
from resolvers.context import utc_now


async def jwks(request: Request) -> JSONResponse:
    """Return the public keys that verify access tokens now, or soon."""
    identity: Identity = request.state.identity
    try:
        keys = await identity.keys.published(utc_now())
    except StoreError as error:
        return JSONResponse(
            {"error": f"The {error.store} service does not answer."},
            status_code=503,
            headers={"Cache-Control": "no-store"},
        )
    return JSONResponse(
        {"keys": keys},
        headers={
            "Cache-Control": f"public, max-age={JWKS_CACHE_S}",
            "Access-Control-Allow-Origin": "*",  # always: caches keep it for whoever asks
        },
    )


ROUTES = [for_any_page(Route("/.well-known/jwks.json", jwks))]
