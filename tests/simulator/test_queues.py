"""Queues: order, hiding, return after a quarter of an hour, selectors. The clock moves by hand."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from socert.simulator.app import Simulator
from socert.simulator.clock import ClockMode, SimulatorClock
from socert.simulator.settings import Settings
from socert.simulator.smev.queues import Kind, Queued, Queues
from socert.simulator.state import State

if TYPE_CHECKING:
    from pathlib import Path

    from socert.contracts.portal import account
    from socert.simulator.smev.participants import Participant

TIMEOUT = timedelta(minutes=15)


@pytest.fixture
def clock() -> SimulatorClock:
    """A clock that stands still."""
    return SimulatorClock(ClockMode.MANUAL)


@pytest.fixture
def queues(clock: SimulatorClock) -> Queues:
    """Empty queues."""
    return Queues(State(), clock, TIMEOUT)


def put(queues: Queues, clock: SimulatorClock, *ids: str, recipient: str = "A", kind: Kind = Kind.REQUEST) -> None:
    """Queue messages; the first letter of an id is its type."""
    for message_id in ids:
        message = Queued(
            recipient=recipient,
            kind=kind,
            message_type=message_id[0],
            message_id=message_id,
            sender="S",
            sent_at=clock(),
            data=b"data",
            signature=b"signature",
        )
        queues.put(message)


def take(queues: Queues, recipient: str = "A", message_type: str | None = None) -> str | None:
    """Take a request, return its id."""
    message = queues.take(recipient, Kind.REQUEST, message_type)
    return None if message is None else message.message_id


def test_first_in_first_out_and_the_next_one_meanwhile(queues: Queues, clock: SimulatorClock) -> None:
    put(queues, clock, "a1", "b2", "a3")

    assert [take(queues) for _ in range(4)] == ["a1", "b2", "a3", None]


def test_what_was_put_is_what_is_taken(queues: Queues, clock: SimulatorClock) -> None:
    put(queues, clock, "a1")

    message = queues.take("A", Kind.REQUEST)

    assert message is not None
    assert (message.data, message.signature, message.sent_at) == (b"data", b"signature", clock())


def test_selector_takes_the_first_of_its_type(queues: Queues, clock: SimulatorClock) -> None:
    put(queues, clock, "a1", "b2", "b3")

    assert take(queues, message_type="b") == "b2"
    assert take(queues, message_type="c") is None
    assert take(queues) == "a1"
    assert take(queues) == "b3"


def test_participants_and_kinds_have_queues_of_their_own(queues: Queues, clock: SimulatorClock) -> None:
    put(queues, clock, "a1", recipient="A")
    put(queues, clock, "a2", recipient="B")
    put(queues, clock, "a3", recipient="A", kind=Kind.RESPONSE)

    assert take(queues, "B") == "a2"
    assert take(queues, "A") == "a1"
    assert take(queues, "A") is None


def test_unacknowledged_message_returns_to_the_head(queues: Queues, clock: SimulatorClock) -> None:
    put(queues, clock, "a1", "a2", "a3")
    assert take(queues) == "a1"
    clock.advance(TIMEOUT - timedelta(microseconds=1))
    assert take(queues) == "a2"
    clock.advance(timedelta(microseconds=1))

    assert take(queues) == "a1"
    assert take(queues) == "a3"


def test_returned_message_stands_before_those_never_given_out(queues: Queues, clock: SimulatorClock) -> None:
    put(queues, clock, "a1", "b2", "a3")
    assert take(queues, message_type="b") == "b2"
    clock.advance(TIMEOUT)

    assert [take(queues) for _ in range(3)] == ["b2", "a1", "a3"]


def test_several_returned_messages_keep_their_order(queues: Queues, clock: SimulatorClock) -> None:
    put(queues, clock, "a1", "a2", "a3")
    assert [take(queues), take(queues)] == ["a1", "a2"]
    clock.advance(TIMEOUT)

    assert [take(queues) for _ in range(3)] == ["a1", "a2", "a3"]


def test_message_returns_again_and_again(queues: Queues, clock: SimulatorClock) -> None:
    put(queues, clock, "a1")
    for _ in range(5):
        assert take(queues) == "a1"
        assert take(queues) is None
        clock.advance(TIMEOUT)


def test_acknowledged_message_never_returns(queues: Queues, clock: SimulatorClock) -> None:
    put(queues, clock, "a1")
    take(queues)

    assert queues.acknowledge("A", "a1")
    clock.advance(TIMEOUT)
    assert take(queues) is None
    assert not queues.acknowledge("A", "a1")


@pytest.mark.parametrize("case", ["never given out", "of another", "too late"])
def test_only_what_waits_for_acknowledgement_can_be_acknowledged(
    queues: Queues, clock: SimulatorClock, case: str
) -> None:
    put(queues, clock, "a1")
    who = "A"
    if case != "never given out":
        take(queues)
    if case == "of another":
        who = "B"
    if case == "too late":
        clock.advance(TIMEOUT)

    assert not queues.acknowledge(who, "a1")
    assert len(queues.sizes()) == 1


def test_sizes_tell_waiting_from_given_out(queues: Queues, clock: SimulatorClock) -> None:
    put(queues, clock, "a1", "a2", "b3")
    take(queues)

    assert queues.sizes() == [
        {"participant": "A", "queue": "request", "node": "", "message_type": "a", "waiting": 1, "unacknowledged": 1},
        {"participant": "A", "queue": "request", "node": "", "message_type": "b", "waiting": 1, "unacknowledged": 0},
    ]


@pytest.mark.parametrize("message_type", [None, "a"])
def test_taking_walks_an_index(queues: Queues, clock: SimulatorClock, message_type: str | None) -> None:
    """A long queue must not slow the node down: each step is a search in an index, never a scan."""
    put(queues, clock, "a1")
    steps: list[str] = []
    connection = queues._state.connection
    connection.set_trace_callback(steps.append)
    queues.expired()
    take(queues, message_type=message_type)
    connection.set_trace_callback(None)
    plans = [
        row["detail"]
        for step in steps
        if step.startswith("SELECT")
        for row in connection.execute(f"EXPLAIN QUERY PLAN {step}").fetchall()
    ]

    assert plans
    assert not [plan for plan in plans if "SCAN" in plan]
    assert all("INDEX queue_" in plan for plan in plans if plan.startswith("SEARCH"))


def test_next_return_is_of_the_first_given_out(queues: Queues, clock: SimulatorClock) -> None:
    start = clock()
    put(queues, clock, "a1", "a2", "a3")
    put(queues, clock, "b1", recipient="B")
    assert queues.next_return("A", start) is None
    take(queues)
    clock.advance(timedelta(minutes=1))
    take(queues)

    assert queues.next_return("A", start) == start + TIMEOUT
    assert queues.next_return("A", start + TIMEOUT) == clock() + TIMEOUT
    assert queues.next_return("A", clock() + TIMEOUT) is None
    assert queues.next_return("B", start) is None


# Over HTTP


async def test_portal_takes_a_message_once_more_when_it_failed(region: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_request: object) -> account.UpdateResponse:
        raise RuntimeError("out of order")

    simulator = region.simulator
    with monkeypatch.context() as patch:
        patch.setattr(simulator.accounts, "apply", broken)
        await region.send(region.batch(region.certificate(1)))
        await region.send(region.batch(region.certificate(2)))
        await simulator.consumer.at_rest()
    assert await region.answers() is None

    simulator.clock.advance(TIMEOUT - timedelta(microseconds=1))
    await simulator.consumer.at_rest()
    assert simulator.accounts.statistics()["objects"] == []

    simulator.clock.advance(timedelta(microseconds=1))
    await simulator.consumer.at_rest()

    statistics = simulator.accounts.statistics()
    assert [(row["seq"], row["applied"]) for row in statistics["objects"]] == [(1, 1), (2, 1)]


async def test_portal_takes_it_once_more_with_nobody_waking_it(
    keys: Path, region: Any, http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that runs by itself: the message comes back after the time for acknowledgement, nothing else happens."""
    async with Simulator(Settings(port=0, keys=keys, ack_timeout=timedelta(milliseconds=200))) as simulator:
        one = type(region)(simulator, region.signer, http)
        working, applied = simulator.accounts.apply, asyncio.Event()
        failures = iter([True, True])

        def broken_twice(request: account.UpdateRequest) -> account.UpdateResponse:
            if next(failures, False):
                raise RuntimeError("out of order")
            applied.set()
            return working(request)

        monkeypatch.setattr(simulator.accounts, "apply", broken_twice)
        await one.send(one.batch(one.certificate(1)))

        async with asyncio.timeout(20):
            await applied.wait()
        assert simulator.accounts.statistics()["totals"]["applied"] == 1


async def test_portal_too_slow_to_acknowledge_answers_again_the_same(
    region: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator: Simulator = region.simulator
    working = simulator.accounts.apply

    def slow(request: account.UpdateRequest) -> account.UpdateResponse:
        simulator.clock.advance(TIMEOUT)
        return working(request)

    monkeypatch.setattr(simulator.accounts, "apply", slow)
    message_id = await region.send(region.batch(region.certificate(1)))
    await simulator.consumer.at_rest()

    portal = [
        (entry["operation"], entry["outcome"], entry["fault"])
        for entry in simulator.journal.last()
        if entry["participant"] == "EPGU"
    ]
    assert portal == [
        ("GetRequest", "ok", ""),
        ("SendResponse", "ok", ""),
        ("Ack", "fault", "TargetMessageIsNotFound"),
        ("GetRequest", "ok", ""),
        ("SendResponse", "fault", "MessageIsAlreadySent"),
        ("Ack", "ok", ""),
    ]
    assert simulator.accounts.statistics()["totals"] == {"applied": 1, "duplicate": 0, "stale": 0, "rejected": 0}
    assert (await region.answers()).original_message_id == message_id
    assert await region.answers() is None


async def test_portal_that_cannot_send_its_answer_tries_again(region: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    simulator = region.simulator
    known = simulator.participants.by_certificate

    def region_only(der: bytes) -> Participant | None:
        return known(der) if der == region.signer.certificate else None

    with monkeypatch.context() as patch:
        patch.setattr(simulator.participants, "by_certificate", region_only)
        await region.send(region.batch(region.certificate(1)))
        await simulator.consumer.at_rest()
    assert await region.answers() is None

    simulator.clock.advance(TIMEOUT)
    await simulator.consumer.at_rest()

    assert await region.answers() is not None
    assert simulator.accounts.statistics()["totals"] == {"applied": 1, "duplicate": 0, "stale": 0, "rejected": 0}


async def test_portal_reads_its_queues_again_a_little_later(region: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> None:
        raise RuntimeError("out of order")

    simulator = region.simulator
    with monkeypatch.context() as patch:
        patch.setattr(simulator.consumer, "_drain", broken)
        await region.send(region.batch(region.certificate(1)))
        await simulator.consumer.at_rest()
    assert simulator.accounts.statistics()["objects"] == []

    simulator.clock.advance(timedelta(minutes=1))
    await simulator.consumer.at_rest()

    assert simulator.accounts.statistics()["totals"]["applied"] == 1


async def test_answers_come_back_until_they_are_acknowledged(region: Any) -> None:
    message_id = await region.send(region.batch(region.certificate()))
    await region.simulator.consumer.at_rest()

    first = await region.answers()
    assert first.original_message_id == message_id
    assert await region.answers() is None
    region.simulator.clock.advance(TIMEOUT)
    second = await region.answers()
    assert second.message_id == first.message_id

    await region.ack(second.message_id)
    region.simulator.clock.advance(TIMEOUT)
    assert await region.answers() is None
