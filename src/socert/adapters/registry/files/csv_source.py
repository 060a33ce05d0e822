"""An export of CSV files, read line by line.

A line is one row; a quoted cell may hold line breaks. A quote that is never closed must not swallow the rows below it:
such a line is refused alone and reading goes on with the next.
"""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from socert.adapters.registry.files.cells import Layout
from socert.adapters.registry.files.headers import DEEPEST, find_header
from socert.gateway.domain.intake_errors import ColumnsMissing, ExportMissing, ExportUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from socert.adapters.registry.files.profile import Profile, TableProfile
    from socert.adapters.registry.files.rows import Reader
    from socert.gateway.domain.export import ImportSettings, Kind, Row

T = TypeVar("T")
LONGEST_CELL_LINES = 20
_BLOCK = 1 << 20
_OTHERS = ("utf-8", "cp1251", "utf-16", "cp866", "koi8-r")


class CsvTable(Generic[T]):
    """One CSV file as a table of the export (`Table` of the gateway)."""

    sheet = ""

    def __init__(
        self,
        path: Path,
        *,
        kind: Kind,
        profile: Profile,
        table: TableProfile,
        reader: type[Reader[T]],
        settings: ImportSettings,
        encoding: str,
        delimiter: str,
    ) -> None:
        """Open the file and find its header row; `ExportMissing`, `ExportUnreadable`, `ColumnsMissing`."""
        self.kind = kind
        self.file = path.name
        self._path = path
        self._encoding = encoding
        self._delimiter = delimiter
        try:
            self._header = find_header(islice(self._rows(), DEEPEST), table, path.name)
        except ColumnsMissing as error:
            hint = self._other_encoding(table)
            raise ColumnsMissing(f"{error}{hint}", found=error.found) from error
        layout = Layout(profile, table, self._header.places, self._header.titles)
        self._reader = reader(layout, profile, settings)

    @property
    def total(self) -> int | None:
        """Lines below the header: a row more or less where cells hold line breaks."""
        lines = 0
        with self._path.open("rb") as file:
            while block := file.read(_BLOCK):
                lines += block.count(b"\n")
        return max(0, lines - self._header.number)

    def title(self, field: str) -> str:
        """Return the file's own name of a column."""
        return self._reader.layout.title(field)

    def __iter__(self) -> Iterator[Row[T]]:
        """Stream the rows below the header; blank lines are passed over."""
        reader, width = self._reader, self._reader.layout.width
        for number, cells in self._rows():
            if number <= self._header.number or not any(cell.strip() for cell in cells):
                continue
            if len(cells) < width or any(cell.strip() for cell in cells[width:]):
                yield reader.broken(number, f"В строке столбцов: {len(cells)}, а в заголовке: {width}.")
            else:
                yield reader.read(number, cells)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Give (line number from 1, cells) of every row; a row whose quote is never closed is one cell."""
        waiting: list[str] = []
        number = 0
        for line in self._lines():
            number += 1
            waiting.append(line)
            while waiting:
                cells = self._cut("".join(waiting))
                if cells is None and len(waiting) < LONGEST_CELL_LINES:
                    break
                first = number - len(waiting) + 1
                if cells is None:
                    yield first, [waiting.pop(0)]
                else:
                    yield first, cells
                    waiting.clear()
        while waiting:
            cells = self._cut("".join(waiting))
            yield number - len(waiting) + 1, cells or [waiting[0]]
            del waiting[: len(waiting) if cells else 1]

    def _cut(self, text: str) -> list[str] | None:
        """Cut a row into cells; None when a quote is open at its end."""
        if '"' not in text:
            return text.rstrip("\r\n").split(self._delimiter)
        try:
            return next(csv.reader([text], delimiter=self._delimiter, strict=True), [])
        except csv.Error:
            return self._cut_loosely(text)

    def _cut_loosely(self, text: str) -> list[str] | None:
        """Cut a row whose quotes are not doubled as they should be; None when that leaves a line break in a cell."""
        cells = next(csv.reader([text], delimiter=self._delimiter), [])
        return None if any("\n" in cell for cell in cells) else cells

    def _lines(self) -> Iterator[str]:
        """Give the lines with their ends. Bytes outside the encoding become lone surrogates: those cells are refused."""
        try:
            with self._path.open(encoding=self._encoding, errors="surrogateescape", newline="") as file:
                yield from file
        except FileNotFoundError as error:
            raise ExportMissing(f"В выгрузке нет файла {self.file}: положите его рядом с остальными.") from error
        except (OSError, UnicodeError) as error:
            raise ExportUnreadable(
                f"Файл {self.file} не читается ({error}): проверьте, что он не повреждён и открыт для чтения."
            ) from error

    def _other_encoding(self, table: TableProfile) -> str:
        """Say in which other encoding the first column's name would be found, if in any."""
        with self._path.open("rb") as file:
            head = file.read(1 << 14)
        name = next(iter(table.columns.values()))
        for encoding in _OTHERS:
            if name in head.decode(encoding, errors="ignore"):
                if encoding == self._encoding:
                    return ""
                return (
                    f" Похоже, файл в кодировке {encoding}, а в профиле указана {self._encoding}: сохраните его в ней "
                    "или укажите encoding в своём профиле."
                )
        return ""
