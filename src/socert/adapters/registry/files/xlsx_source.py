"""An export that is one XLSX workbook: each of its sheets is a table, read as a stream."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from socert.adapters.registry.files.cells import Layout
from socert.adapters.registry.files.headers import DEEPEST, find_header
from socert.adapters.registry.files.profile import plain
from socert.gateway.domain.intake_errors import ExportMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socert.adapters.registry.files.profile import Profile, TableProfile
    from socert.adapters.registry.files.rows import Reader
    from socert.adapters.registry.files.xlsx_book import Book
    from socert.gateway.domain.export import ImportSettings, Kind, Row

T = TypeVar("T")


class XlsxTable(Generic[T]):
    """One sheet as a table of the export (`Table` of the gateway)."""

    def __init__(
        self,
        book: Book,
        *,
        kind: Kind,
        profile: Profile,
        table: TableProfile,
        reader: type[Reader[T]],
        settings: ImportSettings,
    ) -> None:
        """Find the sheet and its header row; `ExportMissing`, `ExportUnreadable`, `ColumnsMissing`."""
        self.kind = kind
        self.file = book.file
        wanted = plain(table.sheet or "")
        names = [name for name in book.sheets if plain(name) == wanted]
        if not names:
            raise ExportMissing(
                f"В книге {book.file} нет листа «{table.sheet}» (есть: {', '.join(book.sheets)}): "
                "переименуйте лист или поправьте sheet в профиле."
            )
        self.sheet = names[0]
        self._book = book
        self._header = find_header(islice(book.rows(self.sheet), DEEPEST), table, f"{book.file}, лист «{self.sheet}»")
        layout = Layout(profile, table, self._header.places, self._header.titles)
        self._reader = reader(layout, profile, settings)

    @property
    def total(self) -> int | None:
        """Rows below the header as the sheet itself declares them; None where it does not."""
        declared = self._book.declared_rows(self.sheet)
        return None if declared is None else max(0, declared - self._header.number)

    def title(self, field: str) -> str:
        """Return the sheet's own name of a column."""
        return self._reader.layout.title(field)

    def __iter__(self) -> Iterator[Row[T]]:
        """Stream the rows below the header; blank rows are passed over."""
        for number, cells in self._book.rows(self.sheet):
            if number > self._header.number and any(cell is not None and str(cell).strip() for cell in cells):
                yield self._reader.read(number, cells)
