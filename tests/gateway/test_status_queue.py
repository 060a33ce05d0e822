"""The status queue: the exchange's verdicts reach the message that they speak of, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.gateway.stub import STRANGER
from tests.gateway.test_handler import accepted
from tests.gateway.test_sender import content_of

from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import InteractionStatus

if TYPE_CHECKING:
    from tests.gateway.line import Line


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (FaultKind.INVALID_CONTENT, "rejected"),
        (FaultKind.SIGNATURE_VERIFICATION, "dead"),
        (FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION, "dead"),
        (FaultKind.RECIPIENT_IS_NOT_FOUND, "dead"),
    ],
)
async def test_a_verdict_ends_the_message_that_it_speaks_of(line: Line, kind: FaultKind, state: str) -> None:
    message = await accepted(line)
    line.stub.report(message["message_id"], kind)
    assert await line.receive(Operation.GET_STATUS) == 1
    assert line.message(message["message_id"])["state"] == state
    assert [row["state"] for row in line.inbox()] == ["handled"]


async def test_nothing_of_the_status_queue_is_acknowledged(line: Line) -> None:
    """Only what GetRequest and GetResponse brought is (SMEV 3 WSDL, Ack): there is no id to acknowledge it by."""
    message = await accepted(line)
    line.stub.report(message["message_id"], FaultKind.INVALID_CONTENT)
    await line.receive(Operation.GET_STATUS)
    assert line.stub.sent("Ack") == []


async def test_a_step_on_the_way_is_no_end(line: Line) -> None:
    message = await accepted(line)
    line.stub.report(message["message_id"], FaultKind.UNKNOWN, InteractionStatus.ACCEPTED)
    await line.receive(Operation.GET_STATUS)
    assert line.message(message["message_id"])["state"] == "accepted"


async def test_a_verdict_that_comes_twice_and_both_ways_counts_once(line: Line) -> None:
    message = await accepted(line, objects=2)
    line.stub.judge(message["message_id"], FaultKind.INVALID_CONTENT)
    for _ in range(2):
        line.stub.report(message["message_id"], FaultKind.INVALID_CONTENT)
    await line.receive()
    await line.receive(Operation.GET_STATUS)
    assert [row["operation"] for row in line.inbox()] == ["GetResponse", "GetStatus"], "the same is kept once"
    assert [len(content_of(row)) for row in await line.pack()] == [1, 1], "its two objects go again, each once"


async def test_a_verdict_on_nothing_of_ours_is_kept_and_shown(line: Line) -> None:
    line.stub.report(line.stub.ids(), FaultKind.INVALID_CONTENT)
    await line.receive(Operation.GET_STATUS)
    (row,) = line.inbox()
    assert row["state"] == "failed"
    assert "not a message of ours" in row["error"]


async def test_a_stranger_s_verdict_ends_nothing(line: Line) -> None:
    message = await accepted(line)
    line.stub.report(message["message_id"], FaultKind.ACCESS_DENIED, signer=STRANGER)
    await line.receive(Operation.GET_STATUS)
    assert line.message(message["message_id"])["state"] == "accepted"
    assert [row["state"] for row in line.inbox()] == ["failed"]
    line.stub.report(message["message_id"], FaultKind.ACCESS_DENIED)
    await line.receive(Operation.GET_STATUS)
    assert line.message(message["message_id"])["state"] == "dead", "the true one is not kept out by the false one"
