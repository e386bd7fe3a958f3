"""What looks for secrets finds them: one of each kind is planted in each kind of place."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from tests.factories.secret_search import Place, Secrets, leaks

PASSWORD = "3f9c51d07ab2 ä&\"<'+/% 88e1f04c6d2b"
TOKEN = "Zq0_bT-7yVdK3mXcR9uLw2EoHs5GjNfA8iPzQ1tCkYx"
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.q8Zr-TNe0_Yc3xWmKuVd7sLbJhGf2oPa"
CODE = "402817"
RECOVERY = "4HTX-9WQE-K2MB-7VZC-D0RS-J6YP"
TOTP = "JBSWY3DPEHPK3PXPKRUGKIDTMVRXEZLU"
KEY = bytes(range(100, 132))

SECRETS = {
    "password": PASSWORD,
    "token": TOKEN,
    "access token": JWT,
    "code": CODE,
    "recovery code": RECOVERY,
    "TOTP secret": TOTP,
}
PLANTED: dict[str, tuple[str, str]] = {
    "log": ("log", "2026-03-14T15:09:26.402816Z [info] refused reason={} [gateway] ms=3.1"),
    "trace": ("log", 'Traceback …\n  File "x.py", line 3\nValueError: no {}\n'),
    "row": ("row", '(018f2c9e-0000-7000-8000-000000402816,"{}",2026-03-14 15:09:26.402816+00)'),
    "key": ("key", "polyphony:session:{}"),
    "document": ("document", "{{'_id': '5', 'client': '{}'}}"),
    "page": ("answer", '<p class="error">{}</p>'),
    "error": ("answer", '{{"errors": [{{"message": "Not {}."}}]}}'),
    "export": ("answer", '{{"account": {{"email": null}}, "more": "{}"}}'),
}
ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "lower": str.lower,
    "url": lambda text: quote(text, safe=""),
    "url with +": quote_plus,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 inside": lambda text: base64.urlsafe_b64encode(f'{{"a":"{text}"}}'.encode()).decode(),
    "basic": lambda text: base64.b64encode(f"ann:{text}".encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "bytea": lambda text: "\\x" + text.encode().hex().upper(),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "HTML": html.escape,
    "repr": repr,
    "cut": lambda text: text if len(text) < 24 else text[:15] + "…",
    "end": lambda text: text if len(text) < 24 else "…" + text[-15:],
}


def secrets(*shown: str) -> Secrets:
    made = Secrets()
    for what, value in SECRETS.items():
        made.learn(what, value, *shown)
    made.learn_key("key", KEY)
    return made


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("where", PLANTED)
def test_a_planted_leak_is_found(where: str, encoding: str) -> None:
    kind, template = PLANTED[where]
    before, _, behind = template.partition("{}")
    for what, secret in SECRETS.items():
        value = secret.rpartition(".")[2]
        text = f"{before}{ENCODINGS[encoding](value)}{behind}"
        (found,) = leaks(secrets(), [Place(kind, "here", text.encode())])
        assert found.startswith(f"{what} in {kind} here, ")


@pytest.mark.parametrize(
    "written",
    [KEY, KEY.hex().encode(), base64.b64encode(KEY), repr(KEY).encode(), quote(KEY).encode()],
)
def test_a_planted_key_is_found(written: bytes) -> None:
    (found,) = leaks(secrets(), [Place("row", "here", b"(1," + written + b",2)")])
    assert found.startswith("key in row here, ")


def test_a_squeezed_code_is_found() -> None:
    typed = RECOVERY.replace("-", "").lower()
    assert leaks(secrets(), [Place("log", "here", typed.encode())])


@pytest.mark.parametrize("where", PLANTED)
def test_without_a_leak_nothing_is_found(where: str) -> None:
    kind, template = PLANTED[where]
    text = template.format("something, 40281, 4028170, 1.402817, a402817f, eyJhbGciOiJFUzI1NiJ9")
    assert leaks(secrets(), [Place(kind, "here", text.encode())]) == []


def test_what_is_meant_to_be_shown_is_no_leak_there_alone() -> None:
    shown, other = (Place("answer", name, TOKEN.encode()) for name in ("meant", "other"))
    assert leaks(secrets("meant"), [shown]) == []
    assert len(leaks(secrets("meant"), [shown, other])) == 1
