"""The operator's commands on the registry: a certificate and a contract go their whole way by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from tests.gateway import records
from tests.gateway.life.world import AUTUMN, agree, programme

from socert.cli import main
from socert.gateway import config
from socert.gateway.app import Workshop
from socert.gateway.domain.certificate import identity_of
from socert.gateway.domain.cost import Source
from socert.gateway.life.cases import CaseKind
from socert.gateway.life.enrolment import Application
from socert.gateway.life.issuing import NewPerson
from socert.host import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    from socert.gateway.domain.contract import ContractLife

    Run = Callable[..., Result]

CHILD = ("--last-name", "Журавлёв", "--first-name", "Платон", "--middle-name", "Святославович")
ISSUE = (
    *("registry", "certificate", "issue", *CHILD, "--born", "2014-03-15", "--gender", "Male"),
    *("--snils", records.SNILS, "--parent", "Журавлёва", "Евпраксия", "--oktmo", records.OKTMO),
)
SECRETS = ("Журавлёв", "Платон", "Святославович", "Евпраксия", records.SNILS, "2014")


@pytest.fixture
def noon() -> list[datetime]:
    """The time that the commands see; a test moves it."""
    return [datetime(2026, 9, 7, 9, tzinfo=UTC)]


@pytest.fixture
def run(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, noon: list[datetime]) -> Run:
    """Type a command against the test's database; nothing personal is ever printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOCERT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("SOCERT_DATABASE_URL", database_url)
    monkeypatch.setattr(log, "configure", lambda **_given: None)
    monkeypatch.setattr("socert.gateway.app.Workshop.__init__.__kwdefaults__", {"clock": lambda: noon[0]})

    def typed(*words: str) -> Result:
        answer = CliRunner().invoke(main, ["registry", *words] if words[0] != "registry" else list(words))
        assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
        assert not [secret for secret in SECRETS if secret in answer.output]
        return answer

    return typed


@pytest.fixture
def workshop(run: Run, noon: list[datetime]) -> Iterator[Workshop]:
    """The same database from inside, with a municipality and a group in it."""
    with Workshop(config.load(), clock=lambda: noon[0]) as opened:
        opened.units.run(lambda unit: opened.registry.put_municipalities(unit, [records.municipality()]))
        opened.units.run(lambda unit: opened.registry.put_programmes(unit, [programme()]))
        yield opened


def number_of(answer: Result) -> str:
    found = re.search(r"Сертификат (\d{10}) ", answer.output)
    assert found is not None, answer.output
    return found[1]


def enrol(workshop: Workshop, number: str) -> ContractLife:
    """File an application as the organisation does."""
    guid = workshop.units.run(lambda unit: workshop.registry.certificates_by_number(unit, [number]))[number].guid
    quote = workshop.store.look(lambda connection: workshop.enrolments.quote(connection, guid, records.GROUP, *AUTUMN))
    from tests.gateway.life.world import FORMS

    from socert.gateway.domain.consent import Channel, Consent

    given = tuple(
        Consent(consent_id="", form=form, version="2026-01", given_at=workshop.clock(), channel=Channel.ORGANISATION)
        for form in FORMS
    )
    application = Application(
        order_id=None,
        child=replace(identity_of(records.child()), document=None),
        person=NewPerson(child=records.child(), applicant=records.parent()),
        oktmo=records.OKTMO,
        group_guid=records.GROUP,
        start=AUTUMN[0],
        end=None,
        source=Source.CERTIFICATE,
        certificate_guid=guid,
        agreed=agree(quote),
        consents=given,
    )
    return workshop.units.run(lambda unit: workshop.enrolments.request(unit, application))


@pytest.mark.seed("elsewhere")
def test_a_certificate_is_issued_once_and_kept_by_hand(run: Run, workshop: Workshop) -> None:
    first, again = run(*ISSUE), run(*ISSUE)

    number = number_of(first)
    assert first.output.startswith("Выдан новый сертификат.")
    assert again.output.startswith("Сертификат выдан раньше.")
    assert number_of(again) == number
    shown = run("certificate", "show", number).output
    assert "выдан по 14.03.2032" in shown
    assert "2026, RUB: номинал 12000,00 руб., в брони 0,00 руб., израсходовано 0,00 руб." in shown
    adjusted = run("certificate", "adjust", number, "--year", "2026", "--register", "RUB", "--nominal", "100,50")
    assert "номинал 100,50 руб." in adjusted.output
    counted = run("certificate", "adjust", number, "--year", "2026", "--register", "PREPROF", "--nominal", "2")
    assert "2026, PREPROF: номинал 2," in counted.output
    assert run("certificate", "suspend", number).output == f"Сертификат {number}: приостановлен\n"
    twice = run("certificate", "suspend", number)
    assert (twice.exit_code, "это действие невозможно" in twice.output) == (1, True)
    assert run("certificate", "resume", number).output == f"Сертификат {number}: действует\n"
    assert run("certificate", "annul", number).output == f"Сертификат {number}: аннулирован\n"
    assert run("count").output == "Сертификатов: 1, договоров: 0\n"
    assert run("check").exit_code == 0


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        (("--snils", "11223344596"), 2, "SNILS"),
        (("--oktmo", "99000000"), 1, "не обслуживается"),
        (("--born", "2024-01-01"), 1, "ребёнку 2, а сертификат для детей от 5 до 17"),
        (("--birth-certificate", "nonsense"), 2, "birth-certificate"),
    ],
)
def test_what_is_wrong_with_a_child_is_told(
    run: Run, workshop: Workshop, changes: tuple[str, ...], code: int, told: str
) -> None:
    answer = run(*ISSUE, *changes)
    assert (answer.exit_code, told in answer.output) == (code, True), answer.output


def test_a_conflict_becomes_a_case_that_is_closed_by_hand(run: Run, workshop: Workshop) -> None:
    run(*ISSUE)
    refused = run(*ISSUE, "--first-name", "Вера")
    assert refused.exit_code == 1
    assert "рассмотрит сотрудник" in refused.output

    listed = run("cases", "list").output
    assert re.match(rf"\d+  07\.09\.2026  {CaseKind.IDENTITY.value} .*IDENTITY_CONFLICT", listed)
    case = listed.split()[0]
    assert run("cases", "close", case, "Разные дети").exit_code == 0
    assert run("cases", "list").output == ""
    assert "Разные дети" in run("cases", "list", "--all").output
    assert run("cases", "close", case, "Снова").exit_code == 1


@pytest.mark.seed("control")
def test_a_contract_goes_its_whole_way_by_hand(run: Run, workshop: Workshop, noon: list[datetime]) -> None:
    number = number_of(run(*ISSUE))
    life = enrol(workshop, number)
    one = life.contract_id

    assert run("applications").output.startswith(f"{one}  подано заявление")
    assert run("accept", one).output.startswith(f"{one}  ждёт подписания")
    assert "№ 15" in run("conclude", one, "--number", "15", "--day", "2026-09-08").output
    assert run("applications").output == ""
    early = run("charge", one, "--month", "2026-09")
    assert (early.exit_code, "не раньше 01.10.2026" in early.output) == (1, True)
    noon[0] = datetime(2026, 10, 1, 9, tzinfo=UTC)
    charged = run("charge", one, "--month", "2026-09", "--amount", "1000,00").output
    assert "в брони 11000,00 руб., списано 1000,00 руб." in charged
    assert "списано 900,00 руб." in run("refund", one, "--month", "2026-09", "--amount", "100").output
    shown = run("change", one, "--end", "2026-11-30").output
    version = re.search(r"--agreed (\d+)", shown)
    assert version is not None
    assert run("change", one, "--end", "2026-11-30", "--agreed", "1").exit_code == 1
    changed = run("change", one, "--end", "2026-11-30", "--agreed", version[1], "--own-part")
    assert "15.09.2026–30.11.2026" in changed.output
    ended = run("terminate", one, "--text", "Группа закрыта").output
    assert ended.startswith(f"{one}  расторгается")
    noon[0] = datetime(2026, 11, 2, 9, tzinfo=UTC)
    assert run("day").output.startswith("Списано месяцев: 1, снято просроченных заявлений: 0, завершено договоров: 1")
    assert run("contracts", number).output.startswith(f"{one}  расторгнут")
    assert run("check").exit_code == 0


def test_an_application_is_refused_or_taken_back(run: Run, workshop: Workshop) -> None:
    number = number_of(run(*ISSUE))
    one = enrol(workshop, number).contract_id
    assert run("refuse", one, "--by-operator", "--text", "Нет мест").output.startswith(f"{one}  отказано")
    again = run("refuse", one)
    assert (again.exit_code, "«отказано»" in again.output) == (1, True)
    other = enrol(workshop, number).contract_id
    run("accept", other)
    run("conclude", other, "--number", "16")
    assert run("terminate", other, "--by-parent").output.startswith(f"{other}  расторгнут")


@pytest.mark.parametrize("words", [("accept", "nothing"), ("certificate", "show", "0000000000")])
def test_what_is_not_there_is_told(run: Run, words: tuple[str, ...]) -> None:
    answer = run(*words)
    assert answer.exit_code == 1
    assert words[-1] in answer.output


def test_a_child_without_any_document_cannot_be_found(run: Run) -> None:
    without = tuple(word for word in ISSUE if word not in {"--snils", records.SNILS})
    assert run(*without).exit_code == 2
