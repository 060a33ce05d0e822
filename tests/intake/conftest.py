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
    from socert.gateway.domain.records import Certificate, Contract, Municipality, Programme
    from socert.gateway.ports import UnitOfWork

T = TypeVar("T")
Rows = list[dict[str, str]]


class FakeUnit:
    """A unit of work over nothing."""

    @property
    def connection(self) -> Connection:
        raise AssertionError("the fake registry has no database")

    def touch(self, certificates: Collection[str], contracts: Collection[str]) -> None:
        raise AssertionError("the intake leaves that to the registry")


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


@pytest.fixture
def region(tmp_path: Path) -> Region:
    """An empty registry; its reports go to a temporary folder."""
    return Region(folder=tmp_path)
