"""Several messages on the wire at once: in order, kept before they are acknowledged; a failing queue is not hurried."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.gateway.line import eventually
from tests.gateway.test_poller import question

from socert.contracts.smev import call, reply
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.operation import Operation
from socert.gateway.exchange.exchange import Exchange
from socert.gateway.exchange.wake import Wake
from socert.gateway.store.writer import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from tests.gateway.line import Line
    from tests.gateway.stub import Behaviour, Stub

    from socert.gateway.exchange.poller import Poller
    from socert.gateway.ports import Sent

SEVERAL = 4


class Crossing:
    """A way to the stub on which later calls overtake earlier ones; counts how many are under way at once."""

    def __init__(self, stub: Stub) -> None:
        self._send = stub.send
        self._gate = asyncio.Condition()
        self.under_way: dict[str, int] = {}
        self.most: dict[str, int] = {}

    async def send(self, operation: str, envelope: bytes, content_type: str | None = None) -> Sent:
        now = self.under_way[operation] = self.under_way.get(operation, 0) + 1
        self.most[operation] = max(self.most.get(operation, 0), now)
        try:
            for _ in range(2 * (SEVERAL - now)):
                await asyncio.sleep(0)  # the last one asked is the first at the exchange
            return await self._send(operation, envelope, content_type)
        finally:
            self.under_way[operation] -= 1


@pytest.fixture
def crossing(line: Line, monkeypatch: pytest.MonkeyPatch) -> Crossing:
    """Let the line's calls cross each other."""
    made = Crossing(line.stub)
    monkeypatch.setattr(line.stub, "send", made.send)
    return made


@asynccontextmanager
async def running(poller: Poller, hurry: Wake | None = None) -> AsyncIterator[None]:
    """Let a poller run."""
    task = asyncio.create_task(poller.run(hurry or Wake(), Wake()))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def asked(line: Line, count: int) -> list[str]:
    """Put so many questions into the queue, one after the other; return their ids."""
    made = []
    for order in range(count):
        made.append(line.stub.ask(question(order + 1)))
        line.clock.advance(1)
    return made


async def test_a_burst_is_taken_several_at_once_and_kept_in_its_order(line: Line, crossing: Crossing) -> None:
    """A cancellation must not be handled before the application that it cancels."""
    ids = asked(line, 30)
    async with running(line.poller(Operation.GET_REQUEST)):
        await eventually(lambda: len(line.stub.acknowledged) == 30, "all are taken")
    assert crossing.most["GetRequest"] == SEVERAL
    assert crossing.most["Ack"] == SEVERAL
    assert [row["message_id"] for row in line.inbox()] == ids
    assert sorted(line.stub.acknowledged) == sorted((one, True) for one in ids)


async def test_those_taken_together_share_a_commit(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[int] = []
    commit = Store._commit

    def counted(self: Store, group: Sequence[object]) -> None:
        commits.append(len(group))
        commit(self, group)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(Store, "_commit", counted)
    asked(line, 15)
    async with running(line.poller(Operation.GET_REQUEST)):
        await eventually(lambda: len(line.stub.acknowledged) == 15, "all are taken")
    assert commits == [1, 2, 4, 4, 4]


async def test_an_empty_queue_is_asked_once_at_a_time(line: Line, crossing: Crossing) -> None:
    asked(line, 9)
    async with running(line.poller(Operation.GET_REQUEST)):
        await eventually(lambda: len(line.stub.acknowledged) == 9, "the queue has run dry")
        crossing.most.clear()
        looks = len(line.stub.sent("GetRequest"))
        await eventually(lambda: len(line.stub.sent("GetRequest")) > looks + 3, "it is looked at again")
    assert crossing.most["GetRequest"] == 1


async def test_none_is_acknowledged_before_all_that_came_with_it_are_kept(line: Line) -> None:
    seen: list[int] = []
    asked(line, 7)

    def look(_opened: call.Call) -> bytes:
        seen.append(len(line.inbox()))
        return reply.ack_reply()

    line.stub.next("Ack", *[look] * 7)
    async with running(line.poller(Operation.GET_REQUEST)):
        await eventually(lambda: len(seen) == 7, "all are acknowledged")
    assert all(kept >= least for kept, least in zip(seen, [1, 3, 3, 7, 7, 7, 7], strict=True))


async def test_what_came_beside_a_failure_is_kept(line: Line) -> None:
    ids = asked(line, 3)
    kindly = line.stub._kindly
    line.stub.next("GetRequest", kindly, kindly, line.stub.silence, kindly)
    poller = line.poller(Operation.GET_REQUEST)
    async with running(poller):
        await eventually(lambda: len(line.stub.acknowledged) == 3, "all are taken")
    assert [row["message_id"] for row in line.inbox()] == ids


@pytest.mark.parametrize(
    "end",
    [
        lambda stub: stub.silence,
        lambda stub: stub.garbage,
        *(lambda stub, kind=kind: stub.refused(kind) for kind in (FaultKind.SMEV_FAILURE, FaultKind.INVALID_CONTENT)),
    ],
)
async def test_a_queue_that_fails_is_not_hurried(line: Line, end: Callable[[Stub], Behaviour]) -> None:
    """Each message sent wakes the poller of answers; while the exchange is in trouble that must not multiply calls."""
    poller = line.poller(Operation.GET_RESPONSE)
    poller._least = poller._most = 3600
    line.stub.next("GetResponse", end(line.stub))
    hurry = Wake()
    async with running(poller, hurry):
        await eventually(lambda: line.stub.sent("GetResponse"), "the first look")
        for _ in range(20):
            hurry.call()
            await asyncio.sleep(0)
    assert len(line.stub.sent("GetResponse")) == 1


async def test_a_crash_before_the_acknowledgement_loses_and_doubles_nothing(line: Line) -> None:
    """Everything is kept; what was not acknowledged comes again and is handled once."""
    ids = asked(line, 3)
    raw = list(line.stub.queues["GetRequest"])
    reached = asyncio.Event()
    send = line.stub.send

    async def cut(operation: str, envelope: bytes, content_type: str | None = None) -> Sent:
        if operation == "Ack":
            reached.set()
            await asyncio.Event().wait()
        return await send(operation, envelope, content_type)

    line.stub.send = cut  # type: ignore[method-assign]  # the wire breaks here
    async with running(line.poller(Operation.GET_REQUEST)):
        await reached.wait()
        await eventually(line.inbox, "kept, not acknowledged")
    line.stub.send = send  # type: ignore[method-assign]  # the next process
    assert line.stub.acknowledged == []
    kept = {row["message_id"] for row in line.inbox()}
    # After fifteen minutes all that was given out stands at the head of the queue again.
    line.stub.queues["GetRequest"].clear()
    line.stub.queues["GetRequest"].extend(raw)
    await line.receive(Operation.GET_REQUEST)
    assert kept <= set(ids)
    assert [row["message_id"] for row in line.inbox()] == ids
    assert {row["state"] for row in line.inbox()} == {"handled"}
    assert line.stub.acknowledged == [(one, True) for one in ids]
    assert len(line.messages()) == 3, "one answer each"


async def test_a_crash_on_the_wire_keeps_and_acknowledges_nothing(line: Line) -> None:
    asked(line, 1)
    reached = asyncio.Event()
    send = line.stub.send

    async def cut(operation: str, envelope: bytes, content_type: str | None = None) -> Sent:
        sent = await send(operation, envelope, content_type)
        reached.set()
        await asyncio.Event().wait()
        return sent

    line.stub.send = cut  # type: ignore[method-assign]  # the reply never arrives
    async with running(line.poller(Operation.GET_REQUEST)):
        await reached.wait()
    assert line.inbox() == []
    assert line.stub.acknowledged == []


async def test_one_exchange_serves_many_pollers(line: Line) -> None:
    """A failing queue leaves the others alone as long as the exchange answers at all."""
    assert isinstance(line.exchange, Exchange)
    ids = asked(line, 5)
    line.stub.next("GetStatus", *[line.stub.refused(FaultKind.SMEV_FAILURE)] * 50)
    async with running(line.poller(Operation.GET_STATUS)), running(line.poller(Operation.GET_REQUEST)):
        await eventually(partial(_all_taken, line, ids), "requests are taken while the status queue fails")


def _all_taken(line: Line, ids: list[str]) -> bool:
    return [row["message_id"] for row in line.inbox()] == ids


async def test_a_queue_that_is_never_given_is_told_of_once(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    line.stub.next("GetStatus", *[line.stub.refused(FaultKind.UNKNOWN_MESSAGE_TYPE)] * 5)
    line.stub.next("GetStatus", line.stub.silence)
    async with running(line.poller(Operation.GET_STATUS)):
        await eventually(lambda: len(line.stub.sent("GetStatus")) > 7, "it is asked again and again")
    warned = [said for said in capsys.readouterr().out.splitlines() if "warning" in said and "queue not read" in said]
    assert len(warned) == 2, "for each reason"
