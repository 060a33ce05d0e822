"""Orders that the region puts into accounts by itself, and everything else that pushes tell beyond figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.simulator.parent import PARENT_SNILS, Parent

from socert.contracts.portal import account, order_event
from socert.contracts.portal import elk_status as elk
from socert.contracts.smev import call
from socert.contracts.smev.status import AsyncStatus, RejectCode
from socert.simulator.portal.accounts import ClosedObject
from socert.simulator.portal.people import Identity

AT = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
INN, KPP = "0000012013", "000001001"
PERSON = elk.PersonBySnils(snils=PARENT_SNILS, last_name="Примерова", first_name="Анна", citizenship="RUS")


def entry(comment: str = "Доступно 9256,00 руб.", **more: Any) -> elk.StatusEntry:
    """Return a status of an order."""
    wish: dict[str, Any] = {"status": 1, "status_date": AT, "comment": comment}
    return elk.StatusEntry(**(wish | more))


def new(number: str = "C-1", **more: Any) -> elk.NewOrder:
    """Return a new order."""
    wish: dict[str, Any] = {
        "owner": PERSON,
        "sender_kpp": KPP,
        "sender_inn": INN,
        "service_target_code": "cert",
        "order_number": number,
        "request_date": AT,
        "office": elk.Office(acceptance="1"),
        "history": (entry(),),
    }
    return elk.NewOrder(**(wish | more))


def update(number: str = "C-1", **more: Any) -> elk.OrderUpdate:
    """Return an update of an order."""
    wish: dict[str, Any] = {"order_number": number, "sender_kpp": KPP, "sender_inn": INN, "history": (entry("Новое"),)}
    return elk.OrderUpdate(**(wish | more))


def create(*orders: elk.NewOrder) -> elk.Request:
    return elk.Request(environment="SVCDEV", new_orders=orders)


async def test_order_is_put_into_the_account_as_a_text_card(parent: Parent) -> None:
    answer = await parent.ask_portal(create(new()))

    assert (answer.batch, answer.code, answer.message) == (elk.Batch.CREATED, 0, "OK")
    (result,) = answer.results
    assert (result.order_number, result.status, len(result.elk_order_number)) == ("C-1", 0, 10)
    (card,) = parent.portal.elk.of(parent.owner)
    assert (card.number, card.text, card.status) == (int(result.elk_order_number), "Доступно 9256,00 руб.", 1)
    assert (card.service, card.created) == ("cert", AT)


async def test_update_adds_to_the_card_and_a_repeat_does_not(parent: Parent) -> None:
    first = await parent.ask_portal(create(new()))
    again = await parent.ask_portal(create(new()))
    changed = elk.Request(environment="SVCDEV", updates=(update(history=(entry("Новое", status=2),)),))
    answer = await parent.ask_portal(changed)
    await parent.ask_portal(changed)

    assert again.results == first.results
    assert (answer.batch, answer.code) == (elk.Batch.UPDATED, 0)
    (card,) = parent.portal.elk.of(parent.owner)
    assert ([one.comment for one in card.entries], card.text) == (["Доступно 9256,00 руб.", "Новое"], "Новое")
    assert card.status == 2


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        (new("C-2", history=(entry(status=0),)), 4),
        (new("C-2", history=(entry(), entry(status=5000))), 4),
        (new("C-2", owner=replace(PERSON, snils="90000000181")), 5),
        (new("C-2", sender_inn="0000012014"), 5),
        (new("C-2", owner=elk.Organization(ogrn="1234567890123")), 5),
        (
            new(
                "C-2", owner=elk.PersonBySnilsAndBirthDate(citizenship="RUS", snils="90000000283", birth_date=AT.date())
            ),
            5,
        ),
    ],
)
async def test_bad_order_is_told_apart_and_the_others_are_done(parent: Parent, bad: elk.NewOrder, status: int) -> None:
    answer = await parent.ask_portal(create(new("C-1"), bad, new("C-3")))

    assert (answer.code, answer.message) == (elk.CODE_SOME_FAILED, "Completed with errors")
    assert [one.status for one in answer.results] == [0, status, 0]
    assert answer.results[1].elk_order_number is None
    assert [card.order_number for card in parent.portal.elk.of(parent.owner)] == ["C-3", "C-1"]


async def test_order_that_cannot_be_read_stands_alone(parent: Parent) -> None:
    """A moment without an offset is schema-valid and no moment."""
    text = create(new("C-1"), new("C-2", request_date=datetime(2026, 9, 2, tzinfo=UTC)), new("C-3")).render()
    assert "2026-09-02T00:00:00+00:00" in text
    await parent.region.send(text.replace("2026-09-02T00:00:00+00:00", "2026-09-02T00:00:00").encode())
    await parent.simulator.consumer.at_rest()
    delivery = await parent.region.answers()

    answer = elk.read_response(delivery.content)
    assert [(one.order_number, one.status) for one in answer.results] == [("C-1", 0), ("C-2", 5), ("C-3", 0)]


async def test_day_where_a_moment_is_due_is_refused_by_the_exchange(parent: Parent) -> None:
    """The whole message: permanent, nothing of it is done (trap 2)."""
    text = create(new()).render().replace("statusDate>2026-09-01T06:00:00+00:00<", "statusDate>2026-09-01<")
    await parent.region.send(text.encode())
    await parent.simulator.consumer.at_rest()
    delivery = await parent.region.answers()

    assert delivery is not None
    assert isinstance(delivery.async_status, AsyncStatus)
    assert parent.portal.elk.of(parent.owner) == []


async def test_order_nobody_created_cannot_be_updated(parent: Parent) -> None:
    await parent.ask_portal(create(new()))
    foreign = update(sender_inn="000123456731")
    answer = await parent.ask_portal(elk.Request(environment="DEV", updates=(update("C-9"), update(), foreign)))
    assert [one.status for one in answer.results] == [5, 0, 5]


@pytest.mark.parametrize(
    ("owner", "identity"),
    [
        (replace(PERSON, snils="90000000283"), Identity.snils("90000000283")),
        (
            elk.PersonByDocument(
                document_type="1", series="0000", number="000001", last_name="А", first_name="Б", citizenship="RUS"
            ),
            Identity("document", ("1", "0000", "000001")),
        ),
        (
            elk.PersonByInn(inn="000123456731", last_name="А", first_name="Б", citizenship="RUS"),
            Identity("inn", ("000123456731",)),
        ),
    ],
)
async def test_person_is_found_by_any_mark(parent: Parent, owner: elk.Owner, identity: Identity) -> None:
    assert (await parent.ask_portal(create(new(owner=owner)))).code == 0
    found = parent.portal.people.owner_by(identity)
    assert found is not None
    assert len(parent.portal.elk.of(found.id)) == 1


async def test_known_person_is_found_by_snils_and_birth_date(parent: Parent) -> None:
    owner = elk.PersonBySnilsAndBirthDate(citizenship="RUS", snils=PARENT_SNILS, birth_date=AT.date())
    assert (await parent.ask_portal(create(new(owner=owner)))).code == 0
    assert len(parent.portal.elk.of(parent.owner)) == 1


async def test_events_reach_the_card_by_the_portals_number(parent: Parent) -> None:
    (result,) = (await parent.ask_portal(create(new()))).results
    told: list[tuple[order_event.Event, str | None]] = [
        (order_event.InfoEvent(code="BALANCE_CHANGED"), "Доступно 100,00 руб."),
        (order_event.TextMessageEvent(), "Здравствуйте"),
        (order_event.StatusEvent(status=6), None),
        (order_event.PaymentEvent(payments=(order_event.Payment(uin="1", description="Взнос"),)), None),
        (order_event.InvitationEvent(), None),
        (order_event.InvitationClosedEvent(), None),
    ]
    for kind, comment in told:
        request = order_event.Request(
            environment=order_event.Environment.SVCDEV,
            order_id=int(result.elk_order_number),
            event_date=AT,
            comment=comment,
            event=kind,
        )
        assert (await parent.ask_portal(request)).code == 0

    (card,) = parent.portal.elk.of(parent.owner)
    assert [(one.kind, one.code) for one in card.entries[1:]] == [
        ("event", "BALANCE_CHANGED"),
        ("text", ""),
        ("event", "6"),
        ("event", "PAYMENT"),
        ("event", "INVITATION"),
        ("event", "INVITATION_CLOSED"),
    ]
    assert (card.text, card.status) == ("Здравствуйте", 1)


async def test_numbers_of_orders_and_cards_never_meet(parent: Parent) -> None:
    (result,) = (await parent.ask_portal(create(new()))).results
    order = await parent.filed()
    assert order.id != int(result.elk_order_number)


async def test_message_that_the_portal_has_no_use_for_is_rejected(parent: Parent) -> None:
    """A type of a plug-in, say: registered at the exchange, served by the portal, and nobody there to handle it."""
    parent.simulator.consumer._handlers = {}
    refused = await parent.ask_portal(create(new()))
    assert [one.code for one in refused] == [RejectCode.UNKNOWN_REQUEST_DESCRIPTION]


async def test_same_message_gets_the_same_answer(parent: Parent, monkeypatch: Any) -> None:
    sent: list[bytes] = []
    send = parent.simulator.consumer._call

    async def listened(data: bytes) -> None:
        sent.append(data)
        await send(data)

    monkeypatch.setattr(parent.simulator.consumer, "_call", listened)
    with monkeypatch.context() as patch:
        patch.setattr(parent.simulator.consumer, "_ack", lambda _message: None)
        await parent.ask_portal(create(new()))
    parent.simulator.clock.advance(parent.simulator.settings.ack_timeout)
    await parent.simulator.consumer.at_rest()

    assert len(sent) == 2
    assert sent[0] == sent[1]


# What pushes tell beyond figures


async def test_consents_and_notices_are_shown(parent: Parent) -> None:
    consent = account.ConsentState(
        consent_id="consent-1",
        form_code=account.FormCode.PD_PROCESSING,
        form_version="2025-01",
        state=account.ConsentStanding.NEW_VERSION_NEEDED,
        changed_at=AT,
        channel=account.Channel.ORGANISATION,
        required_version="2026-01",
    )
    region = parent.region
    await region.push(
        region.certificate(1, notice="Выдан сертификат"),
        region.certificate(1, object_id="consent-1", cause=account.Cause.FORM_UPDATED, body=consent),
    )
    await region.push(region.certificate(1, notice="Выдан сертификат"), region.certificate(2, notice="Списано"))

    (card,) = parent.portal.accounts.consents(parent.child, parent.owner)
    assert (card.form, card.state, card.required_version) == ("PD_PROCESSING", "NEW_VERSION_NEEDED", "2026-01")
    assert (card.channel, card.changed) == ("ORGANISATION", AT)
    notices = parent.portal.accounts.notices(parent.child, parent.owner)
    assert [one.text for one in notices] == ["Списано", "Выдан сертификат"]
    assert parent.portal.accounts.notices(parent.child, 999) == []


@pytest.mark.parametrize("cause", [account.Cause.MODE_OFF, account.Cause.CONSENT_WITHDRAWN])
async def test_closed_object_leaves_a_neutral_line_and_nothing_else(parent: Parent, cause: account.Cause) -> None:
    region = parent.region
    await region.push(region.certificate(1, notice="Доступно 9256,00 руб."))
    await region.push(replace(region.close(2), cause=cause, notice="Сведения больше не показываются"))

    accounts = parent.portal.accounts
    assert accounts.certificates(parent.child) == []
    assert accounts.notices(parent.child) == []
    (closed,) = accounts.closed(parent.child, parent.owner)
    assert isinstance(closed, ClosedObject)
    assert (closed.kind, closed.cause, closed.text) == ("certificate", cause.value, "Сведения больше не показываются")
    kept = "".join(str(tuple(row)) for row in parent.simulator.state.all("SELECT * FROM object"))
    assert "9256" not in kept


async def test_early_end_of_a_contract_is_shown_whole(parent: Parent) -> None:
    contract = parent.region.contract().body
    ended = replace(
        contract,
        contract_state=account.ContractState.TERMINATED,
        reserved_now=0,
        spent_now=200000,
        termination=account.Termination(
            date=contract.end_date,
            initiator=account.Initiator.ORGANISATION,
            reason_code="REFUSED_BY_PROVIDER",
            reason_text="Закрыта группа",
            released=600000,
        ),
    )
    await parent.region.push(parent.region.contract(2, cause=account.Cause.CONTRACT_TERMINATED, body=ended))

    (card,) = parent.portal.accounts.contracts(parent.child)
    assert (card.status, card.spent, card.released) == ("TERMINATED", 200000, 600000)
    assert (card.initiator, card.reason_code, card.ending) == ("ORGANISATION", "REFUSED_BY_PROVIDER", "Закрыта группа")


async def test_answer_to_nothing_is_taken_away(parent: Parent) -> None:
    """A late answer to a question that nobody waits for any more."""
    order = await parent.priced()
    (delivery,) = parent.deliveries["universalCertificateRequest"]
    (request,) = parent.got["universalCertificateRequest"]
    data = call.send_response(
        message_id=parent.region.ids(),
        to=delivery.reply_to or "",
        content=parent.issued(request)[0],
        signer=parent.region.signer,
    )
    await parent.region.say(data)
    await parent.simulator.consumer.at_rest()

    assert parent.order(order.id) == order
    assert parent.simulator.queues.sizes() == []
