"""The import against invented exports of both layouts: exactly the rows that were spoilt are refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

import pytest

from socert.gateway.domain.export import Kind
from socert.sample import Settings, read_export, write_export

if TYPE_CHECKING:
    from pathlib import Path

    from tests.intake.conftest import Region


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_spoilt_rows_and_no_others_are_refused(
    region: Region, tmp_path: Path, kind: Literal["csv", "xlsx"], seed: int
) -> None:
    write_export(tmp_path / "region", Settings(certificates=150, kind=kind, seed=seed))
    wrong = json.loads((tmp_path / "region" / "wrong.json").read_text(encoding="utf-8"))
    first = 2 if kind == "csv" else 4

    region.take(tmp_path / "region")

    told: dict[str, list[int]] = {"certificates": [], "contracts": []}
    for row in region.refused:
        certificates = "certificates" in row["file"] or row["sheet"] == "Сертификаты"
        told["certificates" if certificates else "contracts"].append(int(row["row"]) - first)
    assert told["certificates"] == sorted(int(index) for index in wrong["certificates"])
    orphans = wrong["contracts_of_refused_certificates"]
    assert told["contracts"] == sorted([*(int(index) for index in wrong["contracts"]), *orphans])
    assert len(wrong["certificates"]) == 8
    assert len(wrong["contracts"]) == 4


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_two_readers_agree_on_every_sum(region: Region, tmp_path: Path, kind: Literal["csv", "xlsx"]) -> None:
    write_export(tmp_path / "region", Settings(certificates=120, kind=kind, wrong=False))
    plain = read_export(tmp_path / "region")

    summary = region.take(tmp_path / "region")

    assert summary.of(Kind.CERTIFICATE).put.new == len(plain.certificates) == 120
    for row in plain.certificates:
        balance = region.registry.certificates[row["Номер сертификата"]].balance
        amounts = row["amounts"]
        assert (balance.nominal, balance.reserved, balance.spent, balance.available) == (
            amounts["Номинал"],
            amounts["Забронировано"],
            amounts["Израсходовано"],
            amounts["Остаток"],
        )
    parts = {item.number: (item.certificate_part, item.own_part) for item in region.registry.contracts.values()}
    assert parts == {
        row["Номер договора"]: (row["amounts"]["По сертификату"], row["amounts"]["За счёт родителя"])
        for row in plain.contracts
    }
