"""A parent's order from the choice of a programme to its end, over the exchange, with a region that answers."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.simulator.parent import CATALOGUE, CERTIFICATE, FIRST_DAY, GROUP, LAST_DAY, PROGRAMME, REGION, TOWN, Parent

from socert.contracts.portal import enrolment, group_cost, order_event
from socert.contracts.portal import pf_certificate as pf
from socert.contracts.portal.blocks import FinancialSource, FormCode, Split
from socert.contracts.smev.status import BusinessStatus, RejectCode, Rejection
from socert.simulator.app import Simulator
from socert.simulator.errors import OrderRefused
from socert.simulator.portal import forms
from socert.simulator.portal.enrolment import Agreement

# The certificate


async def test_certificate_is_asked_for_with_everything_the_region_needs(parent: Parent) -> None:
    order = parent.portal.enrolment.start(owner=parent.owner, child=parent.child, group=GROUP)
    found = await parent.portal.enrolment.find_certificate(order.id)

    (request,) = parent.got["universalCertificateRequest"]
    assert request.order_id == order.id
    assert isinstance(request.query, pf.StatusQuery)
    assert pf.check_request(request) == []
    assert request.query.recipient.snils == "11223344595"
    assert request.query.applicant.last_name == "Примерова"
    assert (request.query.details.municipality_code, request.query.details.is_funded_certificate) == (TOWN, True)
    assert found.certificate is not None
    assert (found.certificate.outcome, found.certificate.guid) == ("found", CERTIFICATE)
    assert (found.certificate.issued_now, found.certificate.available) == (True, 925600)
    assert order.status == 0


async def test_back_button_asks_again_with_the_same_order(parent: Parent) -> None:
    order = parent.portal.enrolment.start(owner=parent.owner, child=parent.child, group=GROUP)
    await parent.portal.enrolment.find_certificate(order.id)
    await parent.portal.enrolment.find_certificate(order.id)

    first, second = parent.got["universalCertificateRequest"]
    assert (first.order_id, second.order_id) == (order.id, order.id)


async def test_refusal_to_issue_is_told_in_the_regions_words(parent: Parent) -> None:
    refused = pf.IssueRefused(code="1", description="Ребёнок старше 17 лет")
    parent.replies["universalCertificateRequest"] = lambda request: [
        pf.Response(order_id=request.order_id, response_timestamp=request.order_timestamp, answers=(refused,))
    ]
    order = parent.portal.enrolment.start(owner=parent.owner, child=parent.child, group=GROUP)
    found = await parent.portal.enrolment.find_certificate(order.id)

    assert found.certificate is not None
    assert (found.certificate.outcome, found.certificate.text) == ("refused", "Ребёнок старше 17 лет")
    with pytest.raises(OrderRefused, match="Сначала найдите"):
        await parent.portal.enrolment.ask_cost(order.id)
    assert parent.costs.asked == []


async def test_certificate_of_another_child_is_not_shown(parent: Parent) -> None:
    parent.replies["universalCertificateRequest"] = lambda request: parent.issued(request, "90000000182")
    order = parent.portal.enrolment.start(owner=parent.owner, child=parent.child, group=GROUP)
    found = await parent.portal.enrolment.find_certificate(order.id)

    assert found.certificate is not None
    assert (found.certificate.outcome, found.certificate.guid) == ("failed", "")


async def test_child_without_snils_cannot_ask(parent: Parent) -> None:
    order = parent.portal.enrolment.start(owner=parent.owner, child=parent.nameless, group=GROUP)
    with pytest.raises(OrderRefused, match="СНИЛС"):
        await parent.portal.enrolment.find_certificate(order.id)


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"group": "00000000-0000-4000-8000-000000000099"}, "нет"),
        ({"group": GROUP[:-2] + "b1"}, "нельзя оплатить сертификатом"),
        ({"group": GROUP[:-2] + "b2"}, "не указано: номер программы .GUID., ИНН организации, вид организации"),
        ({"child": 999}, "нет"),
        ({"municipality": "nowhere"}, "муниципалитет"),
        ({"offer": "no-such-offer"}, "предложения"),
    ],
)
async def test_order_that_cannot_begin_is_refused(parent: Parent, wish: dict[str, Any], said: str) -> None:
    with pytest.raises(OrderRefused, match=said):
        parent.portal.enrolment.start(**{"owner": parent.owner, "child": parent.child, "group": GROUP, **wish})
    assert parent.portal.orders.of(parent.owner) == []


async def test_start_is_tomorrow_unless_told(parent: Parent) -> None:
    order = parent.portal.enrolment.start(owner=parent.owner, child=parent.child, group=GROUP)
    assert order.start_date == parent.portal.time.today() + timedelta(days=1)


# Filing


async def test_application_carries_what_was_agreed_to(parent: Parent) -> None:
    order = await parent.filed()

    (request,) = parent.got["FormData"]
    filed = request.body
    assert enrolment.check_request(request) == []
    assert (request.oktmo, filed.order_id) == ("00000001", order.id)
    assert (filed.person.last_name, filed.person.snils) == ("Примерова", "90000000182")
    assert (filed.child.last_name, filed.child.snils, filed.child.gender) == ("Примеров", "11223344595", "Male")
    assert (filed.enrolment.region_code, filed.enrolment.municipality_code) == (REGION, TOWN)
    assert (filed.enrolment.programme_guid, filed.enrolment.group_guid) == (PROGRAMME, GROUP)
    assert (filed.enrolment.start_date, filed.enrolment.end_date) == (FIRST_DAY, LAST_DAY)
    assert filed.enrolment.organisation.ogrn == "399000000000011"
    assert (filed.financing.source, filed.financing.certificate_guid) == (FinancialSource.CERTIFICATE, CERTIFICATE)
    agreed = filed.financing.agreed_split
    assert (agreed.calculation_ref, agreed.balance_version) == ("calc-0001", 17)
    assert agreed.balance_as_of.isoformat() == "2026-09-01T09:00:03+03:00"
    assert isinstance(agreed.split, Split)
    assert (agreed.split.total, agreed.split.certificate_part, agreed.split.applicant_part) == (1200000, 800000, 400000)
    assert [part.year for part in agreed.split.year_parts] == [2026]
    assert len(agreed.split.month_parts) == 4
    assert agreed.applicant_part_accepted
    assert order.status == 21
    assert filed.filing_date == order.filed == parent.simulator.clock()


async def test_consents_are_of_the_exact_text_shown(parent: Parent) -> None:
    await parent.filed()

    given = {one.form_code: one for one in parent.got["FormData"][0].body.consents}
    assert set(given) == {FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION, FormCode.SPLIT_PAYMENT}
    for code, one in given.items():
        assert (one.form_version, one.channel, one.given_at) == ("2026-01", "PORTAL", parent.simulator.clock())
        assert one.text_digest.value == hashlib.sha256(forms.FORMS[code].text.encode()).hexdigest()


async def test_own_part_of_nothing_needs_no_form_for_it(parent: Parent) -> None:
    parent.costs.answer = replace(parent.costs.answer, cost_per_year=800000, certificate_reserving_cost=800000)
    parent.costs.proposal |= {
        "total": 800000,
        "own_part": 0,
        "years": [{"year": 2026, "certificate_part": 800000, "own_part": 0}],
        "months": [],
    }
    order = await parent.priced()

    assert parent.portal.enrolment.forms_for(order) == (FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"calculation": "calc-0000"}, "Расчёт изменился"),
        ({"own_part_accepted": False}, "за счёт семьи"),
        ({"forms": frozenset({FormCode.PD_PROCESSING, FormCode.SPLIT_PAYMENT})}, "согласия"),
        ({"forms": frozenset()}, "согласия"),
    ],
)
async def test_what_was_not_agreed_to_is_not_sent(parent: Parent, more: dict[str, Any], said: str) -> None:
    order = await parent.priced()
    with pytest.raises(OrderRefused, match=said):
        await parent.portal.enrolment.submit(order.id, parent.agreement(order, **more))

    assert parent.order(order.id).draft
    assert parent.simulator.queues.sizes() == []


async def test_unchecked_application_goes_out_as_it_is(parent: Parent) -> None:
    """Testers see what a region makes of an own part that nobody said yes to."""
    order = await parent.priced()
    wish = parent.agreement(order, own_part_accepted=False, forms=frozenset({FormCode.PD_PROCESSING}))
    await parent.portal.enrolment.submit(order.id, wish, checked=False)
    await parent.simulator.consumer.at_rest()
    await parent.until(1)

    (request,) = parent.got["FormData"]
    assert {problem.code for problem in enrolment.check_request(request)} >= {"NO_CONSENT"}


async def test_unchecked_application_that_breaks_the_schema_is_rejected_by_the_exchange(parent: Parent) -> None:
    order = await parent.priced()
    await parent.portal.enrolment.submit(order.id, parent.agreement(order, forms=frozenset()), checked=False)
    await parent.simulator.consumer.at_rest()

    order = parent.order(order.id)
    assert (order.status, order.closed) == (5, False)
    assert order.failure
    assert parent.got["FormData"] == []


async def test_nothing_is_filed_before_the_cost_is_known_or_after_the_end(parent: Parent) -> None:
    order = parent.portal.enrolment.start(owner=parent.owner, child=parent.child, group=GROUP)
    yes = Agreement(calculation="", own_part_accepted=True, forms=frozenset(FormCode))
    with pytest.raises(OrderRefused, match="Сначала рассчитайте"):
        await parent.portal.enrolment.submit(order.id, yes)

    parent.costs.proposal = None
    order = await parent.priced()
    with pytest.raises(OrderRefused, match="не прислал точный расчёт"):
        await parent.portal.enrolment.submit(order.id, parent.agreement(order))
    with pytest.raises(OrderRefused, match="Такого заявления нет"):
        await parent.portal.enrolment.submit(7, yes)


async def test_order_that_is_over_takes_nothing_more(parent: Parent) -> None:
    order = await parent.filed()
    await parent.tell(parent.status(order.id, 4, 1, cancel_allowed=False))
    enrolment_ = parent.portal.enrolment
    for step in (
        enrolment_.find_certificate(order.id),
        enrolment_.ask_cost(order.id),
        enrolment_.submit(order.id, parent.agreement(order)),
        enrolment_.cancel(order.id),
        enrolment_.write(order.id, "Почему?"),
    ):
        with pytest.raises(OrderRefused, match="Заявление завершено: отказано"):
            await step
    late = await enrolment_.cancel(order.id, checked=False)
    assert (late.status, late.closed) == (4, True)


async def test_child_too_young_is_stopped_by_the_form(parent: Parent) -> None:
    parent.replies["universalCertificateRequest"] = lambda request: parent.issued(request, "90000000283")
    order = await parent.priced(child=parent.baby)
    with pytest.raises(OrderRefused, match="от 5 до 17 лет"):
        await parent.portal.enrolment.submit(order.id, parent.agreement(order))


async def test_resubmit_sends_the_same_order_again(parent: Parent) -> None:
    order = await parent.filed()
    parent.simulator.clock.advance(timedelta(minutes=5))
    await parent.portal.enrolment.submit(order.id, parent.agreement(order))
    await parent.until(2)

    first, second = (one.body for one in parent.got["FormData"])
    assert (first.order_id, first.filing_date) == (second.order_id, second.filing_date)
    assert len(parent.portal.orders.of(parent.owner)) == 1


async def test_application_nobody_serves_can_be_sent_later(parent: Parent) -> None:
    order = await parent.priced()
    parent.simulator.participants._by_mnemonic.pop("REGION")
    failed = await parent.portal.enrolment.submit(order.id, parent.agreement(order))
    assert (failed.status, failed.closed, failed.failure != "") == (5, False, True)

    parent.simulator.participants.reload()
    sent = await parent.portal.enrolment.submit(order.id, parent.agreement(order))
    assert (sent.status, sent.failure) == (21, "")


# Statuses


async def test_one_application_is_answered_many_times(parent: Parent) -> None:
    order = await parent.filed()
    contract = enrolment.ContractInfo(
        contract_id="contract-0001",
        contract_number="15",
        contract_date=date(2026, 9, 5),
        contract_state=enrolment.ContractState.ACTIVE,
        start_date=FIRST_DAY,
        end_date=LAST_DAY,
        organisation=parent.got["FormData"][0].body.enrolment.organisation,
        programme_guid=PROGRAMME,
        programme_name="Тестовая программа «Ритм»",
        group_guid=GROUP,
        split=parent.got["FormData"][0].body.financing.agreed_split.split,
    )
    await parent.tell(
        parent.status(order.id, 1, 1),
        parent.status(order.id, 6, 2, comment="На рассмотрении", send_message_allowed=True),
        parent.status(order.id, "130", 4, cancel_allowed=None),
        parent.status(order.id, 3, 9, cancel_allowed=False, contract=contract),
    )

    order = parent.order(order.id)
    assert [one.status for one in order.history] == [21, 1, 6, "130", 3]
    assert [one.said for one in order.history][2:4] == ["Принято к рассмотрению", "Статус ведомства 130"]
    assert (order.status, order.closed, order.seq, order.cancel_allowed) == (3, True, 9, False)
    assert (order.send_message_allowed, order.history[2].comment) == (True, "На рассмотрении")
    assert order.contract is not None
    assert (order.contract.number, order.contract.division.own_part) == ("15", 400000)
    assert order.ignored == ()


@pytest.mark.parametrize("seq", [1, 4, 5])
async def test_lower_or_equal_seq_is_ignored(parent: Parent, seq: int) -> None:
    order = await parent.filed()
    await parent.tell(parent.status(order.id, 6, 5), parent.status(order.id, 1, seq))

    order = parent.order(order.id)
    assert (order.status, order.seq) == (6, 5)
    assert [(one.seq, one.ignored) for one in order.ignored] == [(seq, "seq is not higher than the last one")]


@pytest.mark.parametrize("last", [3, 4, 10])
async def test_nothing_is_applied_after_the_end(parent: Parent, last: int) -> None:
    order = await parent.filed()
    await parent.tell(parent.status(order.id, last, 5, cancel_allowed=False), parent.status(order.id, 6, 6))

    order = parent.order(order.id)
    assert (order.status, order.seq, order.closed) == (last, 5, True)
    assert [one.seq for one in order.ignored] == [6]
    noted = [one for one in parent.simulator.journal.last() if one["outcome"] == "ignored"]
    assert [one["fault"] for one in noted] == [f"after the final status {last}"]


async def test_statuses_that_end_nothing_here_do_not_end_the_order(parent: Parent) -> None:
    order = await parent.filed()
    await parent.tell(parent.status(order.id, 22, 1), parent.status(order.id, 999, 2), parent.status(order.id, 6, 3))

    assert (parent.order(order.id).status, parent.order(order.id).closed) == (6, False)


async def test_answer_about_another_order_changes_nothing(parent: Parent) -> None:
    one = await parent.filed()
    other = parent.portal.enrolment.start(owner=parent.owner, child=parent.child, group=GROUP)
    await parent.tell(parent.status(other.id, 4, 5, cancel_allowed=False))

    assert (parent.order(one.id).status, parent.order(other.id).status) == (21, 0)
    assert [entry.ignored for entry in parent.order(one.id).ignored] == ["another order"]


async def test_status_that_breaks_a_rule_is_not_applied(parent: Parent) -> None:
    order = await parent.filed()
    await parent.tell(parent.status(order.id, 3, 1, cancel_allowed=True))

    assert parent.order(order.id).status == 21
    assert [entry.ignored for entry in parent.order(order.id).ignored] == [
        "cancelAllowed: an order that is over cannot be cancelled"
    ]


async def test_same_answer_delivered_twice_is_applied_once(parent: Parent, monkeypatch: Any) -> None:
    order = await parent.filed()
    with monkeypatch.context() as patch:
        patch.setattr(parent.simulator.consumer, "_ack", lambda _message: None)
        await parent.tell(parent.status(order.id, 6, 1))
    before = parent.order(order.id)
    parent.simulator.clock.advance(parent.simulator.settings.ack_timeout)
    await parent.simulator.consumer.at_rest()

    assert parent.order(order.id) == before
    assert (before.status, before.ignored) == (6, ())
    assert parent.simulator.state.one("SELECT 1 FROM queue WHERE recipient = 'EPGU'") is None


async def test_region_that_refuses_the_request_lets_it_be_sent_again(parent: Parent) -> None:
    rejection = Rejection(code=RejectCode.FAILURE, description="Система на обслуживании")
    parent.replies["FormData"] = lambda _request: [{"rejections": (rejection,)}]
    order = await parent.filed()
    await parent.portal.orders.wait(order.id, order.changes, timedelta(seconds=20))

    refused = parent.order(order.id)
    assert (refused.status, refused.closed, refused.failure) == (22, False, "Система на обслуживании")
    parent.replies["FormData"] = lambda _request: [parent.status(order.id, 1, 1)]
    again = await parent.portal.enrolment.submit(order.id, parent.agreement(refused))
    taken = await parent.portal.orders.wait(order.id, again.changes, timedelta(seconds=20))
    assert (taken.status, taken.failure) == (1, "")


async def test_status_of_the_exchange_alone_says_nothing(parent: Parent) -> None:
    order = await parent.filed()
    status = {"status": BusinessStatus(code=1, description="В работе")}
    await parent.tell(status)  # type: ignore[arg-type]  # not a message

    assert parent.order(order.id) == order


async def test_waiting_ends_with_the_time(parent: Parent) -> None:
    order = await parent.priced()
    assert await parent.portal.orders.wait(order.id, order.changes, timedelta(milliseconds=1)) == order
    with pytest.raises(OrderRefused):
        await parent.portal.orders.wait(7, 0, timedelta(milliseconds=1))


# Cancelling


async def under_review(parent: Parent, **more: Any) -> Any:
    """Return an order that the region has taken; its request for cancelling or a text is the next delivery."""
    order = await parent.filed()
    await parent.tell(parent.status(order.id, 6, 5, send_message_allowed=True, **more))
    return parent.order(order.id)


def cancelled(result: enrolment.CancellationResult, **more: Any) -> Any:
    """Answer a cancellation."""
    return lambda request: [
        enrolment.Response(answer=enrolment.CancellationAnswer(order_id=request.order_id, result=result, **more))
    ]


@pytest.mark.parametrize(
    ("result", "status", "closed"),
    [
        (enrolment.CancellationResult.CANCELLED, 10, True),
        (enrolment.CancellationResult.IN_PROGRESS, 9, False),
        (enrolment.CancellationResult.REJECTED, 11, False),
    ],
)
async def test_cancellation_is_asked_for_and_answered(
    parent: Parent, result: enrolment.CancellationResult, status: int, closed: bool
) -> None:
    order = await under_review(parent)
    parent.replies["FormData"] = cancelled(result, comment="Так решено")
    sent = await parent.portal.enrolment.cancel(order.id, "Передумали")
    order = await parent.portal.orders.wait(order.id, sent.changes, timedelta(seconds=20))

    body = parent.got["FormData"][1].body
    assert (body.order_id, body.reason, body.requested_at) == (order.id, "Передумали", parent.simulator.clock())
    assert sent.status == 9
    assert (order.status, order.closed, order.history[-1].comment) == (status, closed, "Так решено")


@pytest.mark.parametrize("status_first", [True, False])
async def test_cancelled_may_be_told_twice_in_either_order(parent: Parent, status_first: bool) -> None:
    order = await under_review(parent)
    answer = enrolment.Response(
        answer=enrolment.CancellationAnswer(order_id=order.id, result=enrolment.CancellationResult.CANCELLED)
    )
    sent = await parent.portal.enrolment.cancel(order.id)
    await parent.until(2)
    status = parent.status(order.id, 10, 6, cancel_allowed=False, reason_code="CANCELLED_BY_PARENT")
    for kind in ("status", "answer") if status_first else ("answer", "status"):
        await (parent.tell(status) if kind == "status" else parent.tell(answer, number=1))

    order = parent.order(order.id)
    assert (order.status, order.closed, order.seq) == (10, True, 6)
    assert sent.status == 9
    await parent.tell(parent.status(order.id, 10, 7, cancel_allowed=False), parent.status(order.id, 6, 8))
    assert (parent.order(order.id).status, parent.order(order.id).seq) == (10, 6)


@pytest.mark.parametrize(
    ("more", "said"), [({"cancel_allowed": False}, "сейчас нельзя"), ({"cancel_allowed": True}, "длиннее")]
)
async def test_cancelling_that_the_portal_stops(parent: Parent, more: dict[str, Any], said: str) -> None:
    order = await under_review(parent, **more)
    with pytest.raises(OrderRefused, match=said):
        await parent.portal.enrolment.cancel(order.id, "я" * 2049)
    assert len(parent.got["FormData"]) == 1


async def test_draft_can_be_neither_cancelled_nor_written_about(parent: Parent) -> None:
    order = await parent.priced()
    with pytest.raises(OrderRefused, match="ещё не подано"):
        await parent.portal.enrolment.cancel(order.id)
    with pytest.raises(OrderRefused, match="ещё не подано"):
        await parent.portal.enrolment.write(order.id, "Здравствуйте")


@pytest.mark.parametrize("served", [True, False])
async def test_cancellation_that_is_not_taken_has_failed_and_may_be_repeated(parent: Parent, served: bool) -> None:
    order = await under_review(parent)
    rejection = Rejection(code=RejectCode.FAILURE, description="Позже")
    parent.replies["FormData"] = lambda _request: [{"rejections": (rejection,)}]
    if not served:
        parent.simulator.participants._by_mnemonic.pop("REGION")
    sent = await parent.portal.enrolment.cancel(order.id)
    order = await parent.portal.orders.wait(order.id, sent.changes, timedelta(seconds=20 if served else 0))
    assert (order.status, order.closed, order.cancel_allowed) == (11, False, True)
    assert order.failure

    parent.simulator.participants.reload()
    assert (await parent.portal.enrolment.cancel(order.id)).status == 9


# Texts


async def test_text_that_is_not_taken_changes_no_status(parent: Parent) -> None:
    order = await under_review(parent)
    rejection = Rejection(code=RejectCode.FAILURE, description=" ")
    parent.replies["FormData"] = lambda _request: [{"rejections": (rejection,)}]
    sent = await parent.portal.enrolment.write(order.id, "Здравствуйте")
    order = await parent.portal.orders.wait(order.id, sent.changes, timedelta(seconds=20))

    assert (order.status, order.messages[0].result) == (6, "")
    assert order.failure.startswith("Сообщение не принято")


async def test_text_to_the_organisation_and_its_receipt(parent: Parent) -> None:
    order = await under_review(parent)
    parent.replies["FormData"] = lambda request: [
        enrolment.Response(
            answer=enrolment.TextReceipt(
                order_id=request.order_id, message_id=request.body.message_id, result=enrolment.ReceiptResult.ACCEPTED
            )
        )
    ]
    sent = await parent.portal.enrolment.write(order.id, "Когда первое занятие?")
    order = await parent.portal.orders.wait(order.id, sent.changes, timedelta(seconds=20))

    body = parent.got["FormData"][1].body
    assert (body.text, body.author) == ("Когда первое занятие?", "Примерова Анна")
    assert [(one.id, one.result, one.outgoing) for one in order.messages] == [(body.message_id, "ACCEPTED", True)]

    await parent.portal.enrolment.write(order.id, "", message_id=body.message_id)
    await parent.until(3)
    assert parent.got["FormData"][2] == parent.got["FormData"][1]
    assert len(parent.order(order.id).messages) == 1


@pytest.mark.parametrize("text", ["", "  ", "я" * 2049, "\x01"])
async def test_text_that_cannot_be_sent_is_refused(parent: Parent, text: str) -> None:
    order = await under_review(parent)
    with pytest.raises(OrderRefused):
        await parent.portal.enrolment.write(order.id, text)
    assert parent.order(order.id).messages == ()


async def test_text_is_refused_where_the_region_does_not_take_any(parent: Parent) -> None:
    order = await parent.filed()
    with pytest.raises(OrderRefused, match="Написать"):
        await parent.portal.enrolment.write(order.id, "Здравствуйте")


# Over restarts


async def test_order_and_its_answers_survive_a_restart(parent: Parent, parent_settings: Any, tmp_path: Any) -> None:
    """The second simulator knows the order, and the region may still answer what it was asked before."""
    settings = replace(parent_settings, state=str(tmp_path / "state.sqlite"))
    async with Simulator(settings) as first:
        one = Parent(first, type(parent.region)(first, parent.region.signer, parent.region.http), parent.costs)
        serving = asyncio.create_task(one.serve())
        order = await one.filed()
        delivery = one.deliveries["FormData"][0]
        serving.cancel()

    async with Simulator(settings) as second:
        other = Parent(second, type(parent.region)(second, parent.region.signer, parent.region.http), parent.costs)
        assert other.order(order.id) == order
        await other.reply(delivery, other.status(order.id, 6, 1))
        await second.consumer.at_rest()
        assert other.order(order.id).status == 6


async def test_what_was_being_sent_at_the_stop_is_sent_at_the_start(
    parent: Parent, parent_settings: Any, tmp_path: Any
) -> None:
    settings = replace(parent_settings, state=str(tmp_path / "state.sqlite"))
    async with Simulator(settings) as first:
        one = Parent(first, type(parent.region)(first, parent.region.signer, parent.region.http), parent.costs)
        serving = asyncio.create_task(one.serve())
        order = await one.priced()
        serving.cancel()

        async def killed(_data: bytes) -> None:
            raise KeyboardInterrupt

        first.consumer._call = killed  # type: ignore[assignment, method-assign]  # dies here
        with pytest.raises(KeyboardInterrupt):
            await one.portal.enrolment.submit(order.id, one.agreement(order))

    async with Simulator(settings) as second:
        other = Parent(second, type(parent.region)(second, parent.region.signer, parent.region.http), parent.costs)
        serving = asyncio.create_task(other.serve())
        await other.until(1)
        assert other.got["FormData"][0].order_id == order.id
        assert second.state.all("SELECT * FROM portal_outbox") == []
        serving.cancel()


async def test_address_for_answers_is_kept_until_the_order_is_over(parent: Parent) -> None:
    order = await parent.filed()
    simulator = parent.simulator
    simulator.clock.advance(timedelta(days=120))
    await parent.region.push(parent.region.certificate(1))  # makes the exchange look for what to forget
    await parent.tell(parent.status(order.id, 6, 1))
    assert parent.order(order.id).status == 6

    await parent.tell(parent.status(order.id, 4, 2, cancel_allowed=False))
    simulator.clock.advance(timedelta(days=120))
    await parent.region.push(parent.region.certificate(2))
    routes = simulator.state.all("SELECT message_type FROM route")
    assert [row["message_type"] for row in routes] == ["account"]


# Events on the order


def event(order: int, kind: order_event.Event, **more: Any) -> order_event.Request:
    """Return an event on an order."""
    return order_event.Request(environment=order_event.Environment.SVCDEV, order_id=order, event=kind, **more)


async def test_status_by_event_is_applied_until_the_end(parent: Parent) -> None:
    order = await parent.filed()
    taken = await parent.ask_portal(event(order.id, order_event.StatusEvent(status=6, send_message_allowed=True)))
    assert taken.code == 0
    assert (parent.order(order.id).status, parent.order(order.id).send_message_allowed) == (6, True)

    await parent.ask_portal(event(order.id, order_event.StatusEvent(status=4), comment="Нет мест"))
    refused = await parent.ask_portal(event(order.id, order_event.StatusEvent(status=6)))
    assert [one.code for one in refused] == [RejectCode.FAILURE]
    assert (parent.order(order.id).status, parent.order(order.id).history[-1].comment) == (4, "Нет мест")

    info = await parent.ask_portal(event(order.id, order_event.InfoEvent(code="CONTRACT_ENDED"), comment="Расторгнут"))
    assert info.code == 0
    assert parent.order(order.id).history[-1].comment == "CONTRACT_ENDED: Расторгнут"
    assert parent.order(order.id).status == 4


async def test_text_of_the_organisation_comes_by_event(parent: Parent) -> None:
    order = await parent.filed()
    text = event(order.id, order_event.TextMessageEvent(), comment="Принесите справку", author="Дом творчества")
    assert (await parent.ask_portal(text)).code == 0

    (message,) = parent.order(order.id).messages
    assert (message.outgoing, message.text, message.author) == (False, "Принесите справку", "Дом творчества")


@pytest.mark.parametrize("known", [True, False])
async def test_event_on_an_order_that_was_never_filed_is_refused(parent: Parent, known: bool) -> None:
    order = await parent.priced() if known else None
    refused = await parent.ask_portal(event(order.id if order else 5, order_event.StatusEvent(status=6)))
    assert [one.code for one in refused] == [RejectCode.NO_DATA]


async def test_event_that_breaks_a_rule_is_refused(parent: Parent) -> None:
    order = await parent.filed()
    refused = await parent.ask_portal(event(order.id, order_event.TextMessageEvent()))
    assert [one.code for one in refused] == [RejectCode.FAILURE]


async def test_resubmit_after_a_status_keeps_the_status(parent: Parent) -> None:
    order = await under_review(parent)
    again = await parent.portal.enrolment.submit(order.id, parent.agreement(order))
    assert (again.status, again.seq) == (6, 5)


@pytest.mark.parametrize("missing", ["oktmo", "region_code"])
async def test_municipality_that_cannot_pay_is_refused(
    parent_settings: Any, keys: Any, tmp_path: Any, missing: str
) -> None:
    place = tmp_path / "poor.json"
    town = {name: value for name, value in CATALOGUE["municipalities"][0].items() if name != missing}
    place.write_text(json.dumps(CATALOGUE | {"municipalities": [town]}), "utf-8")
    async with Simulator(replace(parent_settings, catalogue=place)) as simulator:
        (owner,) = simulator.people.find_owners()
        child = simulator.people.children_of(owner.id)[0].id
        with pytest.raises(OrderRefused, match="не указаны"):
            simulator.portal.enrolment.start(owner=owner.id, child=child, group=GROUP)


# Other sources of funds


async def test_paid_place_is_applied_for_without_a_certificate(parent: Parent) -> None:
    parent.costs.headers = {}
    order = parent.portal.enrolment.start(
        owner=parent.owner, child=parent.child, group=GROUP[:-2] + "b1", source=FinancialSource.PAID
    )
    parent.costs.answer = group_cost.FreeOfCharge(
        order_allowed=True, message="", registry_balance=2, registry_booked_amount=1
    )
    order = await parent.portal.enrolment.ask_cost(order.id)
    assert order.cost is not None
    assert (order.cost.outcome, order.agreeable) == ("free", True)
    await parent.portal.enrolment.submit(order.id, parent.agreement(order, own_part_accepted=False))
    await parent.until(1)

    financing = parent.got["FormData"][0].body.financing
    assert (financing.source, financing.certificate_guid, financing.agreed_split) == (FinancialSource.PAID, None, None)
