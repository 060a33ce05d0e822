"""Settings: where each comes from, what is refused, and that no secret is repeated."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from socert.contracts.smev.version import Version
from socert.gateway import config
from socert.gateway.config import Settings
from socert.gateway.config_policy import MunicipalitySettings, PolicySettings
from socert.gateway.domain.channel import Elk, Push
from socert.gateway.domain.records import Scheme
from socert.gateway.errors import SettingsError
from socert.gateway.exchange.policy import WhenUnhandled

ELK = Elk(
    sender_inn="0001234562",
    sender_kpp="000101001",
    service="7",
    acceptance="1",
    citizenship="643",
    informed=1,
    closed=2,
)
GIVEN: dict[str, tuple[str, Any]] = {
    "data_dir": ("elsewhere", Path("elsewhere")),
    "database_url": ("postgresql://u:geheim@h/x", "postgresql://u:geheim@h/x"),
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("8181", 8181),
    "log_level": ("DEBUG", "DEBUG"),
    "log_json": ("true", True),
    "node": ("gateway-2", "gateway-2"),
    "console_password": ("geheim-und-lang", "geheim-und-lang"),
    "exchange_url": ("https://exchange.example/1.2", "https://exchange.example/1.2"),
    "exchange_version": ("1.2", Version.V1_2),
    "file_store": ("ftp://files.example:2121", "ftp://files.example:2121"),
    "file_store_user": ("REGION", "REGION"),
    "file_store_password": ("geheim", "geheim"),
    "files_dir": ("files", Path("files")),
    "exchange_timeout": ("7.5", 7.5),
    "exchange_certificate": ("exchange.pem", Path("exchange.pem")),
    "keys_dir": ("keys", Path("keys")),
    "key": ("our.key", Path("our.key")),
    "certificate": ("our.crt", Path("our.crt")),
    "key_password": ("geheim", "geheim"),
    "zone": ("Asia/Omsk", ZoneInfo("Asia/Omsk")),
    "consent_forms": ('["СС-2026", "СС-2027"]', ("СС-2026", "СС-2027")),
    "scheme": ("PF", Scheme.PF),
    "category_code": ("2", "2"),
    "category_name": ("Дети", "Дети"),
    "balance_includes_booked": ("false", False),
    "hours_in_query": ("true", True),
    "account_push": ("notify", "notify"),
    "notify_by": ("elk", "elk"),
    "elk": (json.dumps(asdict(ELK)), ELK),
    "query_deadline": ("2.5", 2.5),
    "eais_token": ("geheim", "geheim"),
    "calculation_kept": ("60", 60.0),
    "order_codes": ('{"ENROLLED": 33, "REFUSED": "X1"}', {"ENROLLED": 33, "REFUSED": "X1"}),
    "portal_environment": ("PROD", "PROD"),
    "policy": ('{"youngest": 6}', PolicySettings(youngest=6)),
    "municipalities": (
        '{"11605000": {"account_push": "off"}}',
        {"11605000": MunicipalitySettings(account_push=Push.OFF)},
    ),
    "reconcile_nightly": ("false", False),
    "reconcile_at": ("02:30", time(2, 30)),
    "reconcile_repairs": ("true", True),
    "batch_size": ("10", 10),
    "senders": ("2", 2),
    "attempts": ("3", 3),
    "retry_first": ("0.5", 0.5),
    "retry_most": ("60", 60.0),
    "breaker_failures": ("2", 2),
    "breaker_pause": ("1", 1.0),
    "poll_least": ("0.1", 0.1),
    "poll_most": ("2", 2.0),
    "receivers": ("3", 3),
    "unhandled": ("leave", WhenUnhandled.LEAVE),
    "watch": ("0.2", 0.2),
}
WRONG = {
    "port": "70000",
    "log_level": "LOUD",
    "node": "x" * 51,
    "console_password": "geheim",
    "exchange_url": "ftp://exchange",
    "exchange_timeout": "0",
    "zone": "Nowhere",
    "scheme": "OTHER",
    "category_code": "12",
    "account_push": "loud",
    "notify_by": "pigeon",
    "reconcile_nightly": "perhaps",
    "reconcile_at": "25:00",
    "reconcile_repairs": "perhaps",
    "batch_size": "101",
    "senders": "0",
    "receivers": "0",
    "unhandled": "perhaps",
    "exchange_version": "1.4",
    "file_store": "http://files.example",
    "attempts": "0",
    "retry_first": "-1",
    "consent_forms": "СС-2026",
    "log_json": "perhaps",
}


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither this machine's settings nor a file of the current folder play a part."""
    monkeypatch.chdir(tmp_path)
    for name in [*Settings.model_fields, "config"]:
        monkeypatch.delenv(f"SOCERT_{name.upper()}", raising=False)


def test_every_setting_has_its_variable() -> None:
    assert sorted(GIVEN) == sorted(Settings.model_fields), "a new setting belongs into this table"


@pytest.mark.parametrize("name", GIVEN)
def test_a_variable_sets_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, value = GIVEN[name]
    monkeypatch.setenv(f"SOCERT_{name.upper()}", text)
    assert plain(getattr(config.load(), name)) == value
    assert plain(getattr(Settings(), name)) == value


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_named_with_its_variable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"SOCERT_{name.upper()}", WRONG[name])
    with pytest.raises(SettingsError, match=f"SOCERT_{name.upper()}"):
        config.load()


def test_defaults_are_enough_for_a_trial() -> None:
    settings = config.load()
    assert settings.database_url is None
    assert settings.keys == settings.data_dir / "keys"
    assert settings.consent_forms == ("СС-2026",)


def test_an_argument_wins_over_a_variable_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "socert.toml").write_text('port = 1001\nhost = "file"\nnode = "file"\n', encoding="utf-8")
    monkeypatch.setenv("SOCERT_HOST", "variable")
    monkeypatch.setenv("SOCERT_PORT", "1002")
    settings = config.load(port=1003, host=None)
    assert (settings.port, settings.host, settings.node) == (1003, "variable", "file")


def test_the_file_may_lie_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "other.toml"
    place.write_text('consent_forms = ["СС-2027"]\n[unused]\n', encoding="utf-8")
    monkeypatch.setenv("SOCERT_CONFIG", str(place))
    with pytest.raises(SettingsError, match="unused"):
        config.load()
    place.write_text('consent_forms = ["СС-2027"]\n', encoding="utf-8")
    assert config.load().consent_forms == ("СС-2027",)


def test_a_file_that_is_named_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCERT_CONFIG", "missing.toml")
    with pytest.raises(SettingsError, match=r"missing\.toml"):
        config.load()


def test_a_file_that_is_no_toml_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "socert.toml").write_text("port: 8080\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"socert\.toml"):
        config.load()


@pytest.mark.parametrize("name", ["database_url", "key_password", "eais_token"])
def test_secrets_are_never_repeated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"SOCERT_{name.upper()}", "geheim")
    monkeypatch.setenv("SOCERT_PORT", "wrong")
    with pytest.raises(SettingsError) as caught:
        config.load()
    assert "geheim" not in str(caught.value)
    monkeypatch.delenv("SOCERT_PORT")
    assert "geheim" not in repr(config.load())
    assert "geheim" not in str(config.load())


def test_no_value_is_repeated_in_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "socert.toml").write_text('key_pasword = "geheim"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="key_pasword") as caught:
        config.load()
    assert "geheim" not in str(caught.value)


def plain(value: Any) -> Any:
    """Return what a secret hides."""
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


@pytest.mark.parametrize(
    ("url", "version"),
    [
        ("http://127.0.0.1:8090/smev/1.1", "1.2"),
        ("http://172.20.3.12:7500/smev/v1.3/ws?wsdl", "1.2"),
    ],
)
def test_an_address_of_another_version_is_refused(url: str, version: str) -> None:
    with pytest.raises(SettingsError, match=r"exchange_version is 1\.2, but exchange_url names 1\.[13]"):
        config.load(exchange_url=url, exchange_version=version)


@pytest.mark.parametrize("url", ["http://exchange.example/ws", "http://10.0.1.2/smev/v1.2/ws", "http://h/1.25/x?v=1.1"])
def test_an_address_that_names_no_other_version_is_taken(url: str) -> None:
    assert config.load(exchange_url=url).exchange_url == url
