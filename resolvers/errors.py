"""What a use case refuses, in words that the client may read.

ExpectedError
└── BadUserInput    an argument that no request can be made of
    └── BadCursor   a cursor that was not made by this list
"""


class ExpectedError(Exception):
    """A refusal; its message is for the client."""


class BadUserInput(ExpectedError):
    """An argument that is out of its range or makes no sense."""


class BadCursor(BadUserInput):
    """A cursor that was not made by this list."""
