"""Which changes stand in a message together, and what happens to one that must not leave."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from sqlalchemy import update
from tests.gateway.records import FLOOR, balance, certificate, contract, guid
from tests.gateway.stub import REGION, SUITES

from socert.contracts.portal import account
from socert.contracts.smev import call
from socert.gateway.domain.records import ContractState
from socert.gateway.exchange import changes
from socert.gateway.exchange.changes import Pending, _batch
from socert.gateway.store import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import RowMapping
    from tests.gateway.line import Line
    from tests.gateway.region import Region


def objects(message: RowMapping) -> list[str]:
    """Return the ids of the objects in a message, in order, as the portal reads them."""
    opened = call.open_call(message["body"])
    call.check_schema(opened)
    assert call.verify(opened, SUITES).certificate == REGION.certificate
    assert opened.content is not None
    account.schema().check(opened.content)
    request = account.read_update_request(opened.content)
    assert account.check_request(request) == []
    assert request.batch_id == message["reference"]
    return [update.object_id for update in request.updates]


async def test_a_message_is_what_the_portal_can_read(line: Line) -> None:
    line.region.put(certificate(balance=balance(reserved=40_000)))
    line.region.sign(contract())
    (message,) = await line.pack()
    assert objects(message) == [guid(1), "РД-1"]
    assert call.open_call(message["body"]).message_id == message["message_id"]
    assert (message["operation"], message["message_type"]) == ("SendRequest", "AccountUpdateRequest")
    assert {row["state"] for row in line.region.changes()} == {"packed"}
    assert {row["message_id"] for row in line.region.changes()} == {message["message_id"]}


async def test_nothing_pending_makes_no_message(line: Line) -> None:
    assert await line.packer.pack() is False
    assert line.messages() == []


@pytest.mark.parametrize(("size", "sizes"), [(100, [5]), (5, [5]), (2, [2, 2, 1]), (1, [1] * 5)])
async def test_a_message_holds_so_many_objects_at_most(line: Line, size: int, sizes: list[int]) -> None:
    line.batch_size = size
    for number in range(1, 6):
        line.region.put(certificate(number))
    messages = await line.pack()
    assert [len(objects(message)) for message in sorted(messages, key=lambda row: row["message_id"])] == sizes
    assert {name for message in messages for name in objects(message)} == {guid(number) for number in range(1, 6)}


async def test_what_was_changed_together_stays_together(line: Line) -> None:
    line.batch_size = 3
    line.region.put(certificate(1), certificate(2))
    line.region.sign(contract(1, payer=2), contract(2, payer=2))
    line.region.put(certificate(3))
    together = [objects(message) for message in await line.pack()]
    assert (
        sorted(together, key=len) == [[guid(1)], [guid(3)], [guid(2), "РД-1", "РД-2"]]
        or [
            guid(2),
            "РД-1",
            "РД-2",
        ]
        in together
    )


async def test_a_newer_version_waits_until_the_older_has_arrived(line: Line) -> None:
    line.region.put(certificate(1), certificate(2))
    (first,) = await line.pack()
    line.region.put(certificate(1, balance=balance(spent=100)))
    line.region.put(certificate(3))
    (_, second) = await line.pack()
    assert objects(second) == [guid(3)], "one stuck certificate holds up no other"
    await line.try_all()
    line.stub.respond(first["message_id"], line.verdict(first))
    await line.receive()
    (third,) = await line.pack()
    assert objects(third) == [guid(1)]


async def test_events_of_one_contract_travel_in_order_in_one_message(line: Line) -> None:
    line.region.put(certificate())
    for state in (ContractState.REQUESTED, ContractState.ACTIVE):
        line.region.sign(contract(state=state, reserved=0))
    (message,) = await line.pack()
    assert objects(message) == [guid(1), "РД-1", "РД-1"]


async def test_a_change_that_breaks_the_schema_is_put_aside_alone(line: Line) -> None:
    """The projection checks before; what slips through must not stop the others."""
    line.region.put(*(certificate(number) for number in range(1, 5)))
    spoil(line.region, guid(3), f"<ns3:seq>{FLOOR + 1}</ns3:seq>", "<ns3:seq>Журавлёв</ns3:seq>")
    (message,) = await line.pack()
    assert objects(message) == [guid(1), guid(2), guid(4)]
    aside = line.region.changes(guid(3))[0]
    assert aside["state"] == "rejected"
    assert aside["reason"].startswith("INVALID: ")
    assert "seq" in aside["reason"]
    assert "Журавлёв" not in aside["reason"]


async def test_the_only_change_that_breaks_the_schema_is_put_aside(line: Line) -> None:
    line.region.put(certificate())
    spoil(line.region, guid(1), f"<ns3:seq>{FLOOR + 1}</ns3:seq>", "")
    assert await line.pack() == []
    assert line.states() == {guid(1): "rejected"}


async def test_two_changes_that_break_the_schema_are_both_put_aside(line: Line) -> None:
    line.region.put(*(certificate(number) for number in range(1, 4)))
    for number in (1, 3):
        spoil(line.region, guid(number), "<ns3:operation>CREATE", "<ns3:operation>INVENT")
    (message,) = await line.pack()
    assert objects(message) == [guid(2)]


async def test_a_change_that_is_superseded_while_it_is_packed_does_not_leave(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.region.put(certificate(1), certificate(2))
    send_request = call.send_request

    def meanwhile(**given: object) -> bytes:
        monkeypatch.setattr(call, "send_request", send_request)
        line.region.put(certificate(1, balance=balance(spent=700)))
        return send_request(**given)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(call, "send_request", meanwhile)
    (message,) = await line.pack()
    assert sorted(objects(message)) == [guid(1), guid(2)]
    assert [(row["seq"], row["state"]) for row in line.region.changes(guid(1))] == [(1, "superseded"), (2, "packed")]
    assert len(line.messages()) == 1, "the message that was built in vain was not kept"


async def test_a_consent_withdrawn_while_it_is_packed_does_not_leave(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.region.put(certificate())
    send_request = call.send_request

    def meanwhile(**given: object) -> bytes:
        monkeypatch.setattr(call, "send_request", send_request)
        line.region.put(certificate(consent_form=None))
        return send_request(**given)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(call, "send_request", meanwhile)
    assert await line.pack() == []
    assert line.messages() == []
    assert line.states() == {guid(1): "held"}


def test_two_packers_never_pack_one_change(region: Region) -> None:
    region.put(certificate())
    batch = region.store.look(lambda connection: changes.pending(connection, 100))
    first = region.store.run(lambda connection: changes.pack(connection, batch, "00000000-0000-1000-8000-000000000001"))
    second = region.store.run(
        lambda connection: changes.pack(connection, batch, "00000000-0000-1000-8000-000000000002")
    )
    assert (first, second) == (True, False)


# --- cutting into batches ---------------------------------------------------------------------------------------------

ROWS = st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=30)


def rows_of(made: list[tuple[int, bool]]) -> list[Pending]:
    return [
        Pending(id=key, object_id=str(key), seq=1, guid=str(payer), alone=alone, body="", former=None)
        for key, (payer, alone) in enumerate(made)
    ]


@given(ROWS, st.integers(1, 10))
def test_batches_hold_everything_once_in_order(made: list[tuple[int, bool]], limit: int) -> None:
    rows: Sequence[Pending] = rows_of(made)
    cut: list[Pending] = []
    while rows:
        batch = _batch(rows, limit)
        assert 1 <= len(batch) <= max(limit, 1)
        assert len(batch) == 1 or not any(row.alone for row in batch), "who must travel alone does"
        cut += batch
        rows = rows[len(batch) :]
    assert cut == rows_of(made)


@given(ROWS, st.integers(2, 10))
def test_batches_split_a_certificate_only_where_it_fills_one(made: list[tuple[int, bool]], limit: int) -> None:
    rows: Sequence[Pending] = [replace(row, alone=False) for row in rows_of(made)]
    while rows:
        batch = _batch(rows, limit)
        rest = rows[len(batch) :]
        if rest and rest[0].guid == batch[-1].guid:
            assert len({row.guid for row in batch}) == 1
            assert len(batch) == limit
        rows = rest


def spoil(region: Region, object_id: str, old: str, new: str) -> None:
    """Break a rendered update."""
    body = region.changes(object_id)[0]["body"]
    assert old in body
    done = update(tables.change).where(tables.change.c.object_id == object_id).values(body=body.replace(old, new))
    region.store.run(lambda connection: connection.execute(done))
    etree.fromstring(f'<a xmlns:ns3="x">{body.replace(old, new)}</a>')
