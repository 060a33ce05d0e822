"""Cutting a CSV file into rows that know their line.

A quoted cell may hold line breaks, but a quote that is never closed must not swallow the rows below it: such a line is
given as broken and reading goes on with the next.
"""

from __future__ import annotations

import csv
from collections import deque
from typing import TYPE_CHECKING

from socert.gateway.domain.intake_errors import ExportMissing, ExportUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_CELL_LINES = 20
"""A cell has at most so many lines; a quote open for longer was forgotten."""


class CsvLines:
    """Iterates (line number from 1, cells) of a file; cells are None for a line whose quote is never closed.

    `width`: how many cells a row of several lines must have to be believed; None believes any.
    """

    def __init__(self, path: Path, *, encoding: str, delimiter: str, width: int | None = None) -> None:
        """Take the file and how it is written; it is opened at each iteration."""
        self._path = path
        self._encoding = encoding
        self._delimiter = delimiter
        self._width = width

    def __iter__(self) -> Iterator[tuple[int, list[str] | None]]:
        """Read from the beginning. `ExportMissing`, `ExportUnreadable`."""
        fresh = self._lines()
        ahead: deque[str] = deque()
        number = 1
        while (line := ahead.popleft() if ahead else next(fresh, None)) is not None:
            cells = self._cut(line, several=False)
            taken: list[str] = []
            while cells is None and len(taken) < LONGEST_CELL_LINES - 1:
                more = ahead.popleft() if ahead else next(fresh, None)
                if more is None:
                    break
                taken.append(more)
                cells = self._cut("".join([line, *taken]), several=True)
            yield number, cells
            if cells is None:
                # The line that cannot be completed went alone; those after it are looked at anew.
                ahead.extendleft(reversed(taken))
                taken.clear()
            number += 1 + len(taken)

    def _cut(self, text: str, *, several: bool) -> list[str] | None:
        """Cut a row of one line or several; None when a quote is open at its end, or the row is not to be believed."""
        if '"' not in text:
            return text.rstrip("\r\n").split(self._delimiter)
        try:
            cells = next(csv.reader([text], delimiter=self._delimiter, strict=True), [])
        except csv.Error:
            # Within one line, quotes that are not doubled as they should be are harmless; over several they are not.
            return None if several else self._cut_loosely(text)
        return None if several and self._width is not None and len(cells) != self._width else cells

    def _cut_loosely(self, line: str) -> list[str] | None:
        """Cut one line whose quotes are out of order; None when the last of them is open to the line's end."""
        try:
            cells = next(csv.reader([line], delimiter=self._delimiter), [])
        except csv.Error:
            return None  # a cell of more than 131 072 characters
        return None if cells and cells[-1].endswith(("\n", "\r")) else cells

    def _lines(self) -> Iterator[str]:
        """Give lines with their ends. Bytes outside the encoding become lone surrogates; their cells are refused."""
        try:
            with self._path.open(encoding=self._encoding, errors="surrogateescape", newline="") as file:
                yield from file
        except FileNotFoundError as error:
            raise ExportMissing(f"В выгрузке нет файла {self._path.name}: положите его рядом с остальными.") from error
        except (OSError, UnicodeError) as error:
            raise ExportUnreadable(
                f"Файл {self._path.name} не читается ({error}): проверьте, что он не повреждён и открыт для чтения."
            ) from error
