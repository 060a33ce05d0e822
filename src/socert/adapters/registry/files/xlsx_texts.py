"""The table of texts that a workbook's cells refer to by number, kept on disk.

Spreadsheet programs put every different text of a book into this one table: the names and documents of a whole region.
openpyxl keeps it as a list in memory, which would grow with the region; its parser of rows only ever asks for
`texts[number]`, so a table in a private temporary SQLite database stands in for the list. The database's file has no
name and goes with the connection, after a crash too.
"""

from __future__ import annotations

import sqlite3
from functools import lru_cache
from typing import TYPE_CHECKING

from openpyxl.cell.text import Text
from openpyxl.utils.escape import unescape
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

_CACHE_KIB = 8_192
_OFTEN = 4_096
"""Words of statuses and kinds are asked for in every row."""


class Texts:
    """Texts by number, from 0. Close it."""

    def __init__(self) -> None:
        """Make the empty table."""
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._db.execute("PRAGMA journal_mode = OFF")
        # Bytes: a damaged book may hold halves of characters, which SQLite takes for no text at all.
        self._db.execute("CREATE TABLE texts (number INTEGER PRIMARY KEY, text BLOB)")
        self._often = lru_cache(_OFTEN)(self._read)

    def load(self, part: IO[bytes]) -> None:
        """Copy the texts of a book's part of shared strings. Raises what openpyxl and its parser raise."""
        rows = ((number, text.encode("utf-8", "surrogatepass")) for number, text in enumerate(_texts(part)))
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO texts VALUES (?, ?)", rows)
        self._db.execute("COMMIT")

    def __getitem__(self, number: int) -> str:
        """Return a text; `IndexError` when the table has no such number."""
        return self._often(number)

    def close(self) -> None:
        """Forget the texts."""
        self._db.close()

    def _read(self, number: int) -> str:
        row = self._db.execute("SELECT text FROM texts WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise IndexError(f"the workbook has no text {number}")
        return str(row[0], "utf-8", "surrogatepass")


def _texts(part: IO[bytes]) -> Iterator[str]:
    """Stream the texts as openpyxl reads them, but let go of each element: openpyxl keeps them, though emptied."""
    elements = iterparse(part, events=("start", "end"))
    _, table = next(elements)
    for event, element in elements:
        if event == "end" and element.tag == f"{{{SHEET_MAIN_NS}}}si":
            text = Text.from_tree(element)
            yield unescape(text.content) if text is not None else ""
            table.clear()
