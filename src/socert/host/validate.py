"""Look into a file: is it a business message or an envelope of the exchange, and is all of it as its schemas want it?

Signatures are not looked at. Nothing here reads a file or prints.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from lxml import etree

from socert.contracts import xml
from socert.contracts.errors import EnvelopeInvalid, XmlRefused
from socert.contracts.message import MessageType
from socert.contracts.portal.known import UnknownMessageType, find
from socert.contracts.smev.envelope import SOAP, children
from socert.contracts.smev.multipart import read, root_part
from socert.contracts.smev.operation import BY_ANSWERED, BY_ASKED, Operation
from socert.contracts.smev.version import Version
from socert.contracts.smev.version import schema as exchange_schema
from socert.host.validate_words import in_russian, only_repeats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socert.contracts.errors import Violation
    from socert.contracts.portal.known import KnownType
    from socert.contracts.xml import Schema

_EXCHANGE = "urn://x-artefacts-smev-gov-ru/services/message-exchange"
_OTHER_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_TITLES = {
    Operation.SEND_REQUEST: "отправка запроса",
    Operation.SEND_RESPONSE: "отправка ответа",
    Operation.GET_REQUEST: "получение запроса из очереди",
    Operation.GET_RESPONSE: "получение ответа из очереди",
    Operation.GET_STATUS: "получение статуса из очереди",
    Operation.ACK: "подтверждение получения",
    Operation.GET_INCOMING_QUEUE_STATISTICS: "размеры своих очередей",
}


class Part(StrEnum):
    """Which part of the file a finding is about."""

    FILE = "file"
    ENVELOPE = "envelope"
    MESSAGE = "message"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something wrong: `line` from 1 or None, `path` of local names or empty, `reason` in Russian, a stable `code`."""

    part: Part
    code: str
    line: int | None = None
    path: str = ""
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """An envelope of the exchange: its version (None where a fault names none), its element, what it is in Russian."""

    version: Version | None
    element: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A business message: its type, and what is known of it (None where nobody knows it)."""

    message_type: MessageType
    known: KnownType | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What a file holds and what is wrong with it."""

    envelope: Envelope | None = None
    messages: tuple[Message, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


class _Refused(Exception):
    """Looking further makes no sense."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding


def examine(data: bytes) -> Report:
    """Find out what a file holds and check it; never raises for what the file holds.

    Taken are: a business message of a known type; a SOAP envelope of the exchange with a call, a reply or a fault, also
    in a multipart message that begins with its boundary; an element of the exchange by itself.
    Raises MessageTypePluginError where a plug-in with message types is broken.
    """
    try:
        part, lines_before = _xml_of(data)
    except EnvelopeInvalid as error:
        reason = f"составное сообщение (multipart) не разобрано: {error}"
        return Report(findings=(Finding(part=Part.FILE, code=error.code, reason=reason),))
    report = _examine_xml(part)
    if lines_before:
        shifted = (replace(one, line=one.line and one.line + lines_before) for one in report.findings)
        return replace(report, findings=tuple(shifted))
    return report


def _xml_of(data: bytes) -> tuple[bytes, int]:
    """Return the XML of a file, and how many lines stand before it: a multipart message begins with its boundary."""
    if not data.startswith(b"--"):
        return data, 0
    boundary = data[2:].split(b"\n", 1)[0].strip().decode("latin-1").replace('"', "")
    content_type = f'multipart/related; boundary="{boundary}"'
    part = root_part(data, content_type)
    return read(data, content_type), data.count(b"\n", 0, max(data.find(part), 0))


def _examine_xml(data: bytes) -> Report:
    try:
        payload, envelope = _opened(xml.parse(data))
    except XmlRefused as error:
        finding = Finding(part=Part.FILE, code=error.code, line=error.line, reason=in_russian(error.reason))
        return Report(findings=(finding,))
    except _Refused as refused:
        return Report(findings=(refused.finding,))
    if envelope is None:
        message, findings = _examine_message(payload)
        return Report(messages=(message,), findings=tuple(findings))
    return _examine_exchange(payload, envelope)


def _opened(root: etree._Element) -> tuple[etree._Element, Envelope | None]:
    """Return what is to be checked: the exchange's element and what it is, or a business message and None."""
    namespace = etree.QName(root).namespace or ""
    if namespace == _OTHER_SOAP:
        raise _refused(root, "конверт SOAP 1.2, а СМЭВ принимает SOAP 1.1")
    if namespace != SOAP:
        return root, _recognised(root) if namespace.startswith(_EXCHANGE) else None
    if root.tag != f"{{{SOAP}}}Envelope":
        raise _refused(root, "элемент SOAP, но не Envelope")
    parts = [child for child in children(root) if child.tag != f"{{{SOAP}}}Header"]
    if len(parts) != 1 or parts[0].tag != f"{{{SOAP}}}Body":
        raise _refused(root, "в Envelope должен быть один Body, перед ним может быть Header")
    inside = list(children(parts[0]))
    if len(inside) != 1:
        raise _refused(parts[0], f"в Body должен быть один элемент, а их {len(inside)}")
    return inside[0], _recognised(inside[0])


def _recognised(payload: etree._Element) -> Envelope:
    """Say what an element of the exchange is."""
    if payload.tag == f"{{{SOAP}}}Fault":
        named = next(iter(_fault_details(payload)), None)
        if named is None:
            return Envelope(version=None, element="Fault", title="ошибка")
        name = etree.QName(named).localname[:64]
        return Envelope(version=_need_version(named), element="Fault", title=f"ошибка {name}")
    name = etree.QName(payload).localname[:64]
    title = "часть конверта"
    if operation := BY_ASKED.get(name):
        title = f"вызов: {_TITLES[operation]}"
    elif operation := BY_ANSWERED.get(name):
        title = f"ответ СМЭВ: {_TITLES[operation]}"
    return Envelope(version=_need_version(payload), element=name, title=title)


def _fault_details(fault: etree._Element) -> list[etree._Element]:
    """Return what the exchange says of a fault; a server's own details are not looked at."""
    details = [part for part in fault.iterfind("detail/*") if isinstance(part.tag, str)]
    return [part for part in details if (etree.QName(part).namespace or "").startswith(_EXCHANGE)]


def _need_version(element: etree._Element) -> Version:
    """Return the version whose namespaces an element is in."""
    namespace = etree.QName(element).namespace
    for version in Version:
        if namespace in {version.types, version.basic, version.faults}:
            return version
    raise _refused(element, f"это не конверт СМЭВ известной версии (известны: {', '.join(Version)})")


def _refused(element: etree._Element, reason: str) -> _Refused:
    path = f"/{etree.QName(element).localname[:64]}"
    return _Refused(
        Finding(part=Part.ENVELOPE, code=EnvelopeInvalid.code, line=_line(element), path=path, reason=reason)
    )


def _line(element: etree._Element) -> int | None:
    return element.sourceline if isinstance(element.sourceline, int) else None


def _examine_exchange(payload: etree._Element, envelope: Envelope) -> Report:
    """Check the exchange's element and every business message in it."""
    version = envelope.version
    if version is None:
        return Report(envelope=envelope)
    checked = _fault_details(payload) if payload.tag == f"{{{SOAP}}}Fault" else [payload]
    schema = exchange_schema(version)
    findings = [finding for one in checked for finding in _violations(schema, one, Part.ENVELOPE)]
    messages = []
    for holder in payload.iter(f"{{{version.basic}}}MessagePrimaryContent"):
        for content in children(holder):
            message, wrong = _examine_message(content)
            messages.append(message)
            findings.extend(wrong)
    return Report(envelope=envelope, messages=tuple(messages), findings=tuple(findings))


def _examine_message(element: etree._Element) -> tuple[Message, list[Finding]]:
    """Check one business message."""
    message_type = MessageType.of(element)
    try:
        known = find(message_type)
    except UnknownMessageType as unknown:
        return Message(message_type=message_type, known=None), [
            Finding(
                part=Part.MESSAGE,
                code=unknown.code,
                line=_line(element),
                path=f"/{message_type.root[:64]}",
                reason=f"вид сведений {str(message_type)[:200]} неизвестен; известны: {', '.join(unknown.known)}",
            )
        ]
    found = list(_violations(known.schema(), element, Part.MESSAGE))
    return Message(message_type=message_type, known=known), found


def _violations(schema: Schema, element: etree._Element, part: Part) -> Iterator[Finding]:
    """Yield what the schema finds wrong, without what only repeats what was said of the same value."""
    before: Violation | None = None
    for violation in schema.violations(element):
        same = before is not None and (before.line, before.path) == (violation.line, violation.path)
        if not (same and only_repeats(violation.reason)):
            yield Finding(
                part=part,
                code="schema_invalid",
                line=violation.line,
                path=violation.path,
                reason=in_russian(violation.reason),
            )
        before = violation
