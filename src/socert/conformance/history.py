"""What happened in a session, as its rules ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lxml import etree

from socert.conformance.message import Kind, Message, is_delivery
from socert.conformance.requirement import at, found
from socert.contracts.errors import TransformError
from socert.contracts.signature import transform
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socert.conformance.requirement import Finding
    from socert.conformance.session import Exchange, Session

SENDING: Final = frozenset({Operation.SEND_REQUEST, Operation.SEND_RESPONSE})


def sent(session: Session) -> list[Exchange]:
    """Return the exchanges that sent a message with an id."""
    return [one for one in session.exchanges if one.call and one.call.operation in SENDING and one.call.message_id]


def acks(session: Session) -> list[Exchange]:
    """Return the exchanges that acknowledged."""
    return [one for one in session.exchanges if one.call and one.call.operation is Operation.ACK]


def deliveries(session: Session) -> list[Message]:
    """Return the messages that came out of queues."""
    return [one.reply for one in session.exchanges if one.reply is not None and is_delivery(one.reply)]


def ack_target(call: Message | None) -> str:
    """Return the id that an Ack names."""
    return "" if call is None else call.text("AckTargetMessage")


def fault_kind(reply: Message | None) -> FaultKind | None:
    """Return which fault a reply is, None where it is none."""
    if reply is None or reply.kind is not Kind.FAULT:
        return None
    name = "" if reply.fault is None else etree.QName(reply.fault).localname
    return FaultKind(name) if name in set(FaultKind) else FaultKind.UNKNOWN


def signed_block(call: Message | None) -> bytes:
    """Return what was signed in a call, in its normal form: the same whatever stands around it."""
    if call is None or call.sent is None:
        return b""
    try:
        return transform.normalize(call.sent)
    except TransformError:
        return etree.tostring(call.sent)


def business(call: Message | None) -> bytes:
    """Return the business content of a call in its normal form, empty where there is none."""
    content = None if call is None else call.first("MessagePrimaryContent")
    inside = None if content is None else next(content.iterchildren("*"), None)
    try:
        return b"" if inside is None else transform.normalize(inside)
    except TransformError:
        return b""


def after(session: Session, one: Exchange) -> Iterator[Exchange]:
    """Yield the later exchanges."""
    place = session.exchanges.index(one)
    yield from session.exchanges[place + 1 :]


def _name(message: Message | None) -> str:
    return "" if message is None else message.name


def say(message: Message | None, en: str, ru: str, *names: str) -> Finding:
    """Return a finding in a message, at the first element of the names where there is one."""
    element = message.first(*names) if message is not None and names else None
    if element is not None:
        return at(element, en, ru, message=_name(message))
    return found(en, ru, message=_name(message))


def pairs(session: Session, *kinds: Kind) -> Iterator[tuple[Message, Message]]:
    """Yield each call of a known operation with its reply of these kinds."""
    for one in session.exchanges:
        if one.call is not None and one.reply is not None and one.reply.kind in kinds and one.call.operation:
            yield one.call, one.reply
