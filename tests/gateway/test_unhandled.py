"""Messages that nobody here can handle: kept, acknowledged as the region decided, shown, and in nobody's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.gateway.stub import SUITES
from tests.gateway.test_cli import run
from tests.gateway.test_handler import accepted
from tests.gateway.test_poller import question

from socert.contracts.errors import ContractError
from socert.contracts.smev import call
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import RejectCode
from socert.contracts.smev.version import Version
from socert.gateway.api.web import list_received
from socert.gateway.exchange.policy import WhenUnhandled
from socert.gateway.mapping.pf_certificate import CertificateAnswerer

if TYPE_CHECKING:
    from typing import Any

    from tests.gateway.line import Line
    from tests.gateway.test_cli import Run

__all__ = ["run"]
ACKNOWLEDGED = {WhenUnhandled.ACCEPT: [True], WhenUnhandled.REJECT: [False], WhenUnhandled.LEAVE: []}
POLICIES = pytest.mark.parametrize("policy", WhenUnhandled)


@POLICIES
async def test_an_answer_of_a_type_that_nobody_takes(line: Line, policy: WhenUnhandled) -> None:
    line.unhandled = policy
    message = await accepted(line)
    unknown = line.stub.respond(message["message_id"], question())
    line.stub.respond(message["message_id"], line.verdict(message))
    assert await line.receive() == 2, "it stands in nobody's way"
    first, second = line.inbox()
    assert (first["message_id"], first["state"], second["state"]) == (unknown, "failed", "handled")
    assert "nobody here takes" in first["error"]
    assert [accepted for one, accepted in line.stub.acknowledged if one == unknown] == ACKNOWLEDGED[policy]
    assert line.message(message["message_id"])["state"] == "done"


@POLICIES
async def test_a_message_that_cannot_be_read(line: Line, policy: WhenUnhandled) -> None:
    """Nothing proves who sent it, but what stands in it names a message: that one is not asked for again and again."""
    line.unhandled = policy
    asked = line.stub.ask(question())
    raw = line.stub.queues["GetRequest"][0]
    line.stub.queues["GetRequest"][0] = raw.replace(b"MessageMetadata>", b"MessageMetaData>")
    line.stub.ask(question(2))
    assert await line.receive(Operation.GET_REQUEST) == 2
    first, second = line.inbox()
    assert (first["message_id"], first["state"], first["handled_at"]) == (asked, "failed", None)
    assert "cannot be read" in first["error"]
    assert second["state"] == "handled"
    said = [] if policy is WhenUnhandled.LEAVE else [False]
    assert [accepted for one, accepted in line.stub.acknowledged if one == asked] == said, "unproven, so never accepted"


@POLICIES
async def test_a_request_that_asks_nothing(line: Line, policy: WhenUnhandled) -> None:
    """Version 1.1 lets the sender of a request cancel it; nobody here takes that, and it is in nobody's way."""
    line.unhandled = policy
    line.version = line.stub.version = Version.V1_1
    cancel = line.stub.cancel()
    await line.receive(Operation.GET_REQUEST)
    (row,) = line.inbox()
    assert (row["message_id"], row["state"]) == (cancel, "failed")
    assert "without content" in row["error"]
    assert [accepted for _, accepted in line.stub.acknowledged] == ACKNOWLEDGED[policy]


async def test_an_unreadable_one_gives_way_to_the_true_one(line: Line) -> None:
    asked = line.stub.ask(question())
    raw = line.stub.queues["GetRequest"][0]
    line.stub.queues["GetRequest"][0] = raw.replace(b"MessageMetadata>", b"MessageMetaData>")
    await line.receive(Operation.GET_REQUEST)
    line.stub.ask(question(), message_id=asked)
    await line.receive(Operation.GET_REQUEST)
    assert [(row["state"], row["error"]) for row in line.inbox()] == [("handled", None)]


async def test_what_names_no_message_is_not_kept(line: Line) -> None:
    line.stub.next("GetRequest", line.stub.garbage)
    with pytest.raises(ContractError):
        await line.poller(Operation.GET_REQUEST).poll()
    assert line.inbox() == []


async def test_a_reply_that_breaks_its_schema_is_read(line: Line) -> None:
    """Real exchanges leave out what their schema demands; only what they sign is believed."""
    message = await accepted(line)
    line.stub.respond(message["message_id"], line.verdict(message))
    line.stub.queues["GetResponse"][0] = line.stub.queues["GetResponse"][0].replace(
        b"<typ:GetResponseResponse ", b'<typ:GetResponseResponse said="so" '
    )
    await line.receive()
    assert line.message(message["message_id"])["state"] == "done"


async def test_a_request_that_cannot_be_read_is_refused(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps its schema and says what cannot be; whoever asked must not wait for ever."""
    unreadable(monkeypatch)
    asked = line.stub.ask(question())
    await line.receive(Operation.GET_REQUEST)
    (row,) = line.inbox()
    (answer,) = line.messages()
    assert (row["state"], row["error"]) == ("failed", "the day is no day")
    opened = call.open_call(answer["body"])
    call.check_schema(opened)
    call.verify(opened, SUITES)
    (rejection,) = opened.rejections
    assert (opened.to, rejection.code) == (f"address of {asked}", RejectCode.UNKNOWN_REQUEST_DESCRIPTION)
    assert rejection.description.startswith("Запрос не удалось прочитать")
    line.stub.ask(question(), message_id=asked)
    await line.receive(Operation.GET_REQUEST)
    assert len(line.messages()) == 1, "it is refused once"
    await line.try_all()
    assert line.message(answer["message_id"])["state"] == "done"


def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the answerer find no sense in what it is asked."""

    def fail(*_given: Any) -> None:
        raise ContractError("the day is no day")

    monkeypatch.setattr(CertificateAnswerer, "take", fail)


async def test_what_could_not_be_handled_is_handled_once_it_can_be(
    run: Run, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        unreadable(patch)
        asked = line.stub.ask(question())
        await line.receive(Operation.GET_REQUEST)
    listed = run("messages", "received", "--state", "failed").output
    assert asked in listed
    assert "the day is no day" in listed
    assert run("messages", "received", "--state", "handled").output == ""
    assert run("messages", "handle", asked).output == "Поставлено в обработку: 1\n"
    assert await line.handler.handle()
    assert [(row["state"], row["error"]) for row in line.inbox()] == [("handled", None)]
    assert [call.open_call(row["body"]).content is None for row in line.messages()] == [True, False]
    assert run("messages", "handle", "--all").output == "Поставлено в обработку: 0\n"


async def test_what_could_not_be_trusted_is_never_handled(run: Run, line: Line) -> None:
    line.stub.ask(question())
    line.stub.queues["GetRequest"][0] = line.stub.queues["GetRequest"][0].replace("Платон".encode(), "Антон!".encode())
    await line.receive(Operation.GET_REQUEST)
    assert run("messages", "handle", "--all").output == "Поставлено в обработку: 0\n"
    assert [row["state"] for row in line.inbox()] == ["failed"]


async def test_received_messages_are_listed_without_what_they_say(line: Line) -> None:
    line.stub.ask(question())
    await line.receive(Operation.GET_REQUEST)
    (row,) = line.region.store.look(list_received)
    assert (row["operation"], row["state"], row["error"]) == ("GetRequest", "handled", None)
    assert row["received_at"].startswith("2026-")
    assert "Журавлёв" not in str(row)
    assert line.region.store.look(lambda connection: list_received(connection, "failed")) == []
