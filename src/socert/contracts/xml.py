"""XML in and out: parsing that refuses what nobody needs. Schemas and escaping are found here too.

Nothing here reads the network or a file, and no error quotes what the XML holds.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NoReturn, cast

from lxml import etree

from socert.contracts.errors import Violation, XmlRefused
from socert.contracts.escaping import escape_attribute, escape_text, is_blank, refuse_control_characters
from socert.contracts.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "Schema",
    "Violation",
    "escape_attribute",
    "escape_text",
    "is_blank",
    "parse",
    "refuse_control_characters",
]

MAX_BYTES: Final = 10 * 1024 * 1024
"""Largest document accepted unless the caller says otherwise: twice what the exchange carries in one message."""

MAX_DEPTH: Final = 64
"""Deepest nesting accepted unless the caller says otherwise; the root is at depth 1."""

MAX_MARKS: Final = 500_000
"""Most tags and most equals signs: as a tree, a small document of empty elements or attributes fills much memory."""

MAX_ATTRIBUTES: Final = 128
"""Most attributes that one element may have."""

MAX_ATTRIBUTE_CHARACTERS: Final = 65_536
"""Longest attribute value."""

_KINDS: Final = {
    "WAR_NS_URI": "a namespace is not a URI",
    "NS_ERR_UNDEFINED_NAMESPACE": "a prefix is not declared",
    "NS_ERR_ATTRIBUTE_REDEFINED": "an attribute stands twice",
    "ERR_ATTRIBUTE_REDEFINED": "an attribute stands twice",
    "ERR_TAG_NAME_MISMATCH": "start and end tags do not match",
    "ERR_TAG_NOT_FINISHED": "it ends inside an element",
    "ERR_UNDECLARED_ENTITY": "an entity is not declared",
    "ERR_INVALID_CHAR": "a character is not allowed in XML",
    "ERR_RESOURCE_LIMIT": "its elements are nested too deep, or something in it is too long",
    "ERR_DOCUMENT_END": "something follows the root element",
    "ERR_DOCUMENT_EMPTY": "there is no element",
}
"""The parser's kinds of errors in plain words; the others are called by their names."""

_PARSER_DEPTH: Final = 255
"""The parser itself refuses nesting deeper than this."""

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_DECLARED_ENCODING: Final = re.compile(rb"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._\-]+)["']""")
_TOO_MANY_ATTRIBUTES: Final = etree.XPath(f"boolean(//*[@*[{MAX_ATTRIBUTES + 1}]])")
_TOO_LONG_ATTRIBUTE: Final = etree.XPath(f"boolean(//@*[string-length() > {MAX_ATTRIBUTE_CHARACTERS}])")

_per_thread = threading.local()


def parse(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> etree._Element:
    """Return the root element of a whole UTF-8 document; `XmlRefused` for anything that is not plain XML.

    Refused: more than `max_bytes`, any encoding but UTF-8, any DOCTYPE (looked for before the parser sees the bytes,
    so no entity is ever expanded), nesting deeper than `max_depth`, too many elements, elements with too many or too
    long attributes.
    """
    if len(data) > max_bytes:
        raise XmlRefused(f"it is {len(data)} bytes long and {max_bytes} are allowed")
    _refuse_other_encodings(data)
    _refuse_doctype(data)
    if data.count(b"<") > MAX_MARKS or data.count(b"=") > MAX_MARKS:
        raise XmlRefused(f"it has more than {MAX_MARKS} tags or attributes")
    parser = _parser()
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        _refuse_syntax(error, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefused("it has a DOCTYPE")
    _refuse_excess(root, data, max_depth)
    return root


def _parser() -> etree.XMLParser:
    """Return this thread's parser: one parser serves one document at a time."""
    found: etree.XMLParser | None = getattr(_per_thread, "parser", None)
    if found is None:
        found = _per_thread.parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=False,
            remove_pis=False,
            collect_ids=False,
        )
    return found


def _refuse_other_encodings(data: bytes) -> None:
    """Refuse bytes that are not UTF-8, or say that they are not."""
    try:
        str(data, "utf-8")
    except UnicodeDecodeError as error:
        raise XmlRefused("it is not UTF-8", line=data.count(b"\n", 0, error.start) + 1) from None
    if b"\0" in data:
        raise XmlRefused("it is not UTF-8", line=1)
    declared = _DECLARED_ENCODING.match(data.removeprefix(_UTF8_BOM)[:200])
    if declared and declared[1].lower() not in {b"utf-8", b"utf8"}:
        raise XmlRefused("it declares an encoding other than UTF-8", line=1)


def _refuse_doctype(data: bytes) -> None:
    """Refuse a DOCTYPE: step over what may stand before the root element and look at what comes next."""
    place = len(_UTF8_BOM) if data.startswith(_UTF8_BOM) else 0
    while True:
        while place < len(data) and data[place] in b" \t\r\n":
            place += 1
        if data.startswith(b"<?", place):
            end, width = data.find(b"?>", place), 2
        elif data.startswith(b"<!--", place):
            end, width = data.find(b"-->", place + 4), 3
        else:
            break
        if end < 0:
            return
        place = end + width
    if data.startswith(b"<!DOCTYPE", place):
        raise XmlRefused("it has a DOCTYPE", line=data.count(b"\n", 0, place) + 1)


def _refuse_syntax(error: etree.XMLSyntaxError, parser: etree.XMLParser) -> NoReturn:
    """Turn the parser's error into ours: its kind and line, never its text, which quotes the document."""
    # The error's own log holds what any parser of the thread has met. The stubs do not know that a log can be iterated.
    log = cast("Iterable[etree._LogEntry]", parser.error_log)
    entries = [entry for entry in log if entry.level_name != "WARNING"]
    kind = entries[0].type_name if entries else "ERR_DOCUMENT_EMPTY"
    reason = _KINDS.get(kind) or kind.removeprefix("ERR_").replace("_", " ").lower()
    raise XmlRefused(f"it is not well-formed: {reason}", line=entries[0].line if entries else error.lineno) from None


@lru_cache(maxsize=16)
def _deeper_than(depth: int) -> etree.XPath:
    """Return the question whether any element lies deeper than `depth`; it walks each level once."""
    return etree.XPath("boolean(" + "/*" * (depth + 1) + ")")


def _refuse_excess(root: etree._Element, data: bytes, max_depth: int) -> None:
    """Refuse nesting and attributes beyond the limits.

    To look at all attributes costs half as much as to parse: it is left out where there are too few signs for it.
    """
    if max_depth < _PARSER_DEPTH and _deeper_than(max_depth)(root):
        raise XmlRefused(f"its elements are nested more than {max_depth} deep")
    if data.count(b"=") > MAX_ATTRIBUTES and _TOO_MANY_ATTRIBUTES(root):
        raise XmlRefused(f"an element has more than {MAX_ATTRIBUTES} attributes")
    if len(data) > MAX_ATTRIBUTE_CHARACTERS and _TOO_LONG_ATTRIBUTE(root):
        raise XmlRefused(f"an attribute is longer than {MAX_ATTRIBUTE_CHARACTERS} characters")
