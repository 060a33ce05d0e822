"""Ids, times, and what must agree with what inside one message."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from lxml import etree

from socert.conformance.message import Kind, Message, is_call, is_delivery, is_reply
from socert.conformance.requirement import Rules, Severity, Subject, at
from socert.contracts.errors import EnvelopeInvalid
from socert.contracts.smev.envelope import read_moment
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socert.conformance.requirement import Finding

RULES: Rules[Message] = Rules(Subject.MESSAGE)

OLDEST: Final = timedelta(hours=24)
AHEAD: Final = timedelta(minutes=5)
"""How far clocks may differ before a time counts as one of the future."""

_SENDING = frozenset({Operation.SEND_REQUEST, Operation.SEND_RESPONSE})
_QUEUES = frozenset({Operation.GET_REQUEST, Operation.GET_RESPONSE, Operation.GET_STATUS})


def _sends(message: Message) -> bool:
    return is_call(message) and message.operation in _SENDING and bool(message.message_id)


def _id(message: Message) -> etree._Element:
    element = message.first("MessageID")
    assert element is not None
    return element


@RULES(
    "MID-001",
    "MessageID is a UUID in lower-case hex.",
    "MessageID — UUID из строчных шестнадцатеричных цифр.",
    source="types.xsd, uuid; manual 3.2.1, 3.4.1",
    applies=lambda message: message.sent is not None and message.first("MessageID") is not None,
)
def lower_case(message: Message) -> Iterable[Finding]:
    """The schema's pattern takes lower case only."""
    text = message.message_id
    if _uuid(text) is None or text != text.lower():
        yield at(
            _id(message),
            "MessageID is written in upper case" if _uuid(text) else "MessageID is no UUID",
            "MessageID написан прописными" if _uuid(text) else "MessageID — не UUID",
        )


@RULES(
    "MID-002",
    "MessageID is a UUID of version 1: the exchange reads the time in it.",
    "MessageID — UUID версии 1: СМЭВ читает из него время.",
    source="manual 3.2.1, 3.4.1; RFC 4122, 4.2",
    applies=lambda message: message.sent is not None and _uuid(message.message_id) is not None,
)
def version_1(message: Message) -> Iterable[Finding]:
    """Version 4, which most libraries make, is refused as InvalidMessageIdFormat."""
    uuid = _uuid(message.message_id)
    assert uuid is not None
    if uuid.version != 1:
        yield at(_id(message), f"the UUID's version is {uuid.version}", f"версия UUID: {uuid.version}")


@RULES(
    "MID-003",
    "A message is sent within 24 hours of its MessageID's time.",
    "Сообщение отправлено не позже 24 часов после времени в его MessageID.",
    source="manual 3.2.1, 3.4.1 (faults.xsd says two days: StaleMessageId)",
    applies=lambda message: _sends(message) and message.made is not None and message.moment is not None,
)
def age(message: Message) -> Iterable[Finding]:
    """Only where it is known when the message travelled."""
    assert message.moment is not None
    assert message.made is not None
    old = message.moment - message.made
    if old > OLDEST:
        hours = int(old.total_seconds() // 3600)
        yield at(_id(message), f"the id is {hours} hours old", f"возраст идентификатора, часов: {hours}")


@RULES(
    "MID-004",
    "The time in a MessageID is not in the future.",
    "Время в MessageID не в будущем.",
    source="RFC 4122, 4.2.1",
    applies=lambda message: _sends(message) and message.made is not None and message.moment is not None,
)
def not_ahead(message: Message) -> Iterable[Finding]:
    """A UUID made by counting, not by the clock."""
    assert message.moment is not None
    assert message.made is not None
    if message.made - message.moment > AHEAD:
        yield at(_id(message), "the id's time is in the future", "время идентификатора в будущем")


@RULES(
    "MID-005",
    "ReferenceMessageID is a UUID: the MessageID of the first request of the chain.",
    "ReferenceMessageID — UUID: MessageID первого запроса цепочки.",
    source="manual 3.2.1; types.xsd, uuid",
    applies=lambda message: message.first("ReferenceMessageID") is not None,
)
def reference(message: Message) -> Iterable[Finding]:
    """Equal to MessageID in the first request itself."""
    for element in message.all("ReferenceMessageID"):
        text = (element.text or "").strip()
        if _uuid(text) is None or text != text.lower():
            yield at(element, "it is no UUID in lower case", "это не UUID строчными")


@RULES(
    "TIM-001",
    "The Timestamp of a poll names its time zone.",
    "В Timestamp опроса назван часовой пояс.",
    source="XML Schema 2, 3.2.7; basic.xsd, MessageTypeSelector/Timestamp",
    severity=Severity.SHOULD,
    applies=lambda message: is_call(message) and message.first("Timestamp") is not None,
)
def zone(message: Message) -> Iterable[Finding]:
    """Without one, each side takes its own."""
    element = message.first("Timestamp")
    assert element is not None
    text = (element.text or "").strip()
    if not (text.endswith("Z") or text[-6:-5] in {"+", "-"}):
        yield at(element, "no time zone", "часовой пояс не назван")


@RULES(
    "TIM-002",
    "The Timestamp of a poll is the time at which it is sent, within a day.",
    "Timestamp опроса — время его отправки, с точностью до суток.",
    source="manual 2.6.2",
    severity=Severity.SHOULD,
    applies=lambda message: is_call(message) and message.moment is not None and message.first("Timestamp") is not None,
)
def poll_time(message: Message) -> Iterable[Finding]:
    """A constant is a signature made once and copied."""
    element = message.first("Timestamp")
    assert element is not None
    written = _moment(element)
    assert message.moment is not None
    if written is not None and abs(written - message.moment) > OLDEST:
        yield at(element, "it is more than a day off", "расходится больше чем на сутки")


@RULES(
    "TIM-003",
    "EOL is later than the message's own time.",
    "EOL позже времени самого сообщения.",
    source="types.xsd, EOL; faults.xsd, EndOfLifeReached",
    applies=lambda message: message.first("EOL") is not None and message.made is not None,
)
def end_of_life(message: Message) -> Iterable[Finding]:
    """Otherwise its life is over when it is sent."""
    element = message.first("EOL")
    assert element is not None
    assert message.made is not None
    end = _moment(element)
    if end is not None and end <= message.made:
        yield at(element, "EOL is not after the MessageID's time", "EOL не позже времени MessageID")


@RULES(
    "TIM-004",
    "In MessageMetadata nothing is delivered before it is sent.",
    "В MessageMetadata доставка не раньше отправки.",
    source="types.xsd, MessageMetadata/SendingTimestamp, DeliveryTimestamp",
    applies=lambda message: is_reply(message) and message.first("DeliveryTimestamp") is not None,
)
def delivered_after(message: Message) -> Iterable[Finding]:
    """Both times are the exchange's."""
    sent, delivered = message.first("SendingTimestamp"), message.first("DeliveryTimestamp")
    if sent is None or delivered is None:
        return
    start, end = _moment(sent), _moment(delivered)
    if start is not None and end is not None and end < start:
        yield at(delivered, "DeliveryTimestamp is before SendingTimestamp", "DeliveryTimestamp раньше SendingTimestamp")


@RULES(
    "DAT-001",
    "AsyncProcessingStatus is the exchange's word: no participant sends it.",
    "AsyncProcessingStatus заполняет только СМЭВ: участник его не отправляет.",
    source="types.xsd, SenderProvidedResponseData",
    applies=lambda message: message.kind is Kind.CALL and message.operation is Operation.SEND_RESPONSE,
)
def no_verdict(message: Message) -> Iterable[Finding]:
    """The schema lets it stand there, since the same block is delivered."""
    for element in message.all("AsyncProcessingStatus"):
        yield at(element, "a participant sends AsyncProcessingStatus", "участник отправляет AsyncProcessingStatus")


@RULES(
    "DAT-002",
    "MessagePrimaryContent holds exactly one element, and it has a namespace.",
    "В MessagePrimaryContent ровно один элемент, и у него есть пространство имён.",
    source="basic.xsd, MessagePrimaryContent; manual 2.2.4",
    applies=lambda message: message.first("MessagePrimaryContent") is not None,
)
def content(message: Message) -> Iterable[Finding]:
    """The message type is the name of that element."""
    for element in message.all("MessagePrimaryContent"):
        inside = list(element.iterchildren("*"))
        if len(inside) != 1:
            yield at(element, f"it holds {len(inside)} elements", f"элементов внутри: {len(inside)}")
        elif not etree.QName(inside[0]).namespace:
            yield at(inside[0], "the root has no namespace", "у корня нет пространства имён")


@RULES(
    "DAT-003",
    "An empty queue is answered with an element that holds nothing; so is Ack.",
    "На пустую очередь и на Ack отвечают пустым элементом.",
    source="types.xsd, GetRequestResponse, GetResponseResponse, GetStatusResponse, AckResponse",
    applies=lambda message: is_reply(message) and (_ack(message) or (_polled(message) and message.sent is None)),
)
def empty(message: Message) -> Iterable[Finding]:
    """No text and no holder without a message in it."""
    element = message.payload
    assert element is not None
    inside = [etree.QName(child).localname for child in element.iterchildren("*")]
    if (element.text or "").strip():
        yield at(element, "there is text in it", "внутри текст")
    elif inside and (_ack(message) or message.first("AsyncProcessingStatusData") is None):
        yield at(element, f"it holds {inside[0][:64]} without a message", f"внутри {inside[0][:64]} без сообщения")


@RULES(
    "DAT-004",
    "In a delivered answer, MessageMetadata/MessageId is SenderProvidedResponseData/MessageID.",
    "В доставленном ответе MessageMetadata/MessageId равен SenderProvidedResponseData/MessageID.",
    source="types.xsd, AckRequest; answers of the exchange of 2018-2026",
    applies=lambda message: (
        is_delivery(message) and message.operation is Operation.GET_RESPONSE and message.first("MessageId") is not None
    ),
)
def same_id(message: Message) -> Iterable[Finding]:
    """Ack names this id, whichever of the two the receiver reads."""
    element = message.first("MessageId")
    assert element is not None
    if message.text("MessageId") != message.message_id:
        yield at(element, "the two ids differ", "идентификаторы различаются")


@RULES(
    "DAT-005",
    "MessageType says what is delivered: REQUEST or BROADCAST by GetRequest, RESPONSE by GetResponse.",
    "MessageType называет доставленное: REQUEST или BROADCAST в GetRequest, RESPONSE в GetResponse.",
    source="types.xsd, MessageTypeType; manual 2.3",
    applies=lambda message: is_delivery(message) and bool(message.text("MessageType")),
)
def category(message: Message) -> Iterable[Finding]:
    """CANCEL is of version 1.1 and comes by GetRequest."""
    element = message.first("MessageType")
    assert element is not None
    fits = {"REQUEST", "BROADCAST", "CANCEL"} if message.operation is Operation.GET_REQUEST else {"RESPONSE"}
    if message.text("MessageType") not in fits:
        yield at(element, "MessageType is of the other direction", "MessageType не того направления")


@RULES(
    "DAT-006",
    "A delivered request has ReplyTo, so that it can be answered.",
    "В доставленном запросе есть ReplyTo, чтобы на него можно было ответить.",
    source="manual 3.3.1; types.xsd, Request/ReplyTo (optional since 1.2)",
    severity=Severity.SHOULD,
    applies=lambda message: (
        is_delivery(message)
        and message.operation is Operation.GET_REQUEST
        and message.text("MessageType") != "BROADCAST"
    ),
)
def reply_to(message: Message) -> Iterable[Finding]:
    """Nobody answers a broadcast."""
    if not message.text("ReplyTo"):
        block = message.first("Request")
        assert block is not None
        yield at(block, "there is no ReplyTo", "нет ReplyTo")


@RULES(
    "DAT-007",
    "Routing names the MessageID of the message that it routes.",
    "Routing называет MessageID того сообщения, которое направляет.",
    source="routing.xsd, RoutingInformation/MessageID",
    versions=frozenset({Version.V1_3}),
    applies=lambda message: message.first("RoutingInformation") is not None,
)
def routed(message: Message) -> Iterable[Finding]:
    """It is signed apart from the message, so this id alone ties them together."""
    for block in message.all("RoutingInformation"):
        named = block.find("{*}MessageID")
        if named is None or (named.text or "").strip() != message.message_id:
            yield at(block if named is None else named, "it is another message's", "идентификатор другого сообщения")


@RULES(
    "DAT-008",
    "Records of a registry have numbers of their own, and RegistryRouting names no others.",
    "Номера записей реестра не повторяются, и RegistryRouting называет только их.",
    source="directive.xsd, RecordId; routing.xsd, RegistryRecordRouting",
    versions=frozenset({Version.V1_3}),
    applies=lambda message: message.first("RegistryRecord") is not None,
)
def numbered(message: Message) -> Iterable[Finding]:
    """A record is routed by its number."""
    numbers = set()
    for record in message.all("RegistryRecord"):
        number = (record.findtext("{*}RecordId") or "").strip()
        if number in numbers:
            yield at(record, "another record has its number", "номер есть у другой записи")
        numbers.add(number)
    for routing in message.all("RegistryRecordRouting"):
        if (routing.findtext("{*}RecordId") or "").strip() not in numbers:
            yield at(routing, "no record has this number", "записи с таким номером нет")


def _ack(message: Message) -> bool:
    return message.operation is Operation.ACK


def _polled(message: Message) -> bool:
    return message.operation in _QUEUES


def _uuid(text: str) -> UUID | None:
    """Return the UUID in its usual form of 36 characters, None where the text is none."""
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def _moment(element: etree._Element) -> datetime | None:
    try:
        return read_moment(element)
    except EnvelopeInvalid:
        return None
