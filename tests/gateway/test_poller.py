"""Taking messages from the exchange: each is kept before it is acknowledged, and kept once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert
from tests.gateway.line import eventually
from tests.gateway.records import NOON, SNILS
from tests.gateway.stub import STRANGER

from socert.contracts.portal import account, pf_certificate
from socert.contracts.smev import call, reply
from socert.contracts.smev.faults import FaultKind, FaultReceived
from socert.contracts.smev.operation import Operation
from socert.gateway.errors import DeliveryError
from socert.gateway.exchange.wake import Wake
from socert.gateway.store import tables

if TYPE_CHECKING:
    from tests.gateway.line import Line


def question(order: int = 1) -> pf_certificate.Request:
    """Return the portal's question for the child's certificate."""
    child = pf_certificate.SearchedChild(
        last_name="Журавлёв",
        first_name="Платон",
        patronymic="Святославович",
        document=pf_certificate.BirthCertificate(series="II-ЖД", number="700115", agency="ЗАГС", issue_date=""),
        snils=SNILS,
        birth_date="2014-03-15",
    )
    return pf_certificate.Request(
        order_id=order, order_timestamp=NOON, query=pf_certificate.SearchQuery(children=(child,))
    )


async def test_an_empty_queue_is_no_message(line: Line) -> None:
    for operation in (Operation.GET_REQUEST, Operation.GET_RESPONSE):
        assert await line.poller(operation).poll() is False
    assert line.inbox() == []
    assert line.stub.acknowledged == []


async def test_a_message_is_kept_whole_before_it_is_acknowledged(line: Line) -> None:
    asked = line.stub.ask(question())
    seen: list[int] = []

    def look(_opened: call.Call) -> bytes:
        seen.append(len(line.inbox()))
        return reply.ack_reply()

    line.stub.next("Ack", look)
    raw = line.stub.queues["GetRequest"][0]
    assert await line.poller(Operation.GET_REQUEST).poll() is True
    assert seen == [1], "it was in the inbox when Ack was sent"
    (row,) = line.inbox()
    assert row["message_id"] == asked
    assert row["reply_to"] == f"address of {asked}"
    assert row["message_type"] == str(pf_certificate.REQUEST)
    assert (row["operation"], row["state"], row["body"]) == ("GetRequest", "received", raw)


async def test_requests_are_asked_for_by_type(line: Line) -> None:
    await line.poller(Operation.GET_REQUEST).poll()
    await line.poller(Operation.GET_RESPONSE).poll()
    asked = [call.open_call(body).selector for _, body in line.stub.calls]
    assert asked == [pf_certificate.REQUEST, None]


async def test_a_message_that_comes_again_is_acknowledged_again_and_kept_once(line: Line) -> None:
    asked = line.stub.ask(question())
    line.stub.ask(question(), message_id=asked)
    poller = line.poller(Operation.GET_REQUEST)
    assert [await poller.poll(), await poller.poll(), await poller.poll()] == [True, True, False]
    assert len(line.inbox()) == 1
    assert line.stub.acknowledged == [(asked, True)] * 2


async def test_a_message_handled_before_is_not_handled_again(line: Line) -> None:
    asked = line.stub.ask(question())
    await line.receive(Operation.GET_REQUEST)
    line.stub.ask(question(), message_id=asked)
    await line.receive(Operation.GET_REQUEST)
    assert [row["state"] for row in line.inbox()] == ["handled"]
    assert len(line.messages()) == 1, "one answer"


async def test_a_message_of_a_stranger_is_kept_aside_and_refused(line: Line) -> None:
    asked = line.stub.ask(question(), signer=STRANGER)
    assert await line.poller(Operation.GET_REQUEST).poll() is True
    (row,) = line.inbox()
    assert (row["state"], row["handled_at"]) == ("failed", None)
    assert "SOCERT_EXCHANGE_CERTIFICATE" in row["error"]
    assert line.stub.acknowledged == [(asked, False)]
    assert await line.handler.handle() is False, "nothing of it is used"


async def test_a_message_that_was_changed_on_its_way_is_kept_aside(line: Line) -> None:
    line.stub.ask(question())
    raw = line.stub.queues["GetRequest"][0]
    line.stub.queues["GetRequest"][0] = raw.replace("Платон".encode(), "Антон!".encode())
    await line.poller(Operation.GET_REQUEST).poll()
    (row,) = line.inbox()
    assert row["state"] == "failed"
    assert "Антон" not in row["error"]


async def test_what_a_stranger_sent_does_not_stand_in_the_true_message_s_way(line: Line) -> None:
    """Whoever can answer in the exchange's place once must not be able to make a message be lost."""
    asked = line.stub.ask(question(), signer=STRANGER)
    poller = line.poller(Operation.GET_REQUEST)
    await poller.poll()
    line.stub.ask(question(), message_id=asked)
    await line.receive(Operation.GET_REQUEST)
    (row,) = line.inbox()
    assert (row["state"], row["error"]) == ("handled", None)
    assert line.stub.acknowledged == [(asked, False), (asked, True)]
    line.stub.ask(question(), message_id=asked, signer=STRANGER)
    await poller.poll()
    assert [row["state"] for row in line.inbox()] == ["handled"], "nor undo what is done"


async def test_oversized_ids_of_a_stranger_do_no_harm(line: Line) -> None:
    line.stub.ask(question(), signer=STRANGER)
    (raw,) = line.stub.queues["GetRequest"]
    line.stub.queues["GetRequest"][0] = raw.replace(b"MessageID>", b"MessageID>" + b"x" * 300, 1)
    assert await line.poller(Operation.GET_REQUEST).poll() is True
    assert [row["state"] for row in line.inbox()] == ["failed"]


async def test_a_lost_acknowledgement_is_made_good_when_the_message_comes_again(line: Line) -> None:
    asked = line.stub.ask(question())
    line.stub.next("Ack", line.stub.silence)
    assert await line.poller(Operation.GET_REQUEST).poll() is True, "the message itself is safe"
    line.stub.ask(question(), message_id=asked)
    line.stub.next("Ack", line.stub.refused(FaultKind.TARGET_MESSAGE_IS_NOT_FOUND))
    assert await line.poller(Operation.GET_REQUEST).poll() is True
    assert len(line.inbox()) == 1


@pytest.mark.parametrize(
    ("end", "error"), [("silence", DeliveryError), ("garbage", Exception), ("SMEVFailure", FaultReceived)]
)
async def test_a_queue_that_cannot_be_read_is_read_later(line: Line, end: str, error: type[Exception]) -> None:
    ends = {"SMEVFailure": line.stub.refused(FaultKind.SMEV_FAILURE)}
    line.stub.next("GetResponse", ends.get(end) or getattr(line.stub, end))
    with pytest.raises(error):
        await line.poller(Operation.GET_RESPONSE).poll()
    assert line.inbox() == []
    task = asyncio.create_task(line.poller(Operation.GET_RESPONSE).run(Wake(), Wake()))
    original = sent_before(line)
    line.stub.next("GetResponse", ends.get(end) or getattr(line.stub, end))
    line.stub.respond(original, account.UpdateResponse(batch_id=original, code=0, message="Применено"))
    await eventually(line.inbox, "the loop goes on after a failure")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_burst_is_drained_without_pauses(line: Line) -> None:
    for order in range(30):
        line.stub.ask(question(order + 1))
    poller = line.poller(Operation.GET_REQUEST)
    poller._least = poller._most = 3600
    arrived = Wake()
    task = asyncio.create_task(poller.run(Wake(), arrived))
    await eventually(lambda: len(line.inbox()) == 30, "all are taken though a pause would last an hour")
    async with asyncio.timeout(5):
        await arrived.wait(60)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_pause_ends_when_there_is_reason_to_look(line: Line) -> None:
    poller = line.poller(Operation.GET_REQUEST)
    poller._least = poller._most = 3600
    hurry = Wake()
    task = asyncio.create_task(poller.run(hurry, Wake()))
    await eventually(lambda: line.stub.sent("GetRequest"), "the first look")
    line.stub.ask(question())
    hurry.call()
    await eventually(line.inbox, "a second look, long before the hour")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_an_exchange_that_is_left_alone_is_not_polled(line: Line) -> None:
    line.stub.down = True
    task = asyncio.create_task(line.poller(Operation.GET_REQUEST).run(Wake(), Wake()))
    await eventually(lambda: not line.exchange.reachable, "the breaker opens")
    calls = len(line.stub.calls)
    assert calls == 5
    await asyncio.sleep(0.05)
    assert len(line.stub.calls) == calls
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def sent_before(line: Line) -> str:
    """Return the id of a message that waits for its answer."""
    message_id = line.stub.ids()
    row: dict[str, Any] = {
        "message_id": message_id,
        "operation": "SendRequest",
        "message_type": "AccountUpdateRequest",
        "reference": message_id,
        "body": b"",
        "state": "accepted",
        "attempts": 1,
        "next_attempt_at": 0,
        "created_at": 0,
    }
    line.region.store.run(lambda connection: connection.execute(insert(tables.outbox), [row]))
    return message_id
