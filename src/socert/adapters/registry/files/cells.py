"""The cells of one row by our field names, with the faults found while reading them.

A getter that fails notes the fault and gives back a stand-in of the right type, so that a row is read to its end and
all its faults are told at once. A record is made only of a row without faults.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from socert.adapters.registry.files import values
from socert.adapters.registry.files.profile import plain
from socert.contracts.portal.values import is_inn, is_snils
from socert.gateway.domain.export import Code, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from socert.adapters.registry.files.profile import Profile, TableProfile
    from socert.gateway.domain.intake_rules import Found

T = TypeVar("T")
NAME = 256
ID = 50
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SEPARATORS = re.compile(r"[\s\u2010-\u2015-]")
_DAY = date(2000, 1, 1)
_is_inn = lru_cache(4096)(is_inn)
"""Few organisations teach many children."""


class Layout:
    """Where each field of a table stands in its rows, how the file calls it, and how its values are written."""

    def __init__(self, profile: Profile, table: TableProfile, places: Mapping[str, int], titles: Sequence[str]) -> None:
        """`places`: column index by field; `titles`: the header row as it stands in the file."""
        self.places = places
        self.constants = table.constants
        self.decimal = profile.decimal
        self.formats = profile.date_formats
        # Names end before the last cell where a program writes empty columns or a delimiter at the end of each line.
        self.width = 1 + max((place for place, title in enumerate(titles) if title), default=-1)
        self._titles = {field: titles[place] for field, place in places.items()}

    def title(self, field: str) -> str:
        """Return the file's own name of a column; a constant has none and keeps ours."""
        return self._titles.get(field, field)


class Cells:
    """One row. `faults` grows as fields are read."""

    __slots__ = ("_layout", "_values", "faults")

    def __init__(self, layout: Layout, cells: Sequence[values.Cell]) -> None:
        """Take the cells of a row; missing ones at its end are empty."""
        self._layout = layout
        self._values: dict[str, values.Cell] = {**layout.constants}
        there = len(cells)
        for field, place in layout.places.items():
            cell = cells[place] if place < there else None
            self._values[field] = (cell.strip() or None) if isinstance(cell, str) else cell
        self.faults: list[Fault] = []

    def raw(self, field: str) -> values.Cell:
        """Return the cell, trimmed, or the constant of the profile; an empty one is None."""
        return self._values.get(field)

    def note(self, found: Found) -> None:
        """Remember a fault of this row under the file's own name of the column."""
        field, code, reason = found
        self.faults.append(Fault(field=self._layout.title(field), code=code, reason=reason))

    def _read(self, field: str, read: Callable[[values.Cell], T], instead: T) -> T:
        cell = self._values.get(field)
        if cell is None:
            self.note((field, Code.EMPTY, "Обязательное поле пусто."))
            return instead
        try:
            return read(cell)
        except values.CellRefused as refused:
            self.note((field, refused.code, refused.reason))
            return instead

    def optional(self, field: str, longest: int = NAME) -> str | None:
        """Return text or None."""
        return self.text(field, longest) if self.raw(field) is not None else None

    def text(self, field: str, longest: int = NAME) -> str:
        """Return text of at most `longest` characters."""
        text = self._read(field, values.read_text, None) or ""
        if len(text) > longest:
            self.note((field, Code.TOO_LONG, f"Длиннее {longest} символов."))
        return text

    def amount(self, field: str) -> int:
        """Return a sum that is not negative, in hundredths."""
        decimal = self._layout.decimal
        amount = self._read(field, lambda cell: values.read_hundredths(cell, decimal), 0)
        if amount < 0:
            self.note((field, Code.NEGATIVE, "Сумма не может быть отрицательной."))
        return amount

    def integer(self, field: str, *, least: int, most: int) -> int:
        """Return a whole number within bounds."""
        return self._read(field, lambda cell: values.read_integer(cell, least=least, most=most), least)

    def day(self, field: str) -> date:
        """Return a date."""
        formats = self._layout.formats
        return self._read(field, lambda cell: values.read_date(cell, formats), _DAY)

    def optional_day(self, field: str) -> date | None:
        """Return a date or None."""
        return self.day(field) if self.raw(field) is not None else None

    def word(self, field: str, meanings: Mapping[str, T], instead: T, *, code: Code = Code.UNKNOWN_VALUE) -> T:
        """Return what a word of the profile's list means; keys as the profile and as `plain` gives them."""
        text = self._read(field, values.read_text, None)
        if text is None:
            return instead
        found = meanings.get(text)
        found = meanings.get(plain(text)) if found is None else found
        if found is None:
            self.note((field, code, f"Значение «{text[:50]}» не описано в профиле."))
            return instead
        return found

    def guid(self, field: str) -> str:
        """Return a GUID in small letters (portal message dictionary, 10: compared without case)."""
        text = self.text(field).lower()
        if text and not _GUID.fullmatch(text):
            self.note((field, Code.GUID_FORM, "Здесь должен быть GUID вида 01234567-89ab-cdef-0123-456789abcdef."))
        return text

    def snils(self, field: str) -> str:
        """Return a SNILS as 11 bare digits; separators may be missing or other ones."""
        text = _SEPARATORS.sub("", self._read(field, lambda cell: values.read_digits(cell, (11,)), None) or "")
        if len(text) == 11 and text.isascii() and text.isdigit():
            if not is_snils(text):
                self.note((field, Code.SNILS_CHECKSUM, "Контрольное число СНИЛС не сходится: в номере опечатка."))
        elif self.raw(field) is not None:
            self.note((field, Code.SNILS_FORM, "СНИЛС состоит из 11 цифр."))
        return text

    def optional_snils(self, field: str) -> str | None:
        """Return a SNILS or None."""
        return self.snils(field) if self.raw(field) is not None else None

    def inn(self, field: str) -> str:
        """Return an INN of 10 or 12 digits with right check digits."""
        text = self._read(field, lambda cell: values.read_digits(cell, (10, 12)), None) or ""
        if text and not (len(text) in {10, 12} and text.isascii() and text.isdigit()):
            self.note((field, Code.INN_FORM, "ИНН состоит из 10 или 12 цифр."))
        elif text and not _is_inn(text):
            self.note((field, Code.INN_CHECKSUM, "Контрольные цифры ИНН не сходятся: в номере опечатка."))
        return text

    def oktmo(self, field: str) -> str:
        """Return an OKTMO of 8 or 11 digits (no check digit; portal message dictionary, 10)."""
        text = self._read(field, lambda cell: values.read_digits(cell, (8, 11)), None) or ""
        if text and not (len(text) in {8, 11} and text.isascii() and text.isdigit()):
            self.note((field, Code.OKTMO_FORM, "ОКТМО состоит из 8 или 11 цифр."))
        return text
