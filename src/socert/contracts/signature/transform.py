"""The exchange's transform `urn://smev-gov-ru/xmldsig/transform`: one form for XML that means the same.

Source: SMEV 3 manual 3.3, appendix 1 (rules), 2 (example), 5 (scenarios). Where the rules leave room (escaping, text
beside comments) the result is that of the reference implementation on the Woodstox parser, which the official client
uses. Elements without a namespace and attributes of the `xml` namespace have no result there, and none here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NoReturn
from xml.parsers import expat

from lxml import etree

from socert.contracts.errors import TransformError
from socert.contracts.signature.skeleton import Skeletons
from socert.contracts.xml import escape_attribute, escape_text, is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

URI: Final = "urn://smev-gov-ru/xmldsig/transform"

_XML_NAMESPACE: Final = "http://www.w3.org/XML/1998/namespace"
_AMPERSAND_IN_DECLARATION: Final = re.compile(rb""" xmlns(?::[^\s=]+)?=(?:"[^"&]*&|'[^'&]*&)""")
_AMPERSAND_IN_NAMESPACE: Final = etree.XPath(
    "boolean(descendant-or-self::*[contains(namespace-uri(), '&') or @*[contains(namespace-uri(), '&')]])"
)
_SEPARATOR: Final = "\x0c"  # between namespace and name; no XML document can hold this character


def normalize(element: etree._Element) -> bytes:
    """Return what is signed for an element: its exclusive canonical form without comments, then the transform.

    The element may stand anywhere in a document and inherit namespaces. `TransformError` when there is no result.
    """
    return _by_skeleton(canonicalize(element))


def canonicalize(element: etree._Element) -> bytes:
    """Return the exclusive canonical form of an element without comments; `TransformError` when there is none."""
    try:
        canonical: bytes = etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    except etree.C14NError:
        raise TransformError("The element has no canonical form: a namespace of it is not an absolute URI.") from None
    # libxml2 writes `&` in a namespace as it is, so that two namespaces would look the same. Nobody has such ones.
    if _AMPERSAND_IN_DECLARATION.search(canonical) and _AMPERSAND_IN_NAMESPACE(element):
        raise TransformError("A namespace holds '&', which the canonical form cannot be made for here.")
    return canonical


def transform(data: bytes) -> bytes:
    """Return the normal form of an XML document (UTF-8); `TransformError` when it has none."""
    _refuse_other_encodings(data)
    parser = expat.ParserCreate("UTF-8", _SEPARATOR)
    parser.ordered_attributes = True
    parser.buffer_text = True
    writer = _Writer()
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.text
    # Dropped, but each ends the piece of text before it: pieces are judged blank one by one.
    parser.CommentHandler = writer.comment
    parser.ProcessingInstructionHandler = writer.instruction
    parser.StartCdataSectionHandler = writer.start_cdata
    parser.EndCdataSectionHandler = writer.end_cdata
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "unknown")
        raise TransformError(f"The XML is not well-formed: {reason} (line {error.lineno}).") from None
    return "".join(writer.out).encode()


def _refuse_other_encodings(data: bytes) -> None:
    """Refuse bytes that are not UTF-8: told one encoding, the parser still believes a mark that says another."""
    try:
        if "\0" not in data.decode():
            return
    except UnicodeDecodeError:
        pass
    raise TransformError("The XML is not UTF-8.")


def _refuse_doctype(*_: object) -> NoReturn:
    raise TransformError("The XML has a DOCTYPE, which no message may have.")


class _Writer:
    """Receives what the parser finds, in document order, and writes the normal form. Keeps no tree."""

    __slots__ = ("_declared", "_names", "_open", "_pieces", "_prefixes", "out")

    def __init__(self) -> None:
        self.out: list[str] = []
        self._names: dict[str, tuple[str, str]] = {}  # name as the parser gives it -> namespace, local name
        self._prefixes: dict[str, str] = {}  # namespace -> prefix, those in scope
        self._open: list[tuple[str, Sequence[str]]] = []  # end tag, namespaces that go out of scope with it
        self._pieces: list[str] = []
        self._declared = 0

    def start(self, name: str, attributes: list[str]) -> None:
        if self._pieces:
            self._flush()
        namespace, local = self._names.get(name) or self._split(name)
        prefix = self._prefixes.get(namespace)
        if prefix is not None and not attributes:  # nearly every element
            self.out.append(f"<{prefix}:{local}>")
            self._open.append((f"</{prefix}:{local}>", ()))
            return
        declared: list[str] = []
        prefix = prefix or self._declare(namespace, declared)
        written = self._attributes(attributes, declared)
        declarations = "".join(f' xmlns:{self._prefixes[uri]}="{escape_attribute(uri)}"' for uri in declared)
        self.out.append(f"<{prefix}:{local}{declarations}{written}>")
        self._open.append((f"</{prefix}:{local}>", declared))

    def _split(self, name: str) -> tuple[str, str]:
        """Return the namespace and the local name of an element, and remember them."""
        namespace, separator, local = name.rpartition(_SEPARATOR)
        if not separator:
            raise TransformError("An element has no namespace; the exchange signs only qualified elements.")
        self._names[name] = namespace, local
        return namespace, local

    def _attributes(self, flat: list[str], declared: list[str]) -> str:
        """Return attributes in their order: qualified ones by namespace and name, then the others by name."""
        pairs = [(*name.rpartition(_SEPARATOR)[::2], value) for name, value in zip(flat[::2], flat[1::2], strict=True)]
        pairs.sort(key=_attribute_order)
        out: list[str] = []
        for namespace, local, value in pairs:
            name = local
            if namespace:
                name = f"{self._prefixes.get(namespace) or self._declare(namespace, declared)}:{local}"
            out.append(f' {name}="{escape_attribute(value)}"')
        return "".join(out)

    def _declare(self, namespace: str, declared: list[str]) -> str:
        if namespace == _XML_NAMESPACE:
            raise TransformError("Names like xml:lang have no normal form; leave them out of what is signed.")
        self._declared += 1
        prefix = self._prefixes[namespace] = f"ns{self._declared}"
        declared.append(namespace)
        return prefix

    def end(self, _: str) -> None:
        if self._pieces:
            self._flush()
        tag, declared = self._open.pop()
        self.out.append(tag)
        for namespace in declared:
            del self._prefixes[namespace]

    def comment(self, _: str) -> None:
        self._flush()

    def instruction(self, _target: str, _data: str) -> None:
        self._flush()

    def start_cdata(self) -> None:
        self._flush()

    def end_cdata(self) -> None:
        data = "".join(self._pieces)
        self._pieces.clear()
        if not is_blank(data):
            self.out.append(f"<![CDATA[{data}]]>")

    @property
    def text(self) -> Callable[[str], None]:
        """What takes text as it comes: a piece of markup or 8 KiB may end it."""
        return self._pieces.append

    def _flush(self) -> None:
        """Write the text collected since the last piece of markup; blank text escapes to nothing."""
        self.out.append(escape_text("".join(self._pieces)))
        self._pieces.clear()


def _attribute_order(attribute: tuple[str, str, str]) -> tuple[bool, bytes, bytes]:
    """Return the sorting key. Names compare by UTF-16 units, as strings do where the transform comes from."""
    namespace, local, _ = attribute
    return (not namespace, namespace.encode("utf-16-be"), local.encode("utf-16-be"))


_by_skeleton: Final = Skeletons(transform)
