"""Rules between rows, and what a second export changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from socert.adapters.registry.files import open_export
from socert.gateway.domain.export import Kind, Warned
from socert.gateway.intake import Intake

if TYPE_CHECKING:
    from tests.intake.conftest import Export, Region

    from socert.gateway.domain.export import Refusal


def test_of_two_rows_with_one_number_the_first_is_taken(region: Region, export: Export) -> None:
    export.certificates({}, {"Номер сертификата": "1000000001", "Имя": "Другой"})
    export.contracts({}, {"Номер договора": "Д-1", "По сертификату": "5000"})

    region.take(export.folder)

    assert region.codes() == {("certificates.csv", 3): "duplicate_number", ("contracts.csv", 3): "duplicate_number"}
    assert [item.child.first_name for item in region.registry.certificates.values()] == ["Глеб"]
    assert [item.certificate_part for item in region.registry.contracts.values()] == [400050]


def test_a_number_whose_first_row_was_refused_is_nobodys(region: Region, export: Export) -> None:
    export.certificates({"Статус": "Непонятно"}, {"Номер сертификата": "1000000001"})
    export.contracts({})

    region.take(export.folder)

    assert region.codes() == {
        ("certificates.csv", 2): "unknown_status",
        ("certificates.csv", 3): "duplicate_number",
        ("contracts.csv", 2): "certificate_refused",
    }
    assert not region.registry.certificates


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_repeats_are_found_whatever_the_size_of_a_batch(region: Region, export: Export, batch: int) -> None:
    export.certificates(*({"Номер сертификата": str(1000 + place % 3)} for place in range(7)))
    refused: list[Refusal] = []
    source = open_export(export.folder)

    summary = Intake(region.registry, region.units, refuse=refused.append, batch=batch).run(source)

    assert [refusal.row for refusal in refused] == [5, 6, 7, 8]
    assert summary.of(Kind.CERTIFICATE).put.new == 3


def test_a_guid_belongs_to_one_certificate(region: Region, export: Export) -> None:
    export.certificates({}, {"GUID": "00000000-0000-4000-8000-000000000001"})

    region.take(export.folder)

    assert region.codes() == {("certificates.csv", 3): "duplicate_guid"}


def test_a_known_number_keeps_its_guid(region: Region, export: Export) -> None:
    region.take(export.folder)
    export.certificates({"GUID": "00000000-0000-4000-8000-00000000000f"}, {})
    export.contracts({}, {"Номер сертификата": "1000000002"})

    summary = region.take(export.folder)

    assert region.codes() == {
        ("certificates.csv", 2): "guid_changed",
        ("contracts.csv", 2): "certificate_refused",
    }
    assert region.registry.certificates["1000000001"].guid.endswith("1")
    assert summary.of(Kind.CERTIFICATE).put.new == 1


def test_a_programmes_group_stands_once(region: Region, export: Export) -> None:
    export.programmes({}, {"Программа": "Другая"})

    region.take(export.folder)

    assert region.codes() == {("programmes.csv", 3): "duplicate_guid"}
    assert [item.name for item in region.registry.programmes.values()] == ["Хор"]


def test_a_municipality_stands_once(region: Region, export: Export) -> None:
    place = export.folder / "municipalities.csv"
    lines = place.read_text(encoding="utf-8").splitlines()
    place.write_text("\n".join([*lines, lines[1].replace("Заозёрск", "Другой")]), encoding="utf-8")

    region.take(export.folder)

    assert region.codes() == {("municipalities.csv", 3): "duplicate_number"}
    assert [item.name for item in region.registry.municipalities.values()] == ["Заозёрск"]


def test_a_contract_may_belong_to_a_certificate_of_an_earlier_export(region: Region, export: Export) -> None:
    region.take(export.folder)
    export.certificates({"Номер сертификата": "2000000000", "GUID": "00000000-0000-4000-8000-00000000000f"})
    export.contracts({}, {"По сертификату": "10000,01"}, {"Единица": "час"})

    summary = region.take(export.folder)

    assert region.codes() == {
        ("contracts.csv", 3): "part_exceeds_nominal",
        ("contracts.csv", 4): "unit_differs",
    }
    assert summary.of(Kind.CERTIFICATE).missing == 1
    assert summary.of(Kind.CONTRACT).put.new == 1


def test_only_what_differs_changes_and_what_is_missing_stays(region: Region, export: Export) -> None:
    export.certificates({}, {}, {})
    export.contracts({}, {"Номер сертификата": "1000000002"})
    region.take(export.folder)
    export.certificates({}, {"Статус": "Приостановлен"})
    export.contracts({})

    summary = region.take(export.folder)

    certificates, contracts = summary.of(Kind.CERTIFICATE), summary.of(Kind.CONTRACT)
    assert (certificates.put.new, certificates.put.changed, certificates.put.same) == (0, 1, 1)
    assert (certificates.missing, contracts.missing) == (1, 1)
    assert (len(region.registry.certificates), len(region.registry.contracts)) == (3, 2)
    assert region.registry.certificates["1000000002"].status.value == "SUSPENDED"


def test_a_row_that_turned_wrong_leaves_the_record_as_it_was(region: Region, export: Export) -> None:
    region.take(export.folder)
    export.certificates({"Номинал": "-5"})

    summary = region.take(export.folder)

    assert summary.of(Kind.CERTIFICATE).missing == 1
    assert region.registry.certificates["1000000001"].balance.nominal == 1000000


@pytest.mark.parametrize(("held", "charged", "warned"), [("4000,50", "0", 0), ("3000,50", "1000", 1), ("0", "0", 1)])
def test_contracts_that_do_not_add_up_are_a_warning(
    region: Region, export: Export, held: str, charged: str, warned: int
) -> None:
    left = {"4000,50": "5999,50", "3000,50": "5999,50", "0": "10000"}[held]
    export.certificates({"Забронировано": held, "Израсходовано": charged, "Остаток": left})
    export.contracts({})

    summary = region.take(export.folder)

    assert summary.refused == 0
    assert summary.warnings.get(Warned.CONTRACTS_DO_NOT_ADD_UP, 0) == warned


def test_odd_rows_are_taken_with_a_warning(region: Region, export: Export) -> None:
    export.certificates({"ОКТМО": "99999999", "Дата рождения": "02.01.2021"})
    export.contracts({"GUID группы": "11111111-0000-4000-8000-00000000000f"})

    summary = region.take(export.folder)

    assert summary.refused == 0
    assert summary.warnings == {
        Warned.UNKNOWN_OKTMO: 1,
        Warned.AGE_UNDER_5: 1,
        Warned.UNKNOWN_PROGRAMME: 1,
        Warned.CONTRACTS_DO_NOT_ADD_UP: 1,
    }


def test_without_a_directory_of_municipalities_nobodys_oktmo_is_unknown(region: Region, export: Export) -> None:
    (export.folder / "municipalities.csv").unlink()

    assert region.take(export.folder).warnings == {}


def test_the_report_follows_the_file(region: Region, export: Export) -> None:
    export.certificates({}, {"Номер сертификата": "1000000001"}, {"Пол": "?"}, {"Номер сертификата": "1000000001"})

    region.take(export.folder)

    assert [row["row"] for row in region.refused] == ["3", "4", "5"]
    assert list(region.refused[0]) == ["file", "sheet", "row", "field", "code", "reason"]


def test_a_batch_is_one_transaction(region: Region, export: Export) -> None:
    export.certificates(*({} for _ in range(25)))
    source = open_export(export.folder)

    Intake(region.registry, region.units, batch=10).run(source)

    municipalities, programmes, certificates, count = 1, 1, 3, 1
    assert region.units.runs == municipalities + programmes + certificates + count
