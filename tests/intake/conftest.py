"""A registry kept in dictionaries, exports written on the spot, and a run of the whole import over them."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from socert.adapters.registry.files import open_export
from socert.gateway.intake import Summary, run_import
from socert.gateway.ports import CertificateBrief, Put

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from socert.gateway.domain.export import ImportSettings
    from socert.gateway.domain.order import OrderEvent
    from socert.gateway.domain.records import Certificate, Contract, Municipality, Programme
    from socert.gateway.ports import UnitOfWork

T = TypeVar("T")
Rows = list[dict[str, str]]


class FakeUnit:
    """A unit of work over nothing."""

    @property
    def connection(self) -> Connection:
        raise AssertionError("the fake registry has no database")

    def touch(
        self, certificates: Collection[str], contracts: Collection[str] = (), offers: Collection[str] = ()
    ) -> None:
        raise AssertionError("the intake leaves that to the registry")

    def tell(self, event: OrderEvent) -> None:
        raise AssertionError("an import has nothing to do with orders")


class FakeUnits:
    """Runs work at once and counts transactions."""

    def __init__(self) -> None:
        self.runs = 0

    def run(self, work: Callable[[UnitOfWork], T]) -> T:
        self.runs += 1
        return work(FakeUnit())


class FakeRegistry:
    """Keeps records by key."""

    def __init__(self) -> None:
        self.municipalities: dict[str, Municipality] = {}
        self.programmes: dict[str, Programme] = {}
        self.certificates: dict[str, Certificate] = {}
        self.contracts: dict[str, Contract] = {}

    def put_municipalities(self, unit: UnitOfWork, items: Sequence[Municipality]) -> Put:
        return self._put(self.municipalities, {item.oktmo: item for item in items})

    def put_programmes(self, unit: UnitOfWork, items: Sequence[Programme]) -> Put:
        return self._put(self.programmes, {item.group_guid: item for item in items})

    def put_certificates(self, unit: UnitOfWork, items: Sequence[Certificate]) -> Put:
        assert len({item.number for item in items}) == len(items)
        return self._put(self.certificates, {item.number: item for item in items})

    def put_contracts(self, unit: UnitOfWork, items: Sequence[Contract]) -> Put:
        assert all(item.certificate_number in self.certificates for item in items)
        return self._put(self.contracts, {item.contract_id: item for item in items})

    def certificates_by_number(self, unit: UnitOfWork, numbers: Collection[str]) -> Mapping[str, CertificateBrief]:
        known = {number: self.certificates[number] for number in numbers if number in self.certificates}
        return {
            number: CertificateBrief(guid=item.guid, unit=item.unit, nominal=item.balance.nominal)
            for number, item in known.items()
        }

    def count(self, unit: UnitOfWork) -> tuple[int, int]:
        return len(self.certificates), len(self.contracts)

    def _put(self, kept: dict[str, Any], items: dict[str, Any]) -> Put:
        assert items, "an empty batch is no work"
        new = [key for key in items if key not in kept]
        same = [key for key in items if kept.get(key) == items[key]]
        kept.update(items)
        return Put(new=len(new), same=len(same), changed=len(items) - len(new) - len(same))


@dataclass
class Region:
    """A registry and what was imported into it."""

    folder: Path
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    units: FakeUnits = field(default_factory=FakeUnits)
    summary: Summary | None = None
    refused: Rows = field(default_factory=list)

    def take(self, path: Path, profile: str | Path | None = None, settings: ImportSettings | None = None) -> Summary:
        """Import `path` and read the report back."""
        report = self.folder / "report.csv"
        opener = partial(open_export, profile=profile, settings=settings)
        summary = run_import(path, open_export=opener, registry=self.registry, units=self.units, report=report)
        with report.open(encoding="utf-8", newline="") as file:
            self.refused = list(csv.DictReader(file))
        return summary

    def codes(self) -> dict[tuple[str, int], str]:
        """Codes of the last report by (file, row)."""
        return {(row["file"], int(row["row"])): row["code"] for row in self.refused}


CERTIFICATE = {
    "Номер сертификата": "1000000001",
    "GUID": "00000000-0000-4000-8000-000000000001",
    "Фамилия": "Ветров",
    "Имя": "Глеб",
    "Отчество": "",
    "Дата рождения": "07.03.2015",
    "Пол": "М",
    "СНИЛС ребёнка": "900-000-001 82",
    "Свидетельство о рождении": "IV-АБ 123456",
    "Фамилия представителя": "Ветрова",
    "Имя представителя": "Нина",
    "Отчество представителя": "Глебовна",
    "СНИЛС представителя": "95550001289",
    "Вид": "ПФ",
    "Единица": "руб.",
    "Номинал": "10000,00",
    "Остаток": "10000,00",
    "Забронировано": "0",
    "Израсходовано": "0",
    "Начало": "01.01.2026",
    "Окончание": "31.12.2026",
    "Статус": "Действует",
    "ОКТМО": "09701000",
    "Форма согласия": "СС-2026",
}
CONTRACT = {
    "Номер договора": "Д-1",
    "Номер сертификата": "1000000001",
    "Дата договора": "01.09.2026",
    "Программа": "Хор",
    "GUID группы": "11111111-0000-4000-8000-000000000001",
    "Год обучения": "1",
    "Организация": "ООО «Лад»",
    "ИНН": "0001234562",
    "Начало": "01.09.2026",
    "Окончание": "31.12.2026",
    "Единица": "руб.",
    "По сертификату": "4000,50",
    "За счёт родителя": "0,00",
    "Списано": "0",
    "Забронировано": "4000,50",
    "Статус": "Заключён",
}
PROGRAMME = {
    "GUID программы": "22222222-0000-4000-8000-000000000001",
    "GUID группы": "11111111-0000-4000-8000-000000000001",
    "Программа": "Хор",
    "Направленность": "художественная",
    "Срок, лет": "4",
    "Организация": "ООО «Лад»",
    "ИНН": "0001234562",
    "Тип организации": "private",
    "Часов в год": "72",
    "Стоимость, руб.": "4000,50",
    "Возможна оплата сертификатом": "Да",
}


class Export:
    """A small export in the CSV layout. Each row starts from a right one and says what is different about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.encoding = "cp1251"
        folder.mkdir()
        (folder / "municipalities.csv").write_text(
            "oktmo,municipality,municipality_guid,region,region_guid\n"
            "09701000,Заозёрск,33333333-0000-4000-8000-000000000001,Край,33333333-0000-4000-8000-0000000000aa\n",
            encoding="utf-8",
        )
        self.certificates({})
        self.contracts()
        self.programmes({})

    def certificates(self, *rows: dict[str, str]) -> None:
        """Write certificates; each row after the first gets a number and GUID of its own unless it says otherwise."""
        numbered = (
            {"Номер сертификата": f"{1000000001 + place}", "GUID": f"00000000-0000-4000-8000-{1 + place:012}"}
            for place in range(len(rows))
        )
        self._write("certificates.csv", CERTIFICATE, [own | row for own, row in zip(numbered, rows, strict=True)])

    def contracts(self, *rows: dict[str, str]) -> None:
        """Write contracts, numbered Д-1, Д-2 unless a row says otherwise."""
        numbered = ({"Номер договора": f"Д-{1 + place}"} for place in range(len(rows)))
        self._write("contracts.csv", CONTRACT, [own | row for own, row in zip(numbered, rows, strict=True)])

    def programmes(self, *rows: dict[str, str]) -> None:
        """Write programmes."""
        self._write("programmes.csv", PROGRAMME, list(rows))

    def _write(self, name: str, base: dict[str, str], rows: Rows) -> None:
        with (self.folder / name).open("w", encoding=self.encoding, newline="") as file:
            writer = csv.DictWriter(file, list(base), delimiter=";", lineterminator="\r\n")
            writer.writeheader()
            writer.writerows(base | row for row in rows)


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """A right export of one certificate and one programme, to be written over."""
    return Export(tmp_path / "export")


@pytest.fixture
def region(tmp_path: Path) -> Region:
    """An empty registry; its reports go to a temporary folder."""
    return Region(folder=tmp_path)
