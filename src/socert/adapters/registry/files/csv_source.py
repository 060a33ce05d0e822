"""An export of CSV files: each is a table, read line by line."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from socert.adapters.registry.files.cells import Layout
from socert.adapters.registry.files.csv_lines import CsvLines
from socert.adapters.registry.files.headers import DEEPEST, find_header
from socert.gateway.domain.intake_errors import ColumnsMissing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from socert.adapters.registry.files.profile import Profile, TableProfile
    from socert.adapters.registry.files.rows import Reader
    from socert.gateway.domain.export import ImportSettings, Kind, Row

T = TypeVar("T")
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
        lines = CsvLines(path, encoding=encoding, delimiter=delimiter)
        try:
            found = ((number, cells or ()) for number, cells in islice(lines, DEEPEST))
            self._header = find_header(found, table, path.name)
        except ColumnsMissing as error:
            hint = self._other_encoding(table)
            raise ColumnsMissing(f"{error}{hint}", found=error.found) from error
        layout = Layout(profile, table, self._header.places, self._header.titles)
        self._reader = reader(layout, profile, settings)
        self._rows = CsvLines(path, encoding=encoding, delimiter=delimiter, width=layout.width)

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
        for number, cells in self._rows:
            if number <= self._header.number:
                continue
            if cells is None:
                yield reader.broken(number, "В строке открыта и не закрыта кавычка.")
            elif not any(cell.strip() for cell in cells):
                continue
            elif len(cells) < width or any(cell.strip() for cell in cells[width:]):
                yield reader.broken(number, f"В строке столбцов: {len(cells)}, а в заголовке: {width}.")
            else:
                yield reader.read(number, cells)

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
