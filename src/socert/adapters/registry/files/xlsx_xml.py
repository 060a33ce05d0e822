"""Streaming the XML parts of a workbook: events as they come, nothing kept.

Spreadsheet parts are read by callbacks of expat, because a tree of a million rows does not fit in memory. Prefixes are
dropped: some programs write `x:row`, others `row`, and the parts hold no two names that differ by prefix alone.
"""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, NoReturn, Protocol
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

_BLOCK = 1 << 16

DAMAGE = (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, KeyError, ValueError, IndexError, RuntimeError)
"""What reading a damaged, foreign or encrypted workbook may raise on the way."""


class Handler(Protocol):
    """Takes the events of a part: local names, attributes by their names as written, text in whole pieces."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        ...

    def end(self, name: str) -> None:
        """An element ends."""
        ...

    def text(self, data: str) -> None:
        """Text inside the element that began last."""
        ...


def _no_doctype(*_: object) -> NoReturn:
    raise ValueError("a part of a workbook has no DOCTYPE")


def feed(part: IO[bytes], handler: Handler) -> Iterator[None]:
    """Send a part's events to the handler, block by block; each step gives the caller time to take what has come.

    Raises one of `DAMAGE`. A document type is refused: workbooks have none, and its entities could grow without end.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.StartElementHandler = lambda name, attributes: handler.start(name.rpartition(":")[2], attributes)
    parser.EndElementHandler = lambda name: handler.end(name.rpartition(":")[2])
    parser.CharacterDataHandler = handler.text
    while block := part.read(_BLOCK):
        parser.Parse(block, False)
        yield
    parser.Parse(b"", True)
    yield


def read_whole(part: IO[bytes], handler: Handler) -> None:
    """Send all of a part's events to the handler."""
    for _ in feed(part, handler):
        pass
