"""People who sign in at an OpenID provider: their browser there, and what is configured here."""

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import httpx2

from auth.identity import Identity
from auth.oidc import Provider
from auth.outgoing import Outgoing
from auth.providers import ProviderSettings
from tests.factories.http import BASE

_FORM = re.compile(r'<form[^>]*action="([^"]+)"', re.DOTALL)
_PROMPT = re.compile(r'name="prompt" value="(\w+)"')


def with_providers(
    identity: Identity, outgoing: Outgoing | None = None, **settings: Mapping[str, object]
) -> Identity:
    """Return the identity with providers of these names and settings."""
    outgoing = outgoing or Outgoing(loopback=True)
    providers = {
        name: Provider(name, ProviderSettings.model_validate(one), outgoing)
        for name, one in settings.items()
    }
    return replace(identity, providers=providers)


async def sign_in_there(url: str, login: str, *, cookies: httpx2.Cookies | None = None) -> str:
    """Sign in as anybody at the provider of a URL, agree to all, and return where that ends here.

    `cookies` keep the provider's session, for who comes again.
    """
    async with httpx2.AsyncClient(cookies=cookies, trust_env=False) as browser:
        answer = await browser.get(url)
        for _ in range(20):
            if answer.is_redirect:
                url = urljoin(str(answer.request.url), answer.headers["location"])
                if url.startswith(BASE):
                    break
                answer = await browser.get(url)
                continue
            form, prompt = _FORM.search(answer.text), _PROMPT.search(answer.text)
            assert form, answer.text
            fields = {"login": login, "password": "any"} if prompt and prompt[1] == "login" else {}
            target = urljoin(str(answer.request.url), form[1])
            data = {"prompt": prompt[1], **fields} if prompt else fields
            answer = await browser.post(target, data=data)
        if cookies is not None:
            cookies.update(browser.cookies)
    assert url.startswith(BASE), url
    return url.removeprefix(BASE)


async def begin(client: httpx2.AsyncClient, provider: str = "acme", next_: str = "") -> str:
    """Begin to sign in, and return where the browser is sent."""
    query = {"next": next_} if next_ else {}
    answer = await client.get(f"/auth/login/{provider}", params=query)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def come_from(
    client: httpx2.AsyncClient, login: str, provider: str = "acme", next_: str = ""
) -> httpx2.Response:
    """Sign in at a provider, come back, and return the answer to that."""
    return await client.get(await sign_in_there(await begin(client, provider, next_), login))


def path_of(answer: httpx2.Response) -> str:
    """Return the path that an answer leads to, without its query."""
    assert answer.status_code == 303, answer.text
    return urlsplit(answer.headers["location"]).path
