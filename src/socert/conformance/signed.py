"""Where signatures must stand in a message of the exchange, and what each must be of.

Sources: manual 3.3, tables 4, 6 and 7; the annotations of the schemas.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from socert.contracts.signature.xmldsig import NAMESPACE as DS
from socert.contracts.smev.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from socert.contracts.smev.version import Version

CALLER_SIGNS: Final = {
    "SendRequest": "SenderProvidedRequestData",
    "SendResponse": "SenderProvidedResponseData",
    "GetRequest": "MessageTypeSelector",
    "GetResponse": "MessageTypeSelector",
    "GetStatus": "Timestamp",
    "GetIncomingQueueStatistics": "Timestamp",
    "Ack": "AckTargetMessage",
}
"""The local name of the block that the caller signs, by operation."""

_DELIVERED: Final = {
    Operation.GET_REQUEST: ("RequestMessage", "Request", "SenderProvidedRequestData"),
    Operation.GET_RESPONSE: ("ResponseMessage", "Response", "SenderProvidedResponseData"),
    Operation.GET_STATUS: ("SmevAsyncProcessingMessage", "AsyncProcessingStatusData", ""),
}


class Role(StrEnum):
    """Whose signature it is."""

    CALLER = "caller"
    EXCHANGE = "exchange"
    SENDER = "sender"
    PERSON = "person"
    ROUTING = "routing"
    RECORD = "record"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Signed:
    """A place of a signature: `target` is what it must be of, `signature` is None where there is none.

    `around` is the element in which the signature stands or should; `name` is the block for it.
    """

    role: Role
    name: str
    around: etree._Element
    target: etree._Element | None
    signature: etree._Element | None


def of_call(payload: etree._Element, version: Version, operation: Operation) -> Iterator[Signed]:
    """Yield the signatures of a call: the caller's, and those inside what is sent."""
    target = _child(payload, CALLER_SIGNS[operation.value])
    yield _signed(Role.CALLER, payload, "CallerInformationSystemSignature", target)
    yield from _inside(payload, version)
    for routing in payload.iterchildren(f"{{{version.routing}}}Routing"):
        yield _signed(Role.ROUTING, routing, "RoutingSignature", _child(routing, "RoutingInformation"))


def of_reply(payload: etree._Element, version: Version, operation: Operation) -> Iterator[Signed]:
    """Yield the signatures of a reply: the exchange's, and inside a delivery the sender's and a person's."""
    if operation in {Operation.SEND_REQUEST, Operation.SEND_RESPONSE}:
        yield _signed(Role.EXCHANGE, payload, "SMEVSignature", _child(payload, "MessageMetadata"))
    names = _DELIVERED.get(operation)
    holder = None if names is None else _child(payload, names[0])
    if names is None or holder is None:
        return
    block = _child(holder, names[1])
    yield _signed(Role.EXCHANGE, holder, "SMEVSignature", block)
    if block is not None and names[2]:
        yield _signed(Role.SENDER, block, "SenderInformationSystemSignature", _child(block, names[2]))
        yield from _inside(block, version)


def _signed(role: Role, around: etree._Element, name: str, target: etree._Element | None) -> Signed:
    block = _child(around, name)
    signature = None if block is None else block.find(f"{{{DS}}}Signature")
    return Signed(role=role, name=name, around=around, target=target, signature=signature)


def _inside(payload: etree._Element, version: Version) -> Iterator[Signed]:
    """Yield the signatures inside what is sent: persons', and those of records, which 1.3 has."""
    yield from _personal(payload, version)
    space = version.directive
    for record in payload.iter(f"{{{space}}}RegistryRecord"):
        block = _child(record, "Record")
        yield _signed(Role.RECORD, record, "RecordSignature", block)
        for one in [] if block is None else block.iterchildren(f"{{{space}}}PersonalSignature"):
            signature = one.find(f"{{{DS}}}Signature")
            if block is not None and signature is not None:
                target = _child(block, "RecordContent")
                yield Signed(role=Role.PERSON, name="PersonalSignature", around=one, target=target, signature=signature)


def _personal(payload: etree._Element, version: Version) -> Iterator[Signed]:
    """A person signs the root of the business message, which stands beside the signature."""
    for block in payload.iter(f"{{{version.types}}}PersonalSignature", f"{{{version.basic}}}PersonalSignature"):
        data = block.getparent()
        content = None if data is None else _child(data, "MessagePrimaryContent")
        target = None if content is None else next(content.iterchildren("*"), None)
        signature = block.find(f"{{{DS}}}Signature")
        if signature is not None:
            yield Signed(role=Role.PERSON, name="PersonalSignature", around=block, target=target, signature=signature)


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next(element.iterchildren(f"{{*}}{name}"), None)
