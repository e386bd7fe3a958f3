"""What a person changes of what others see."""

import pytest

from datasources.ids import new_id
from datasources.records.users import ListeningVisibility, UserRecord
from datasources.stores import Stores
from resolvers.entities import user_by_handle
from resolvers.errors import InvalidInput, NotFound, Unauthenticated
from resolvers.profile_commands import update_profile
from resolvers.search import search
from tests.factories.accounts import an_account, signed_in_as
from tests.factories.operations import ask, context_of

CHANGE = """
mutation ($input: UpdateProfileInput!) {
  updateProfile(input: $input) {
    ... on ProfileUpdated { user { displayName avatarUrl } }
    ... on ValidationError { code path }
  }
}
"""


async def test_only_what_is_given_changes(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    context = context_of(empty_stores, signed_in_as(ann))
    url = "https://pictures.example/ann.png"

    async def after(changes: dict[str, object]) -> UserRecord:
        assert (await update_profile(context, changes)).user_id == ann
        seen = await user_by_handle(context_of(empty_stores), "ann")
        assert seen is not None
        return seen

    await after({"avatar_url": url})
    changed = await after({"display_name": "  Ann   Lee "})
    assert (changed.display_name, changed.avatar_url) == ("Ann Lee", url)
    assert await after({}) == changed
    assert (await after({"avatar_url": None})).avatar_url is None
    seen = await after({"listening_visibility": ListeningVisibility.FOLLOWERS})
    assert seen.listening_visibility is ListeningVisibility.FOLLOWERS


async def test_search_follows_a_name(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    await update_profile(context_of(empty_stores, signed_in_as(ann)), {"display_name": "Zoë Quill"})

    async def found(words: str) -> list[object]:
        return [ref.id for ref in (await search(context_of(empty_stores), words)).nodes]

    assert await found("zoe quill") == [ann]
    assert await found("ann") == [ann]  # by the handle


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("display_name", ""),
        ("display_name", None),
        ("display_name", " \n "),
        ("display_name", "x" * 61),
        ("display_name", "a\0b"),
        ("display_name", "a\ud800"),
        ("avatar_url", "http://pictures.example/ann.png"),
        ("avatar_url", "javascript:alert(1)"),
        ("avatar_url", "//pictures.example/ann.png"),
        ("avatar_url", "https://user@pictures.example/"),
        ("avatar_url", "https://"),
        ("avatar_url", "https://[::1"),
        ("avatar_url", "https://pictures.example/\n"),
        ("avatar_url", "https://pictures.example/" + "x" * 2000),
        ("listening_visibility", None),
    ],
)
async def test_what_cannot_be_taken(empty_stores: Stores, name: str, value: object) -> None:
    ann = await an_account(empty_stores)
    context = context_of(empty_stores, signed_in_as(ann))
    with pytest.raises(InvalidInput):
        await update_profile(context, {"avatar_url": None, name: value})
    found = await user_by_handle(context_of(empty_stores), "ann")
    assert found is not None
    assert (found.display_name, found.avatar_url) == ("Ann", None)


async def test_nobody_and_one_who_is_gone(empty_stores: Stores) -> None:
    with pytest.raises(Unauthenticated):
        await update_profile(context_of(empty_stores), {"display_name": "X"})
    with pytest.raises(NotFound):
        await update_profile(context_of(empty_stores, signed_in_as(new_id())), {})


async def test_in_the_graph(empty_stores: Stores) -> None:
    ann = await an_account(empty_stores)
    bad = {"input": {"avatarUrl": "ftp://x"}}
    data = await ask(empty_stores, CHANGE, bad, signed_in_as(ann))
    assert data["updateProfile"] == {"code": "BAD_USER_INPUT", "path": ["input", "avatarUrl"]}
    good = {"input": {"displayName": "Ann Lee"}}
    data = await ask(empty_stores, CHANGE, good, signed_in_as(ann))
    assert data["updateProfile"] == {"user": {"displayName": "Ann Lee", "avatarUrl": None}}
