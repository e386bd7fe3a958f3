"""Names devices for their owners: "Firefox on Linux", from what a client says of itself."""

import re

_MAX_CHARS = 60
_UNKNOWN = "Unknown device"

# The first that fits: browsers name those that they resemble, too.
_BROWSERS = (
    ("Edge", re.compile(r"\bEdg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"\b(?:OPR|Opera)/")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(?:Chrome|CriOS|HeadlessChrome)/")),
    ("Safari", re.compile(r"\bVersion/\S+ (?:Mobile/\S+ )?Safari/")),
)
_SYSTEMS = (
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Android", re.compile(r"\bAndroid\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("macOS", re.compile(r"\bMac(?:intosh|OS| OS X)\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Linux", re.compile(r"\bLinux\b")),
    ("iOS", re.compile(r"\biOS\b")),
)
_PRODUCT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]*")


def device_of(user_agent: str) -> str:
    """Return a device in words: the browser or app, and the system that it runs on."""
    if not user_agent.isascii() or not user_agent.isprintable():
        return _UNKNOWN
    program = _first(_BROWSERS, user_agent) or _app(user_agent)
    system = _first(_SYSTEMS, user_agent)
    if program and system:
        return f"{program} on {system}"
    return program or system or _UNKNOWN


def _first(names: tuple[tuple[str, re.Pattern[str]], ...], user_agent: str) -> str:
    return next((name for name, pattern in names if pattern.search(user_agent)), "")


def _app(user_agent: str) -> str:
    """Return the first product that a client names; "Mozilla" says nothing."""
    product = _PRODUCT.match(user_agent.partition("/")[0].partition("(")[0].strip())
    name = product[0].strip() if product else ""
    return "" if name == "Mozilla" else name[:_MAX_CHARS]
