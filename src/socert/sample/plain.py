"""A plain reader of exports in both layouts, for those who check what others made of them.

It shares no code with the import on purpose: what two independent readers agree on is likely what the file says. It
knows the two layouts as they are, takes all rows, right and wrong, and keeps them all in memory.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook

from socert.sample.columns import SUMS
from socert.sample.errors import SampleError
from socert.sample.files import FILES, SHEETS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PlainRow = dict[str, Any]
_CSV_FIRST = 2
_SHEET_FIRST = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class PlainExport:
    """An export's rows by the file's own column names, as the file has them (text is trimmed, empty is None).

    Each row also has "file", "sheet" ("" for CSV), "row" (as a person counts in the file) and "amounts": its sums in
    integer hundredths by column name, None where the cell is no sum.
    """

    certificates: list[PlainRow] = field(default_factory=list)
    contracts: list[PlainRow] = field(default_factory=list)
    programmes: list[PlainRow] = field(default_factory=list)
    municipalities: list[PlainRow] = field(default_factory=list)


def read_export(path: Path) -> PlainExport:
    """Read a folder of three CSV files, or a workbook (or the folder of one), with `municipalities.csv` beside it.

    Raises `SampleError` when there is neither.
    """
    folder = path if path.is_dir() else path.parent
    books = [path] if path.is_file() and path.suffix == ".xlsx" else sorted(folder.glob("*.xlsx"))
    if (folder / "certificates.csv").exists():
        tables = {name: _csv_rows(folder / f"{name}.csv") for name in FILES}
    elif books:
        tables = _book_rows(books[0])
    else:
        raise SampleError(f"There is no export in {path}: neither certificates.csv nor a workbook.")
    place = folder / "municipalities.csv"
    municipalities = _csv_rows(place, encoding="utf-8", delimiter=",") if place.exists() else []
    return PlainExport(municipalities=municipalities, **tables)


def _csv_rows(place: Path, encoding: str = "cp1251", delimiter: str = ";") -> list[PlainRow]:
    if not place.exists():
        raise SampleError(f"There is no file {place}.")
    with place.open(encoding=encoding, newline="") as file:
        header, *rows = csv.reader(file, delimiter=delimiter)
    return [_row(header, cells, place.name, "", number) for number, cells in enumerate(rows, start=_CSV_FIRST)]


def _book_rows(place: Path) -> dict[str, list[PlainRow]]:
    book = load_workbook(place, data_only=True)
    tables = {}
    for name, sheet in SHEETS.items():
        header, *rows = book[sheet].iter_rows(min_row=_SHEET_FIRST - 1, values_only=True)
        tables[name] = [
            _row([str(title) for title in header], cells, place.name, sheet, number)
            for number, cells in enumerate(rows, start=_SHEET_FIRST)
        ]
    book.close()
    return tables


def _row(header: list[str], cells: Iterable[Any], file: str, sheet: str, number: int) -> PlainRow:
    values = {title: _value(cell) for title, cell in zip(header, cells, strict=True)}
    amounts = {title: hundredths(value) for title, value in values.items() if title in SUMS}
    return {**values, "file": file, "sheet": sheet, "row": number, "amounts": amounts}


def _value(cell: Any) -> Any:
    return (cell.strip() or None) if isinstance(cell, str) else cell


def hundredths(value: Any) -> int | None:
    """Return a sum as integer hundredths: a comma or a dot before at most two digits; None when it is no sum."""
    if isinstance(value, int):
        return value * 100
    text = f"{value:.2f}" if isinstance(value, float) else str(value or "").replace("\xa0", "").replace(" ", "")
    found = re.fullmatch(r"(-?)(\d+)(?:[.,](\d{1,2}))?", text)
    if found is None:
        return None
    amount = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
    return -amount if found[1] else amount


def iso_date(value: Any) -> str | None:
    """Return a cell's date as ISO text; None when it is no date."""
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    try:
        return datetime.strptime(str(value), "%d.%m.%Y").strftime("%Y-%m-%d")  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def digits(value: Any) -> str | None:
    """Return only the digits of a SNILS; None when they are not 11."""
    found = re.sub(r"\D", "", str(value or ""))
    return found if len(found) == 11 else None
