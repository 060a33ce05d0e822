"""The turn of the year by command: what an operator types and reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tests.gateway import records
from tests.gateway.life.years import IN_WINDOW, NEW_YEAR

from socert.cli import main
from socert.gateway import config
from socert.gateway.app import Workshop
from socert.host import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]

SECRETS = ("Журавлёв", "Платон", "Евпраксия", records.PARENT_SNILS, "2014")
SETTINGS = """
[policy.renewal]
limits = { RUB = 18000.00 }
"""
PREVIEW = """\
Смена года на 2027: расчёт на 07.12.2026, ничего не изменено.
ОКТМО 11605000: предложений 2, ждут 1, уже предложено 0, без права 0 (окно 01.12.2026–20.12.2026)
  RUB: предлагается 18000,00 руб., ждут 9000,00 руб., лимит 18000,00 руб., останется 0,00 руб.
Сертификатов: 3, с изменениями: 2, истекло по возрасту: 0, не хватило объёма: 1, не прошло: 1
  Договоров с изменениями: 0
  Сгорает остаток: 1200,00 руб. (RUB)
  Начисляется на новый год: 12000,00 руб. (RUB)
"""


@pytest.fixture
def now() -> list[datetime]:
    """The time that the commands see; a test moves it."""
    return [IN_WINDOW]


@pytest.fixture
def run(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, now: list[datetime]) -> Run:
    """Type a command against the test's database; nothing personal is ever printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOCERT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SOCERT_DATABASE_URL", database_url)
    (tmp_path / "socert.toml").write_text(SETTINGS, encoding="utf-8")
    monkeypatch.setattr(log, "configure", lambda **_given: None)
    monkeypatch.setattr("socert.gateway.app.Workshop.__init__.__kwdefaults__", {"clock": lambda: now[0]})

    def typed(*words: str) -> Result:
        answer = CliRunner().invoke(main, ["registry", "turn", *words])
        assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
        assert not [secret for secret in SECRETS if secret in answer.output]
        return answer

    return typed


@pytest.fixture
def children(run: Run) -> list[str]:
    """Three children in the first year of the programme; the last one's balance is of a school year."""
    school_year = replace(records.balance(), period_from=date(2026, 9, 1), period_to=date(2027, 5, 31))
    certificates = [
        records.certificate(number, child=records.child(snils=f"2000000000{number}", birth_certificate=None))
        for number in (1, 2, 3)
    ]
    certificates[2] = replace(certificates[2], balance=school_year)
    contracts = [records.contract(number, number, reserved=0, spent=40_000) for number in (1, 2, 3)]
    certificates[:2] = [replace(one, balance=records.balance(spent=40_000)) for one in certificates[:2]]
    with Workshop(config.load()) as shop:
        shop.units.run(lambda unit: shop.registry.put_municipalities(unit, [records.municipality()]))
        shop.units.run(lambda unit: shop.registry.put_programmes(unit, [records.programme()]))
        shop.units.run(lambda unit: shop.registry.put_certificates(unit, certificates))
        shop.units.run(lambda unit: shop.registry.put_contracts(unit, contracts))
    return [one.guid for one in certificates]


def test_a_preview_tells_the_figures_and_changes_nothing(run: Run, children: list[str]) -> None:
    del children
    for _ in range(2):
        told = run("preview", "--year", "2027")
        assert told.exit_code == 0
        assert told.output == PREVIEW


@pytest.mark.seed("priority")
def test_offers_are_made_once_by_command(run: Run, children: list[str], now: list[datetime]) -> None:
    del children
    made = run("offers", "--year", "2027")
    assert made.output == (
        "Муниципалитетов: 1, из них вне окна: 0. Новых предложений: 2, было раньше: 0, ждут: 1, без права: 0\n"
    )
    assert "Новых предложений: 0, было раньше: 2, ждут: 1" in run("offers", "--year", "2027").output
    assert "уже предложено 2" in run("preview", "--year", "2027", "--municipality", records.OKTMO).output
    now[0] = datetime(2026, 12, 21, 9, tzinfo=UTC)
    late = run("offers", "--year", "2027")
    assert (late.exit_code, late.output) == (1, "Error: Срок ответа на предложение: по 20.12.2026.\n")


@pytest.mark.invariant(6)
def test_january_is_turned_by_command(run: Run, children: list[str], now: list[datetime]) -> None:
    assert run("status", "--year", "2027").output == "Переход на 2027 год ещё не начинался.\n"
    early = run("run", "--year", "2027")
    assert (early.exit_code, early.output) == (1, "Error: Год 2026 ещё не закончился.\n")
    now[0] = NEW_YEAR
    done = run("run", "--year", "2027")
    assert done.exit_code == 1
    assert "Переход на 2027 год, проход 1: закончен 01.01.2027" in done.output
    assert "Сертификатов: 3, с изменениями: 2" in done.output
    assert "Error: Не прошло сертификатов: 1. Список: socert registry turn status --year 2027" in done.output
    status = run("status", "--year", "2027")
    assert status.exit_code == 0
    assert f"  Сертификат {children[2]}: Период остатка" in status.output
    assert "проход 2" in run("run", "--year", "2027").output
