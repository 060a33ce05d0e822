"""The table of texts that a workbook's cells refer to by number, kept on disk.

Spreadsheet programs put every different text of a book into this one table: the names and documents of a whole region.
In memory it would grow with the region, so it lies in temporary files without a name, mapped where they are read.
"""

from __future__ import annotations

import mmap
import re
import struct
import tempfile
from typing import TYPE_CHECKING

from socert.adapters.registry.files.xlsx_xml import read_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO

_ENTRY = struct.Struct("<QI")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_OFTEN = 4096


def unescape(text: str) -> str:
    """Put characters back that XML cannot hold and workbooks write as _x000D_."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


class Strings:
    """Texts by number. Close it."""

    def __init__(self, part: IO[bytes] | None) -> None:
        """Copy the part's texts to disk; a workbook without the part has none. Raises one of `DAMAGE`."""
        self._texts = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._entries = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._maps: list[mmap.mmap] = []
        self._often: dict[int, str] = {}
        self._count = 0
        self._end = 0
        try:
            if part is not None:
                read_whole(part, _StringsHandler(self))
            self._texts.flush()
            self._entries.flush()
            if self._end:
                self._maps = [mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) for f in (self._texts, self._entries)]
        except BaseException:
            self.close()
            raise

    def add(self, text: str) -> None:
        """Append a text."""
        data = text.encode("utf-8", "surrogatepass")
        self._texts.write(data)
        self._entries.write(_ENTRY.pack(self._end, len(data)))
        self._end += len(data)
        self._count += 1

    def __getitem__(self, number: int) -> str:
        """Return a text; `IndexError` when the table has no such number."""
        text = self._often.get(number)
        if text is not None:
            return text
        if not 0 <= number < self._count:
            raise IndexError(f"the workbook has no text {number}")
        if not self._maps:
            return ""
        texts, entries = self._maps
        start, length = _ENTRY.unpack_from(entries, number * _ENTRY.size)
        text = texts[start : start + length].decode("utf-8", "surrogatepass")
        if len(self._often) < _OFTEN:
            # Words of statuses and kinds come early in the table and are asked for in every row.
            self._often[number] = text
        return text

    def close(self) -> None:
        """Forget the texts."""
        for mapped in self._maps:
            mapped.close()
        self._texts.close()
        self._entries.close()


class _StringsHandler:
    """Collects <si>: its own text or that of its runs, without the phonetic hints."""

    def __init__(self, strings: Strings) -> None:
        self._strings = strings
        self._parts: list[str] = []
        self._inside = self._hint = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "t":
            self._inside = not self._hint
        elif name == "rPh":
            self._hint = True
        elif name == "si":
            self._parts.clear()

    def end(self, name: str) -> None:
        if name == "t":
            self._inside = False
        elif name == "rPh":
            self._hint = False
        elif name == "si":
            self._strings.add(unescape("".join(self._parts)))

    def text(self, data: str) -> None:
        if self._inside:
            self._parts.append(data)
