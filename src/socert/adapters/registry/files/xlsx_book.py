"""A workbook opened for streaming: its sheets by name, its texts on disk, its date styles.

Source: ECMA-376 (Office Open XML), part 1, section 18 (SpreadsheetML), and part 2 (packages), as far as exports go.
Written here and not left to openpyxl, which keeps all different texts of a book in memory and takes far longer.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from socert.adapters.registry.files.xlsx_sheet import Days, SheetHandler, read_rows
from socert.adapters.registry.files.xlsx_strings import Strings
from socert.adapters.registry.files.xlsx_xml import DAMAGE, feed, read_whole
from socert.gateway.domain.intake_errors import ExportMissing, ExportUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from socert.adapters.registry.files.values import Cell

_OLE = b"\xd0\xcf\x11\xe0"
_DATE_FORMATS = frozenset({*range(14, 18), 22, *range(27, 37), *range(50, 59)})
"""Number formats that come with every program and show a day."""
_NOT_LETTERS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')


class Book:
    """An opened workbook. Close it."""

    def __init__(self, path: Path) -> None:
        """Open the file and read all but the sheets. `ExportMissing`, `ExportUnreadable`."""
        self.file = path.name
        self._strings: Strings | None = None
        with self._told():
            with path.open("rb") as file:
                if file.read(4) == _OLE:
                    raise ExportUnreadable(
                        f"Файл {path.name} закрыт паролем или в старом формате XLS: "
                        "снимите пароль и сохраните его как XLSX."
                    )
            self._archive = zipfile.ZipFile(path)
        try:
            with self._told():
                self._read_parts()
        except BaseException:
            self.close()
            raise

    @property
    def sheets(self) -> list[str]:
        """Names of the sheets in their order."""
        return list(self._sheets)

    def rows(self, sheet: str) -> Iterator[tuple[int, list[Cell]]]:
        """Stream (row number from 1, cells) of a sheet from its beginning. `ExportUnreadable`."""
        assert self._strings is not None
        handler = SheetHandler(self._strings, self._days, self._date_styles)
        with self._told(), self._archive.open(self._sheets[sheet]) as part:
            yield from read_rows(part, handler)

    def declared_rows(self, sheet: str) -> int | None:
        """Return the last row that the sheet says it has; programs may be wrong about it, or say nothing."""
        handler = _Dimension()
        with self._told(), self._archive.open(self._sheets[sheet]) as part:
            next(feed(part, handler), None)
        return handler.last

    def close(self) -> None:
        """Let go of the file and of the texts."""
        if self._strings is not None:
            self._strings.close()
        self._archive.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what goes wrong with the file into one error for the operator."""
        try:
            yield
        except FileNotFoundError as error:
            raise ExportMissing(f"Нет файла {self.file}: проверьте путь.") from error
        except OSError as error:
            text = f"Файл {self.file} не читается ({error.strerror}): проверьте, что он открыт для чтения."
            raise ExportUnreadable(text) from error
        except DAMAGE as error:
            text = f"Файл {self.file} повреждён или это не книга XLSX: выгрузите его заново."
            raise ExportUnreadable(text) from error

    def _read_parts(self) -> None:
        """Follow the relations from the package to the workbook and on to sheets, styles and texts."""
        main = dict(self._relations("").values())["officeDocument"]
        relations = self._relations(main)
        by_kind = dict(relations.values())
        workbook = _Workbook()
        with self._archive.open(main) as part:
            read_whole(part, workbook)
        self._sheets = {name: relations[link][1] for name, link in workbook.sheets}
        self._days = Days(from_1904=workbook.from_1904)
        styles = _Styles()
        if "styles" in by_kind:
            with self._archive.open(by_kind["styles"]) as part:
                read_whole(part, styles)
        self._date_styles = styles.dates()
        if "sharedStrings" in by_kind:
            with self._archive.open(by_kind["sharedStrings"]) as part:
                self._strings = Strings(part)
        else:
            self._strings = Strings(None)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """Return id -> (kind, name of the part) of what a part points to."""
        folder, name = posixpath.split(part)
        handler = _Relations()
        with self._archive.open(posixpath.join(folder, "_rels", f"{name}.rels")) as file:
            read_whole(file, handler)
        return {
            link: (kind, posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/"))
            for link, kind, target in handler.found
        }


class _Silent:
    """A handler that wants only what its subclass says."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Ignore."""

    def end(self, name: str) -> None:
        """Ignore."""

    def text(self, data: str) -> None:
        """Ignore."""


class _Relations(_Silent):
    def __init__(self) -> None:
        self.found: list[tuple[str, str, str]] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External":
            self.found.append((attributes["Id"], attributes["Type"].rpartition("/")[2], attributes["Target"]))


class _Workbook(_Silent):
    def __init__(self) -> None:
        self.sheets: list[tuple[str, str]] = []
        self.from_1904 = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "sheet":
            # The relation's id has a namespace, whatever its prefix is; `sheetId` is something else.
            links = {key.rpartition(":")[2]: value for key, value in attributes.items() if ":" in key}
            self.sheets.append((attributes["name"], links["id"]))
        elif name == "workbookPr":
            self.from_1904 = attributes.get("date1904") in {"1", "true"}


class _Styles(_Silent):
    """Which styles show a number as a day: the format has a day or a year in it."""

    def __init__(self) -> None:
        self._formats: dict[int, str] = {}
        self._styles: list[int] = []
        self._inside = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "numFmt":
            self._formats[int(attributes["numFmtId"])] = attributes["formatCode"]
        elif name == "cellXfs":
            self._inside = True
        elif name == "xf" and self._inside:
            self._styles.append(int(attributes.get("numFmtId", 0)))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._inside = False

    def dates(self) -> frozenset[str]:
        """Return the style numbers as cells write them."""
        return frozenset(str(place) for place, number in enumerate(self._styles) if self._is_date(number))

    def _is_date(self, number: int) -> bool:
        code = self._formats.get(number)
        if code is None:
            return number in _DATE_FORMATS
        letters = _NOT_LETTERS.sub("", code).lower()
        return "d" in letters or "y" in letters or "г" in letters


class _Dimension(_Silent):
    def __init__(self) -> None:
        self.last: int | None = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "dimension":
            digits = re.search("[0-9]+$", attributes.get("ref", ""))
            self.last = int(digits[0]) if digits else None
