"""What apps read to find our endpoints (RFC 8414, OpenID Connect Discovery)."""

from authlib.oauth2.rfc8628 import DEVICE_CODE_GRANT_TYPE
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from auth.identity import Identity
from auth.jwks import ALGORITHMS
from auth.keyring import ALGORITHM
from auth.scopes import SCOPES_OF_APPS
from gateway.oauth.cors import for_any_page

_CACHE_S = 600
_PROOFS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]


def metadata(issuer: str) -> dict[str, object]:
    """Return what we are, and can."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "device_authorization_endpoint": f"{issuer}/oauth/device_authorization",
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "scopes_supported": sorted(SCOPES_OF_APPS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            DEVICE_CODE_GRANT_TYPE,
        ],
        "token_endpoint_auth_methods_supported": [*_PROOFS, "none"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": [*_PROOFS, "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": _PROOFS,
        "introspection_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash"),
            *("preferred_username", "name", "picture", "email", "email_verified"),
        ],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
        "service_documentation": f"{issuer}/developers",
    }


async def _metadata(request: Request) -> JSONResponse:
    identity: Identity = request.state.identity
    return JSONResponse(
        metadata(identity.issuer),
        headers={
            "Cache-Control": f"public, max-age={_CACHE_S}",
            "Access-Control-Allow-Origin": "*",  # always: caches keep it for whoever asks
        },
    )


ROUTES = [
    for_any_page(Route("/.well-known/openid-configuration", _metadata)),
    for_any_page(Route("/.well-known/oauth-authorization-server", _metadata)),
]
