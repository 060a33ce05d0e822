"""Sending, sending again, answering; calls and their replies.

A session may be a piece of what happened, so a rule speaks only of what both of its sides are there for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lxml import etree

from socert.conformance.history import SENDING, after, business, fault_kind, pairs, say, sent, signed_block
from socert.conformance.message import Kind, Message, is_delivery
from socert.conformance.requirement import Rules, Severity, Subject, shown
from socert.contracts.smev.faults import FaultKind, faults_of
from socert.contracts.smev.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from socert.conformance.requirement import Finding
    from socert.conformance.session import Exchange, Session

RULES: Rules[Session] = Rules(Subject.SESSION)

_AGAIN: Final = frozenset({FaultKind.SMEV_FAILURE, FaultKind.DESTINATION_OVERFLOW})
_NEVER: Final = frozenset({
    FaultKind.ACCESS_DENIED,
    FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED,
    FaultKind.INCORRECT_RESPONSE_CONTENT_TYPE,
    FaultKind.INVALID_CONTENT,
    FaultKind.INVALID_MESSAGE_ID_FORMAT,
    FaultKind.RECIPIENT_IS_NOT_FOUND,
    FaultKind.SENDER_IS_NOT_REGISTERED,
    FaultKind.SIGNATURE_VERIFICATION,
    FaultKind.STALE_MESSAGE_ID,
})  # fmt: skip


def _repeated(session: Session) -> list[tuple[Message, Message]]:
    """Return the first and each later call of one MessageID."""
    first: dict[str, Message] = {}
    pairs = []
    for one in sent(session):
        assert one.call is not None
        if one.call.message_id in first:
            pairs.append((first[one.call.message_id], one.call))
        first.setdefault(one.call.message_id, one.call)
    return pairs


@RULES(
    "SES-005",
    "A message that is sent again with its MessageID is the same, byte for byte.",
    "Сообщение, отправленное повторно с тем же MessageID, — то же самое, байт в байт.",
    source="faults.xsd, MessageIsAlreadySent; manual 2.4",
    applies=lambda session: bool(_repeated(session)),
)
def same_bytes(session: Session) -> Iterable[Finding]:
    """A MessageID names one message for good."""
    for first, again in _repeated(session):
        if first.data == again.data:
            continue
        if signed_block(first) == signed_block(again):
            en, ru = "the same content, but not the same bytes (signed anew?)", "содержимое то же, а байты другие"
        else:
            en, ru = "another message under the same id", "другое сообщение под тем же идентификатором"
        yield say(again, f"{en}; first sent as {first.name}", f"{ru}; впервые — {first.name}", "MessageID")


def _answers(session: Session) -> list[tuple[Message, list[Message]]]:
    """Return each answer sent, with the requests received before it."""
    pairs: list[tuple[Message, list[Message]]] = []
    seen: list[Message] = []
    for one in session.exchanges:
        if one.call is not None and one.call.operation is Operation.SEND_RESPONSE and seen:
            pairs.append((one.call, list(seen)))
        if one.reply is not None and is_delivery(one.reply) and one.reply.operation is Operation.GET_REQUEST:
            seen.append(one.reply)
    return pairs


@RULES(
    "SES-006",
    "To of an answer is the ReplyTo of a received request, unchanged.",
    "To ответа — это ReplyTo полученного запроса без изменений.",
    source="manual 3.3.1, 3.4.1",
    applies=lambda session: bool(_answers(session)),
)
def reply_to(session: Session) -> Iterable[Finding]:
    """Its form is nobody's business but the exchange's."""
    for answer, requests in _answers(session):
        given = {_raw(request, "ReplyTo") for request in requests}
        to = _raw(answer, "To")
        if to in given:
            continue
        close = {"".join(one.split()) for one in given}
        en, ru = "it is the ReplyTo of no request received before", "такого ReplyTo у полученных запросов нет"
        if "".join(to.split()) in close:
            en, ru = "it is a ReplyTo whose whitespace was changed", "в ReplyTo изменены пробелы или переводы строк"
        yield say(answer, en, ru, "To")


def _raw(message: Message, name: str) -> str:
    element = message.first(name)
    return "" if element is None else element.text or ""


def _refused(session: Session, kinds: frozenset[FaultKind]) -> list[Exchange]:
    """Return the exchanges whose message was refused in one of these ways."""
    return [one for one in sent(session) if fault_kind(one.reply) in kinds]


@RULES(
    "SES-007",
    "After SMEVFailure and DestinationOverflow the message is sent again with the same MessageID.",
    "После SMEVFailure и DestinationOverflow сообщение отправляют снова с тем же MessageID.",
    source="faults.xsd, SMEVFailure, DestinationOverflow",
    applies=lambda session: any(next(after(session, one), None) is not None for one in _refused(session, _AGAIN)),
)
def again(session: Session) -> Iterable[Finding]:
    """A new id for the same content may make two messages of one."""
    for one in _refused(session, _AGAIN):
        assert one.call is not None
        later = [next_.call for next_ in after(session, one) if next_.call is not None]
        if any(call.message_id == one.call.message_id for call in later) or not later:
            continue
        content = business(one.call)
        renewed = [call for call in later if content and business(call) == content]
        if renewed:
            yield say(renewed[0], "the same content under a new id", "то же содержимое под новым id", "MessageID")
        else:
            yield say(one.call, "it is not sent again", "повторно не отправлено", "MessageID")


@RULES(
    "SES-008",
    "After MessageIsAlreadySent the message counts as sent: it is not sent again.",
    "После MessageIsAlreadySent сообщение считается отправленным: его больше не отправляют.",
    source="faults.xsd, MessageIsAlreadySent",
    applies=lambda session: bool(_refused(session, frozenset({FaultKind.MESSAGE_IS_ALREADY_SENT}))),
)
def already_sent(session: Session) -> Iterable[Finding]:
    """Not with the same id, nor its content with a new one."""
    for one in _refused(session, frozenset({FaultKind.MESSAGE_IS_ALREADY_SENT})):
        assert one.call is not None
        content = business(one.call)
        for later in (next_.call for next_ in after(session, one) if next_.call is not None):
            if later.message_id == one.call.message_id or (content and business(later) == content):
                yield say(later, "it is sent again", "отправлено снова", "MessageID")
                break


@RULES(
    "SES-009",
    "A message that is refused for good is not sent again with the same MessageID.",
    "Сообщение, отвергнутое окончательно, не отправляют снова с тем же MessageID.",
    source="faults.xsd, annotations of each fault",
    applies=lambda session: bool(_refused(session, _NEVER)),
)
def for_good(session: Session) -> Iterable[Finding]:
    """The same bytes stay wrong; a corrected message is a new one."""
    for one in _refused(session, _NEVER):
        assert one.call is not None
        for later in after(session, one):
            if later.call is not None and later.call.message_id == one.call.message_id:
                yield say(later.call, "it is sent again", "отправлено снова", "MessageID")
                break


@RULES(
    "SES-010",
    "A reply is of the operation and the version of its call, a fault of its version.",
    "Ответ — той же операции и той же версии, что и вызов, ошибка — той же версии.",
    source="WSDL, wsdl:operation",
    applies=lambda session: any(pairs(session, Kind.REPLY, Kind.FAULT)),
)
def same_operation(session: Session) -> Iterable[Finding]:
    """Whatever the version that the sender of a delivered message used."""
    for call, reply in pairs(session, Kind.REPLY, Kind.FAULT):
        if reply.kind is Kind.FAULT:
            if reply.version not in (None, call.version):
                said = f"{reply.version}, {call.version}"
                yield say(reply, f"the versions differ: {said}", f"версии различаются: {said}")
        elif call.operation is not reply.operation or call.version is not reply.version:
            said = f"{reply.operation} {reply.version}, {call.operation} {call.version}"
            yield say(reply, f"they differ: {said}", f"различаются: {said}")


@RULES(
    "SES-011",
    "A fault is one that the WSDL lets the operation answer.",
    "Ошибка — из тех, что WSDL разрешает этой операции.",
    source="WSDL, wsdl:fault",
    applies=lambda session: any(pairs(session, Kind.FAULT)),
)
def declared(session: Session) -> Iterable[Finding]:
    """Others are not in the client's generated code."""
    for call, reply in pairs(session, Kind.FAULT):
        kind = fault_kind(reply)
        assert call.operation is not None
        if kind is None or call.version is None or kind in faults_of(call.operation, call.version):
            continue
        name = "" if reply.fault is None else shown(etree.QName(reply.fault).localname)
        said = f"{name or 'a fault without a name'}"
        yield say(reply, f"{said} is none of {call.operation}'s", f"{call.operation} не отвечает {said}")


@RULES(
    "SES-012",
    "The reply to a message that was sent names its MessageID.",
    "Ответ на отправку называет MessageID отправленного сообщения.",
    source="types.xsd, MessageMetadata/MessageId",
    applies=lambda session: any(
        call.operation in SENDING and reply.text("MessageId") for call, reply in pairs(session, Kind.REPLY)
    ),
)
def names_id(session: Session) -> Iterable[Finding]:
    """So that a sender of many knows which was taken."""
    for call, reply in pairs(session, Kind.REPLY):
        if call.operation in SENDING and reply.text("MessageId") not in {"", call.message_id}:
            yield say(reply, "it names another id", "назван другой идентификатор", "MessageId")


@RULES(
    "SES-014",
    "An answer to a request that was sent with NodeID is fetched with that NodeID.",
    "Ответ на запрос, отправленный с NodeID, забирают с тем же NodeID.",
    source="manual 2.3.8",
    applies=lambda session: bool(_nodes(session)),
)
def node(session: Session) -> Iterable[Finding]:
    """Each node has a queue of its own."""
    nodes = _nodes(session)
    for call, reply in pairs(session, Kind.REPLY):
        expected = nodes.get(reply.text("OriginalMessageId"))
        if call.operation is Operation.GET_RESPONSE and expected is not None and call.text("NodeID") != expected:
            yield say(call, "its NodeID is not the request's", "NodeID не тот, что у запроса", "NodeID")


def _nodes(session: Session) -> dict[str, str]:
    """Return the NodeID of each request sent with one."""
    calls = [one.call for one in sent(session) if one.call is not None]
    return {
        call.message_id: call.text("NodeID")
        for call in calls
        if call.operation is Operation.SEND_REQUEST and call.text("NodeID")
    }


@RULES(
    "SES-015",
    "A request that is fetched by message type is of the root that was asked for.",
    "Запрос, взятый по виду сведений, — с тем корневым элементом, который спрашивали.",
    source="manual 2.5.1",
    severity=Severity.SHOULD,  # the selector may name the answer's root instead
    applies=lambda session: any(_selected(session)),
)
def selected(session: Session) -> Iterable[Finding]:
    """Any version of the namespace fits."""
    for call, reply in _selected(session):
        content = reply.first("MessagePrimaryContent")
        inside = None if content is None else next(content.iterchildren("*"), None)
        if inside is not None and etree.QName(inside).localname != call.text("RootElementLocalName"):
            yield say(reply, "its root is another", "корневой элемент другой", "MessagePrimaryContent")


def _selected(session: Session) -> Iterator[tuple[Message, Message]]:
    for call, reply in pairs(session, Kind.REPLY):
        if call.operation is Operation.GET_REQUEST and call.text("RootElementLocalName") and is_delivery(reply):
            yield call, reply
