from datasources.stores import Stores
from tests.factories.accounts import an_account
from tests.factories.apps import (
    BACK,
    an_app,
    answer_in,
    authorize,
    decide,
    exchange,
    refresh,
    sign_in,
    viewer,
)
from tests.factories.http import BASE, client_of
from tests.factories.operations import identity_of


async def test_an_app_is_let_in_and_refreshes(empty_stores: Stores) -> None:
    identity = identity_of(empty_stores)
    ann = await an_account(empty_stores, "ann", identity=identity)
    app = await an_app(empty_stores, identity, ann)
    async with client_of(empty_stores, identity) as client:
        await sign_in(client, empty_stores, identity, ann)
        page = await authorize(client, app)
        assert page.status_code == 200
        assert "Mixtape" in page.text
        assert "app.example" in page.text
        assert "See your playlists" in page.text
        answer = answer_in(await decide(client, page))
        assert answer["to"] == BACK
        assert answer["state"] == "a state"
        assert answer["iss"] == BASE
        got = (await exchange(client, app, answer["code"])).json()
        assert got["scope"] == "openid playlists:read"
        assert (await viewer(client, got["access_token"])).json()["data"]["viewer"][
            "handle"
        ] == "ann"
        again = (await refresh(client, app, got["refresh_token"])).json()
        assert again["refresh_token"] != got["refresh_token"]
        assert (await viewer(client, again["access_token"])).status_code == 200
