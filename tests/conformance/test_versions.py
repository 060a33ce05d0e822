"""What our own builders make keeps every requirement, in every version: messages one by one, and as a session."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.conformance import samples as s

from socert.conformance.checking import check_messages, check_one
from socert.conformance.requirement import Outcome
from socert.conformance.table import MESSAGE_RULES, SESSION_RULES
from socert.contracts.smev import call, reply
from socert.contracts.smev.operation import OPERATIONS_OF, Operation
from socert.contracts.smev.status import BusinessStatus, MessageCategory, RejectCode, Rejection
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socert.conformance.message import Message
    from socert.conformance.requirement import Result

# Our test keys; nothing else may be KO.
KNOWN = {"SMEV-SIG-010"}


def broken(results: Sequence[Result]) -> dict[str, list[tuple[str, str, str]]]:
    return {
        result.requirement.id: [(one.message, one.path, one.reason.en) for one in result.findings]
        for result in results
        if result.outcome is Outcome.KO and result.requirement.id not in KNOWN
    }


def calls(version: Version) -> list[Message]:
    """Every call that a participant can make."""
    signer, now = s.signer(), s.NOW
    answer = partial(call.send_response, message_id=s.ID, to=s.REPLY_TO, signer=signer, version=version)
    refusal = Rejection(code=RejectCode.NO_DATA, description="Нет")
    waiting = BusinessStatus(code=1, description="Ждём", parameters=(("a", "b"),))
    life = now + timedelta(days=1)
    made = [
        (Operation.SEND_REQUEST, s.send(version=version, test=True, end_of_life=life, node_id="one")),
        (Operation.SEND_RESPONSE, answer(content=s.CONTENT)),
        (Operation.SEND_RESPONSE, answer(rejections=(refusal,))),
        (Operation.SEND_RESPONSE, answer(status=waiting)),
        (Operation.GET_REQUEST, s.poll_requests(version=version, selector=s.NOTE)),
        (Operation.GET_RESPONSE, s.poll(version=version, node_id="one")),
        (Operation.GET_STATUS, call.get_status(timestamp=now, signer=signer, version=version)),
        (Operation.ACK, call.ack(message_id=s.ID, signer=signer, version=version)),
    ]
    if Operation.GET_INCOMING_QUEUE_STATISTICS in OPERATIONS_OF[version]:
        statistics = call.get_incoming_queue_statistics(timestamp=now, signer=signer)
        made.append((Operation.GET_INCOMING_QUEUE_STATISTICS, statistics))
    if version is Version.V1_3:
        made += [(Operation.SEND_REQUEST, s.routed()), (Operation.SEND_REQUEST, s.registry())]
    return [s.said(data, operation=operation, moment=now, name=operation.value) for operation, data in made]


def replies(version: Version) -> list[Message]:
    """The exchange's replies: taken, delivered, empty."""
    opened = call.open_call(s.send(version=version))
    answered = call.open_call(
        call.send_response(
            message_id=s.OTHER_ID, to=s.REPLY_TO, content=s.CONTENT, signer=s.signer("Provider"), version=version
        )
    )
    exchange = s.signer("Exchange")
    made = [
        reply.send_reply(Operation.SEND_REQUEST, s.metadata(), signer=exchange, version=version),
        reply.send_reply(Operation.SEND_RESPONSE, s.metadata(), signer=exchange, version=version),
        reply.request_delivery(
            sender_data=opened.sender_data(),
            sender_signature=opened.sender_signature(),
            metadata=s.metadata(),
            reply_to=s.REPLY_TO,
            signer=exchange,
            version=version,
        ),
        reply.response_delivery(
            original_message_id=s.ID,
            sender_data=answered.sender_data(),
            sender_signature=answered.sender_signature(),
            metadata=s.metadata(s.OTHER_ID, MessageCategory.RESPONSE),
            signer=exchange,
            version=version,
        ),
        reply.empty(Operation.GET_REQUEST, version),
        reply.empty(Operation.GET_RESPONSE, version),
        reply.empty(Operation.GET_STATUS, version),
        reply.ack_reply(version),
    ]
    return [s.heard(data, name=f"{number}.response") for number, data in enumerate(made)]


@pytest.mark.parametrize("version", Version)
def test_every_call_that_we_build_keeps_every_requirement(version: Version) -> None:
    assert broken(check_messages(MESSAGE_RULES, calls(version))) == {}


@pytest.mark.parametrize("version", Version)
def test_every_reply_that_we_build_keeps_every_requirement(version: Version) -> None:
    assert broken(check_messages(MESSAGE_RULES, replies(version))) == {}


@pytest.mark.parametrize("version", Version)
def test_a_whole_talk_keeps_every_requirement(version: Version) -> None:
    asked = s.send(version=version)
    taken, _, _, answer, _, empty, _, acked = replies(version)
    session = s.session(
        (asked, taken),
        (s.poll(version=version), answer),
        (call.ack(message_id=s.OTHER_ID, signer=s.signer(), version=version), acked),
        (s.poll(version=version), empty),
    )
    results = check_one(SESSION_RULES, session)
    assert broken(results) == {}
    assert sum(result.outcome is Outcome.OK for result in results) >= 4
