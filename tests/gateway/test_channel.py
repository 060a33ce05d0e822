"""Ways of showing: whole objects, notices without sums, or nothing; and the way from one to another."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert
from tests.gateway.records import OKTMO, balance, certificate, contract, guid, municipality, parent
from tests.gateway.region import Region, consents_of, read_update
from tests.gateway.test_consents import BOTH, give, withdraw

from socert.contracts.portal import account, elk_status, order_event
from socert.contracts.smev import call
from socert.gateway.domain.channel import Carrier, Channel, Elk, Push
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.exchange.carriers import NO_ORDER, Carriers
from socert.gateway.mapping.elk_status import order_number
from socert.gateway.mapping.notice import LONGEST, notice_of
from socert.gateway.projection import Hold, Projector, shown
from socert.gateway.store import tables_life
from socert.gateway.store.tables import Kind, micros
from socert.gateway.unit import ProjectedUnits

if TYPE_CHECKING:
    from sqlalchemy import RowMapping
    from tests.gateway.line import Line
    from tests.gateway.records import Clock

pytestmark = [pytest.mark.seed("in-account"), pytest.mark.seed("not-kept")]
FULL, OFF = Channel(), Channel(push=Push.OFF)
BY_EVENT = Channel(push=Push.NOTIFY, carrier=Carrier.ORDER_EVENT)
BY_ELK = Channel(push=Push.NOTIFY, carrier=Carrier.ELK)
ZONE = ZoneInfo("Europe/Moscow")
ELK = Elk(
    sender_inn="0001234562",
    sender_kpp="000101001",
    service="7",
    acceptance="1",
    citizenship="643",
    informed=11,
    closed=99,
)
CARRIERS = Carriers(zone=ZONE, elk=ELK)


@dataclass
class Modes:
    """How each municipality is shown; the one of all records unless another is named."""

    own: dict[str, Channel]

    def __call__(self, oktmo: str) -> Channel:
        return self.own.get(oktmo, FULL)


def shown_by(region: Region, clock: Clock, modes: Modes) -> Region:
    """Return the region under settings that may be changed."""
    consents = consents_of(region.registry, clock)
    projector = Projector(registry=region.registry, clock=clock, consents=consents, channel_of=modes, zone=ZONE)
    return replace(region, consents=consents, projector=projector, units=ProjectedUnits(region.store, projector))


@pytest.fixture
def modes() -> Modes:
    return Modes(own={OKTMO: FULL})


@pytest.fixture
def place(region: Region, clock: Clock, modes: Modes) -> Region:
    """The region, whose municipality's mode is `modes.own[OKTMO]`."""
    return shown_by(region, clock, modes)


@pytest.fixture
def wire(line: Line, place: Region) -> Line:
    line.region = place
    line.carriers = CARRIERS
    return line


def switch(region: Region, modes: Modes, to: Channel) -> None:
    """Set another mode and start anew: everything is looked at once more."""
    modes.own[OKTMO] = to
    mark = f"{to.push} {to.carrier}"
    after: str | None = ""
    while after is not None:
        after = region.store.run(partial(region.projector.review, after=after, settings=mark))
    assert not region.store.look(lambda connection: region.projector.must_review(connection, mark))


def said(region: Region) -> list[tuple[str, str, str, str]]:
    """Return what waits to be said: object, operation, cause, way."""
    return [
        (row["object_id"], row["operation"], row["cause"], row["way"])
        for row in region.changes()
        if row["state"] == "pending"
    ]


def orders_in(message: RowMapping) -> elk_status.Request:
    content = call.open_call(message["body"]).content
    assert content is not None
    elk_status.schema().check(content)
    request = elk_status.read_request(content)
    assert elk_status.check_request(request) == []
    return request


def event_in(message: RowMapping) -> order_event.Request:
    content = call.open_call(message["body"]).content
    assert content is not None
    order_event.schema().check(content)
    request = order_event.read_request(content)
    assert order_event.check_request(request) == []
    return request


def keep_order(region: Region, order_id: int = 7001, **about: Any) -> None:
    """Keep an order that the parent has at the portal."""
    row = {
        "order_id": str(order_id),
        "message_type": "FormData",
        "reply_to": "to",
        "message_id": "m",
        "oktmo": OKTMO,
        "seq": 1,
        "ended": 1,
        "filed_at": 1,
        "changed_at": micros(region.projector._clock()),
        **about,
    }
    region.store.run(lambda connection: connection.execute(insert(tables_life.portal_order).values(row)))


# --- off --------------------------------------------------------------------------------------------------------------


@pytest.mark.seed("at-enrolment")
async def test_where_nothing_is_pushed_nothing_leaves(wire: Line, modes: Modes) -> None:
    modes.own[OKTMO] = OFF
    wire.region.put(certificate())
    wire.region.sign(contract())
    wire.region.put(certificate(balance=balance(reserved=100)))
    assert await wire.pack() == []
    assert {row["reason"] for row in wire.region.changes() if row["state"] == "held"} == {Hold.NOTHING_PUSHED}


def test_where_nothing_is_pushed_questions_find_the_latest(place: Region, modes: Modes) -> None:
    modes.own[OKTMO] = OFF
    place.put(certificate())
    place.sign(contract())
    place.put(certificate(balance=balance(spent=700)))
    found = place.store.look(lambda connection: shown(connection, guid(1)))
    assert found is not None
    card, signed = [update.body for update in found.objects]
    assert isinstance(card, account.CertificateCard)
    assert isinstance(signed, account.ContractCard)
    assert isinstance(card.balances[0], account.Balance)
    assert card.balances[0].spent == 700
    assert {update.cause for update in found.objects} == {"RECONCILE"}
    kept = [row for row in place.changes(guid(1)) if row["body"] is not None]
    assert len(kept) == 1, "only the latest is kept"


def test_the_same_record_again_is_kept_once(place: Region, modes: Modes) -> None:
    modes.own[OKTMO] = OFF
    for _ in range(3):
        place.put(certificate())
        place.store.run(lambda connection: place.projector.refresh(connection, [guid(1)]))
    assert len(place.changes()) == 1


def test_a_municipality_is_shown_its_own_way(place: Region, modes: Modes) -> None:
    other = municipality(oktmo="11605099", guid="bbbbbbbb-0000-4000-8000-000000000009")
    place.units.run(lambda unit: place.registry.put_municipalities(unit, [other]))
    modes.own[OKTMO] = OFF
    place.put(certificate(1), certificate(2, oktmo="11605099"))
    assert said(place) == [(guid(2), "CREATE", "ISSUED", "account")]


# --- from one way to another ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", [OFF, BY_EVENT, BY_ELK])
async def test_leaving_full_closes_everything_that_is_shown(wire: Line, modes: Modes, to: Channel) -> None:
    region = wire.region
    region.put(certificate(balance=balance(reserved=40_000)))
    region.sign(contract())
    await wire.deliver()
    switch(region, modes, to)
    assert said(region) == [(guid(1), "CLOSE", "MODE_OFF", "account"), ("РД-1", "CLOSE", "MODE_OFF", "account")]
    assert all(update.body is None for update in region.waiting())
    before = region.told()
    region.store.run(lambda connection: region.projector.review(connection, after="", settings="again"))
    assert region.told() == before, "once"


async def test_leaving_full_says_nothing_of_what_never_left(wire: Line, modes: Modes) -> None:
    wire.region.put(certificate())
    switch(wire.region, modes, OFF)
    assert await wire.pack() == []


async def test_coming_back_to_full_sends_everything_again(wire: Line, modes: Modes) -> None:
    region = wire.region
    region.put(certificate(balance=balance(reserved=40_000)))
    region.sign(contract())
    await wire.deliver()
    switch(region, modes, OFF)
    await wire.deliver()
    region.put(certificate(balance=balance(reserved=40_000, spent=100)))
    switch(region, modes, FULL)
    told = region.waiting()
    assert [(update.object_id, update.operation) for update in told] == [(guid(1), "CREATE"), ("РД-1", "CREATE")]
    assert isinstance(told[0].body, account.CertificateCard)
    assert isinstance(told[0].body.balances[0], account.Balance)
    assert told[0].body.balances[0].spent == 100


async def test_off_at_first_and_full_later_shows_what_was_there(wire: Line, modes: Modes) -> None:
    modes.own[OKTMO] = OFF
    wire.region.put(*(certificate(number) for number in (1, 2, 3)))
    switch(wire.region, modes, FULL)
    assert {(name, operation) for name, operation, _, _ in said(wire.region)} == {
        (guid(number), "CREATE") for number in (1, 2, 3)
    }


async def test_withdrawn_where_nothing_is_pushed(wire: Line, modes: Modes) -> None:
    modes.own[OKTMO] = OFF
    wire.region.put(certificate())
    withdraw(wire.region)
    assert wire.region.store.look(lambda connection: shown(connection, guid(1))) is None
    assert {row["body"] for row in wire.region.changes()} == {None}
    give(wire.region, *BOTH)
    assert wire.region.store.look(lambda connection: shown(connection, guid(1))) is not None


@pytest.mark.invariant(12)
@pytest.mark.parametrize("packed", [False, True])
async def test_withdrawn_right_after_leaving_full_the_account_is_closed_all_the_same(
    wire: Line, modes: Modes, packed: bool
) -> None:
    region = wire.region
    region.put(certificate(balance=balance(reserved=40_000)))
    region.sign(contract())
    await wire.deliver()
    switch(region, modes, OFF)
    if packed:
        await wire.pack()
    withdraw(region)
    leaving = [row for row in region.changes() if row["state"] in {"pending", "packed"}]
    assert {(row["object_id"], row["operation"]) for row in leaving} == {(guid(1), "CLOSE"), ("РД-1", "CLOSE")}


# --- notices on the parent's order ------------------------------------------------------------------------------------


@pytest.mark.invariant(15)
async def test_a_notice_goes_on_the_parent_s_order_without_sums(wire: Line, modes: Modes) -> None:
    modes.own[OKTMO] = BY_EVENT
    wire.region.put(certificate())
    keep_order(wire.region, certificate_guid=guid(1))
    await wire.pack()
    wire.region.put(certificate(balance=balance(spent=12_345)))
    (message,) = await wire.pack()
    event = event_in(message)
    assert (event.order_id, event.event) == (7001, order_event.InfoEvent(code="BALANCE_CHANGED"))
    assert event.comment is not None
    assert event.comment.startswith("Остаток сертификата изменился на 07.09.2026 12:00.")
    assert not re.search(r"123|1000|876|руб|Журавл|Платон", event.comment)


async def test_a_notice_without_an_order_is_not_sent(wire: Line, modes: Modes) -> None:
    modes.own[OKTMO] = BY_EVENT
    wire.carriers = Carriers(zone=ZONE)
    wire.region.put(certificate())
    assert await wire.pack() == []
    wire.region.put(certificate(status=CertificateStatus.SUSPENDED))
    assert await wire.pack() == []
    assert wire.region.changes()[-1]["reason"] == NO_ORDER


async def test_a_notice_without_an_order_goes_as_one_of_ours(wire: Line, modes: Modes) -> None:
    modes.own[OKTMO] = BY_EVENT
    wire.region.put(certificate(status=CertificateStatus.SUSPENDED))
    wire.region.put(certificate())
    (message,) = await wire.pack()
    assert message["message_type"] == "ElkOrderRequest"


@pytest.mark.invariant(7)
async def test_a_contract_is_told_by_its_order_until_it_is_concluded(wire: Line, modes: Modes) -> None:
    modes.own[OKTMO] = BY_EVENT
    wire.region.put(certificate())
    await wire.pack()
    keep_order(wire.region, certificate_guid=guid(1), contract_id="РД-1")
    codes = []
    for state in (ContractState.REQUESTED, ContractState.ACCEPTED, ContractState.ACTIVE, ContractState.TERMINATED):
        wire.region.sign(contract(state=state, reserved=0))
        for message in await wire.pack():
            codes.append(event_in(message).event)
            await wire.try_all()
            wire.stub.respond(message["message_id"], order_event.Response(code=0, message="ok"))
            await wire.receive()
    assert codes == [order_event.InfoEvent(code="CONTRACT_CONCLUDED"), order_event.InfoEvent(code="CONTRACT_ENDED")]


@pytest.mark.parametrize(("code", "state"), [(0, "delivered"), (5, "rejected")])
async def test_the_portal_judges_a_notice(wire: Line, modes: Modes, code: int, state: str) -> None:
    modes.own[OKTMO] = BY_EVENT
    keep_order(wire.region, certificate_guid=guid(1))
    wire.region.put(certificate(status=CertificateStatus.SUSPENDED))
    await wire.pack()
    wire.region.put(certificate())
    (message,) = await wire.pack()
    await wire.try_all()
    wire.stub.respond(message["message_id"], order_event.Response(code=code, message="Ответ"))
    await wire.receive()
    assert wire.region.changes()[-1]["state"] == state


# --- orders of ours ---------------------------------------------------------------------------------------------------


def results(request: elk_status.Request, **statuses: int) -> list[elk_status.OrderResult]:
    orders: tuple[elk_status.NewOrder | elk_status.OrderUpdate, ...] = (*request.new_orders, *request.updates)
    return [
        elk_status.OrderResult(
            order_number=order.order_number,
            elk_order_number=f"55500000{place:02d}",
            status=statuses.get(order.order_number.replace("-", "_"), 0),
            message="текст",
        )
        for place, order in enumerate(orders)
    ]


def respond(wire: Line, message: RowMapping, code: int = 0, **statuses: int) -> None:
    given = results(orders_in(message), **statuses)
    answer = elk_status.Response(batch=elk_status.Batch.CREATED, code=code, message="OK", results=tuple(given))
    wire.stub.respond(message["message_id"], answer)


@pytest.mark.invariant(15)
async def test_an_object_becomes_an_order_and_its_changes_statuses(wire: Line, modes: Modes) -> None:
    modes.own[OKTMO] = BY_ELK
    wire.region.put(certificate(balance=balance(reserved=40_000)))
    wire.region.sign(contract())
    (message,) = await wire.pack()
    created = orders_in(message)
    assert [order.order_number[:2] for order in created.new_orders] == ["C-", "K-"]
    assert all(len(order.order_number) == 34 for order in created.new_orders)
    owner = created.new_orders[0].owner
    assert isinstance(owner, elk_status.PersonBySnils)
    assert owner.snils == parent().snils
    assert b"087-654-303 00" in message["body"], "with separators, on this carrier alone"
    assert all(order.history[0].status == 11 for order in created.new_orders)
    text = created.new_orders[0].history[0].comment or ""
    assert "400" not in text
    assert "1000" not in text

    await wire.try_all()
    respond(wire, message)
    await wire.receive()
    known = {row["object_id"]: row["elk_number"] for row in wire.region.rows(tables_life.elk_order)}
    assert known == {guid(1): "5550000000", "РД-1": "5550000001"}

    wire.region.put(certificate(balance=balance(reserved=40_000, spent=100)))
    (message,) = await wire.pack()
    updated = orders_in(message)
    assert [order.order_number for order in updated.updates] == [order_number(Kind.CERTIFICATE, guid(1))]


@pytest.mark.invariant(16)
async def test_orders_of_a_batch_are_judged_one_by_one(wire: Line, modes: Modes) -> None:
    modes.own[OKTMO] = BY_ELK
    wire.region.put(*(certificate(number) for number in range(1, 5)))
    (message,) = await wire.pack()
    await wire.try_all()
    numbers = [order_number(Kind.CERTIFICATE, guid(number)) for number in range(1, 5)]
    given = [
        one
        for one in results(orders_in(message), **{numbers[1].replace("-", "_"): 4, numbers[2].replace("-", "_"): 5})
        if one.order_number != numbers[3]
    ]
    answer = elk_status.Response(
        batch=elk_status.Batch.CREATED, code=11, message="Completed with errors", results=tuple(given)
    )
    wire.stub.respond(message["message_id"], answer)
    await wire.receive()
    assert wire.states() == {
        guid(1): "delivered",
        guid(2): "rejected",
        guid(3): "rejected",
        guid(4): "pending",
    }
    (again,) = await wire.pack()
    assert [order.order_number for order in orders_in(again).new_orders] == [numbers[3]]
    assert [row["object_id"] for row in wire.region.rows(tables_life.elk_order)] == [guid(1)]


async def test_new_orders_and_known_ones_go_apart(wire: Line, modes: Modes) -> None:
    modes.own[OKTMO] = BY_ELK
    wire.region.put(certificate(1))
    (first,) = await wire.pack()
    await wire.try_all()
    respond(wire, first)
    await wire.receive()
    wire.region.put(certificate(1, balance=balance(spent=100)), certificate(2))
    sent = [orders_in(message) for message in await wire.pack()]
    assert sorted((len(request.new_orders), len(request.updates)) for request in sent) == [(0, 1), (1, 0)]


async def test_a_withdrawal_closes_an_order_of_ours_neutrally(wire: Line, modes: Modes) -> None:
    modes.own[OKTMO] = BY_ELK
    wire.region.put(certificate())
    (first,) = await wire.pack()
    await wire.try_all()
    respond(wire, first)
    await wire.receive()
    withdraw(wire.region)
    (message,) = await wire.pack()
    (closing,) = orders_in(message).updates
    assert (closing.history[0].status, closing.history[0].comment) == (
        99,
        "Сведения больше не показываются на 07.09.2026 12:00.",
    )
    assert "Журавл".encode() not in message["body"], "an order that is known needs no name"


# --- texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.invariant(15)
def test_every_text_fits_and_names_neither_sums_nor_people(place: Region) -> None:
    place.put(certificate(balance=balance(reserved=40_000, nominal=98_765)))
    place.sign(contract())
    for row in place.changes():
        update = read_update(row["body"])
        for cause in account.Cause:
            notice = notice_of(replace(update, cause=cause), ZONE)
            if notice is not None:
                assert 0 < len(notice.text) <= LONGEST
                assert "\n" not in notice.text
                assert notice.code is None or len(notice.code) <= 20
                assert not re.search(r"98765|987|40000|400,|руб|Журавл|Платон", notice.text)


def test_versions_count_on_whatever_the_way(place: Region, modes: Modes) -> None:
    place.put(certificate())
    place.deliver()
    switch(place, modes, OFF)
    switch(place, modes, FULL)
    seqs = [row["seq"] for row in place.changes(guid(1))]
    assert seqs == sorted(set(seqs))
    assert seqs[0] == 1
