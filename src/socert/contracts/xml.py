"""XML in and out: parsing that refuses what nobody needs, schemas whose errors name the place, and escaping.

Nothing here reads the network or a file outside the package, and no error quotes what the XML holds.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NoReturn, cast
from xml.sax.saxutils import quoteattr

from lxml import etree

from socert.contracts.errors import SchemaInvalid, Violation, XmlRefused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.resources.abc import Traversable

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "Schema",
    "Violation",
    "escape_attribute",
    "escape_text",
    "parse",
    "refuse_control_characters",
]

MAX_BYTES: Final = 10 * 1024 * 1024
"""Largest document accepted unless the caller says otherwise: twice what the exchange carries in one message."""

MAX_DEPTH: Final = 64
"""Deepest nesting accepted unless the caller says otherwise; the root is at depth 1."""

MAX_ATTRIBUTES: Final = 128
"""Most attributes that one element may have."""

MAX_ATTRIBUTE_CHARACTERS: Final = 65_536
"""Longest attribute value."""

MAX_VIOLATIONS: Final = 50
"""A document with more violations than this is reported with the first ones only."""

_UTF8_BOM: Final = b"\xef\xbb\xbf"
_DECLARED_ENCODING: Final = re.compile(rb"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._\-]+)["']""")
_TOO_MANY_ATTRIBUTES: Final = f"boolean(//*[count(@*) > {MAX_ATTRIBUTES}])"
_TOO_LONG_ATTRIBUTE: Final = f"boolean(//@*[string-length() > {MAX_ATTRIBUTE_CHARACTERS}])"

_per_thread = threading.local()


def parse(data: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> etree._Element:
    """Return the root element of a whole UTF-8 document; `XmlRefused` for anything that is not plain XML.

    Refused: more than `max_bytes`, any encoding but UTF-8, any DOCTYPE (looked for before the parser sees the bytes,
    so no entity is ever expanded), nesting deeper than `max_depth`, elements with too many or too long attributes.
    """
    if len(data) > max_bytes:
        raise XmlRefused(f"it is {len(data)} bytes long and {max_bytes} are allowed")
    _refuse_other_encodings(data)
    _refuse_doctype(data)
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        _refuse_syntax(error)
    if root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefused("it has a DOCTYPE")
    _refuse_excess(root, max_depth)
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
    if b"\0" in data[:4]:
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


def _refuse_syntax(error: etree.XMLSyntaxError) -> NoReturn:
    """Turn the parser's error into ours: its kind and line, never its text, which quotes the document."""
    kinds = [entry.type_name for entry in cast("Iterable[etree._LogEntry]", error.error_log)]
    name = kinds[-1] if kinds else "ERR_DOCUMENT_EMPTY"
    reason = name.removeprefix("ERR_").replace("_", " ").lower()
    raise XmlRefused(f"it is not well-formed: {reason}", line=error.lineno or None) from None


@lru_cache(maxsize=16)
def _deeper_than(depth: int) -> etree.XPath:
    """Return the question whether any element lies deeper than `depth`; it walks each level once."""
    return etree.XPath("boolean(" + "/*" * (depth + 1) + ")")


def _refuse_excess(root: etree._Element, max_depth: int) -> None:
    """Refuse nesting and attributes beyond the limits."""
    if _deeper_than(max_depth)(root):
        raise XmlRefused(f"its elements are nested more than {max_depth} deep")
    if root.xpath(_TOO_MANY_ATTRIBUTES):
        raise XmlRefused(f"an element has more than {MAX_ATTRIBUTES} attributes")
    if root.xpath(_TOO_LONG_ATTRIBUTE):
        raise XmlRefused(f"an attribute is longer than {MAX_ATTRIBUTE_CHARACTERS} characters")


# --- escaping -------------------------------------------------------------------------------------------------------

_BLANK: Final = " \t\r\n"
_ILLEGAL: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_NOT_ALLOWED: Final = re.compile(f"[{_ILLEGAL}]")
_IN_TEXT: Final = re.compile(f"[&<>\r{_ILLEGAL}]")
_IN_ATTRIBUTE: Final = re.compile(f'[&<"\t\n\r{_ILLEGAL}]')
_TEXT_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", "\r": "&#xd;"}
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

    `&`, `<` and CR are always escaped, `>` only in some places (`_escape_greater`). A blank text gives an empty one,
    because the transform drops it. `XmlRefused` for characters that XML does not allow. The text must be everything
    between two tags: where a `>` needs escaping depends on where in the node it stands.
    """
    if is_blank(text):
        return ""
    if not _IN_TEXT.search(text):
        return text
    refuse_control_characters(text)
    if ">" not in text:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("\r", "&#xd;")
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


# --- schemas --------------------------------------------------------------------------------------------------------

_XS: Final = "http://www.w3.org/2001/XMLSchema"
_XSI_TYPE: Final = "boolean(.//@*[namespace-uri()='http://www.w3.org/2001/XMLSchema-instance'][local-name()='type'])"
_ROOT_URL: Final = "package://contracts/"
_BRACED: Final = re.compile(r"\{[^{}]*\}")


class _PackageFiles(etree.Resolver):
    """Gives a schema the files of one package, and nothing else."""

    def __init__(self, package: str) -> None:
        self._package = package

    # The stubs know neither the context nor the methods that make an answer from it.
    def resolve(self, system_url: str, public_id: str, context: object) -> object:  # type: ignore[override]
        if not system_url.startswith(_ROOT_URL):
            raise ValueError(f"A schema of {self._package} asks for {system_url}, which is not a file of the package.")
        name = system_url.removeprefix(_ROOT_URL)
        return self.resolve_string(_resource(self._package, name).read_bytes(), context, base_url=system_url)


def _resource(package: str, name: str) -> Traversable:
    """Return a file of a package; `FileNotFoundError` when there is none."""
    place = files(package).joinpath(*name.split("/"))
    if ".." in name.split("/") or not place.is_file():
        raise FileNotFoundError(f"Package {package} has no file {name}.")
    return place


class Schema:
    """A compiled XSD, or several under one. One instance serves all threads: they take turns."""

    def __init__(self, compiled: etree.XMLSchema) -> None:
        """Wrap a compiled schema; `load` is the usual way to get one."""
        self._compiled = compiled
        self._turn = threading.Lock()

    @classmethod
    def load(cls, package: str, *names: str) -> Schema:
        """Compile files of a package (paths inside it, with `/`), so that roots of each can be validated.

        Relative `schemaLocation`s are resolved among the files of the package. `FileNotFoundError` when a file is
        missing, `lxml.etree.XMLSchemaParseError` when one is not a schema, `ValueError` when two named files share a
        namespace (one must include the other) or a schema asks for a file outside the package.
        """
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        parser.resolvers.add(_PackageFiles(package))
        imports: dict[str, str] = {}
        for name in names:
            schema = etree.fromstring(_resource(package, name).read_bytes(), parser)
            namespace = schema.get("targetNamespace", "")
            if namespace in imports:
                raise ValueError(f"{name} and {imports[namespace]} have the same namespace: name only one of them.")
            imports[namespace] = name
        lines = [
            f"<xs:import {f'namespace={quoteattr(namespace)} ' if namespace else ''}schemaLocation={quoteattr(name)}/>"
            for namespace, name in imports.items()
        ]
        wrapper = f'<xs:schema xmlns:xs="{_XS}" targetNamespace="urn:socert:all-schemas">{"".join(lines)}</xs:schema>'
        tree = etree.fromstring(wrapper.encode(), parser, base_url=_ROOT_URL + "all.xsd")
        return cls(etree.XMLSchema(tree))

    def violations(self, element: etree._Element) -> tuple[Violation, ...]:
        """Return where an element, taken as a root by itself, breaks the schema; empty when it does not."""
        subject = _standalone(element)
        with self._turn:
            if self._compiled.validate(subject):
                return ()
            entries = list(cast("Iterable[etree._LogEntry]", self._compiled.error_log))[:MAX_VIOLATIONS]
        return tuple(_violation(entry, element) for entry in entries)

    def check(self, element: etree._Element) -> None:
        """Raise `SchemaInvalid` when an element, taken as a root by itself, breaks the schema."""
        found = self.violations(element)
        if found:
            raise SchemaInvalid(found)


def _standalone(element: etree._Element) -> etree._Element:
    """Return the element, or a copy that carries its namespaces where it names a type by a prefix declared above it."""
    if element.getparent() is None or not element.xpath(_XSI_TYPE):
        return element
    return etree.fromstring(etree.tostring(element, method="c14n", with_comments=False), _parser())


def _violation(entry: etree._LogEntry, element: etree._Element) -> Violation:
    """Turn the validator's words into ours."""
    return Violation(line=entry.line, path=entry.path or "/", reason=_BRACED.sub("", entry.message))
