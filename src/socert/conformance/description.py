"""A WSDL as far as it binds a client: operations, actions, body elements, faults; and what schemas declare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from socert.contracts import xml
from socert.contracts.errors import XmlRefused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml import etree

_WSDL: Final = "{http://schemas.xmlsoap.org/wsdl/}"
_SOAP: Final = "{http://schemas.xmlsoap.org/wsdl/soap/}"
_XS: Final = "{http://www.w3.org/2001/XMLSchema}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """An operation: SOAPAction, style and use, the elements of call and reply, those of its faults."""

    action: str
    style: str
    asked: str
    answered: str
    faults: frozenset[str]


def operations(wsdl: bytes) -> Mapping[str, Described]:
    """Return the operations of a WSDL by name. XmlRefused where it is no XML; what is not there is empty."""
    root = xml.parse(wsdl)
    messages = {message.get("name", ""): _element(message) for message in root.iterchildren(f"{_WSDL}message")}
    bound = {found.get("name", ""): found for found in root.iter(f"{_WSDL}operation") if _bound(found)}
    result = {}
    for operation in root.iter(f"{_WSDL}operation"):
        parent = operation.getparent()
        if parent is None or parent.tag != f"{_WSDL}portType":
            continue
        name = operation.get("name", "")
        binding = bound.get(name)
        result[name] = Described(
            action=_attribute(binding, f"{_SOAP}operation", "soapAction"),
            style="/".join((_style(binding), _attribute(binding, f"{_WSDL}input/{_SOAP}body", "use"))),
            asked=_of(operation, "input", messages),
            answered=_of(operation, "output", messages),
            faults=frozenset(_message(fault, messages) for fault in operation.iterchildren(f"{_WSDL}fault")),
        )
    return result


def declared(schemas: Mapping[str, bytes]) -> frozenset[str]:
    """Return the global elements that schemas declare, as {namespace}name. XmlRefused."""
    return frozenset(name for data in schemas.values() for name in _declared(xml.parse(data)))


def imports(data: bytes) -> list[str]:
    """Return where a WSDL or a schema says that its schemas are."""
    try:
        root = xml.parse(data)
    except XmlRefused:
        return []
    links = root.iter(f"{_XS}import", f"{_XS}include")
    return [place for link in links if (place := link.get("schemaLocation"))]


def _declared(root: etree._Element) -> Iterator[str]:
    for schema in root.iter(f"{_XS}schema"):
        namespace = schema.get("targetNamespace", "")
        for element in schema.iterchildren(f"{_XS}element"):
            yield f"{{{namespace}}}{element.get('name', '')}"


def _bound(operation: etree._Element) -> bool:
    parent = operation.getparent()
    return parent is not None and parent.tag == f"{_WSDL}binding" and operation.find(f"{_SOAP}operation") is not None


def _style(binding: etree._Element | None) -> str:
    """Return the style of a bound operation: its own, that of the binding, or the default."""
    own = _attribute(binding, f"{_SOAP}operation", "style")
    around = None if binding is None else binding.getparent()
    return own or _attribute(around, f"{_SOAP}binding", "style") or "document"


def _attribute(element: etree._Element | None, path: str, name: str) -> str:
    found = None if element is None else element.find(path)
    return "" if found is None else found.get(name, "")


def _of(operation: etree._Element, side: str, messages: Mapping[str, str]) -> str:
    found = operation.find(f"{_WSDL}{side}")
    return "" if found is None else _message(found, messages)


def _message(side: etree._Element, messages: Mapping[str, str]) -> str:
    return messages.get(side.get("message", "").rpartition(":")[2], "")


def _element(message: etree._Element) -> str:
    """Return the element of a message's part as {namespace}name."""
    part = message.find(f"{_WSDL}part")
    prefix, _, local = ("" if part is None else part.get("element", "")).rpartition(":")
    return f"{{{message.nsmap.get(prefix or None) or ''}}}{local}"
