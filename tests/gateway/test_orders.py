"""Answers about orders on their way: in their order, kept until they have left, stopped by a withdrawn consent."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.gateway.enrolling import ORDER, application, codes, file, go, heard, statuses, texts
from tests.gateway.records import balance, certificate, guid, programme
from tests.gateway.test_poller import question

from socert.contracts.portal import enrolment, order_event
from socert.contracts.portal import pf_certificate as pf
from socert.contracts.smev import call
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.operation import Operation
from socert.gateway.domain.consent import Channel
from socert.gateway.domain.order import OrderEvent, Stage
from socert.gateway.domain.rules_errors import Refused, RuleCode
from socert.gateway.exchange import answers, inbox, outbox
from socert.gateway.exchange.answering import Look, Reply
from socert.gateway.exchange.sender import LEASE
from socert.gateway.store import tables_life
from socert.gateway.store.tables_life import AnswerState

if TYPE_CHECKING:
    from sqlalchemy import RowMapping
    from tests.gateway.line import Line

    from socert.gateway.ports import UnitOfWork


@pytest.fixture(autouse=True)
def given(line: Line) -> None:
    """The child's certificate: 1 000,00 roubles of which nothing is used."""
    line.region.put(certificate(balance=balance(nominal=100_000)))


def rows(line: Line) -> list[RowMapping]:
    return sorted(line.region.rows(tables_life.answer), key=lambda row: row["id"])


def states(line: Line) -> list[str]:
    return [row["state"] for row in rows(line)]


def tell(line: Line, *stages: Stage, **more: Any) -> None:
    """Let something happen to the order of these tests."""

    def work(unit: UnitOfWork) -> None:
        for stage in stages:
            unit.tell(OrderEvent(order_id=str(ORDER), stage=stage, at=line.clock(), **more))

    line.services.units.run(work)


def withdraw(line: Line) -> None:
    services = line.services
    services.units.run(lambda unit: services.consents.withdraw(unit, certificate(), form=None, channel=Channel.PORTAL))


async def ask(line: Line) -> None:
    """Let the portal file the application; its answers are made and wait."""
    line.stub.ask(enrolment.Request(oktmo="11605000", body=application(line)))
    await line.receive(Operation.GET_REQUEST)


# --- the order of answers ---------------------------------------------------------------------------------------------


@pytest.mark.invariant(7)
async def test_the_next_status_leaves_when_the_one_before_has_arrived(line: Line) -> None:
    await ask(line)
    assert states(line) == [AnswerState.PENDING] * 3
    line.stub.next("SendResponse", line.stub.silence)
    while await line.answer_packer.pack():
        pass
    await line.try_all()
    assert states(line) == [AnswerState.PACKED, AnswerState.PENDING, AnswerState.PENDING]
    assert await line.answer_packer.pack() is False, "the first one is not there yet"
    line.clock.advance(10)
    await go(line)
    assert codes(line) == [(1, 1), (1, 1), (2, 2), (3, 6)], "the first was tried twice"
    assert states(line) == [AnswerState.DELIVERED] * 3


async def test_one_order_holds_no_other_up(line: Line) -> None:
    await ask(line)
    line.stub.next("SendResponse", line.stub.silence)
    await line.answer_packer.pack()
    await line.try_all()
    second = replace(certificate(2), child=replace(certificate().child, snils="20000000013", birth_certificate=None))
    line.region.put(second)
    asked = application(line, order=ORDER + 1)
    child = replace(asked.child, snils="20000000013", document=replace(asked.child.document, number="700116"))
    financing = replace(asked.financing, certificate_guid=guid(2))
    await file(line, replace(asked, child=child, financing=financing))
    assert statuses(line, ORDER + 1)
    assert len(codes(line)) == 1


async def test_an_answer_whose_id_grew_too_old_goes_in_another(line: Line) -> None:
    await ask(line)
    await line.answer_packer.pack()
    (first,) = line.messages()
    line.clock.advance(2 * 86_400)
    line.stub.next("SendResponse", line.stub.refused(FaultKind.STALE_MESSAGE_ID))
    await line.try_all()
    await go(line)
    assert line.message(first["message_id"])["state"] == "renewed"
    assert line.message(first["message_id"])["renewed_by"] == rows(line)[0]["message_id"]
    assert codes(line) == [(1, 1), (1, 1), (2, 2), (3, 6)]
    assert len({tuple(codes(line))}) == 1
    assert [row["state"] for row in line.inbox()] == ["handled"], "its effect is not repeated"


@pytest.mark.invariant(15)
async def test_what_the_exchange_refuses_as_invalid_is_not_sent_again_and_blocks_nothing(line: Line) -> None:
    await ask(line)
    line.stub.next("SendResponse", line.stub.refused(FaultKind.INVALID_CONTENT))
    await go(line)
    assert states(line) == [AnswerState.REJECTED, AnswerState.DELIVERED, AnswerState.DELIVERED]


@pytest.mark.invariant(15)
async def test_what_breaks_the_schema_never_leaves(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    await ask(line)
    await go(line)
    line.services.codes = {Stage.CONTRACT_REWORK: "a code longer than twenty characters"}
    line.services.orders._codes = line.services.codes
    tell(line, Stage.CONTRACT_REWORK, Stage.CONTRACT_AT_ORG)
    await go(line)
    assert [code for _, code in codes(line)] == [1, 2, 6, 62]
    assert states(line)[-2:] == [AnswerState.REJECTED, AnswerState.DELIVERED]
    assert "breaks the portal's schema" in capsys.readouterr().out


async def test_a_contract_that_cannot_be_told_keeps_no_status_back(
    line: Line, capsys: pytest.CaptureFixture[str]
) -> None:
    provider = replace(programme().organisation, ogrn="1")
    line.region.units.run(lambda unit: line.region.registry.put_programmes(unit, [programme(organisation=provider)]))
    await ask(line)
    await go(line)
    assert codes(line) == [(1, 1), (2, 2), (3, 6)]
    assert [change.contract for change in statuses(line)] == [None] * 3
    assert "contractInfo/organisation/ogrn" in capsys.readouterr().out


@pytest.mark.invariant(7)
async def test_an_event_after_the_ending_is_refused_and_logged(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    await ask(line)
    tell(line, Stage.REFUSED, Stage.UNDER_REVIEW, reason=RuleCode.NO_PLACE, text="В группе нет свободных мест.")
    tell(line, Stage.CANCELLED)
    await go(line)
    assert [code for _, code in codes(line)] == [1, 2, 6, 4]
    assert capsys.readouterr().out.count("an order that is over is not told of") == 2


async def test_an_event_of_an_order_that_was_not_filed_here_tells_nobody(line: Line) -> None:
    tell(line, Stage.REFUSED)
    assert rows(line) == []


async def test_a_region_may_have_codes_of_its_own(line: Line) -> None:
    line.services.codes = {Stage.UNDER_REVIEW: "120", Stage.SENT_TO_REVIEW: 36}
    await ask(line)
    await go(line)
    assert [code for _, code in codes(line)] == [1, 36, "120"]


@pytest.mark.invariant(18)
async def test_what_fails_before_the_commit_leaves_nothing_behind(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = enrolment.Request(oktmo="11605000", body=application(line))
    line.stub.ask(asked)

    def fail(*_given: Any) -> None:
        raise line.region.store.errors[0]("gone")

    with monkeypatch.context() as patch:
        patch.setattr(type(line.services.orders), "record", fail)
        with pytest.raises(line.region.store.errors):
            await line.receive(Operation.GET_REQUEST)
    assert [row["state"] for row in line.inbox()] == ["received"]
    assert line.region.rows(tables_life.portal_order) == []
    assert line.region.store.look(lambda connection: line.region.registry.lives(connection, guid(1))) == []
    await line.handler.handle()
    await go(line)
    assert codes(line) == [(1, 1), (2, 2), (3, 6)]


async def test_two_handlers_take_one_application_once(line: Line) -> None:
    line.stub.ask(enrolment.Request(oktmo="11605000", body=application(line)))
    await line.poller(Operation.GET_REQUEST).poll()
    (waiting,) = line.region.store.look(lambda connection: inbox.waiting(connection, 10))
    await line.handler._one(waiting)
    await line.handler._one(waiting)
    assert len(rows(line)) == 3


async def test_a_question_that_somebody_waits_for_goes_before_applications(line: Line) -> None:
    line.stub.ask(enrolment.Request(oktmo="11605000", body=application(line)))
    line.stub.ask(question())
    line.stub.ask(question(2))
    while await line.poller(Operation.GET_REQUEST).poll():
        pass

    def kinds(*awaited: str) -> list[bool]:
        found = line.region.store.look(lambda connection: inbox.waiting(connection, 2, awaited))
        return [b"universalCertificateRequest" in one.body for one in found]

    assert kinds() == [False, True]
    assert kinds(str(pf.REQUEST)) == [True, True]


# --- consent ----------------------------------------------------------------------------------------------------------


def is_bare(change: enrolment.StatusChange) -> bool:
    return (change.comment, change.certificate, change.contract, change.reason_code) == (None, None, None, None)


@pytest.mark.seed("withdraw")
@pytest.mark.invariant(12)
async def test_a_withdrawal_leaves_pending_statuses_their_code_alone(line: Line) -> None:
    await ask(line)
    withdraw(line)
    assert all(row["personal"] == 0 for row in rows(line))
    await go(line)
    assert codes(line) == [(1, 1), (2, 2), (3, 6)]
    assert all(is_bare(change) for change in statuses(line))


@pytest.mark.invariant(12)
async def test_a_withdrawal_stops_what_is_packed_and_not_sent(line: Line) -> None:
    await ask(line)
    await line.answer_packer.pack()
    (packed,) = line.messages()
    withdraw(line)
    cancelled = line.message(packed["message_id"])
    assert (cancelled["state"], bytes(cancelled["body"])) == ("cancelled", b"")
    await go(line)
    assert codes(line) == [(1, 1), (2, 2), (3, 6)]
    assert all(is_bare(change) for change in statuses(line))


@pytest.mark.invariant(12)
async def test_what_is_in_hand_during_a_withdrawal_is_not_sent_once_more(line: Line) -> None:
    await ask(line)
    await line.answer_packer.pack()
    (claimed,) = line.region.store.run(
        lambda connection: outbox.claim(connection, node="gateway-1", now=line.clock(), lease=LEASE, limit=9)
    )
    withdraw(line)
    line.stub.next("SendResponse", line.stub.silence)
    await line.sender.send(claimed)
    assert line.message(claimed.message_id)["state"] == "cancelled"
    await go(line)
    first, *after = statuses(line)
    assert not is_bare(first), "it was on the wire"
    assert [is_bare(change) for change in after] == [True] * 3
    assert [change.seq for change in after] == [1, 2, 3]


@pytest.mark.invariant(12)
async def test_what_has_arrived_stays_and_what_follows_is_bare(line: Line) -> None:
    await ask(line)
    await go(line)
    withdraw(line)
    tell(line, Stage.CONTRACT_TO_SIGN)
    await go(line)
    assert [is_bare(change) for change in statuses(line)] == [False, False, False, False]
    contract = line.region.rows(tables_life.portal_order)[0]["contract_id"]
    tell(line, Stage.CONTRACT_REWORK, contract_id=contract)
    await go(line)
    assert is_bare(statuses(line)[-1])


@pytest.mark.invariant(12)
async def test_an_answer_to_a_question_that_waits_is_stopped_too(line: Line) -> None:
    line.stub.ask(question())
    await line.receive(Operation.GET_REQUEST)
    (waiting,) = line.messages()
    withdraw(line)
    assert line.message(waiting["message_id"])["state"] == "cancelled"
    assert await line.try_all() == 0
    line.stub.ask(question(order=9))
    await line.receive(Operation.GET_REQUEST)
    await line.try_all()
    content = call.open_call(line.stub.sent("SendResponse")[0]).content
    assert content is not None
    (answer,) = pf.read_response(content).answers
    assert isinstance(answer, pf.IssueRefused), "the next one is refused"


async def test_erasing_leaves_statuses_their_code_alone(line: Line) -> None:
    await ask(line)
    await go(line)
    assert line.region.store.run(lambda connection: answers.erase(connection, guid(1))) == 3
    assert "Резьба" not in str(rows(line))
    await file(line, application(line), message_id="bbbbbbbb-0000-4000-8000-00000000000b")
    assert is_bare(statuses(line)[-1]), "the order can be answered still"


# --- texts ------------------------------------------------------------------------------------------------------------

WRITTEN = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
TEXT_ID = "DDDDDDDD-0000-4000-8000-000000000001"


def text(said: str, message_id: str = TEXT_ID) -> enrolment.TextMessage:
    return enrolment.TextMessage(order_id=ORDER, message_id=message_id, written_at=WRITTEN, author="Мать", text=said)


def receipts(line: Line) -> list[enrolment.TextReceipt]:
    return [answer for _, answer in heard(line) if isinstance(answer, enrolment.TextReceipt)]


async def test_a_text_of_the_parent_is_kept_once(line: Line) -> None:
    await ask(line)
    for _ in range(2):
        await file(line, text("Когда начало?"))
    assert [one.result for one in receipts(line)] == [enrolment.ReceiptResult.ACCEPTED] * 2
    assert receipts(line)[0].message_id == TEXT_ID
    (kept,) = line.region.store.look(lambda connection: line.services.orders.texts(connection, str(ORDER)))
    assert (kept.incoming, kept.author, kept.text, kept.written_at) == (True, "Мать", "Когда начало?", WRITTEN)


async def test_a_text_about_nothing_or_about_what_is_over_is_rejected(line: Line) -> None:
    await file(line, text("Когда начало?"))
    await ask(line)
    tell(line, Stage.REFUSED, reason=RuleCode.NO_PLACE)
    await file(line, text("Почему?", "DDDDDDDD-0000-4000-8000-000000000002"))
    assert [one.result for one in receipts(line)] == [enrolment.ReceiptResult.REJECTED] * 2


async def test_the_organisation_s_reply_is_an_event_on_the_order(line: Line) -> None:
    await ask(line)
    services = line.services
    services.units.run(lambda unit: services.orders.say(unit, str(ORDER), "Занятия с 15 сентября.", author="Студия"))
    await go(line)
    (event,) = texts(line)
    assert (event.order_id, event.comment, event.author) == (ORDER, "Занятия с 15 сентября.", "Студия")
    assert isinstance(event.event, order_event.TextMessageEvent)
    (sent,) = [row for row in line.messages() if row["operation"] == "SendRequest"]
    assert sent["state"] == "accepted"
    line.stub.respond(sent["message_id"], order_event.Response(code=0, message="Принято"))
    await line.receive()
    assert line.message(sent["message_id"])["state"] == "done"
    (kept,) = line.region.store.look(lambda connection: services.orders.texts(connection, str(ORDER)))
    assert (kept.incoming, kept.text) == (False, "Занятия с 15 сентября.")


async def test_a_reply_that_the_portal_refuses_is_shown(line: Line) -> None:
    await ask(line)
    services = line.services
    services.units.run(lambda unit: services.orders.say(unit, str(ORDER), "Ответ"))
    await go(line)
    (sent,) = [row for row in line.messages() if row["operation"] == "SendRequest"]
    line.stub.respond(sent["message_id"], order_event.Response(code=3, message="Нет заявления"))
    await line.receive()
    assert (line.message(sent["message_id"])["state"], line.message(sent["message_id"])["outcome"]) == (
        "rejected",
        "3: Нет заявления",
    )


async def test_nobody_writes_about_an_order_that_was_not_filed_here(line: Line) -> None:
    services = line.services
    with pytest.raises(Refused, match="NOT_FOUND"):
        services.units.run(lambda unit: services.orders.say(unit, "7", "Ответ"))
    with pytest.raises(Refused, match="NOT_FOUND"):
        services.units.run(lambda unit: services.orders.refuse(unit, "7", reason=RuleCode.NO_PLACE, text=""))


# --- looking up -------------------------------------------------------------------------------------------------------


async def test_a_look_that_takes_too_long_is_put_aside(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    line.deadline = 0.05
    answerer = type(line.services.certificates())

    def slow(*_given: Any) -> Look:
        def find(_connection: Any) -> Reply:
            over.wait(5)
            raise AssertionError("nobody waits for this")

        return Look(find=find)

    monkeypatch.setattr(answerer, "take", slow)
    line.stub.ask(question())
    await line.receive(Operation.GET_REQUEST)
    over.set()
    (row,) = line.inbox()
    assert (row["state"], row["error"]) == ("failed", "there was no answer within 0.05 s")


async def test_a_late_answer_goes_in_the_place_of_one_that_takes_too_long(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    line.deadline = 0.05
    answerer, take = type(line.services.certificates()), type(line.services.certificates()).take

    def slow(self: Any, content: Any, received: Any) -> Look:
        look = take(self, content, received)
        assert isinstance(look, Look)

        def find(connection: Any) -> Reply:
            over.wait(5)
            return look.find(connection)

        return Look(find=find, late=look.find)

    monkeypatch.setattr(answerer, "take", slow)
    line.stub.ask(question())
    await line.receive(Operation.GET_REQUEST)
    over.set()
    assert [row["state"] for row in line.inbox()] == ["handled"]
    assert len(line.messages()) == 1
