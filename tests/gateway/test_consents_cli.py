"""What the organisation's people type about consents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tests.gateway.records import SNILS, certificate

from socert.cli import main
from socert.host import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result
    from tests.gateway.region import Region

    Run = Callable[..., Result]

pytestmark = [pytest.mark.seed("withdraw"), pytest.mark.seed("elsewhere")]
NUMBER = certificate().number


@pytest.fixture
def run(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Type a command against the test's database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOCERT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SOCERT_DATABASE_URL", database_url)
    monkeypatch.setattr(log, "configure", lambda **_given: None)

    def typed(*words: str) -> Result:
        return CliRunner().invoke(main, ["registry", "consent", *words])

    return typed


def test_consents_are_listed_withdrawn_and_given_again(run: Run, region: Region) -> None:
    region.put(certificate())
    listed = run("list", NUMBER).output
    assert "обработка персональных данных, версия 2026-01: действует, дано 01.01.2026" in listed
    withdrawn = run("withdraw", NUMBER)
    assert withdrawn.exit_code == 0, withdrawn.output
    assert "Персональные данные будут удалены до" in withdrawn.output
    assert "отозвано" in run("list", NUMBER).output
    assert run("withdraw", NUMBER).output.startswith("Ничего не изменилось")
    part = run("give", NUMBER, "--form", "PD_PROCESSING", "--version", "2026-01")
    assert part.output == "Согласие записано. Для передачи сведений порталу нужны ещё согласия.\n"
    both = run("give", NUMBER, "--form", "SOCIAL_CERT_APPLICATION", "--version", "2026-01")
    assert both.output == "Согласие записано.\n"


def test_an_erasure_at_once_makes_an_act_that_can_be_printed(run: Run, region: Region) -> None:
    region.put(certificate())
    refused = run("erase", NUMBER)
    assert refused.exit_code == 1
    assert "Согласие действует" in refused.output
    run("withdraw", NUMBER)
    assert run("erase", NUMBER).output.endswith("Составлено актов: 1\n")
    act = run("act", "1").output
    assert act.startswith("АКТ № 1 об уничтожении персональных данных")
    assert "записи реестра:" in act
    assert SNILS not in act
    assert run("erase").output == "Составлено актов: 0\n"
    assert "Акта № 7 нет" in run("act", "7").output


def test_what_is_wrong_is_said_in_words(run: Run, region: Region) -> None:
    region.put(certificate(consent_form=None))
    assert run("list", NUMBER).output == "Согласий нет.\n"
    assert "Сертификата 00 в реестре нет." in run("list", "00").output
    nothing = run("withdraw", NUMBER)
    assert nothing.exit_code == 1
    assert "Traceback" not in nothing.output
    old = run("give", NUMBER, "--form", "PFDO_LEGACY", "--version", "2019-01")
    assert old.exit_code == 1
