"""One message as it came: bytes, headers where they are known, and what of it can be read.

Reading never fails: what cannot be read is kept as the reason why, and a rule says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

from lxml import etree

from socert.conformance.parts import INCLUDE, Parts, inline, read_parts
from socert.conformance.signed import of_call, of_reply
from socert.contracts import xml
from socert.contracts.errors import XmlRefused
from socert.contracts.smev.envelope import SOAP
from socert.contracts.smev.ids import MessageIdInvalid, issued_at
from socert.contracts.smev.multipart import is_multipart
from socert.contracts.smev.operation import BY_ANSWERED, BY_ASKED, Operation
from socert.contracts.smev.version import BY_TYPES, Version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from socert.conformance.signed import Signed

TYPES: Final = "urn://x-artefacts-smev-gov-ru/services/message-exchange/types/"
_LARGEST: Final = 64 * 1024 * 1024  # a tester looks at what an exchange would refuse
_SENT: Final = ("SenderProvidedRequestData", "SenderProvidedResponseData")


class Kind(StrEnum):
    """What a message is."""

    CALL = "call"
    REPLY = "reply"
    FAULT = "fault"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, eq=False)
class Message:
    """A message. `headers` have names in lower case.

    `headers`, `method`, `status` and `moment` are None where nobody recorded them. `to_exchange` says of which side the
    message is: True of a participant, False of the exchange, None where that is not known.
    """

    name: str
    data: bytes
    headers: Mapping[str, str] | None = None
    method: str | None = None
    status: int | None = None
    moment: datetime | None = None
    to_exchange: bool | None = None
    guessed_type: str = "text/xml"

    @cached_property
    def content_type(self) -> str:
        """The Content-Type header, or what it must have been where it is not known."""
        return (self.headers or {}).get("content-type", self.guessed_type)

    @cached_property
    def parts(self) -> Parts | None:
        """The parts of a multipart message, None where it is none."""
        return read_parts(self.data, self.content_type) if is_multipart(self.content_type) else None

    @property
    def xml(self) -> bytes:
        """The bytes of the XML: those of the root part where there are parts."""
        return self.data if self.parts is None else self.parts.root

    @cached_property
    def _read(self) -> tuple[etree._Element | None, XmlRefused | None]:
        try:
            return xml.parse(self.xml, max_bytes=_LARGEST), None
        except XmlRefused as refusal:
            return None, refusal

    @property
    def refusal(self) -> XmlRefused | None:
        """Why there is no XML to read, None where there is."""
        return self._read[1]

    @property
    def raw(self) -> etree._Element | None:
        """The root element as it came, with xop:Include where it stands."""
        return self._read[0]

    @cached_property
    def root(self) -> etree._Element | None:
        """The root element with the parts in their places."""
        if self.raw is None or self.parts is None or next(self.raw.iter(INCLUDE), None) is None:
            return self.raw
        root = xml.parse(self.xml, max_bytes=_LARGEST)
        inline(root, self.parts.others)
        return root

    @cached_property
    def payload(self) -> etree._Element | None:
        """The element in the SOAP body, or the root itself where somebody saved it without its envelope."""
        return payload_of(self.root)

    @cached_property
    def version(self) -> Version | None:
        """The version of the contract, by the namespace of the body's element; of a fault, by that of its detail."""
        if self.payload is None:
            return None
        if self.kind is Kind.FAULT:
            namespace = "" if self.fault is None else etree.QName(self.fault).namespace or ""
            return next((version for version in Version if version.faults == namespace), None)
        return BY_TYPES.get(etree.QName(self.payload).namespace or "")

    @cached_property
    def kind(self) -> Kind:
        """What the message is, by the name of the body's element."""
        if self.payload is None:
            return Kind.UNKNOWN
        if self.payload.tag == f"{{{SOAP}}}Fault":
            return Kind.FAULT
        name = etree.QName(self.payload)
        if name.namespace not in BY_TYPES:
            return Kind.UNKNOWN
        if name.localname in BY_ASKED:
            return Kind.CALL
        return Kind.REPLY if name.localname in BY_ANSWERED else Kind.UNKNOWN

    @cached_property
    def operation(self) -> Operation | None:
        """The operation of a call or a reply."""
        if self.payload is None or self.kind not in {Kind.CALL, Kind.REPLY}:
            return None
        return (BY_ASKED if self.kind is Kind.CALL else BY_ANSWERED)[etree.QName(self.payload).localname]

    @cached_property
    def fault(self) -> etree._Element | None:
        """The element in the detail of a fault, None where there is no fault or it names none."""
        detail = None if self.kind is not Kind.FAULT or self.payload is None else self.payload.find("detail")
        return None if detail is None else next(detail.iterchildren("*"), None)

    @cached_property
    def signatures(self) -> tuple[Signed, ...]:
        """The places where signatures stand or must stand."""
        if self.payload is None or self.version is None or self.operation is None:
            return ()
        read = of_call if self.kind is Kind.CALL else of_reply
        return tuple(read(self.payload, self.version, self.operation))

    def all(self, *names: str) -> list[etree._Element]:
        """Return the elements of these names that are the exchange's own, wherever they stand."""
        if self.payload is None:
            return []
        found = self.payload.iter(*(f"{{*}}{name}" for name in names))
        return [element for element in found if (etree.QName(element).namespace or "").startswith(TYPES)]

    def first(self, *names: str) -> etree._Element | None:
        """Return the first element of these names that is the exchange's own."""
        return next(iter(self.all(*names)), None)

    def text(self, *names: str) -> str:
        """Return the text of the first element of these names, empty where there is none."""
        element = self.first(*names)
        return "" if element is None else (element.text or "").strip()

    @property
    def sent(self) -> etree._Element | None:
        """The block that a sender made: of a call that sends, or of a delivery."""
        return self.first(*_SENT)

    @property
    def message_id(self) -> str:
        """MessageID of what is sent or delivered, empty where there is none."""
        return self.text("MessageID") if self.sent is not None else ""

    @property
    def made(self) -> datetime | None:
        """When the message was made by its own account: its MessageID's time."""
        try:
            return issued_at(self.message_id)
        except MessageIdInvalid:
            return None


def payload_of(root: etree._Element | None) -> etree._Element | None:
    """Return the element in the body of a SOAP envelope, or the root where it is no envelope."""
    if root is None:
        return None
    if root.tag != f"{{{SOAP}}}Envelope":
        return root
    body = root.find(f"{{{SOAP}}}Body")
    return None if body is None else next(body.iterchildren("*"), None)


def is_call(message: Message) -> bool:
    """Whether it is a call."""
    return message.kind is Kind.CALL


def is_reply(message: Message) -> bool:
    """Whether it is a reply that is no fault."""
    return message.kind is Kind.REPLY


def is_fault(message: Message) -> bool:
    """Whether it is a fault."""
    return message.kind is Kind.FAULT


def is_read(message: Message) -> bool:
    """Whether its XML can be read."""
    return message.root is not None


def is_delivery(message: Message) -> bool:
    """Whether it brings a message out of a queue of requests or answers."""
    return is_reply(message) and message.first("Request", "Response") is not None and message.sent is not None
