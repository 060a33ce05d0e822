"""Writing rows as the two layouts do: three CSV files, or one workbook with text among its numbers and dates."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from openpyxl import Workbook

from socert.sample.columns import CERTIFICATES, CONTRACTS, PROGRAMMES, Row, Sum, Value

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

FILES = {"certificates": CERTIFICATES, "contracts": CONTRACTS, "programmes": PROGRAMMES}
SHEETS = {"certificates": "Сертификаты", "contracts": "Договоры", "programmes": "Программы"}
BOOK = "export.xlsx"


class Writer(Protocol):
    """Takes rows of the tables named in `FILES`, in any order of tables."""

    def write(self, table: str, row: Row) -> None:
        """Add a row to a table."""
        ...

    def close(self) -> None:
        """Finish the files."""
        ...


def sum_text(value: Sum) -> str:
    """Write a sum with a decimal comma: 1745600 -> "17456,00"."""
    sign, amount = ("-", -value.hundredths) if value.hundredths < 0 else ("", value.hundredths)
    return f"{sign}{amount // 100},{amount % 100:02d}"


class CsvWriter:
    """Three files: cp1251, semicolons, decimal comma, dd.mm.yyyy, line ends of Windows."""

    def __init__(self, folder: Path) -> None:
        """Begin the files with their headers."""
        self._open = ExitStack()
        self._writers: dict[str, Any] = {}
        for name, columns in FILES.items():
            file = (folder / f"{name}.csv").open("w", encoding="cp1251", newline="")
            self._open.enter_context(file)
            self._writers[name] = csv.writer(file, delimiter=";", lineterminator="\r\n")
            self._writers[name].writerow(columns)

    def write(self, table: str, row: Row) -> None:
        """Add a row to a table."""
        self._writers[table].writerow([_csv_text(row[column]) for column in FILES[table]])

    def close(self) -> None:
        """Finish the files."""
        self._open.close()


def _csv_text(value: Value) -> str:
    match value:
        case None:
            return ""
        case Sum(0):
            return "0"
        case Sum():
            return sum_text(value)
        case date():
            return value.strftime("%d.%m.%Y")
        case _:
            return str(value)


class XlsxWriter:
    """One workbook: two title lines above the headers; in every fourth row sums and dates are text."""

    def __init__(self, folder: Path, random: Random, day: date) -> None:
        """Begin the sheets; `day` stands in their titles."""
        self._place = folder / BOOK
        self._random = random
        self._book = Workbook(write_only=True)
        self._sheets = {}
        for name, columns in FILES.items():
            sheet = self._book.create_sheet(SHEETS[name])
            sheet.append([f"{SHEETS[name]}: выгрузка от {day:%d.%m.%Y}"])
            sheet.append([])
            sheet.append(list(columns))
            self._sheets[name] = sheet

    def write(self, table: str, row: Row) -> None:
        """Add a row to a table."""
        text = self._random.random() < 0.25
        self._sheets[table].append(
            [_csv_text(row[name]) or None if text else _cell(row[name]) for name in FILES[table]]
        )

    def close(self) -> None:
        """Finish the workbook."""
        self._book.save(self._place)


def _cell(value: Value) -> str | int | float | date | None:
    if not isinstance(value, Sum):
        return value
    # A spreadsheet keeps numbers as binary floats; this is where real exports get them.
    return value.hundredths // 100 if value.hundredths % 100 == 0 else value.hundredths / 100
