"""What a row becomes: a record of the gateway, or a refusal that names the column and the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from socert.adapters.registry.files import open_export
from socert.gateway.domain.export import Code, ImportSettings
from socert.gateway.domain.intake_rules import contract_id
from socert.gateway.domain.records import CertificateStatus, OrganisationKind, Scheme, Unit

if TYPE_CHECKING:
    from tests.intake.conftest import Export, Region


@pytest.mark.parametrize(
    ("different", "field", "code"),
    [
        ({"Номер сертификата": " "}, "Номер сертификата", Code.EMPTY),
        ({"Номер сертификата": "1" * 51}, "Номер сертификата", Code.TOO_LONG),
        ({"Фамилия": "   "}, "Фамилия", Code.EMPTY),
        ({"Имя": "Я" * 257}, "Имя", Code.TOO_LONG),
        ({"Имя представителя": ""}, "Имя представителя", Code.EMPTY),
        ({"Дата рождения": "30.02.2015"}, "Дата рождения", Code.BAD_DATE),
        ({"Дата рождения": "02.01.2026"}, "Дата рождения", Code.BORN_LATER),
        ({"Дата рождения": "01.01.2008"}, "Дата рождения", Code.AGE_OVER_17),
        ({"Пол": "X"}, "Пол", Code.UNKNOWN_VALUE),
        ({"СНИЛС ребёнка": "900-000-001 83"}, "СНИЛС ребёнка", Code.SNILS_CHECKSUM),
        ({"СНИЛС ребёнка": "9000000018"}, "СНИЛС ребёнка", Code.SNILS_FORM),
        ({"СНИЛС представителя": ""}, "СНИЛС представителя", Code.EMPTY),
        ({"Вид": "Неизвестный"}, "Вид", Code.UNKNOWN_VALUE),
        ({"Единица": "шт."}, "Единица", Code.UNKNOWN_VALUE),
        ({"Номинал": "-5"}, "Номинал", Code.NEGATIVE),
        ({"Номинал": "много"}, "Номинал", Code.BAD_NUMBER),
        ({"Остаток": "9999,99"}, "Остаток", Code.BALANCE_MISMATCH),
        ({"Окончание": "31.12.2025"}, "Окончание", Code.ENDS_BEFORE_START),
        ({"Статус": "Непонятно"}, "Статус", Code.UNKNOWN_STATUS),
        ({"ОКТМО": "0970100"}, "ОКТМО", Code.OKTMO_FORM),
    ],
)
def test_a_wrong_certificate_is_refused_by_its_column(
    region: Region, export: Export, different: dict[str, str], field: str, code: Code
) -> None:
    export.certificates({}, different)

    region.take(export.folder)

    assert [(row["row"], row["field"], row["code"]) for row in region.refused] == [("3", field, code.value)]
    assert list(region.registry.certificates) == ["1000000001"]


@pytest.mark.parametrize(
    ("different", "field", "code"),
    [
        ({"Номер договора": ""}, "Номер договора", Code.EMPTY),
        ({"Номер сертификата": "0000000001"}, "Номер сертификата", Code.NO_CERTIFICATE),
        ({"GUID группы": "не GUID"}, "GUID группы", Code.GUID_FORM),
        ({"Год обучения": "0"}, "Год обучения", Code.OUT_OF_RANGE),
        ({"ИНН": "0001234563"}, "ИНН", Code.INN_CHECKSUM),
        ({"ИНН": "123"}, "ИНН", Code.INN_FORM),
        ({"Окончание": "31.08.2026"}, "Окончание", Code.ENDS_BEFORE_START),
        ({"Единица": "час"}, "Единица", Code.UNIT_DIFFERS),
        ({"По сертификату": "10000,01"}, "По сертификату", Code.PART_EXCEEDS_NOMINAL),
        ({"За счёт родителя": "сто рублей"}, "За счёт родителя", Code.BAD_NUMBER),
        ({"Списано": "0,01"}, "По сертификату", Code.SUMS_EXCEED_PART),
        ({"Статус": "Непонятно"}, "Статус", Code.UNKNOWN_STATUS),
    ],
)
def test_a_wrong_contract_is_refused_by_its_column(
    region: Region, export: Export, different: dict[str, str], field: str, code: Code
) -> None:
    export.contracts({}, different)

    region.take(export.folder)

    assert [(row["row"], row["field"], row["code"]) for row in region.refused] == [("3", field, code.value)]
    assert [item.number for item in region.registry.contracts.values()] == ["Д-1"]


@pytest.mark.parametrize(
    ("different", "code"),
    [
        ({"ИНН": "000000000184", "Тип организации": "state"}, Code.INN_FORM),
        ({"Тип организации": "кооператив"}, Code.UNKNOWN_VALUE),
        ({"Срок, лет": "полтора"}, Code.BAD_NUMBER),
        ({"Стоимость, руб.": "-1"}, Code.NEGATIVE),
    ],
)
def test_a_wrong_programme_is_refused(region: Region, export: Export, different: dict[str, str], code: Code) -> None:
    export.programmes(different)

    region.take(export.folder)

    assert [row["code"] for row in region.refused] == [code.value]


def test_one_line_tells_all_that_is_wrong_with_a_row_and_nothing_personal(region: Region, export: Export) -> None:
    export.certificates({"СНИЛС ребёнка": "900-000-001 83", "Номинал": "-5", "Фамилия": "Тайный\x01"})

    region.take(export.folder)

    (row,) = region.refused
    assert (row["field"], row["code"]) == ("Фамилия", "bad_characters")
    assert "СНИЛС ребёнка: " in row["reason"]
    assert "Номинал: " in row["reason"]
    assert "Тайный" not in row["reason"]
    assert "900" not in row["reason"]


def test_a_right_certificate_is_read_in_full(region: Region, export: Export) -> None:
    settings = ImportSettings(scheme=Scheme.PF, category_code="7", category_name="Иное")

    region.take(export.folder, settings=settings)

    (kept,) = region.registry.certificates.values()
    assert (kept.number, kept.oktmo, kept.consent_form, kept.with_funds) == ("1000000001", "09701000", "СС-2026", True)
    assert (kept.child.snils, kept.child.birth_certificate, kept.child.middle_name) == (
        "90000000182",
        "IV-АБ 123456",
        None,
    )
    assert (kept.applicant.snils, kept.applicant.last_name) == ("95550001289", "Ветрова")
    assert (kept.scheme, kept.category_code, kept.category_name) == (Scheme.PF, "7", "Иное")
    assert (kept.unit, kept.balance.nominal, kept.balance.available) == (Unit.RUB, 1000000, 1000000)
    assert kept.balance.period_to == kept.valid_to


@pytest.mark.parametrize(
    ("status", "left", "expected"),
    [
        ("Действует", "0", CertificateStatus.EXHAUSTED),
        ("Действует", "10000", CertificateStatus.ACTIVE),
        ("Приостановлен", "0", CertificateStatus.SUSPENDED),
        ("АННУЛИРОВАН", "0", CertificateStatus.ANNULLED),
    ],
)
def test_an_active_certificate_with_nothing_left_is_exhausted(
    region: Region, export: Export, status: str, left: str, expected: CertificateStatus
) -> None:
    export.certificates({"Статус": status, "Номинал": left, "Остаток": left})

    region.take(export.folder)

    assert [item.status for item in region.registry.certificates.values()] == [expected]


def test_seventeen_on_the_first_day_is_young_enough(region: Region, export: Export) -> None:
    export.certificates({"Дата рождения": "02.01.2008"})

    assert region.take(export.folder).refused == 0


def test_a_private_provider_with_twelve_digits_is_a_sole_trader(region: Region, export: Export) -> None:
    export.programmes({"ИНН": "000000000184"})

    region.take(export.folder)

    (kept,) = region.registry.programmes.values()
    assert kept.organisation.kind is OrganisationKind.SOLE_TRADER
    assert (kept.hours, kept.price) == (7200, 400050)


def test_what_may_be_missing_is_none(region: Region, export: Export) -> None:
    export.certificates({"СНИЛС ребёнка": "", "Свидетельство о рождении": "", "Окончание": "", "Форма согласия": ""})

    region.take(export.folder)

    (kept,) = region.registry.certificates.values()
    assert (kept.child.snils, kept.child.birth_certificate, kept.valid_to, kept.consent_form) == (None,) * 4
    assert kept.balance.period_to.isoformat() == "2026-12-31"


def test_a_foreign_birth_certificate_keeps_its_spelling(region: Region, export: Export) -> None:
    export.certificates({"Свидетельство о рождении": "AB 9921/07"}, {"Свидетельство о рождении": "iv аб № 123456"})

    region.take(export.folder)

    kept = [item.child.birth_certificate for item in region.registry.certificates.values()]
    assert kept == ["AB 9921/07", "IV-АБ 123456"]


def test_a_contracts_id_comes_from_its_number_and_its_certificate(export: Export) -> None:
    export.contracts({}, {"Номер договора": "Д-2"}, {"Номер договора": "Д-1", "Номер сертификата": "1000000002"})

    read = [row.record.contract_id for row in open_export(export.folder).contracts or () if row.record is not None]

    assert len(set(read)) == 3
    assert read[0] == contract_id("1000000001", "Д-1") == "4f3199ed-6968-5833-b0c3-4fd435f860ba", (
        "ids must never change"
    )
