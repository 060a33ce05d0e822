"""The rows of one sheet, as a stream of values.

Only what an export needs: values as last computed, no formulas, no formats but those that make a number a date.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from socert.adapters.registry.files.xlsx_strings import unescape
from socert.adapters.registry.files.xlsx_xml import feed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Set
    from typing import IO

    from socert.adapters.registry.files.values import Cell
    from socert.adapters.registry.files.xlsx_strings import Strings

WIDEST = 16_384
"""Columns that a sheet can have."""
_LAST_DAY = 2_958_465


class Days:
    """Turns day numbers into dates: from 1900 with its leap day that never was, or from 1904."""

    def __init__(self, *, from_1904: bool) -> None:
        """Say which of the two calendars the workbook uses."""
        self._first = date(1904, 1, 1) if from_1904 else date(1899, 12, 30)
        self._shift = not from_1904

    def day(self, number: float) -> date | None:
        """Return the day; None for a number that is none. The time of day is dropped."""
        whole = int(number)
        if not 0 <= whole <= _LAST_DAY:
            return None
        # Up to 60, the 29 February 1900 that the format invented has not been counted yet.
        return self._first + timedelta(days=whole + (1 if self._shift and whole < 60 else 0))


class SheetHandler:
    """Collects finished rows in `rows`; the reader takes them away block by block."""

    def __init__(self, strings: Strings, days: Days, date_styles: Set[str]) -> None:
        """`date_styles`: the style numbers, as text, that show a number as a date."""
        self.rows: list[tuple[int, list[Cell]]] = []
        self._strings = strings
        self._days = days
        self._date_styles = date_styles
        self._columns: dict[str, int] = {}
        self._number = 0
        self._cells: list[Cell] = []
        self._type = self._style = ""
        self._column = 0
        self._parts: list[str] = []
        self._inside = self._hint = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if name == "c":
            place = attributes.get("r")
            self._column = len(self._cells) if place is None else self._column_of(place)
            self._type = attributes.get("t", "n")
            self._style = attributes.get("s", "")
            self._parts.clear()
        elif name in {"v", "t"}:
            self._inside = not self._hint
        elif name == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._cells = []
        elif name == "rPh":
            self._hint = True

    def text(self, data: str) -> None:
        """Text of a value."""
        if self._inside:
            self._parts.append(data)

    def end(self, name: str) -> None:
        """An element ends."""
        if name in {"v", "t"}:
            self._inside = False
        elif name == "c":
            if self._parts:
                missing = self._column - len(self._cells)
                if missing > 0:
                    self._cells.extend([None] * missing)
                self._cells.append(self._value("".join(self._parts)))
        elif name == "row":
            self.rows.append((self._number, self._cells))
        elif name == "rPh":
            self._hint = False

    def _column_of(self, place: str) -> int:
        """Return the column index of "AB12"; `ValueError` for one that no sheet has."""
        letters = place.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = 0
            for letter in letters:
                column = column * 26 + ord(letter) - ord("A") + 1
            if not 0 < column <= WIDEST:
                raise ValueError(f"a sheet has no column {letters[:10]}")
            self._columns[letters] = column - 1
            return column - 1
        return column

    def _value(self, text: str) -> Cell:
        """Return a cell's value by its type: number, date, truth or text."""
        match self._type:
            case "s":
                return self._strings[int(text)]
            case "n":
                return self._number_or_day(text)
            case "b":
                return text == "1"
            case "d":
                return datetime.fromisoformat(text)
            case _:  # inlineStr, str (of a formula), e (an error's name)
                return unescape(text)

    def _number_or_day(self, text: str) -> Cell:
        try:
            number: int | float = int(text)
        except ValueError:
            number = float(text)
        if self._style in self._date_styles:
            day = self._days.day(number)
            return number if day is None else day
        return number


def read_rows(part: IO[bytes], handler: SheetHandler) -> Iterator[tuple[int, list[Cell]]]:
    """Stream (row number from 1, cells) of a sheet; rows without a cell may be left out. Raises one of `DAMAGE`."""
    for _ in feed(part, handler):
        yield from handler.rows
        handler.rows.clear()
