"""Whoever answers the gateway in the exchange's place: nothing of what it says is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest
from tests.contracts.attacks import bombs, keys, parts, references, texts, wrapping
from tests.contracts.attacks.signing import EVERY, ID, NOW, Message, make_message, seen
from tests.contracts.attacks.table import ATTACKS, Attack, Harmless
from tests.gateway.records import Clock, certificate

from socert.contracts.errors import SignatureFault, SignatureInvalid
from socert.contracts.signature.certificates import fingerprint
from socert.contracts.smev import reply
from socert.contracts.smev.faults import FaultReceived
from socert.contracts.smev.metadata import Metadata
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import MessageCategory
from socert.gateway.errors import Unreadable
from socert.gateway.exchange.exchange import Exchange
from socert.gateway.exchange.retry import Breaker
from socert.gateway.ports import Sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.gateway.line import Line

    from socert.contracts.smev.call import Call

MODULES: Final = (bombs, keys, parts, references, texts, wrapping)


@dataclass(frozen=True)
class Hostile:
    """Answers everything with the same."""

    message: Message

    async def send(self, operation: str, envelope: bytes, content_type: str | None = None) -> Sent:
        return Sent(status=200, content_type=self.message.content_type, body=self.message.data)


def exchange(message: Message) -> Exchange:
    """The exchange as the gateway sees it, that trusts the true signer alone."""
    return Exchange(
        transport=Hostile(message),
        trusted=lambda: frozenset({fingerprint(message.signer.certificate)}),
        suites=EVERY,
        breaker=Breaker(failures=5, pause=1.0, clock=Clock()),
    )


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
async def test_an_attack_leaves_doubt_or_nothing(attack: Attack) -> None:
    message = make_message("delivery")
    try:
        answer = await exchange(attack.change(message)).call(Operation.GET_REQUEST, b"")
    except (Unreadable, FaultReceived):
        assert attack.outcome is not Harmless.SAME
        return
    if attack.outcome is not Harmless.SAME:
        assert answer.doubt is not None
        return
    assert answer.doubt is None
    true = message.open().fields
    assert answer.reply.delivery is not None
    assert {name: value for name, value in seen(answer.reply.delivery).items() if name != "exchange_signature"} == {
        name: value for name, value in true.items() if name != "exchange_signature"
    }


UNSIGNED: Final[dict[str, Callable[[], bytes]]] = {
    "reply to Ack": reply.ack_reply,
    "empty queue of requests": lambda: reply.empty(Operation.GET_REQUEST),
    "empty queue of statuses": lambda: reply.empty(Operation.GET_STATUS),
    "statistics": lambda: reply.queue_statistics([]),
}


@pytest.mark.parametrize("operation", [Operation.SEND_REQUEST, Operation.SEND_RESPONSE])
@pytest.mark.parametrize("name", UNSIGNED)
async def test_what_is_never_signed_is_no_answer_to_what_always_is(name: str, operation: Operation) -> None:
    true = make_message("delivery")
    unsigned = Message(kind="delivery", data=UNSIGNED[name](), signer=true.signer, stranger=true.stranger)
    answer = await exchange(unsigned).call(operation, b"")
    assert isinstance(answer.doubt, SignatureInvalid)
    assert answer.doubt.reason is SignatureFault.INCORRECT_SIGNATURE_TARGET


@pytest.mark.parametrize("operation", [one for one in Operation if one is not Operation.GET_REQUEST])
async def test_a_true_delivery_answers_no_other_operation(operation: Operation) -> None:
    answer = await exchange(make_message("delivery")).call(operation, b"")
    assert isinstance(answer.doubt, SignatureInvalid)


async def test_a_message_is_not_sent_because_anybody_says_so(line: Line) -> None:
    """The reply to Ack is not signed: in the place of that to SendRequest it must not say that a message was taken."""
    line.region.put(certificate(1))
    (message,) = await line.pack()
    line.stub.next("SendRequest", lambda _: reply.ack_reply())
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "queued"
    line.clock.advance(1)
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "accepted"


async def test_a_reply_of_another_time_is_not_believed(line: Line) -> None:
    """A true reply about another message, recorded and played again."""

    def recorded(opened: Call) -> bytes:
        metadata = Metadata(message_id=ID, message_type=MessageCategory.REQUEST, sent_at=NOW)
        return reply.send_reply(opened.operation, metadata, signer=line.stub.signer)

    line.region.put(certificate(1))
    (message,) = await line.pack()
    line.stub.next("SendRequest", recorded)
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "queued"
    assert [row["result"] for row in line.tries()] == ["retry"]
