"""A workbook opened for streaming, read by openpyxl.

openpyxl finds the parts, knows styles and calendars, and turns each row's cells into values. Only the walk over the
rows is here: `load_workbook(read_only=True)` keeps something of every text and every row, and fills gaps in the numbers
of rows, so that neither its memory nor its time is bounded by the size of the file.
"""

from __future__ import annotations

import warnings
import zipfile
import zlib
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils import range_boundaries
from openpyxl.worksheet._reader import DATA_TAG, DIMENSION_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS
from openpyxl.xml.functions import iterparse

from socert.adapters.registry.files.xlsx_guard import check_archive
from socert.adapters.registry.files.xlsx_texts import Texts
from socert.gateway.domain.intake_errors import ExportMissing, ExportUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from socert.adapters.registry.files.values import Cell

_OLE = b"\xd0\xcf\x11\xe0"
_BLOCK = 256
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,  # of XML, from both parsers
    EOFError,
    LookupError,
    ValueError,
    ArithmeticError,
    TypeError,
    AttributeError,
    RuntimeError,  # a part under a password
)
"""What openpyxl raises for damaged, foreign or encrypted workbooks: it checks little and stumbles."""


class Book:
    """An opened workbook. Close it."""

    def __init__(self, path: Path) -> None:
        """Open the file and read all but the sheets. `ExportMissing`, `ExportUnreadable`."""
        self.file = path.name
        with self._told(), ExitStack() as opened:
            file = opened.enter_context(path.open("rb"))
            if file.read(4) == _OLE:
                raise ExportUnreadable(
                    f"Файл {path.name} закрыт паролем или в старом формате XLS: "
                    "снимите пароль и сохраните его как XLSX."
                )
            reader = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
            self._archive = opened.enter_context(reader.archive)
            check_archive(self._archive, path.stat().st_size)
            self._texts = Texts()
            opened.callback(self._texts.close)
            self._read_parts(reader)
            self._open = opened.pop_all()

    @property
    def sheets(self) -> list[str]:
        """Names of the sheets in their order."""
        return list(self._sheets)

    def rows(self, sheet: str) -> Iterator[tuple[int, list[Cell]]]:
        """Stream (row number from 1, cells) of a sheet from its beginning. `ExportUnreadable`."""
        with self._told():
            part = self._archive.open(self._sheets[sheet])
        with part:
            stream = self._parsed(part)
            while True:
                # Block by block: what is caught and silenced here must not reach into the work of whoever reads.
                with self._told():
                    block = list(islice(stream, _BLOCK))
                if not block:
                    return
                yield from block

    def declared_rows(self, sheet: str) -> int | None:
        """Return the last row that the sheet says it has; programs may be wrong about it, or say nothing."""
        with self._told(), self._archive.open(self._sheets[sheet]) as part:
            for _, element in iterparse(part, events=("start",)):
                if element.tag == DIMENSION_TAG:
                    return range_boundaries(element.get("ref"))[3]
                if element.tag == DATA_TAG:
                    break
        return None

    def close(self) -> None:
        """Let go of the file and of the texts."""
        self._open.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what goes wrong with the file into one error for the operator, and silence openpyxl's warnings.

        They tell of what would be lost in writing a book back: styles, extensions, conditional formats.
        """
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
                yield
        except FileNotFoundError as error:
            raise ExportMissing(f"Нет файла {self.file}: проверьте путь.") from error
        except OSError as error:
            # openpyxl raises it without a number as well, where it finds no workbook in the archive.
            if error.errno is None:
                raise self._damaged() from error
            text = f"Файл {self.file} не читается ({error.strerror}): проверьте, что он открыт для чтения."
            raise ExportUnreadable(text) from error
        except _DAMAGE as error:
            raise self._damaged() from error

    def _damaged(self) -> ExportUnreadable:
        return ExportUnreadable(f"Файл {self.file} повреждён или это не обычная книга XLSX: выгрузите его заново.")

    def _read_parts(self, reader: ExcelReader) -> None:
        """Read what the rows need: not properties, themes and drawings, over which openpyxl may stumble."""
        reader.read_manifest()
        reader.read_workbook()
        apply_stylesheet(reader.archive, reader.wb)
        self._workbook = reader.wb
        self._sheets = {
            sheet.name: link.target for sheet, link in reader.parser.find_sheets() if "chartsheet" not in link.Type
        }
        if not self._sheets:
            raise ValueError("the workbook has no sheets that openpyxl knows")
        strings = reader.package.find(SHARED_STRINGS)  # type: ignore[no-untyped-call]  # the types leave it out
        if strings is not None:
            with self._archive.open(strings.PartName[1:]) as part:
                self._texts.load(part)

    def _parsed(self, part: IO[bytes]) -> Iterator[tuple[int, list[Cell]]]:
        """Stream the rows and let go of each: openpyxl's own walk keeps them, emptied, and what is said of heights."""
        book = self._workbook
        parser = WorkSheetParser(
            part,
            self._texts,
            data_only=True,
            epoch=book.epoch,
            # The types leave these two out; openpyxl's own sheets take them from here as well.
            date_formats=book._date_formats,  # type: ignore[attr-defined]
            timedelta_formats=book._timedelta_formats,  # type: ignore[attr-defined]
        )
        table = None
        for event, element in iterparse(part, events=("start", "end")):
            if element.tag == DATA_TAG:
                if event == "end":
                    break
                table = element
            elif event == "end" and element.tag == ROW_TAG and table is not None:
                number, cells = parser.parse_row(element)
                yield number, _values(cells)
                parser.row_dimensions.clear()
                table.clear()
        while part.read(1 << 16):
            pass  # the archive compares its checksum at the part's end


def _values(cells: list[dict[str, Any]]) -> list[Cell]:
    """Put the values of openpyxl's cells in their columns; cells that are not in the file are None."""
    row: list[Cell] = [None] * max((cell["column"] for cell in cells), default=0)
    for cell in cells:
        row[cell["column"] - 1] = cell["value"]
    return row
