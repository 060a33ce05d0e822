"""Taking messages out of queues, and Ack.

A session may be a piece of what happened, so a rule speaks only of what both of its sides are there for.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from socert.conformance.history import SENDING, ack_target, acks, deliveries, fault_kind, say
from socert.conformance.message import Message, is_delivery
from socert.conformance.requirement import Rules, Subject
from socert.contracts.smev.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socert.conformance.requirement import Finding
    from socert.conformance.session import Session

RULES: Rules[Session] = Rules(Subject.SESSION)

ACK_TIME: Final = timedelta(minutes=15)


@RULES(
    "SES-001",
    "Every message that is taken out of a queue is acknowledged.",
    "Каждое сообщение, взятое из очереди, подтверждено (Ack).",
    source="manual 2.5.2",
    applies=lambda session: bool(deliveries(session)),
)
def acknowledged(session: Session) -> Iterable[Finding]:
    """Otherwise it comes again after 15 minutes, for days."""
    targets = {ack_target(one.call) for one in acks(session)}
    for delivery in deliveries(session):
        if delivery.message_id not in targets and delivery.first("AsyncProcessingStatus") is None:
            yield say(delivery, "no Ack names it", "нет Ack с этим идентификатором", "MessageID")


@RULES(
    "SES-002",
    "The exchange's own verdicts (AsyncProcessingStatus) are acknowledged like any answer.",
    "Решения самой СМЭВ (AsyncProcessingStatus) подтверждаются, как любой ответ.",
    source="manual 2.3.1, 2.5.2",
    applies=lambda session: any(one.first("AsyncProcessingStatus") is not None for one in deliveries(session)),
)
def verdicts_acknowledged(session: Session) -> Iterable[Finding]:
    """They stand in the queue of answers and hold it up."""
    targets = {ack_target(one.call) for one in acks(session)}
    for delivery in deliveries(session):
        if delivery.first("AsyncProcessingStatus") is not None and delivery.message_id not in targets:
            yield say(delivery, "no Ack names it", "нет Ack с этим идентификатором", "MessageID")


@RULES(
    "SES-003",
    "Ack names the MessageID of a message that was received before.",
    "Ack называет MessageID сообщения, полученного перед этим.",
    source="types.xsd, AckRequest; manual 2.5.2",
    applies=lambda session: bool(acks(session)) and bool(deliveries(session)),
)
def right_target(session: Session) -> Iterable[Finding]:
    """Not one's own request's, nor OriginalMessageId."""
    seen: list[Message] = []
    own: set[str] = set()
    for one in session.exchanges:
        if one.call is not None and one.call.operation in SENDING:
            own.add(one.call.message_id)
        if one.call is not None and one.call.operation is Operation.ACK:
            target = ack_target(one.call)
            if target not in {delivery.message_id for delivery in seen}:
                originals = {delivery.text("OriginalMessageId") for delivery in seen}
                en, ru = "no message of this id was received before", "сообщения с этим идентификатором перед ним нет"
                if target in originals:
                    en, ru = "it names OriginalMessageId, the id of the request", "назван OriginalMessageId запроса"
                elif target in own:
                    en, ru = "it names a message of one's own", "назван идентификатор своего сообщения"
                yield say(one.call, en, ru, "AckTargetMessage")
        if one.reply is not None and is_delivery(one.reply):
            seen.append(one.reply)


def _timed(session: Session) -> list[tuple[Message, Message]]:
    """Return each delivery with its first Ack, where it is known when both travelled."""
    timed = []
    for delivery in deliveries(session):
        named = [one.call for one in acks(session) if ack_target(one.call) == delivery.message_id and one.call]
        if named and named[0].moment is not None and delivery.moment is not None:
            timed.append((delivery, named[0]))
    return timed


@RULES(
    "SES-004",
    "Ack is sent within 15 minutes of the message's delivery.",
    "Ack отправлен не позже 15 минут после выдачи сообщения.",
    source="manual 2.5.2",
    applies=lambda session: bool(_timed(session)),
)
def in_time(session: Session) -> Iterable[Finding]:
    """After that the message is back in its queue."""
    for delivery, ack in _timed(session):
        assert ack.moment is not None
        assert delivery.moment is not None
        if ack.moment - delivery.moment > ACK_TIME:
            yield say(ack, "it is sent later", "отправлен позже", "AckTargetMessage")


@RULES(
    "SES-013",
    "A message is not handed out again while its Ack is awaited, nor after it.",
    "Сообщение не выдаётся снова, пока ждут его Ack, и после него.",
    source="manual 2.5.2",
    applies=lambda session: len(deliveries(session)) > 1,
)
def not_again(session: Session) -> Iterable[Finding]:
    """15 minutes; where no times are known, an acknowledged message only must not come again."""
    given: dict[str, Message] = {}
    done: set[str] = set()
    for one in session.exchanges:
        if one.call is not None and one.call.operation is Operation.ACK and fault_kind(one.reply) is None:
            done.add(ack_target(one.call))
        if one.reply is None or not is_delivery(one.reply):
            continue
        identifier = one.reply.message_id
        before = given.get(identifier)
        if identifier in done:
            yield say(one.reply, "it comes again after its Ack", "снова выдано после Ack", "MessageID")
        elif before is not None and _soon(before, one.reply):
            yield say(one.reply, "it comes again within 15 minutes", "снова выдано раньше 15 минут", "MessageID")
        given[identifier] = one.reply


def _soon(first: Message, again_: Message) -> bool:
    """Whether both times are known and close."""
    if first.moment is None or again_.moment is None:
        return False
    return again_.moment - first.moment < ACK_TIME
