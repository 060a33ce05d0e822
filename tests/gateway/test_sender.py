"""What becomes of a message, by what each try of it comes to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.gateway.line import eventually
from tests.gateway.records import FLOOR, NOON, balance, certificate, guid

from socert.contracts.smev import call
from socert.contracts.smev.faults import Disposition, FaultKind, disposition, faults_of
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.version import Version
from socert.gateway.exchange import outbox, outcome
from socert.gateway.exchange.sender import LEASE
from socert.gateway.exchange.wake import Wake
from socert.gateway.store.tables import micros

if TYPE_CHECKING:
    from sqlalchemy import RowMapping
    from tests.gateway.line import Line

RETRIED = [kind for kind in FaultKind if disposition(kind) is Disposition.RETRY]
FOR_GOOD = [
    kind
    for kind in sorted(faults_of(Operation.SEND_REQUEST, Version.V1_2))
    if disposition(kind) is Disposition.PERMANENT and kind is not FaultKind.INVALID_CONTENT
]


async def packed(line: Line, objects: int = 1) -> RowMapping:
    """Put a message with so many certificates into the outbox."""
    line.region.put(*(certificate(number) for number in range(1, objects + 1)))
    (message,) = await line.pack()
    return message


async def test_a_message_leaves_as_it_was_packed(line: Line) -> None:
    message = await packed(line)
    assert await line.try_all() == 1
    assert line.stub.sent("SendRequest") == [message["body"]]
    after = line.message(message["message_id"])
    assert (after["state"], after["attempts"], after["claimed_by"]) == ("accepted", 1, None)
    assert [(row["message_id"], row["result"]) for row in line.tries()] == [(message["message_id"], "accepted")]
    assert await line.try_all() == 0, "what was taken is not sent again"


@pytest.mark.parametrize("kind", RETRIED)
async def test_a_fault_that_passes_is_waited_out(line: Line, kind: FaultKind) -> None:
    message = await packed(line)
    line.stub.next("SendRequest", line.stub.refused(kind))
    await line.try_all()
    after = line.message(message["message_id"])
    assert (after["state"], after["attempts"], after["next_attempt_at"]) == ("queued", 1, micros(NOON) + 1_000_000)
    assert await line.try_all() == 0, "its time has not come"
    line.clock.advance(1)
    await line.try_all()
    assert line.stub.sent("SendRequest") == [message["body"]] * 2, "the same bytes under the same id"
    assert line.message(message["message_id"])["state"] == "accepted"


@pytest.mark.parametrize("end", ["silence", "garbage", "untrusted"])
async def test_an_answer_that_is_none_is_waited_out(line: Line, end: str) -> None:
    message = await packed(line)
    line.stub.next("SendRequest", getattr(line.stub, end))
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "queued"
    line.clock.advance(1)
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "accepted"
    assert [row["result"] for row in line.tries()] == ["retry", "accepted"]


async def test_a_lost_answer_is_no_second_message(line: Line) -> None:
    message = await packed(line)
    line.stub.next("SendRequest", line.stub.lost)
    await line.try_all()
    line.clock.advance(1)
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "accepted"
    assert [row["result"] for row in line.tries()] == ["retry", "MessageIsAlreadySent"]
    assert len(set(line.stub.sent("SendRequest"))) == 1


async def test_pauses_double_until_a_person_is_asked(line: Line) -> None:
    message = await packed(line)
    line.stub.next("SendRequest", *[line.stub.silence] * 4)
    due = []
    while line.message(message["message_id"])["state"] == "queued":
        due.append((line.message(message["message_id"])["next_attempt_at"] - micros(NOON)) // 1_000_000)
        line.clock.now = NOON
        line.clock.advance(due[-1])
        assert await line.try_all() == 1
    assert due == [0, 1, 3, 7]
    dead = line.message(message["message_id"])
    assert (dead["state"], dead["outcome"]) == ("dead", "no more tries: no answer")
    assert line.states()[guid(1)] == "packed", "nothing newer overtakes it"


async def test_a_person_may_replay_a_dead_message(line: Line) -> None:
    line.attempts = 1
    message = await packed(line)
    line.stub.next("SendRequest", line.stub.silence)
    await line.try_all()
    line.clock.advance(3600)
    assert replay(line, message["message_id"]) == 1
    await line.try_all()
    after = line.message(message["message_id"])
    assert (after["state"], after["attempts"], after["outcome"]) == ("accepted", 1, None)
    assert line.stub.sent("SendRequest") == [message["body"]] * 2
    assert replay(line, message["message_id"]) == 0, "only dead messages are replayed"


async def test_a_dead_message_that_the_exchange_has_is_replayed_under_a_new_id(line: Line) -> None:
    """The exchange would say of the same id that it was sent, and no answer would ever come."""
    message = await packed(line)
    await line.try_all()
    line.stub.judge(message["message_id"], FaultKind.ACCESS_DENIED)
    await line.receive()
    assert line.message(message["message_id"])["state"] == "dead"
    assert replay(line, message["message_id"]) == 1
    (again,) = await line.pack()
    assert again["message_id"] != message["message_id"]
    await line.try_all()
    assert content_of(again) == content_of(message)
    renewed = line.message(message["message_id"])
    assert (renewed["state"], renewed["renewed_by"]) == ("renewed", again["message_id"])


@pytest.mark.parametrize("kind", FOR_GOOD)
async def test_a_refusal_for_good_waits_for_a_person(line: Line, kind: FaultKind) -> None:
    message = await packed(line)
    line.stub.next("SendRequest", line.stub.refused(kind))
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "dead"
    assert [row["result"] for row in line.tries()] == [kind.value]
    line.clock.advance(86_400)
    assert await line.try_all() == 0


async def test_refused_content_is_sent_object_by_object(line: Line) -> None:
    message = await packed(line, objects=3)
    line.stub.next("SendRequest", line.stub.refused(FaultKind.INVALID_CONTENT))
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "rejected"
    alone = await line.pack()
    assert len(alone) == 3
    refused = line.stub.refused(FaultKind.INVALID_CONTENT)
    line.stub.next("SendRequest", line.stub.taken, refused, line.stub.taken)
    await line.try_all()
    ends = [line.message(row["message_id"])["state"] for row in alone]
    assert sorted(ends) == ["accepted", "accepted", "rejected"]
    assert sorted(line.states().values()) == ["packed", "packed", "rejected"]


async def test_an_id_that_grew_too_old_is_renewed(line: Line) -> None:
    message = await packed(line, objects=2)
    line.clock.advance(2 * 86_400)
    line.stub.next("SendRequest", line.stub.refused(FaultKind.STALE_MESSAGE_ID))
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "renewed"
    (again,) = await line.pack()
    await line.try_all()
    assert line.message(again["message_id"])["state"] == "accepted"
    assert content_of(again) == content_of(message), "the same versions of the same objects"
    assert line.message(message["message_id"])["renewed_by"] == again["message_id"]


async def test_versions_of_one_object_keep_their_order_through_a_renewal(line: Line) -> None:
    await packed(line)
    line.region.put(certificate(balance=balance(spent=100)))
    assert len(await line.pack()) == 1, "the newer version waits for the older one"
    line.clock.advance(2 * 86_400)
    line.stub.next("SendRequest", line.stub.refused(FaultKind.STALE_MESSAGE_ID))
    await line.try_all()
    (again,) = await line.pack()
    assert [(row["seq"], row["state"]) for row in line.region.changes()] == [(1, "packed"), (2, "packed")]
    assert [seq for _, seq in content_of(again)] == [1, 2]


async def test_what_is_newer_takes_the_place_of_what_is_renewed(line: Line) -> None:
    """A balance that changes after the renewal is told once, as it stands last."""
    await packed(line)
    line.clock.advance(2 * 86_400)
    line.stub.next("SendRequest", line.stub.refused(FaultKind.STALE_MESSAGE_ID))
    await line.try_all()
    line.region.put(certificate(balance=balance(spent=100)))
    (again,) = await line.pack()
    assert content_of(again) == [(guid(1), 2 * 86_400 + 1)]
    assert line.messages()[0]["renewed_by"] is None, "none of its content lives on"


async def test_a_young_id_is_not_renewed_again_and_again(line: Line) -> None:
    """The exchange calls it old because this machine's clock is behind: a new id would fare no better."""
    message = await packed(line)
    line.stub.next("SendRequest", line.stub.refused(FaultKind.STALE_MESSAGE_ID))
    await line.try_all()
    dead = line.message(message["message_id"])
    assert dead["state"] == "dead"
    assert "clock" in dead["outcome"]
    assert await line.pack() == []


async def test_two_processes_never_hold_one_message(line: Line) -> None:
    for number in range(1, 5):
        line.region.put(certificate(number))
        await line.pack()
    now = line.clock()

    def claim(node: str, limit: int) -> list[str]:
        taken = line.region.store.run(
            lambda connection: (
                outbox.claim(connection, node=node, now=now, lease=NOON - NOON, limit=limit)
                if node == "nobody"
                else outbox.claim(connection, node=node, now=now, lease=LEASE, limit=limit)
            )
        )
        return [message.message_id for message in taken]

    first, second = claim("a", 3), claim("b", 3)
    assert (len(first), len(second)) == (3, 1)
    assert not set(first) & set(second)
    assert claim("c", 3) == []
    given_back = line.region.store.run(lambda connection: outbox.let_go(connection, "a"))
    assert given_back == 3
    assert sorted(claim("c", 9)) == sorted(first)


async def test_a_claim_of_a_dead_process_runs_out(line: Line) -> None:
    message = await packed(line)
    line.region.store.run(
        lambda connection: outbox.claim(connection, node="dead", now=line.clock(), lease=LEASE, limit=1)
    )
    assert await line.try_all() == 0
    line.clock.advance(LEASE.total_seconds())
    assert await line.try_all() == 1
    assert line.message(message["message_id"])["state"] == "accepted"


async def test_an_answer_before_our_own_note_is_not_undone(line: Line) -> None:
    """The portal may answer before the sender has written down that the exchange took the message."""
    message = await packed(line)
    (claimed,) = line.region.store.run(
        lambda connection: outbox.claim(connection, node="a", now=line.clock(), lease=LEASE, limit=1)
    )
    line.stub.respond(message["message_id"], line.verdict(message))
    await line.receive()
    assert line.message(message["message_id"])["state"] == "done"
    await line.sender.send(claimed)
    assert line.message(message["message_id"])["state"] == "done"
    assert line.states()[guid(1)] == "delivered"


# --- the loop ---------------------------------------------------------------------------------------------------------


async def test_the_loop_leaves_an_exchange_alone_that_does_not_answer(line: Line) -> None:
    for number in range(1, 9):
        line.region.put(certificate(number))
        await line.pack()
    line.stub.down = True
    work = Wake()
    task = asyncio.create_task(line.sender.run(work, Wake(), 0.005))
    await eventually(lambda: not line.exchange.reachable, "the breaker opens")
    await eventually(lambda: len(line.tries()) == len(line.stub.calls), "what was on its way ends")
    calls = len(line.stub.calls)
    assert 5 <= calls <= 8
    for _ in range(20):
        work.call()
        await asyncio.sleep(0)
    assert len(line.stub.calls) == calls, "it is left alone"
    assert not task.done()
    line.stub.down = False
    line.clock.advance(6)
    work.call()
    await eventually(lambda: {row["state"] for row in line.messages()} == {"accepted"}, "all leave when it is back")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert line.exchange.reachable


async def test_the_loop_gives_back_what_its_former_self_had_claimed(line: Line) -> None:
    message = await packed(line)
    await packed_claim(line)
    task = asyncio.create_task(line.sender.run(Wake(), Wake(), 0.005))
    await eventually(lambda: line.message(message["message_id"])["state"] == "accepted", "it is sent at once")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def packed_claim(line: Line) -> None:
    line.region.store.run(
        lambda connection: outbox.claim(connection, node="gateway-1", now=line.clock(), lease=LEASE, limit=9)
    )


def replay(line: Line, *message_ids: str) -> int:
    now = line.clock()
    return line.region.store.run(lambda connection: outcome.replay(connection, message_ids, now=now))


def content_of(message: RowMapping) -> list[tuple[str, int]]:
    """Return the objects and versions that an envelope carries; versions are counted from the floor."""
    content = call.open_call(message["body"]).content
    assert content is not None
    return [(update[0].text or "", int(update[2].text or 0) - FLOOR) for update in list(content)[2:]]
