import pytest

from auth.devices import device_of

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/"
AGENTS = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0": "Firefox on Linux",
    f"{MAC}605.1.15 (KHTML, like Gecko) Version/19.1 Safari/605.1.15": "Safari on macOS",
    f"{MAC}537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36": "Chrome on macOS",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0": "Edge on Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1": "Safari on iPhone",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) CriOS/156.0 Mobile/15E148 Safari/604.1": "Chrome on iPhone",
    "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko)"
    " SamsungBrowser/30.0 Chrome/140.0 Mobile Safari/537.36": "Samsung Internet on Android",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/156.0.0.0 Safari/537.36": "Chrome on ChromeOS",
    "PolyphonyPhone/3.1 (iOS 19.1)": "PolyphonyPhone on iOS",
    "okhttp/5.1.0": "okhttp",
    "curl/8.15.0": "curl",
    "Mozilla/5.0": "Unknown device",
    "": "Unknown device",
    "é": "Unknown device",
    "a\nb/1": "Unknown device",
    "<script>alert(1)</script>": "Unknown device",
    "x" * 5000: "x" * 60,
}


@pytest.mark.parametrize(("user_agent", "device"), AGENTS.items())
def test_a_device_in_words(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device
