"""Somebody who lives with us: a client, a password, and all that follows from it."""

import base64
import secrets as randomness
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyotp

from tests.e2e.watched import Watched
from tests.factories.visitor import Visitor


@dataclass
class Person:
    """Who acts: everything that they learn or make up is learnt as a secret."""

    house: Watched
    visitor: Visitor
    handle: str
    password: str
    app: pyotp.TOTP | None = None
    recovery: list[str] | None = None
    refresh: str = ""

    @classmethod
    def new(cls, house: Watched, handle: str) -> "Person":
        return cls(house, house.visitor(), handle, house.password())

    @property
    def email(self) -> str:
        return f"{self.handle}@example.org"

    def learn(self, what: str, value: str, place: str = "") -> str:
        return self.house.secrets.learn(what, value, *([place] if place else []))

    def made_up(self, what: str) -> str:
        """Return something that looks like a secret of this kind, and is none."""
        return self.learn(f"wrong {what}", randomness.token_urlsafe(32))

    def weak(self) -> str:
        """Return a password that is too short."""
        return self.learn("weak password", randomness.token_urlsafe(6))

    # --- second factor --------------------------------------------------------------------------

    def set_up(self, secret: str, place: str) -> None:
        """Take the key of an authenticator app."""
        self.app = pyotp.TOTP(self.learn("TOTP secret", secret, place))
        self.house.secrets.learn_key("TOTP secret", base64.b32decode(secret))

    def code(self, steps: int = 0) -> str:
        """Return what the app shows now, or some steps from now."""
        assert self.app is not None
        return self.learn("code", self.app.at(time.time() + 30 * steps))

    def wrong_code(self) -> str:
        return self.learn("wrong code", f"{(int(self.code()) + 424243) % 1_000_000:06}")

    def take_codes(self, codes: list[str], place: str) -> None:
        """Keep recovery codes that an answer showed."""
        self.recovery = [self.learn("recovery code", one, place) for one in codes]

    def recovery_code(self) -> str:
        assert self.recovery
        return self.recovery.pop()

    # --- in an app ------------------------------------------------------------------------------

    def take(self, result: Mapping[str, Any]) -> None:
        """Keep the tokens of an answer."""
        tokens, place = result["tokens"], result["place"]
        self.visitor.token = self.learn("access token", tokens["accessToken"], place)
        self.refresh = self.learn("refresh token", tokens["refreshToken"], place)

    async def does(
        self, mutation: str, outcome: str, /, *, literal: bool = False, **given: Any
    ) -> Any:
        return await self.visitor.does(mutation, outcome, literal=literal, **given)

    async def sign_in(self, outcome: str, password: str = "", session: str = "TOKENS") -> Any:
        given = {"login": self.handle, "password": password or self.password, "session": session}
        self.visitor.token = ""
        found = await self.does("signIn", outcome, input=given)
        if outcome == "SecondFactorRequired":
            self.learn("challenge", found["challenge"], found["place"])
        if outcome == "SignedIn" and session == "TOKENS":
            self.take(found)
        return found

    async def second_step(self, code: str, outcome: str = "SignedIn", **given: Any) -> Any:
        """Sign in with a password and this code."""
        asked = await self.sign_in("SecondFactorRequired")
        given = {"challenge": asked["challenge"], "code": code} | given
        found = await self.does("completeSignIn", outcome, **given)
        if outcome == "SignedIn":
            self.take(found)
        return found
