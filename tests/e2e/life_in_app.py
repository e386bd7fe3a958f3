"""The whole life of somebody in an app, with all that they do wrong."""

import base64
import json
import secrets as randomness
import time
from typing import Any

from joserfc.jwk import ECKey

from tests.e2e.person import Person
from tests.e2e.watched import Watched
from tests.factories.authenticator import Authenticator
from tests.factories.jwts import hmac_with_public_key, signed, unsigned
from tests.factories.visitor import Answer

_AUDIT_LOG = """
query($after: String) {
  auditLog(first: 100, after: $after) {
    nodes { id at action result actorKind actorId address userAgent details { name value } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
WRONG = "WrongCredentials"


async def begins(ada: Person) -> None:
    """Sign up, follow the link, sign in, and refresh."""
    who = {"email": ada.email, "handle": ada.handle, "displayName": "Ada"}
    await ada.does("signUp", "ValidationError", input=who | {"password": ada.weak()})
    await ada.does("signUp", "SignUpAccepted", input=who | {"password": ada.password})
    token = await ada.house.token_mailed(ada.email)
    await ada.house.look()  # while a link is good
    wrong = ada.house.password("wrong password")
    given = {"token": token, "password": ada.password}
    made_up = {"token": ada.made_up("mail token"), "password": ada.password}
    await ada.does("verifyEmail", WRONG, input=made_up)
    await ada.does("verifyEmail", "ValidationError", input={"token": token})
    await ada.does("verifyEmail", WRONG, input=given | {"password": wrong}, literal=True)
    await ada.does("verifyEmail", "EmailVerified", input=given)
    await ada.does("verifyEmail", WRONG, input=given, literal=True)

    await ada.sign_in(WRONG, wrong)
    swapped = {"login": ada.password, "password": ada.handle, "session": "TOKENS"}
    await ada.does("signIn", WRONG, input=swapped)
    await ada.sign_in("SignedIn")
    spent = ada.refresh
    ada.take(await ada.does("refreshTokens", "TokensRefreshed", refreshToken=spent))
    await ada.does("refreshTokens", WRONG, refreshToken=spent, literal=True)  # ends the family
    ada.visitor.token = ""
    await ada.does("refreshTokens", WRONG, refreshToken=ada.refresh)
    await ada.does("refreshTokens", WRONG, refreshToken=ada.made_up("refresh token"))
    await ada.sign_in("SignedIn", session="COOKIE")
    viewer = await ada.visitor.ask("{ viewer { handle email } }")
    assert viewer.json()["data"]["viewer"]["handle"] == ada.handle
    await ada.does("signOut", "SignedOut")
    assert "__Host-session" not in ada.visitor.cookies
    await ada.sign_in("SignedIn")


async def shows_bad_credentials(ada: Person) -> None:
    """Show what others forge, or what is over, wherever a credential may stand."""
    visitor, good = ada.visitor, ada.visitor.token
    kid, private = await signing_key(ada.house)
    over = int(time.time()) - 10_000
    times = {"iat": over, "nbf": over, "exp": over + 900}
    expired = signed({"kid": kid}, times, key=private)
    cut = f"{good.rpartition('.')[0]}.{randomness.token_urlsafe(64)}"
    opaque = ada.made_up("access token")
    for bad in (expired, cut, opaque, signed(), unsigned(), hmac_with_public_key()):
        visitor.token = ada.learn("bad token", bad)
        answer = await visitor.ask("{ viewer { handle } }")
        assert answer.status == 401, answer.text
        assert (await visitor.open("/account/export")).status == 401
    visitor.token = ""
    dead = {"Cookie": f"__Host-session={ada.made_up('session')}; __Host-browser=x"}
    for path in ("/graphql", "/account", "/account/export"):
        await visitor.send("GET", path, headers=dead | {"GraphQL-Preflight": "1"})
    for scheme in ("Basic", "Bearer"):
        pair = base64.b64encode(f"{ada.handle}:{ada.password}".encode()).decode()
        await visitor.send("POST", "/graphql", headers={"Authorization": f"{scheme} {pair}"})
    for path in ("/graphql", "/account", "/account/export"):
        await visitor.open(path, query="{ __typename }", access_token=good)
    visitor.token = good
    both = await visitor.send("POST", "/graphql", json={}, headers=dead)
    assert both.status == 400


async def signing_key(house: Watched) -> tuple[str, ECKey]:
    """Return the key that signs; those that no client ever sees are secrets from now on."""
    query = "select kid, private_sealed from signing_keys order by active_from desc"
    for kid, sealed in await house.postgres.fetch(query):
        opened = json.loads(house.vault.open(sealed, f"signing-key:{kid}"))
        house.secrets.learn("signing key", opened["d"])
        house.secrets.learn_key("signing key", base64.urlsafe_b64decode(opened["d"] + "=="))
    return kid, ECKey.import_key(opened)


async def has_a_second_factor(ada: Person) -> None:
    """Enrol an app, and sign in with codes."""
    wrong = ada.house.password("wrong password")
    await ada.does("enrolTotp", WRONG, password=wrong)
    enrolled = await ada.does("enrolTotp", "TotpEnrolment", password=ada.password)
    ada.set_up(enrolled["secret"], enrolled["place"])
    await ada.does("confirmTotp", WRONG, code=ada.wrong_code(), literal=True)
    confirmed = await ada.does("confirmTotp", "TotpConfirmed", code=ada.code())
    ada.take_codes(confirmed["recoveryCodes"], confirmed["place"])
    await ada.second_step(ada.wrong_code(), WRONG)
    await ada.house.look()  # while a challenge is good
    code = ada.code(1)
    await ada.second_step(code)
    await ada.second_step(code, WRONG)
    await ada.second_step(ada.code(), WRONG, challenge=ada.made_up("challenge"))
    used = ada.recovery_code()
    await ada.second_step(used)
    await ada.second_step(used, WRONG)
    await ada.second_step(ada.recovery_code())
    await ada.does("replaceRecoveryCodes", WRONG, password=wrong)
    replaced = await ada.does(
        "replaceRecoveryCodes", "RecoveryCodesReplaced", password=ada.password
    )
    ada.take_codes(replaced["recoveryCodes"], replaced["place"])
    await ada.does("disableTotp", WRONG, password=wrong, literal=True)


async def has_a_passkey(ada: Person) -> None:
    """Add a passkey, and sign in with it."""
    device = Authenticator()
    wrong = ada.house.password("wrong password")
    await ada.does("startPasskeyRegistration", WRONG, password=wrong)
    bads: list[dict[str, Any]]
    bads = [{"challenge": ada.made_up("challenge")}, {"origin": "https://evil.example"}, {}]
    for bad in bads:
        begun = await ada.does("startPasskeyRegistration", "PasskeyOptions", password=ada.password)
        ada.learn("passkey challenge", begun["options"]["challenge"], begun["place"])
        made = device.create(begun["options"], **bad)
        outcome = WRONG if bad else "PasskeyAdded"
        await ada.does("addPasskey", outcome, credential=made, name="a key")
    bads = [{"challenge": ada.made_up("challenge")}, {"user_handle": b"nobody"}, {}]
    for bad in bads:
        started = await ada.visitor.mutate("startPasskeySignIn")
        options = started.json()["data"]["startPasskeySignIn"]["options"]
        ada.learn("passkey challenge", options["challenge"], started.place)
        answer = device.get(options, **bad)
        ada.learn("passkey signature", answer["response"]["signature"])
        given: dict[str, Any] = {"credential": answer, "session": "TOKENS"}
        found = await ada.does("signInWithPasskey", WRONG if bad else "SignedIn", **given)
    ada.take(found)
    text = json.dumps(answer)
    for again, outcome in ((text, WRONG), (text[:-9], "ValidationError")):
        given = {"credential": again, "session": "TOKENS"}
        await ada.does("signInWithPasskey", outcome, **given, literal=True)


async def changes_everything(ada: Person) -> None:
    """Change password and address, and reset the password."""
    wrong, new = ada.house.password("wrong password"), ada.house.password()
    given = {"password": wrong, "newPassword": new}
    await ada.does("changePassword", WRONG, input=given)
    given = {"password": ada.password, "newPassword": ada.weak()}
    await ada.does("changePassword", "ValidationError", input=given, literal=True)
    given = {"password": ada.password, "newPassword": new}
    await ada.does("changePassword", "PasswordChanged", input=given)
    ada.password = new
    await ada.does("changeEmail", WRONG, input={"password": wrong, "email": "new@example.org"})
    given = {"password": new, "email": "new@example.org"}
    await ada.does("changeEmail", "MailRequested", input=given)
    token = await ada.house.token_mailed("new@example.org")
    await ada.does("verifyEmail", "EmailVerified", input={"token": token})
    await ada.does("requestPasswordReset", "MailRequested", input={"email": "new@example.org"})
    token, new = await ada.house.token_mailed("new@example.org"), ada.house.password()
    ada.visitor.token = ""  # it ends with the old password
    await ada.does(
        "resetPassword", "ValidationError", input={"token": token, "password": ada.weak()}
    )
    given = {"token": ada.made_up("mail token"), "password": new}
    await ada.does("resetPassword", WRONG, input=given, literal=True)
    await ada.does("resetPassword", "PasswordChanged", input={"token": token, "password": new})
    await ada.does("resetPassword", WRONG, input={"token": token, "password": new})
    ada.password = new
    await ada.second_step(ada.recovery_code())


async def looks_back(ada: Person) -> Answer:
    """Read what is known of oneself, and return the export."""
    seen = await ada.visitor.ask(
        "{ viewer { account { role sessions { id device } passkeys { id name }"
        " securityEvents(first: 100) { nodes { action result } } } } }"
    )
    assert seen.json()["data"]["viewer"]["account"]["passkeys"], seen.text
    await ada.does("exportMyData", "DataExport")
    return await ada.visitor.open("/account/export")


async def leaves(ada: Person) -> None:
    """Sign in and out, and delete the account; return when nothing is left of it."""
    await ada.second_step(ada.recovery_code())
    await ada.does("signOut", "SignedOut")
    await ada.second_step(ada.recovery_code())
    await ada.does("signOutEverywhere", "SignedOut")
    await ada.second_step(ada.recovery_code())
    await ada.does("deleteAccount", WRONG, password=ada.house.password("wrong password"))
    await ada.does("deleteAccount", "AccountDeleted", password=ada.password)
    await ada.sign_in(WRONG)
    await ada.house.until_rows("select 1 from jobs where kind = 'delete_account'", there=False)


async def reads_all(cleo: Person) -> None:
    """Read the audit log, as an admin."""
    after = None
    while True:
        answer = await cleo.visitor.ask(_AUDIT_LOG, {"after": after})
        page = answer.json()["data"]["auditLog"]
        assert page["nodes"], answer.text
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]
