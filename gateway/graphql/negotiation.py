"""Which form an answer takes: what `Accept` weighs most, of what there is."""

from dataclasses import dataclass

from graphql import OperationType
from starlette.datastructures import Headers

from gateway.graphql.accept import weights
from gateway.graphql.refusals import not_acceptable

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client takes: a form of JSON ("" for none), and whether a stream of events.

    `streams_first` says that it would rather have the stream.
    """

    json: str
    stream: bool
    streams_first: bool

    @property
    def json_or_any(self) -> str:
        """The form of an answer that has to be given, whatever is accepted."""
        return self.json or RESPONSE_JSON

    def form_for(self, kind: OperationType) -> str:
        """Return the media type of the answer to an operation.

        Raises:
            HttpRefusal: 406, the client does not take what such an operation is answered with.
        """
        if kind is OperationType.SUBSCRIPTION:
            if not self.stream:
                message = f"Subscriptions need a WebSocket, or `Accept: {EVENT_STREAM}`."
                raise not_acceptable(message)
            return EVENT_STREAM
        return EVENT_STREAM if self.streams_first else self.json


def accepted(headers: Headers) -> Accepted:
    """Return what a client takes.

    Without `Accept`, and where wildcards alone decide, that is `application/json`, as clients from
    before the other type expect; where both are named, the greater weight wins, and of equal ones
    `application/graphql-response+json`.

    Raises:
        HttpRefusal: 406, nothing that there is.
    """
    taken = weights(headers, "accept")
    if not taken:
        return Accepted(JSON, stream=False, streams_first=False)
    anything = taken.get("application/*", taken.get("*/*", 0.0))
    plain = taken.get(JSON, anything)
    modern = taken.get(RESPONSE_JSON, anything)
    # A stream is for those who name it: others would wait for the end of it.
    stream = taken.get(EVENT_STREAM, 0.0)
    if not (plain or modern or stream):
        raise not_acceptable(f"There is {RESPONSE_JSON}, {JSON} and {EVENT_STREAM}.")
    named = RESPONSE_JSON in taken
    json = RESPONSE_JSON if modern > plain or (named and modern == plain) else JSON
    best = max(plain, modern)
    return Accepted(json if best else "", bool(stream), streams_first=stream > best)
