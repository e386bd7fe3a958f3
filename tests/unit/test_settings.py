from pathlib import Path

import pytest
from pydantic import ValidationError

from datasources.settings import StoreSettings
from gateway.settings import Environment, Settings

REAL = {
    "POLYPHONY_POSTGRES_URL": "postgresql://user:p%40ss@db:5432/music",
    "POLYPHONY_MONGO_URL": "mongodb://db:27017/music",
    "POLYPHONY_REDIS_URL": "redis://db:6379/0",
}
PEOPLE = {
    "POLYPHONY_PUBLIC_URL": "https://music.example/",
    "POLYPHONY_AUTH_KEY_ENCRYPTION_KEY": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
    "POLYPHONY_MAIL_URL": "smtp://user:secret@mail.example:587",
}


@pytest.fixture(autouse=True)
def no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for store in ("POSTGRES", "MONGO", "REDIS"):
        monkeypatch.delenv(f"POLYPHONY_{store}_URL", raising=False)


def set_all(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_without_settings_all_is_embedded_and_local() -> None:
    settings = Settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert {settings.postgres.url, settings.mongo.url, settings.redis.url} == {None}
    assert settings.graphiql_on
    assert settings.introspection_on


def test_production_needs_stores_and_shows_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYPHONY_ENV", "production")
    with pytest.raises(ValidationError, match="POLYPHONY_POSTGRES_URL, POLYPHONY_MONGO_URL"):
        Settings()
    set_all(monkeypatch, **REAL, **PEOPLE)
    settings = Settings()
    assert settings.address == "https://music.example"
    assert settings.env is Environment.PRODUCTION
    assert not settings.graphiql_on
    assert not settings.introspection_on
    monkeypatch.setenv("POLYPHONY_GRAPHIQL", "true")
    assert Settings().graphiql_on


def test_production_needs_an_address_a_key_and_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, POLYPHONY_ENV="production", **REAL)
    with pytest.raises(ValidationError, match="PUBLIC_URL, POLYPHONY_AUTH_KEY_ENCRYPTION_KEY, POL"):
        Settings()


@pytest.mark.parametrize("key", ["", "short", "aGVsbG8=", PEOPLE["POLYPHONY_MAIL_URL"]])
def test_a_key_that_is_none_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("POLYPHONY_AUTH_KEY_ENCRYPTION_KEY", key)
    with pytest.raises(ValidationError) as refused:
        Settings()
    messages = [error["msg"] for error in refused.value.errors()]
    assert len(messages) == 1
    assert "32 bytes" in messages[0]
    assert not key or key not in messages[0]


@pytest.mark.parametrize("proxies", ["*", "proxy.example", "10.0.0.1, *", "10.0.0.1/8"])
def test_proxies_are_addresses(monkeypatch: pytest.MonkeyPatch, proxies: str) -> None:
    monkeypatch.setenv("POLYPHONY_TRUSTED_PROXIES", proxies)
    with pytest.raises(ValidationError, match="no address or network"):
        Settings()
    monkeypatch.setenv("POLYPHONY_TRUSTED_PROXIES", "10.0.0.1, 2001:db8::/32")
    assert Settings().trusted_proxies


def test_any_driver_of_postgresql_becomes_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme in ("postgresql", "postgres", "postgresql+psycopg", "postgresql+asyncpg"):
        monkeypatch.setenv("POLYPHONY_POSTGRES_URL", f"{scheme}://user:p%40ss@db:5432/music")
        url = Settings().postgres.url
        assert url
        assert url.get_secret_value() == "postgresql+asyncpg://user:p%40ss@db:5432/music"


@pytest.mark.parametrize("store", ["POSTGRES", "MONGO", "REDIS"])
@pytest.mark.parametrize("url", ["", "nonsense", "mysql://user:hunter2@db/music", "://hunter2@"])
def test_a_wrong_address_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, store: str, url: str
) -> None:
    monkeypatch.setenv(f"POLYPHONY_{store}_URL", url)
    with pytest.raises(ValidationError) as refused:
        Settings()
    messages = [error["msg"] for error in refused.value.errors()]
    assert len(messages) == 1
    assert "address" in messages[0]
    assert "hunter2" not in str(messages)


def test_commands_are_patient() -> None:
    patient = StoreSettings().patient()
    assert patient.postgres.command_timeout_s > StoreSettings().postgres.command_timeout_s
    assert patient.postgres.pool_size >= 2
