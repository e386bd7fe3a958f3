import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from pydantic import ValidationError

from auth.providers import ProviderSettings
from gateway.settings import Settings

SECRET = "not to be read by anybody"
ONE: dict[str, Any] = {
    "issuer": "https://id.example",
    "client_id": "polyphony",
    "client_secret": SECRET,
}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env


def read(monkeypatch: pytest.MonkeyPatch, value: str) -> Settings:
    monkeypatch.setenv("POLYPHONY_AUTH_PROVIDERS", value)
    return Settings()


def one(**changes: Any) -> ProviderSettings:
    return ProviderSettings.model_validate({**ONE, **changes})


def test_providers_are_json_or_a_file_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = json.dumps({"acme": ONE})
    (tmp_path / "providers.json").write_text(text)
    for value in (text, str(tmp_path / "providers.json"), "providers.json"):
        settings = read(monkeypatch, value)
        assert settings.auth.providers["acme"].issuer == "https://id.example"
        assert SECRET not in repr(settings)
    assert read(monkeypatch, "").auth.providers == {}


@pytest.mark.parametrize(
    "value",
    [
        "{", "[]", "5", "/nowhere.json", '{"acme": 5}', '{"acme": {}}', '{"acme": null}',
        json.dumps({"Acme": ONE}), json.dumps({"a/b": ONE}), json.dumps({"": ONE}),
        json.dumps({"a": ONE, "b": ONE}),
        f'{{"a": {json.dumps(ONE)}, "a": {json.dumps(ONE)}}}',
    ],
)  # fmt: skip
def test_what_makes_no_sense_stops_the_start_and_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        read(monkeypatch, value)
    # What the command line prints of it.
    said = " ".join(f"{error['loc']} {error['msg']}" for error in refused.value.errors())
    assert "providers" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "http://id.example"}, {"issuer": "id.example"}, {"issuer": ""},
        {"issuer": "https://id.example?a=b"}, {"issuer": "https://id.example#a"},
        {"issuer": "https://user:pass@id.example"}, {"issuer": "ftp://id.example"},
        {"client_id": ""}, {"client_secret": None}, {"client_secret": ""},
        {"private_key": "both"}, {"scopes": "email"}, {"scopes": ["openid", "a b"]},
        {"icon": "https://cdn.example/a.svg"}, {"icon": "/etc/passwd"}, {"icon": "none.svg"},
        {"unknown": "setting"}, {"name": "a" * 41},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        one(**changes)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ECKey.generate_key("P-256", private=True), "ES256"),
        (RSAKey.generate_key(2048, private=True), "RS256"),
        (OKPKey.generate_key("Ed25519", private=True), "Ed25519"),
    ],
)
def test_private_keys_are_pem_or_jwk(key: Any, algorithm: str) -> None:
    for text in (key.as_pem(private=True).decode(), json.dumps(key.as_dict(private=True))):
        settings = one(client_secret=None, private_key=text)
        found, signs = settings.signing_key()
        assert (found.thumbprint(), signs) == (key.thumbprint(), algorithm)
        assert text not in repr(settings)


@pytest.mark.parametrize(
    "text",
    [
        "", "not a key",
        ECKey.generate_key("P-256", private=False).as_pem(private=False).decode(),
        ECKey.generate_key("P-521", private=True).as_pem(private=True).decode(),
        json.dumps(OctKey.generate_key(256).as_dict(private=True)),
    ],
    ids=range(5),
)  # fmt: skip
def test_other_keys_are_none(text: str) -> None:
    with pytest.raises(ValidationError):
        one(client_secret=None, private_key=text)


def test_an_icon_is_carried_in_the_page(tmp_path: Path) -> None:
    picture = tmp_path / "a.svg"
    picture.write_text("<svg/>")
    assert one(icon=str(picture)).icon == "data:image/svg+xml;base64,PHN2Zy8+"
    picture.write_text("a" * 40_000)
    with pytest.raises(ValidationError):
        one(icon=str(picture))


def test_production_asks_nobody_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = json.dumps({"acme": {**ONE, "issuer": "http://localhost:9000"}})
    assert read(monkeypatch, plain).auth.providers["acme"].issuer == "http://localhost:9000"
    monkeypatch.setenv("POLYPHONY_ENV", "production")
    with pytest.raises(ValidationError, match="without https: acme"):
        read(monkeypatch, plain)
