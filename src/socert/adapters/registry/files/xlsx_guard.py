"""What a workbook must not hold, looked at before it is read: a document type, and far more than its size promises."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn
from xml.parsers import expat

if TYPE_CHECKING:
    from typing import IO
    from zipfile import ZipFile

_ALWAYS = 64 << 20
"""Bytes that a book may unpack to whatever its size."""
_RATIO = 200
"""Bytes that a book may unpack to for each of its own. Exports have ten to twenty; a bomb has a thousand."""
_BLOCK = 1 << 12


class Forbidden(ValueError):
    """A workbook that no spreadsheet program writes."""


def check_archive(archive: ZipFile, size: int) -> None:
    """Raise `Forbidden` for a zip bomb or a part with a document type; `size`: bytes of the file.

    The sizes that the archive declares can be trusted, `zipfile` unpacks no more than that. A document type can hold
    entities that grow without end; both parsers of openpyxl have limits of their own, but workbooks have none of it.
    """
    if sum(info.file_size for info in archive.infolist()) > max(_ALWAYS, _RATIO * size):
        raise Forbidden("the archive unpacks to far more than its size")
    for info in archive.infolist():
        # A part that is no XML may be a picture; if it is one to be read as XML, its reader will tell.
        with archive.open(info) as part, suppress(expat.ExpatError):
            _check_prolog(part)


def _check_prolog(part: IO[bytes]) -> None:
    """Read a part up to its first element."""
    begun: list[str] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = lambda name, _attributes: begun.append(name)
    while not begun and (block := part.read(_BLOCK)):
        parser.Parse(block, False)


def _refuse(*_: object) -> NoReturn:
    raise Forbidden("a part of a workbook has no DOCTYPE")
