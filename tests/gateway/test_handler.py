"""What follows from a received message: the portal's verdict on ours, the exchange's, an answer to a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy.exc import OperationalError
from tests.gateway.records import balance, certificate, guid
from tests.gateway.stub import FAULT_TEXT, SUITES
from tests.gateway.test_poller import question
from tests.gateway.test_sender import content_of, replay

from socert.contracts.portal import account, pf_certificate
from socert.contracts.smev import call
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import BusinessStatus, InteractionStatus, RejectCode, Rejection
from socert.gateway.mapping.pf_certificate import CertificateAnswerer

if TYPE_CHECKING:
    from sqlalchemy import RowMapping
    from tests.gateway.line import Line


async def accepted(line: Line, objects: int = 1) -> RowMapping:
    """Let a message with so many certificates be taken by the exchange."""
    line.region.put(*(certificate(number) for number in range(1, objects + 1)))
    (message,) = await line.pack()
    await line.try_all()
    return line.message(message["message_id"])


# --- the portal's verdict ---------------------------------------------------------------------------------------------


async def test_what_the_portal_applied_is_delivered(line: Line) -> None:
    message = await accepted(line, objects=2)
    line.stub.respond(message["message_id"], line.verdict(message))
    await line.receive()
    assert line.states() == {guid(1): "delivered", guid(2): "delivered"}
    done = line.message(message["message_id"])
    assert (done["state"], done["outcome"]) == ("done", "0: Применено")
    assert [row["state"] for row in line.inbox()] == ["handled"]
    assert None not in {row["body"] for row in line.region.changes()}, "the last of each answers questions"


async def test_of_what_the_portal_has_only_the_last_is_kept(line: Line) -> None:
    for spent in (0, 100):
        line.region.put(certificate(balance=balance(spent=spent)))
        (message,) = await line.pack()
        await line.try_all()
        line.stub.respond(message["message_id"], line.verdict(message))
        await line.receive()
    assert [row["body"] is None for row in line.region.changes()] == [True, False], "figures are not kept for longer"


async def test_each_object_comes_to_its_own_end(line: Line) -> None:
    message = await accepted(line, objects=5)
    statuses = {guid(2): "DUPLICATE", guid(3): "STALE", guid(4): "REJECTED", guid(5): "missing"}
    line.stub.respond(message["message_id"], line.verdict(message, 11, **statuses))
    await line.receive()
    assert line.states() == {
        guid(1): "delivered",
        guid(2): "delivered",
        guid(3): "pending",
        guid(4): "rejected",
        guid(5): "pending",
    }
    assert line.message(message["message_id"])["state"] == "done"
    again = [content_of(message) for message in await line.pack()]
    assert [(guid(5), 1)] in again, "what the portal forgot to judge is sent again"
    assert [(guid(3), 1 + 86_400)] in again, "what the portal has seen higher numbers of goes above them"


async def test_an_answer_that_names_no_object_means_all_when_all_went_well(line: Line) -> None:
    message = await accepted(line, objects=2)
    answer = account.UpdateResponse(batch_id=message["reference"], code=0, message="Применено")
    line.stub.respond(message["message_id"], answer)
    await line.receive()
    assert set(line.states().values()) == {"delivered"}


async def test_a_verdict_on_objects_that_were_not_sent_changes_nothing(line: Line) -> None:
    message = await accepted(line)
    foreign = account.UpdateResult(object_id=guid(9), seq=1, status=account.ResultStatus.REJECTED)
    older = account.UpdateResult(object_id=guid(1), seq=7, status=account.ResultStatus.REJECTED)
    answer = account.UpdateResponse(
        batch_id=message["reference"], code=0, message="Применено", results=(foreign, older)
    )
    line.stub.respond(message["message_id"], answer)
    await line.receive()
    assert line.states() == {guid(1): "delivered"}


async def test_a_batch_refused_as_a_whole_is_sent_object_by_object(line: Line) -> None:
    message = await accepted(line, objects=3)
    line.stub.respond(message["message_id"], line.verdict(message, 7))
    await line.receive()
    assert line.message(message["message_id"])["state"] == "rejected"
    alone = await line.pack()
    assert [len(content_of(row)) for row in alone] == [1, 1, 1]
    await line.try_all()
    for place, row in enumerate(alone):
        line.stub.respond(row["message_id"], line.verdict(row, 7 if place == 1 else 0))
    await line.receive()
    ends = {content_of(row)[0][0]: line.message(row["message_id"])["state"] for row in alone}
    assert sorted(ends.values()) == ["done", "done", "rejected"]
    (refused,) = [name for name, state in line.states().items() if state == "rejected"]
    assert ends[refused] == "rejected"


async def test_the_next_version_follows_a_rejected_one(line: Line) -> None:
    message = await accepted(line)
    line.region.put(certificate(balance=balance(spent=100)))
    line.stub.respond(message["message_id"], line.verdict(message, 11, **{guid(1): "REJECTED"}))
    await line.receive()
    (again,) = await line.pack()
    assert content_of(again) == [(guid(1), 2)]


async def test_an_answer_that_comes_twice_counts_once(line: Line) -> None:
    message = await accepted(line, objects=2)
    line.stub.respond(message["message_id"], line.verdict(message))
    line.stub.respond(message["message_id"], line.verdict(message, 11, **{guid(1): "REJECTED"}))
    await line.receive()
    assert set(line.states().values()) == {"delivered"}
    assert [row["state"] for row in line.inbox()] == ["handled", "handled"]


async def test_an_answer_to_a_message_given_up_ends_it(line: Line) -> None:
    """The exchange had taken it after all, only its answers were lost."""
    line.attempts = 1
    line.region.put(certificate())
    (message,) = await line.pack()
    line.stub.next("SendRequest", line.stub.silence)
    await line.try_all()
    assert line.message(message["message_id"])["state"] == "dead"
    line.stub.respond(message["message_id"], line.verdict(message))
    await line.receive()
    assert line.message(message["message_id"])["state"] == "done"
    assert line.states() == {guid(1): "delivered"}
    assert replay(line, message["message_id"]) == 0


async def test_a_late_answer_to_a_renewed_message_changes_nothing(line: Line) -> None:
    line.region.put(certificate())
    (message,) = await line.pack()
    line.clock.advance(2 * 86_400)
    line.stub.next("SendRequest", line.stub.refused(FaultKind.STALE_MESSAGE_ID))
    await line.try_all()
    (again,) = await line.pack()
    answer = account.UpdateResponse(batch_id=message["reference"], code=0, message="Применено")
    line.stub.respond(message["message_id"], answer)
    await line.receive()
    assert line.message(message["message_id"])["state"] == "renewed"
    assert line.states() == {guid(1): "packed"}, "its own message's answer is awaited"
    assert line.message(again["message_id"])["state"] == "queued"


async def test_a_refusal_of_the_portal_waits_for_a_person(line: Line) -> None:
    message = await accepted(line)
    refusal = Rejection(code=RejectCode.ACCESS_DENIED, description="Нет доступа")
    line.stub.respond(message["message_id"], rejections=[refusal])
    await line.receive()
    dead = line.message(message["message_id"])
    assert (dead["state"], dead["outcome"]) == ("dead", "ACCESS_DENIED: Нет доступа")
    assert line.states() == {guid(1): "packed"}


async def test_a_status_is_noted_and_the_answer_still_awaited(line: Line) -> None:
    message = await accepted(line)
    line.stub.respond(message["message_id"], status=BusinessStatus(code=1, description="В работе"))
    await line.receive()
    assert line.message(message["message_id"])["state"] == "accepted"
    assert [row["state"] for row in line.inbox()] == ["handled"]


# --- the exchange's verdict -------------------------------------------------------------------------------------------


async def test_content_refused_later_is_sent_object_by_object(line: Line) -> None:
    message = await accepted(line, objects=2)
    line.stub.judge(message["message_id"], FaultKind.INVALID_CONTENT)
    await line.receive()
    assert line.message(message["message_id"])["state"] == "rejected"
    assert [len(content_of(row)) for row in await line.pack()] == [1, 1]


@pytest.mark.parametrize("kind", [FaultKind.ACCESS_DENIED, FaultKind.RECIPIENT_IS_NOT_FOUND, FaultKind.SMEV_FAILURE])
async def test_any_other_refusal_later_waits_for_a_person(line: Line, kind: FaultKind) -> None:
    message = await accepted(line)
    line.stub.judge(message["message_id"], kind)
    await line.receive()
    assert line.message(message["message_id"])["state"] == "dead"
    assert line.states() == {guid(1): "packed"}


async def test_a_step_on_the_way_is_no_end(line: Line) -> None:
    message = await accepted(line)
    line.stub.judge(message["message_id"], FaultKind.SMEV_FAILURE, InteractionStatus.QUEUED)
    await line.receive()
    assert line.message(message["message_id"])["state"] == "accepted"


async def test_an_answer_of_ours_refused_later_is_shown(line: Line) -> None:
    line.region.put(certificate())
    line.stub.ask(question())
    await line.receive(Operation.GET_REQUEST)
    await line.try_all()
    (answer,) = [row for row in line.messages() if row["operation"] == "SendResponse"]
    assert answer["state"] == "done"
    line.stub.judge(answer["message_id"], FaultKind.INVALID_CONTENT, InteractionStatus.RESPONSE_REJECTED)
    await line.receive()
    assert line.message(answer["message_id"])["state"] == "rejected"


# --- what cannot be handled -------------------------------------------------------------------------------------------


async def test_an_answer_to_nothing_of_ours_is_put_aside(line: Line) -> None:
    answer = account.UpdateResponse(batch_id=guid(1), code=0, message="Применено")
    line.stub.respond(line.stub.ids(), answer)
    await line.receive()
    (row,) = line.inbox()
    assert row["state"] == "failed"
    assert "not a message of ours" in row["error"]


async def test_a_question_that_nobody_answers_is_put_aside(line: Line) -> None:
    asked = account.UpdateRequest(batch_id=guid(1), sent_at=line.clock(), updates=())
    line.stub.ask(asked)
    await line.receive(Operation.GET_REQUEST)
    (row,) = line.inbox()
    assert row["state"] == "failed"
    assert "AccountUpdateRequest" in row["error"]
    assert line.messages() == []


async def test_a_message_that_our_code_fails_on_stops_no_other(
    line: Line, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    take = CertificateAnswerer.take

    def fail_on_first(self: CertificateAnswerer, content: Any, received: Any) -> Any:
        if content[0].text == "1":
            raise KeyError("Журавлёв")
        return take(self, content, received)

    monkeypatch.setattr(CertificateAnswerer, "take", fail_on_first)
    for order in (1, 2):
        line.stub.ask(question(order))
    await line.receive(Operation.GET_REQUEST)
    first, second = line.inbox()
    assert (first["state"], second["state"]) == ("failed", "handled")
    assert first["error"].startswith("our own code failed: KeyError in fail_on_first, test_handler.py:")
    assert "Журавлёв" not in first["error"] + capsys.readouterr().out


async def test_the_database_s_trouble_is_not_the_message_s(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("connection lost"))

    line.stub.ask(question())
    await line.poller(Operation.GET_REQUEST).poll()
    with monkeypatch.context() as patch:
        patch.setattr(CertificateAnswerer, "_look", fail)
        with pytest.raises(OperationalError):
            await line.handler.handle()
    assert [row["state"] for row in line.inbox()] == ["received"], "it waits until that is over"
    await line.handler.handle()
    assert [row["state"] for row in line.inbox()] == ["handled"]


async def test_words_of_others_stay_out_of_the_log(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    """Faults and refusals may quote what was sent; they are kept in the database for whoever looks into it."""
    line.region.put(*(certificate(number) for number in range(1, 6)))
    line.batch_size = 1
    first, second, *_ = await line.pack()
    refused = line.stub.refused
    line.stub.next("SendRequest", line.stub.taken, line.stub.taken, refused(FaultKind.ACCESS_DENIED))
    line.stub.next("SendRequest", refused(FaultKind.SMEV_FAILURE), refused(FaultKind.INVALID_CONTENT))
    await line.try_all()
    line.stub.judge(first["message_id"], FaultKind.INVALID_CONTENT)
    line.stub.respond(second["message_id"], rejections=[Rejection(code=RejectCode.FAILURE, description=FAULT_TEXT)])
    await line.receive()
    told = capsys.readouterr()
    logged = told.out + told.err
    assert logged.count("message refused") == 2
    assert logged.count("answer taken") == 2
    for secret in ("Журавлёв", "Платон", "112-233-445"):
        assert secret not in logged
    assert FAULT_TEXT in "".join(row["detail"] or "" for row in line.tries())


# --- answering --------------------------------------------------------------------------------------------------------


async def test_a_question_is_answered_to_its_own_address(line: Line) -> None:
    line.region.put(certificate())
    asked = line.stub.ask(question(order=77))
    await line.receive(Operation.GET_REQUEST)
    (row,) = line.inbox()
    (answer,) = line.messages()
    assert row["answer_id"] == answer["message_id"]
    assert (answer["operation"], answer["reference"], answer["state"]) == ("SendResponse", asked, "queued")
    opened = call.open_call(answer["body"])
    call.check_schema(opened)
    call.verify(opened, SUITES)
    assert opened.to == f"address of {asked}"
    assert opened.content is not None
    pf_certificate.schema().check(opened.content)
    told = pf_certificate.read_response(opened.content)
    assert told.order_id == 77
    assert isinstance(told.answers[0], pf_certificate.CertificateFound)
    await line.try_all()
    assert line.message(answer["message_id"])["state"] == "done", "nobody answers an answer"


async def test_an_answer_whose_id_grew_too_old_is_given_anew(line: Line) -> None:
    line.region.put(certificate())
    line.stub.ask(question())
    await line.receive(Operation.GET_REQUEST)
    (first,) = line.messages()
    line.clock.advance(2 * 86_400)
    line.region.put(certificate(balance=balance(spent=500)))
    line.stub.next("SendResponse", line.stub.refused(FaultKind.STALE_MESSAGE_ID))
    await line.try_all()
    assert [row["state"] for row in line.inbox()] == ["received"]
    await line.handler.handle()
    renewed = line.message(first["message_id"])
    second = line.message(renewed["renewed_by"])
    assert (renewed["state"], second["state"]) == ("renewed", "queued")
    assert line.inbox()[0]["answer_id"] == second["message_id"]
    content = call.open_call(second["body"]).content
    assert content is not None
    (found,) = pf_certificate.read_response(content).answers
    assert isinstance(found, pf_certificate.CertificateFound)
    assert found.certificate.funds == pf_certificate.Funds(balance=99_500, booked=0), "live data, not yesterday's"


async def test_two_handlers_give_one_answer(line: Line) -> None:
    line.stub.ask(question())
    await line.poller(Operation.GET_REQUEST).poll()
    (waiting,) = line.region.store.look(waiting_messages)
    await line.handler._one(waiting)
    await line.handler._one(waiting)
    assert len(line.messages()) == 1
    assert line.inbox()[0]["answer_id"] == line.messages()[0]["message_id"]


def waiting_messages(connection: Any) -> Any:
    from socert.gateway.exchange import inbox

    return inbox.waiting(connection, 10)
