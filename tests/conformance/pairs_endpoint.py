"""For each requirement on an exchange: what an exchange that keeps it answers, and one that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance import samples as s

from socert.conformance.probing import Probed
from socert.conformance.session import Exchange
from socert.contracts.smev import reply
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.operation import OPERATIONS_OF, Operation
from socert.contracts.smev.version import files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from socert.conformance.message import Message

FILES = files(s.V)
SCHEMAS = {name: data for name, data in FILES.items() if name.endswith(".xsd")}


def described(wsdl: bytes | None = None, **more: bytes) -> Probed:
    return Probed(version=s.V, wsdl=wsdl or FILES["service.wsdl"], schemas={**SCHEMAS, **more})


def came(**replies: Message | None) -> Probed:
    """An exchange that answers so to the probes of these names, _ for -."""
    exchanges = {
        name.replace("_", "-"): Exchange(call=s.said(s.poll()), reply=found) for name, found in replies.items()
    }
    return Probed(version=s.V, exchanges=exchanges)


def refused(kind: FaultKind = FaultKind.INVALID_CONTENT) -> Message:
    return s.heard(s.fault(kind), status=500)


def replied(operation: Operation) -> Message:
    sends = operation in {Operation.SEND_REQUEST, Operation.SEND_RESPONSE}
    if sends:
        return s.heard(s.taken())
    return s.heard(s.acked() if operation is Operation.ACK else reply.empty(operation))


def every(**other: Message | None) -> Probed:
    found: dict[str, Message | None] = {
        operation.value: replied(operation)
        for operation in OPERATIONS_OF[s.V]
        if operation is not Operation.SEND_RESPONSE
    }
    found["SendResponse"] = refused()
    return came(**{**found, **other})


def fetched(ack: Message | None) -> Probed:
    return came(send=s.heard(s.taken()), answer=s.heard(s.delivered_answer()), ack=ack, empty=s.heard(s.empty()))


def html() -> Message:
    return s.heard(b"<html></html>", status=200, headers={"content-type": "text/html"})


def refusal(name: str, *kinds: FaultKind) -> tuple[Callable[[], Probed], Callable[[], Probed]]:
    """The fault that is due, and another one."""
    if not kinds:
        return lambda: came(**{name: refused()}), lambda: came(**{name: html()})
    return lambda: came(**{name: refused(kinds[0])}), lambda: came(**{name: refused(FaultKind.SMEV_FAILURE)})


PAIRS: Mapping[str, tuple[Callable[[], Probed], Callable[[], Probed]]] = {
    "SMEV-END-001": (described, lambda: Probed(version=s.V)),
    "SMEV-END-002": (described, lambda: described(s.change(FILES["service.wsdl"], '"urn:Ack"', '"urn:Acknowledge"'))),
    "SMEV-END-003": (described, lambda: Probed(version=s.V, wsdl=FILES["service.wsdl"])),
    "SMEV-END-010": (every, lambda: every(GetStatus=None)),
    "SMEV-END-011": (lambda: came(send=s.heard(s.taken())), lambda: came(send=refused())),
    "SMEV-END-012": (lambda: fetched(s.heard(s.acked())), lambda: fetched(refused())),
    "SMEV-END-013": (lambda: came(empty=s.heard(s.empty())), lambda: came(empty=refused())),
    "SMEV-END-014": (
        lambda: came(multipart=replied(Operation.GET_STATUS)),
        lambda: came(multipart=refused()),
    ),
    "SMEV-END-020": refusal("unsigned", FaultKind.INVALID_CONTENT),
    "SMEV-END-021": refusal("wrong_digest", FaultKind.SIGNATURE_VERIFICATION),
    "SMEV-END-022": refusal("wrong_value", FaultKind.SIGNATURE_VERIFICATION),
    "SMEV-END-023": refusal("stranger", FaultKind.SENDER_IS_NOT_REGISTERED),
    "SMEV-END-024": refusal("stale", FaultKind.STALE_MESSAGE_ID),
    "SMEV-END-025": refusal("uuid_4", FaultKind.INVALID_MESSAGE_ID_FORMAT),
    "SMEV-END-026": refusal("duplicate", FaultKind.MESSAGE_IS_ALREADY_SENT),
    "SMEV-END-027": refusal("Ack", FaultKind.TARGET_MESSAGE_IS_NOT_FOUND),
    "SMEV-END-028": refusal("SendRequest", FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED),
    "SMEV-END-029": refusal("GetRequest", FaultKind.UNKNOWN_MESSAGE_TYPE),
    "SMEV-END-030": refusal("schema", FaultKind.INVALID_CONTENT),
    "SMEV-END-031": refusal("doctype"),
    "SMEV-END-032": refusal("not_xml"),
    "SMEV-END-033": refusal("unknown_operation"),
    "SMEV-END-034": refusal("truncated"),
    "SMEV-END-035": (
        lambda: came(content_type=s.heard(b"", status=415)),
        lambda: came(content_type=replied(Operation.GET_STATUS)),
    ),
}
