"""An export that is one XLSX workbook, its sheets read as streams."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING, Generic, TypeVar
from xml.etree.ElementTree import ParseError

import openpyxl
from lxml.etree import XMLSyntaxError
from openpyxl.utils.exceptions import InvalidFileException

from socert.adapters.registry.files.cells import Layout
from socert.adapters.registry.files.headers import DEEPEST, find_header
from socert.adapters.registry.files.profile import plain
from socert.gateway.domain.intake_errors import ExportMissing, ExportUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from openpyxl.workbook.workbook import Workbook

    from socert.adapters.registry.files.profile import Profile, TableProfile
    from socert.adapters.registry.files.rows import Reader
    from socert.adapters.registry.files.values import Cell
    from socert.gateway.domain.export import ImportSettings, Kind, Row

T = TypeVar("T")
_OLE = b"\xd0\xcf\x11\xe0"
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    XMLSyntaxError,
    ParseError,
    InvalidFileException,
    KeyError,
    ValueError,
    EOFError,
)
"""What openpyxl lets through when a workbook is damaged."""


def open_workbook(path: Path) -> Workbook:
    """Open a workbook for streaming; values of formulas as they were last computed. `ExportUnreadable`."""
    try:
        with path.open("rb") as file:
            if file.read(4) == _OLE:
                raise ExportUnreadable(
                    f"Файл {path.name} закрыт паролем или в старом формате XLS: "
                    "снимите пароль и сохраните его как XLSX."
                )
        with warnings.catch_warnings():
            # Styles and validations that openpyxl does not know are nothing to us.
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except FileNotFoundError as error:
        raise ExportMissing(f"Нет файла {path.name}: проверьте путь.") from error
    except OSError as error:
        raise ExportUnreadable(f"Файл {path.name} не читается ({error.strerror}): откройте его для чтения.") from error
    except _DAMAGE as error:
        raise ExportUnreadable(_damaged(path.name)) from error


def _damaged(name: str) -> str:
    return f"Файл {name} повреждён или это не книга XLSX: выгрузите его заново."


class XlsxTable(Generic[T]):
    """One sheet as a table of the export (`Table` of the gateway)."""

    def __init__(
        self,
        book: Workbook,
        file: str,
        *,
        kind: Kind,
        profile: Profile,
        table: TableProfile,
        reader: type[Reader[T]],
        settings: ImportSettings,
    ) -> None:
        """Find the sheet and its header row; `ExportMissing`, `ExportUnreadable`, `ColumnsMissing`."""
        self.kind = kind
        self.file = file
        wanted = plain(table.sheet or "")
        names = [name for name in book.sheetnames if plain(name) == wanted]
        if not names:
            raise ExportMissing(
                f"В книге {file} нет листа «{table.sheet}» (есть: {', '.join(book.sheetnames)}): "
                "переименуйте лист или поправьте sheet в профиле."
            )
        self.sheet = names[0]
        self._book = book
        # Asked before the first reading, which drops the declaration.
        self._declared: int | None = book[self.sheet].max_row
        self._header = find_header(self._head(), table, f"{file}, лист «{self.sheet}»")
        layout = Layout(profile, table, self._header.places, self._header.titles)
        self._reader = reader(layout, profile, settings)

    @property
    def total(self) -> int | None:
        """Rows below the header as the sheet itself declares them; None where it does not."""
        return None if self._declared is None else max(0, self._declared - self._header.number)

    def title(self, field: str) -> str:
        """Return the sheet's own name of a column."""
        return self._reader.layout.title(field)

    def __iter__(self) -> Iterator[Row[T]]:
        """Stream the rows below the header; blank rows are passed over."""
        first = self._header.number + 1
        for number, cells in enumerate(self._rows(first), start=first):
            if any(cell is not None and str(cell).strip() for cell in cells):
                yield self._reader.read(number, cells)

    def _head(self) -> Iterator[tuple[int, Sequence[Cell]]]:
        for number, cells in enumerate(self._rows(1), start=1):
            yield number, cells
            if number >= DEEPEST:
                return

    def _rows(self, first: int) -> Iterator[Sequence[Cell]]:
        sheet = self._book[self.sheet]
        try:
            # Some programs declare a sheet smaller than it is; without the declaration every row is read.
            sheet.reset_dimensions()
            yield from sheet.iter_rows(min_row=first, values_only=True)
        except _DAMAGE as error:
            raise ExportUnreadable(_damaged(self.file)) from error
