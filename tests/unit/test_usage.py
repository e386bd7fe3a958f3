"""What an operation of a key is counted as: its root fields."""

import pytest
from graphql import parse

from schema.usage import root_fields

DOCUMENT = """
query A($yes: Boolean!, $no: Boolean!) {
  __typename
  genres { slug }
  again: genres { name }
  ... on Query { viewer { handle } }
  ...Rest
  ...Rest
  search(query: "x") @skip(if: $yes) { totalCount }
  charts @include(if: $no) { totalCount }
  track(id: "x") @skip(if: false) { id }
  album(id: "x") @include(if: false) { id }
}
query B { __schema { types { name } } }
mutation C { signOut { __typename } }
fragment Rest on Query { nodes(ids: []) { id } ...Rest }
"""


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        ("A", ["genres", "genres", "nodes", "track", "viewer"]),
        ("B", []),
        ("C", ["signOut"]),
        ("D", []),
        (None, []),
    ],
)
def test_root_fields(operation: str | None, fields: list[str]) -> None:
    variables = {"yes": True, "no": False}
    assert sorted(root_fields(parse(DOCUMENT), operation, variables)) == fields
