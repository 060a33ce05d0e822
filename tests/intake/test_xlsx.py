"""Workbooks as spreadsheet programs write them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook, load_workbook
from tests.intake.conftest import CERTIFICATE, CONTRACT, PROGRAMME

from socert.adapters.registry.files import open_export
from socert.gateway.domain.export import Kind

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.intake.conftest import Region

Cells = dict[str, Any]


def write_book(place: Path, *certificates: Cells, titles: int = 2, order: int = 1) -> Path:
    """Write a workbook of these certificates, with title lines above and columns in order or backwards."""
    book = Workbook()
    book.remove(book.worksheets[0])
    numbered = (
        {"Номер сертификата": f"{1000000001 + index}", "GUID": f"00000000-0000-4000-8000-{1 + index:012}"}
        for index in range(len(certificates))
    )
    rows = [CERTIFICATE | own | different for own, different in zip(numbered, certificates, strict=True)]
    for name, base, content in (
        ("Сертификаты", CERTIFICATE, rows),
        ("Договоры", CONTRACT, []),
        ("Программы", PROGRAMME, [PROGRAMME]),
    ):
        sheet = book.create_sheet(name)
        for _ in range(titles):
            sheet.append(["Выгрузка региона"])
        columns = list(base)[::order]
        sheet.append(columns)
        for row in content:
            sheet.append([row[column] for column in columns])
    book.save(place)
    return place


def test_numbers_and_dates_are_read_as_cells_and_as_text(region: Region, tmp_path: Path) -> None:
    day = datetime(2015, 3, 7)  # noqa: DTZ001 - a spreadsheet's day has no zone
    place = write_book(
        tmp_path / "a.xlsx",
        {"Дата рождения": day, "Номинал": 24360.5, "Остаток": 24360.5},
        {"Дата рождения": " 07.03.2015", "Номинал": "24 360,50", "Остаток": "24\u00a0360.5"},
        {"Номер сертификата": 1000000003, "СНИЛС представителя": 95550001289, "ОКТМО": 9701000.0},
    )

    assert region.take(place).refused == 0

    first, second, third = region.registry.certificates.values()
    assert first.child.birth_date == second.child.birth_date == day.date()
    assert first.balance == second.balance
    assert first.balance.nominal == 2436050
    assert (third.number, third.applicant.snils, third.oktmo) == ("1000000003", "95550001289", "09701000")


def test_titles_above_and_the_order_of_columns_do_not_matter(region: Region, tmp_path: Path) -> None:
    place = write_book(tmp_path / "a.xlsx", {}, {"Пол": "?"}, titles=7, order=-1)

    region.take(place)

    assert [(row["sheet"], row["row"], row["field"]) for row in region.refused] == [("Сертификаты", "10", "Пол")]


def test_blank_rows_are_passed_over_and_counted(region: Region, tmp_path: Path) -> None:
    place = write_book(tmp_path / "a.xlsx", {}, {"Пол": "?"})
    book = load_workbook(place)
    book["Сертификаты"].insert_rows(5, 3)
    book["Сертификаты"]["A40"].value = "  "
    book.save(place)

    summary = region.take(place)

    assert [row["row"] for row in region.refused] == ["8"]
    assert summary.of(Kind.CERTIFICATE).read == 2


def test_a_number_that_shows_too_many_decimals_is_refused(region: Region, tmp_path: Path) -> None:
    place = write_book(
        tmp_path / "a.xlsx",
        {"Номинал": 0.1 + 0.2, "Остаток": 0.3},
        {"Номинал": 100.005, "Остаток": 100.005},
        {"Номинал": "#Н/Д", "Остаток": True},
    )

    region.take(place)

    assert [(row["row"], row["code"]) for row in region.refused] == [("5", "bad_number"), ("6", "bad_number")]
    assert region.registry.certificates["1000000001"].balance.nominal == 30


def test_a_sheet_that_declares_too_little_is_read_whole(
    region: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openpyxl.worksheet.worksheet.Worksheet.calculate_dimension", lambda _sheet: "A1:A1")
    place = write_book(tmp_path / "a.xlsx", {}, {})

    assert region.take(place).of(Kind.CERTIFICATE).put.new == 2


def test_the_declared_size_feeds_the_progress_bar(tmp_path: Path) -> None:
    source = open_export(write_book(tmp_path / "a.xlsx", {}, {}, {}))

    assert source.certificates is not None
    assert source.certificates.total == 3
    assert [row.number for row in source.certificates] == [4, 5, 6]
    assert [row.number for row in source.certificates] == [4, 5, 6], "a table may be read again"
    source.close()
