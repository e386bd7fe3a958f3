"""Somebody who uses a running gateway, as an app and as a browser; all that it answers is kept."""

from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import httpx2
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLType,
    GraphQLUnionType,
    ast_from_value,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    print_ast,
)

from schema.build import build_schema
from tests.factories.secret_search import Place, Secrets

GRAPH = build_schema()._schema
_OURS = {"Sec-Fetch-Site": "same-origin"}
_PREFLIGHT = {"GraphQL-Preflight": "1"}


@dataclass(frozen=True)
class Answer:
    """What came back, and the name of the place where it is kept."""

    place: str
    response: httpx2.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.response.text

    def json(self) -> Any:
        return self.response.json()


@dataclass
class Visitor:
    """One client. Cookies are kept as browsers do over TLS; a token is sent once it is set."""

    client: httpx2.AsyncClient
    secrets: Secrets
    places: list[Place]
    token: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    async def send(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        **what: Any,
    ) -> Answer:
        """Send a request with what the client has by now, and keep the answer."""
        sent = dict(headers or {})
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        response = await self.client.request(method, path, headers=sent, **what)
        return self._kept(response, f"{len(self.places)} {method} {path.partition('?')[0]}")

    def _kept(self, response: httpx2.Response, place: str) -> Answer:
        """Keep the cookies apart: what is meant for one of them is not meant for a page."""
        headers = [(k, v) for k, v in response.headers.multi_items() if k != "set-cookie"]
        rest = f"{response.status_code} {headers} ".encode() + response.content
        self.places.append(Place("answer", place, rest))
        for line in response.headers.get_list("set-cookie"):
            self.places.append(Place("cookie", f"{place} cookies", line.encode()))
            for name, morsel in SimpleCookie(line).items():
                self.cookies.pop(name, None)
                if morsel.value:
                    self.cookies[name] = morsel.value
                    self.secrets.learn(f"cookie {name}", morsel.value, f"{place} cookies")
        return Answer(place, response)

    async def ask(self, query: str, variables: dict[str, Any] | None = None) -> Answer:
        """Send an operation."""
        body = {"query": query, "variables": variables or {}}
        return await self.send("POST", "/graphql", json=body, headers=_PREFLIGHT)

    async def mutate(self, name: str, /, *, literal: bool = False, **arguments: Any) -> Answer:
        """Send a mutation that asks for all that it can answer; arguments by variable."""
        assert GRAPH.mutation_type is not None
        mutation = GRAPH.mutation_type.fields[name]
        if not arguments:
            return await self.ask(f"mutation {{ {name} {_selection(mutation)} }}")
        types = {one: mutation.args[one].type for one in arguments}
        if literal:
            given = ", ".join(f"{one}: {_literal(arguments[one], types[one])}" for one in types)
            return await self.ask(f"mutation {{ {name}({given}) {_selection(mutation)} }}")
        declared = ", ".join(f"${one}: {type_}" for one, type_ in types.items())
        given = ", ".join(f"{one}: ${one}" for one in types)
        query = f"mutation ({declared}) {{ {name}({given}) {_selection(mutation)} }}"
        return await self.ask(query, arguments)

    async def does(self, name: str, outcome: str, /, *, literal: bool = False, **given: Any) -> Any:
        """Return what a mutation answers, which is of this type, and the answer's place in it."""
        answer = await self.mutate(name, literal=literal, **given)
        result = (answer.json().get("data") or {}).get(name)
        assert result, answer.text
        assert result["__typename"] == outcome, answer.text
        return result | {"place": answer.place}

    async def submit(self, path: str, **fields: str) -> Answer:
        """Send a form of a page."""
        return await self.send("POST", path, data=fields, headers=_OURS)

    async def open(self, path: str, **query: str) -> Answer:
        """Open a page."""
        return await self.send("GET", path, params=query, headers=_OURS)


def _literal(value: Any, type_: Any) -> str:
    node = ast_from_value(value, type_)
    assert node is not None
    return print_ast(node)


def _selection(field_: GraphQLField) -> str:
    return _of(get_named_type(field_.type), depth=1)


def _of(type_: GraphQLType, depth: int) -> str:
    """Return all fields of a type, and those of what stands one step below."""
    if isinstance(type_, GraphQLUnionType):
        parts = (f"... on {one.name} {_of(one, depth)}" for one in type_.types)
        return f"{{ __typename {' '.join(parts)} }}"
    assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    chosen = []
    for name, one in type_.fields.items():
        inner = get_named_type(one.type)
        if any(is_required_argument(argument) for argument in one.args.values()):
            continue
        if is_leaf_type(inner):
            chosen.append(name)
        elif depth and isinstance(inner, GraphQLObjectType):
            chosen.append(f"{name} {_of(inner, depth - 1)}")
    return f"{{ __typename {' '.join(chosen)} }}"
