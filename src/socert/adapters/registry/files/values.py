"""Reading one cell: numbers, dates and words as CSV text or as what a spreadsheet keeps.

A cell that cannot be read raises `CellRefused` with a stable code and a Russian reason that never repeats the value.
Amounts become integer hundredths; no sum ever passes through a binary float that could change it.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from socert.gateway.domain.export import Code

Cell = object
"""What a file gives for a cell: text, int, float, bool, datetime, date, or None."""

LARGEST = 10**12
"""Amounts stay below this many hundredths: the wire has twelve digits, two of them after the dot."""

_SPACES = " \u00a0\u202f\u2009"
_NUMBER = re.compile(rf"([-+\u2212]?)([0-9]+|[0-9]{{1,3}}(?:[{_SPACES}][0-9]{{3}})+)(?:([.,])([0-9]+))?")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NO_NUMBER = "Здесь должно быть число, например 17456,00."


class CellRefused(Exception):
    """A cell cannot be read."""

    def __init__(self, code: Code, reason: str) -> None:
        """Keep the stable code and the reason for the operator."""
        super().__init__(reason)
        self.code = code
        self.reason = reason


def read_text(cell: Cell) -> str | None:
    """Return a cell as trimmed text, None when it is empty. A whole number from a spreadsheet has no ".0"."""
    if cell is None:
        return None
    if not isinstance(cell, str):
        cell = str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)
    text = cell.strip()
    # None of them is printable, and asking that is much faster than searching.
    if not text.isprintable() and _CONTROL.search(text):
        reason = "Есть символы, которых не бывает в тексте: проверьте кодировку файла."
        raise CellRefused(Code.BAD_CHARACTERS, reason)
    return text or None


def read_hundredths(cell: Cell, decimal: str = ",") -> int:
    """Return a number as integer hundredths, negative ones too; the caller says whether they may be.

    Text: digits with groups of three apart by spaces or no-break spaces, one of the `decimal` characters, at most two
    significant decimals; no exponent. Spreadsheet numbers are rounded to the fifteen digits that the program shows
    (0.1 + 0.2 is kept as 0.30000000000000004 and means 0.3), then must have two decimals as well.
    """
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise CellRefused(Code.BAD_NUMBER, _NO_NUMBER)
    if isinstance(cell, str):
        return _bounded(_text_hundredths(cell, decimal))
    if isinstance(cell, int):
        return _bounded(cell * 100)
    number = Decimal(format(cell, ".15g"))
    if not number.is_finite():
        raise CellRefused(Code.BAD_NUMBER, _NO_NUMBER)
    # The bound comes first: scaling 1e308 would make a whole number of three hundred digits.
    if abs(number) * 100 >= LARGEST:
        raise CellRefused(Code.OUT_OF_RANGE, "Такой большой суммы быть не может.")
    scaled = number * 100
    if scaled != scaled.to_integral_value():
        raise CellRefused(Code.BAD_NUMBER, "Больше двух знаков после запятой.")
    return int(scaled)


@lru_cache(maxsize=8192)
def _text_hundredths(text: str, decimal: str) -> int:
    """Sums repeat as well: zeros, nominals, prices."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None or (found[3] is not None and found[3] not in decimal):
        raise CellRefused(Code.BAD_NUMBER, _NO_NUMBER)
    fraction = (found[4] or "").rstrip("0")
    if len(fraction) > 2:
        raise CellRefused(Code.BAD_NUMBER, "Больше двух знаков после запятой.")
    digits = found[2] if found[2].isdigit() else re.sub(f"[{_SPACES}]", "", found[2])
    digits = digits.lstrip("0")
    if len(digits) > 15:
        raise CellRefused(Code.OUT_OF_RANGE, "Такой большой суммы быть не может.")
    amount = int(digits or "0") * 100 + int(fraction.ljust(2, "0"))
    return -amount if found[1] in {"-", "\u2212"} else amount


def _bounded(amount: int) -> int:
    if abs(amount) >= LARGEST:
        raise CellRefused(Code.OUT_OF_RANGE, "Такой большой суммы быть не может.")
    return amount


def read_integer(cell: Cell, *, least: int, most: int) -> int:
    """Return a whole number within bounds; spreadsheet numbers may be written 2.0."""
    amount = read_hundredths(cell)
    if amount % 100:
        raise CellRefused(Code.BAD_NUMBER, "Здесь должно быть целое число.")
    if not least * 100 <= amount <= most * 100:
        raise CellRefused(Code.OUT_OF_RANGE, f"Здесь должно быть целое число от {least} до {most}.")
    return amount // 100


def read_digits(cell: Cell, widths: tuple[int, ...]) -> str | None:
    """Return a code of digits as text. One kept as a number has lost its leading zeros: they are put back.

    Only up to the next of `widths`, and only where one or two are missing: the shorter of 10 and 12 digits wins.
    """
    text = read_text(cell)
    if text is None or isinstance(cell, str) or not text.isdigit():
        return text
    return next((text.zfill(width) for width in widths if width - 2 <= len(text) <= width), text)


def read_date(cell: Cell, formats: tuple[str, ...]) -> date:
    """Return a date from a spreadsheet's date or from text in one of the formats ("dd.mm.yyyy")."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, str):
        return _text_date(cell.strip(), formats)
    raise CellRefused(Code.BAD_DATE, f"Здесь должна быть дата вида {formats[0]}.")


@lru_cache(maxsize=8192)
def _text_date(text: str, formats: tuple[str, ...]) -> date:
    """Dates repeat a lot in an export, and reading them is a large part of the work."""
    for pattern in map(_pattern, formats):
        if found := pattern.fullmatch(text):
            try:
                return date(int(found["yyyy"]), int(found["mm"]), int(found["dd"]))
            except ValueError:
                raise CellRefused(Code.BAD_DATE, "Такого дня нет в календаре.") from None
    raise CellRefused(Code.BAD_DATE, f"Здесь должна быть дата вида {formats[0]}.")


@lru_cache(maxsize=64)
def _pattern(text: str) -> re.Pattern[str]:
    """Make "dd.mm.yyyy" a pattern with groups of the same names; a day and month of one digit are understood."""
    pattern = re.escape(text)
    pattern = pattern.replace("dd", "(?P<dd>[0-9]{1,2})").replace("mm", "(?P<mm>[0-9]{1,2})")
    return re.compile(pattern.replace("yyyy", "(?P<yyyy>[0-9]{4})"))
