from typing import Any

import pytest
from graphql import FieldNode, GraphQLError, GraphQLSyntaxError, NameNode, Source

from datasources.errors import Conflict, StoreTimeout, StoreUnavailable
from resolvers.errors import BadCursor, BadUserInput
from schema.errors import coded, is_internal

SECRET = "postgresql://polyphony:hunter2@10.0.0.7/polyphony"


def of(cause: BaseException | None, path: list[str | int] | None = None) -> dict[str, Any]:
    error = GraphQLError("raw message", path=path, cause=cause)
    return dict(coded(error, "request-1", validated=True).formatted)


@pytest.mark.parametrize(
    ("cause", "code"),
    [(BadUserInput("Say more."), "BAD_USER_INPUT"), (BadCursor("No."), "BAD_CURSOR")],
)
def test_expected_errors_keep_their_words(cause: Exception, code: str) -> None:
    shown = of(cause, ["search"])
    assert shown["message"] == str(cause)
    assert shown["extensions"] == {"code": code}
    assert shown["path"] == ["search"]


@pytest.mark.parametrize("error", [StoreUnavailable("redis", SECRET), StoreTimeout("redis")])
def test_a_store_that_fails_is_named_and_no_more(error: Exception) -> None:
    shown = of(error, ["user", "nowPlaying"])
    assert shown["extensions"] == {"code": "SERVICE_UNAVAILABLE", "service": "redis"}
    assert "hunter2" not in str(shown)


@pytest.mark.parametrize("cause", [ValueError(SECRET), Conflict(SECRET), KeyError("id")])
def test_defects_are_masked_and_name_the_request(cause: Exception) -> None:
    shown = of(cause, ["user"])
    assert shown["extensions"] == {"code": "INTERNAL", "requestId": "request-1"}
    assert "hunter2" not in str(shown)
    assert "raw message" not in str(shown)


def test_a_value_that_the_schema_refuses_is_a_defect_of_ours() -> None:
    message = "Cannot return null for non-nullable field."
    error = GraphQLError(message, nodes=[FieldNode(name=NameNode(value="track"))], path=["track"])
    assert is_internal(coded(error, "r", validated=True))


def test_errors_of_the_request_itself() -> None:
    syntax = GraphQLSyntaxError(Source("{"), 0, "Expected Name")
    unknown = GraphQLError("Cannot query field 'x'.")
    variable = GraphQLError("Variable '$id' got invalid value.")
    codes = [
        (coded(error, "r", validated=validated).extensions or {})["code"]
        for error, validated in [(syntax, False), (unknown, False), (variable, True)]
    ]
    assert codes == ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"]
