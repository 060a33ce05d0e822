"""Encoding, XML, SOAP envelope, schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from socert.conformance.message import TYPES, Kind, Message, is_call, is_fault, is_read
from socert.conformance.requirement import Rules, Severity, Subject, Words, at, found, shown
from socert.contracts.smev.envelope import SOAP
from socert.contracts.smev.version import schema
from socert.host.validate_words import in_russian

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socert.conformance.requirement import Finding

RULES: Rules[Message] = Rules(Subject.MESSAGE)

_DECLARATION = re.compile(rb"""\s*(?:\xef\xbb\xbf)?<\?xml\s[^>]*\bencoding\s*=\s*["']utf-?8["']""", re.IGNORECASE)
_ENCODINGS = frozenset({"it is not UTF-8", "it declares an encoding other than UTF-8"})
_DOCTYPE = "it has a DOCTYPE"
_VERSION = re.compile(r"/(\d+\.\d+)$", re.ASCII)


def _always(message: Message) -> bool:
    return bool(message.xml) or message.parts is None


def _refused(message: Message, reasons: frozenset[str]) -> bool:
    return message.refusal is not None and message.refusal.reason in reasons


@RULES(
    "ENV-001",
    "The XML is encoded in UTF-8.",
    "XML в кодировке UTF-8.",
    source="manual 3.1",
    applies=_always,
)
def encoding(message: Message) -> Iterable[Finding]:
    """By its bytes and by what it declares."""
    if message.refusal is not None and message.refusal.reason in _ENCODINGS:
        reason = message.refusal.reason
        yield found(reason, in_russian(reason), line=message.refusal.line)


@RULES(
    "ENV-002",
    "There is no DOCTYPE.",
    "Объявления DOCTYPE нет.",
    source="SOAP 1.1, 3",
    applies=lambda message: _always(message) and not _refused(message, _ENCODINGS),
)
def doctype(message: Message) -> Iterable[Finding]:
    """SOAP forbids it, and whoever expands entities is easily brought down."""
    if message.refusal is not None and message.refusal.reason == _DOCTYPE:
        yield found(_DOCTYPE, in_russian(_DOCTYPE), line=message.refusal.line)


@RULES(
    "ENV-003",
    "The XML is well-formed, and is neither too deep nor too large to be taken.",
    "XML правильно построен, не слишком велик и не слишком глубок.",
    source="XML 1.0, 2.1; SOAP 1.1, 3",
    applies=lambda message: _always(message) and not _refused(message, _ENCODINGS | {_DOCTYPE}),
)
def well_formed(message: Message) -> Iterable[Finding]:
    """Whatever else the parser refuses."""
    if message.refusal is not None:
        reason = message.refusal.reason
        yield found(reason, in_russian(reason), line=message.refusal.line)


@RULES(
    "ENV-004",
    "There are no processing instructions.",
    "Инструкций обработки (<?…?>) нет.",
    source="SOAP 1.1, 3",
    applies=is_read,
)
def instructions(message: Message) -> Iterable[Finding]:
    """The XML declaration is none."""
    root = message.root
    assert root is not None
    kind = etree.ProcessingInstruction
    outside = (*root.itersiblings(kind, preceding=True), *root.itersiblings(kind))
    for instruction in (*outside, *root.iter(kind)):
        yield found("a processing instruction", "инструкция обработки", line=_line(instruction))


@RULES(
    "ENV-005",
    "The XML begins with a declaration that names UTF-8.",
    "XML начинается с объявления, в котором названа UTF-8.",
    source="manual 3.1",
    severity=Severity.SHOULD,
    applies=lambda message: is_read(message) and message.parts is None,
)
def declaration(message: Message) -> Iterable[Finding]:
    """The manual wants it; without one UTF-8 is meant anyway, and inside a multipart the part's header says it."""
    if not _DECLARATION.match(message.xml):
        yield found('there is no <?xml … encoding="UTF-8"?>', 'нет <?xml … encoding="UTF-8"?>', line=1)


@RULES(
    "ENV-006",
    "The root is a SOAP 1.1 Envelope: a Header at most, a Body, nothing else.",
    "Корень — Envelope SOAP 1.1: не больше одного Header, Body, и больше ничего.",
    source="SOAP 1.1, 4",
    applies=is_read,
)
def envelope(message: Message) -> Iterable[Finding]:
    """SOAP 1.2 has another namespace."""
    root = message.root
    assert root is not None
    if root.tag != f"{{{SOAP}}}Envelope":
        name = shown(str(root.tag))
        yield found(f"the root is {name}", f"корень — {name}", line=_line(root), path=f"/{etree.QName(root).localname}")
        return
    names = [str(child.tag) for child in root.iterchildren("*")]
    if names not in ([f"{{{SOAP}}}Body"], [f"{{{SOAP}}}Header", f"{{{SOAP}}}Body"]):
        listed = shown(", ".join(etree.QName(name).localname for name in names)) or "nothing"
        yield found(f"the Envelope holds {listed}", f"в Envelope стоит: {listed}", line=_line(root), path="/Envelope")


@RULES(
    "ENV-007",
    "The Body holds exactly one element.",
    "В Body ровно один элемент.",
    source="WSDL, soap:body (document/literal)",
    applies=lambda message: message.root is not None and message.root.find(f"{{{SOAP}}}Body") is not None,
)
def one_element(message: Message) -> Iterable[Finding]:
    """Document/literal has one part."""
    assert message.root is not None
    body = message.root.find(f"{{{SOAP}}}Body")
    assert body is not None
    count = len(list(body.iterchildren("*")))
    if count != 1:
        yield at(body, f"the Body holds {count} elements", f"элементов в Body: {count}")


@RULES(
    "ENV-008",
    "The Body's element is a call or a reply of a known version, or a SOAP fault.",
    "Элемент в Body — вызов или ответ известной версии либо ошибка SOAP.",
    source="WSDL, wsdl:message; schemas, namespaces types/1.x",
    applies=lambda message: message.payload is not None,
)
def known_element(message: Message) -> Iterable[Finding]:
    """By its namespace and its name."""
    assert message.payload is not None
    if message.kind is Kind.UNKNOWN:
        name = shown(str(message.payload.tag))
        yield at(message.payload, f"{name} is of no operation of a known version", f"{name} — не из известной версии")


@RULES(
    "ENV-009",
    "All elements of the exchange in one message are of one version.",
    "Все элементы СМЭВ в одном сообщении — одной версии.",
    source="schemas, namespaces types/1.x and basic/1.x",
    applies=lambda message: message.kind in {Kind.CALL, Kind.REPLY},
)
def one_version(message: Message) -> Iterable[Finding]:
    """What comes of a business message has other namespaces and is not looked at."""
    assert message.payload is not None
    assert message.version is not None
    for element in message.payload.iter("*"):
        namespace = etree.QName(element).namespace or ""
        named = _VERSION.search(namespace) if namespace.startswith(TYPES.removesuffix("types/")) else None
        if named and named[1] != message.version.value and "business-process" not in namespace:
            said = f"{named[1]}, {message.version.value}"
            yield at(element, f"versions are mixed: {said}", f"смешаны версии: {said}")
            return


@RULES(
    "ENV-010",
    "A call's Envelope has a Header, be it empty.",
    "В конверте вызова есть Header, хотя бы пустой.",
    source="faults.xsd, PoorSOAPEnvelopeFormat",
    severity=Severity.SHOULD,
    applies=lambda message: is_call(message) and message.root is not message.payload,
)
def header(message: Message) -> Iterable[Finding]:
    """The schema names its absence as what PoorSOAPEnvelopeFormat is for; the manual's own examples have none."""
    assert message.root is not None
    if message.root.find(f"{{{SOAP}}}Header") is None:
        yield found("there is no soap:Header", "нет soap:Header", line=_line(message.root), path="/Envelope")


@RULES(
    "XSD-001",
    "The Body's element is as the schema of its version wants it.",
    "Элемент тела соответствует схеме своей версии.",
    source="types.xsd, basic.xsd, faults.xsd",
    applies=lambda message: message.kind in {Kind.CALL, Kind.REPLY},
)
def body_schema(message: Message) -> Iterable[Finding]:
    """Elements, order, types, facets."""
    assert message.payload is not None
    yield from _violations(message, message.payload)


@RULES(
    "XSD-002",
    "What stands in a fault's detail is as the schema of its version wants it.",
    "Содержимое detail соответствует схеме ошибок своей версии.",
    source="faults.xsd",
    severity=Severity.SHOULD,  # real faults of 2018-2026 break it, and must be read all the same
    applies=lambda message: is_fault(message) and message.fault is not None and message.version is not None,
)
def fault_schema(message: Message) -> Iterable[Finding]:
    """Void where the schema says so, SmevFault by xsi:type."""
    assert message.fault is not None
    yield from _violations(message, message.fault)


def _violations(message: Message, element: etree._Element) -> Iterable[Finding]:
    assert message.version is not None
    for violation in schema(message.version).violations(element):
        words = Words(en=violation.reason, ru=in_russian(violation.reason))
        yield found(words.en, words.ru, line=violation.line, path=violation.path)


def _line(element: etree._Element) -> int | None:
    line = element.sourceline
    return line if isinstance(line, int) else None
