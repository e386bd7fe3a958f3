"""Whether one may follow a topic: decided again and again, and held for a while."""

from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

from datasources.errors import StoreError
from datasources.loaders.batch import Loaders
from resolvers.errors import Forbidden
from resolvers.live import MAX_AGE_S, Live, Shared


@dataclass(frozen=True, slots=True)
class Access:
    """Who may follow: `decide` asks, with loaders that others use at the same time.

    It is asked again for each event and every 2 seconds, and where one of `topics` is told, which
    are those of `rights_topic`. `key` is the same where the answer is, whatever else is followed:
    it names what this is about, and the viewer. `words` are those of the refusal that ends it.
    """

    decide: Callable[[Loaders], Coroutine[Any, Any, bool]]
    key: Hashable
    words: str
    topics: Sequence[str] = field(default=())


class Rights:
    """What was decided about one subscription, and by what was known when."""

    def __init__(self, live: Live, access: Access) -> None:
        self._live = live
        self._access = access
        self._known_at = 0.0
        self._changed_at = 0.0

    def changed(self, at: float) -> None:
        """Decide again before anything is told, by what is known from this moment on."""
        self._changed_at = at

    async def decide(self, loaders: Loaders, known_at: float) -> None:
        """Decide with loaders that hold nothing from before a moment.

        Raises:
            Forbidden: no.
            StoreUnavailable, StoreTimeout: nobody could tell.
        """
        self.heed(await self._live.shared(self._access.decide(loaders)), known_at)

    async def decide_for(self, shared: Shared) -> None:
        """Decide with the loaders of an event, or of now, once for all who are the same.

        Raises:
            Forbidden: no.
            StoreUnavailable, StoreTimeout: nobody could tell.
        """
        access = self._access
        allowed = await shared.once(("access", access.key), partial(access.decide, shared.loaders))
        self.heed(allowed, shared.began_at)

    async def hold(self) -> bool:
        """Decide again where that is due; return whether the decision is good for telling.

        It is kept where the store does not answer, as long as it is not too old.

        Raises:
            Forbidden: no.
            StoreUnavailable, StoreTimeout: nobody could tell for 5 seconds.
        """
        generation = self._live.generation_since(self._changed_at)
        if generation.began_at <= self._known_at:
            return True
        try:
            await self.decide_for(generation)
        except StoreError:
            if monotonic() - self._known_at > MAX_AGE_S:
                raise
            return self._changed_at <= self._known_at
        return True

    def heed(self, allowed: bool, known_at: float) -> None:
        """Take a decision by what is known from a moment on.

        Raises:
            Forbidden: no.
        """
        if not allowed:
            raise Forbidden(self._access.words)
        self._known_at = max(self._known_at, known_at)
