"""Health routes: is the process alive, and can it do its work?"""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from datasources.health import check_stores

NEEDED = "postgres"
"""Nothing can be answered without it; another store that is down costs its own fields only."""


async def live(_: Request) -> JSONResponse:
    """Say that the process answers."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> JSONResponse:
    """Say how each store is: `ok`, `degraded` (still 200), or `down` (503).

    A server that is about to stop is not ready either (503), and does not ask them.
    """
    if request.app.state.draining.announced:
        return JSONResponse({"status": "stopping"}, status_code=503)
    checks = await check_stores(request.state.stores)
    failed = {check.store for check in checks if not check.ok}
    status = "down" if NEEDED in failed else "degraded" if failed else "ok"
    stores = {
        check.store: {
            "status": "ok" if check.ok else "down",
            "latencyMs": round(check.latency_ms, 1),
        }
        for check in checks
    }
    return JSONResponse(
        {"status": status, "stores": stores}, status_code=503 if status == "down" else 200
    )


ROUTES = [Route("/health/live", live), Route("/health/ready", ready)]
