"""Escaping of text and attributes as the exchange's transform writes them, so that what is built with it is signed
as it stands.

Which characters are escaped where is that of the Woodstox writer, which the transform's reference implementation runs
on (SMEV 3 manual 3.3, appendix 4, names no escaping itself); compared with it character by character.
"""

from __future__ import annotations

import re
from typing import Final

from socert.contracts.errors import XmlRefused

_BLANK: Final = " \t\r\n"
_ILLEGAL: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_NOT_ALLOWED: Final = re.compile(f"[{_ILLEGAL}]")
_IN_TEXT: Final = re.compile(f"[&<>\r\x7f-\x9f{_ILLEGAL}]")
_IN_ATTRIBUTE: Final = re.compile(f'[&<"\t\n\r{_ILLEGAL}]')
_TEXT_ENTITIES: Final = {
    "&": "&amp;",
    "<": "&lt;",
    "\r": "&#xd;",
    **{chr(code): f"&#x{code:x};" for code in range(0x7F, 0xA0)},
}
_TEXT_TABLE: Final = str.maketrans(_TEXT_ENTITIES)
_ATTRIBUTE_TABLE: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xa;", "\r": "&#xd;"}
)
_CHUNK: Final = 512
_SHORT: Final = 12


def is_blank(text: str) -> bool:
    """Return whether all characters are U+0020 or below: such a text does not survive the transform."""
    return not text.strip(_BLANK)


def refuse_control_characters(text: str) -> None:
    """Raise `XmlRefused` when a text holds a character that XML 1.0 does not allow, escaped or not."""
    found = _NOT_ALLOWED.search(text)
    if found:
        raise XmlRefused(f"character U+{ord(found[0]):04X} is not allowed in XML")


def escape_text(text: str) -> str:
    """Return a whole text node as the transform writes it: parsing and transforming the result changes nothing.

    `&`, `<`, CR and U+007F to U+009F are always escaped, `>` only in some places (`_escape_greater`). A blank text
    gives an empty one, because the transform drops it. `XmlRefused` for characters that XML does not allow. The text
    must be everything between two tags: where a `>` needs escaping depends on where in the node it stands.
    """
    if not _IN_TEXT.search(text):
        return "" if text.isspace() and is_blank(text) else text
    if is_blank(text):
        return ""
    refuse_control_characters(text)
    if ">" not in text:
        return text.translate(_TEXT_TABLE)
    return _escape_greater(text)


def _escape_greater(text: str) -> str:
    """Escape a text that holds `>` as the reference implementation's writer does.

    It escapes `>` at the start of a text and after `]`. A text of 12 UTF-16 units or more it writes in chunks of 512
    units, in which it also escapes `>` at the start of a chunk and right after anything it has just escaped.
    """
    units = len(text) + sum(1 for character in text if character > "\uffff")
    chunked = units >= _SHORT
    out: list[str] = []
    at, before, escaped = 0, "", False
    for character in text:
        entity = _TEXT_ENTITIES.get(character)
        if entity is None and character == ">":
            starts = at % _CHUNK == 0 if chunked else at == 0
            if starts or before == "]" or (chunked and escaped):
                entity = "&gt;"
        out.append(entity or character)
        escaped = entity is not None
        before = character
        at += 2 if character > "\uffff" else 1
    return "".join(out)


def escape_attribute(text: str) -> str:
    """Return an attribute's value as the transform writes it, to stand between double quotes.

    `XmlRefused` for characters that XML does not allow.
    """
    if not _IN_ATTRIBUTE.search(text):
        return text
    refuse_control_characters(text)
    return text.translate(_ATTRIBUTE_TABLE)
