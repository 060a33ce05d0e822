"""Every fault of every operation in every version, as both generations of gateways write it: one table says what to do.

Sources: SMEV 3 WSDL and faults schemas 1.1, 1.2 and 1.3; `contracts.smev.faults.disposition`.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.gateway.stub import FAULT_TEXT
from tests.gateway.test_poller import question
from tests.gateway.test_sender import packed

from socert.contracts.smev.fault_xml import Style, render_envelope
from socert.contracts.smev.faults import Disposition, Fault, FaultKind, FaultReceived, disposition, faults_of
from socert.contracts.smev.operation import OPERATIONS_OF, Operation
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import RowMapping
    from tests.gateway.line import Line
    from tests.gateway.stub import Behaviour

SENDING = (Operation.SEND_REQUEST, Operation.SEND_RESPONSE)
GETTING = (Operation.GET_REQUEST, Operation.GET_RESPONSE, Operation.GET_STATUS)
DAY = 86_400


def each(*operations: Operation) -> list[tuple[Version, Operation, FaultKind]]:
    """Return every fault that the WSDL of a version lets these operations answer."""
    return [
        (version, operation, kind)
        for version in Version
        for operation in operations
        for kind in sorted(faults_of(operation, version))
    ]


def refused(kind: FaultKind, version: Version, style: Style) -> Behaviour:
    """Answer with a fault."""
    fault = Fault(kind=kind, text=FAULT_TEXT, code="X", description=f"SMEV-1:{FAULT_TEXT}")
    return lambda _opened: render_envelope(fault, version, style)


@pytest.fixture(params=Style)
def style(request: pytest.FixtureRequest) -> Style:
    """Both ways to write a fault."""
    found: Style = request.param
    return found


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: Path) -> str:
    """SQLite alone: what is looked at here is the table, not the database."""
    place = tmp_path / "socert.db"
    shutil.copy(sqlite_template, place)
    return f"sqlite:///{place}"


def speaking(line: Line, version: Version) -> None:
    """Let both sides speak a version."""
    line.version = line.stub.version = version


async def waiting(line: Line, operation: Operation) -> RowMapping:
    """Put a message of ours, a request or an answer, into the outbox."""
    if operation is Operation.SEND_REQUEST:
        return await packed(line)
    line.stub.ask(question())
    await line.receive(Operation.GET_REQUEST)
    (message,) = line.messages()
    return message


def expected(kind: FaultKind, operation: Operation) -> set[str]:
    """The state of a message after a fault: the table's word, in the words of the outbox."""
    match disposition(kind):
        case Disposition.RETRY:
            return {"queued"}
        case Disposition.ALREADY_SENT | Disposition.ALREADY_DONE:
            return {"accepted" if operation is Operation.SEND_REQUEST else "done"}
        case Disposition.RENEW:
            return {"renewed"}
        case Disposition.PERMANENT:
            return {"rejected" if kind is FaultKind.INVALID_CONTENT else "dead"}


@pytest.mark.parametrize(("version", "operation", "kind"), each(*SENDING))
async def test_a_message_comes_to_the_end_that_the_table_names(
    line: Line, version: Version, operation: Operation, kind: FaultKind, style: Style
) -> None:
    speaking(line, version)
    message = await waiting(line, operation)
    line.clock.advance(2 * DAY)  # an id that is younger is no reason to make a new one
    line.stub.next(operation, refused(kind, version, style))
    await line.try_all()
    after = line.message(message["message_id"])
    assert {after["state"]} == expected(kind, operation)
    assert [row["result"] for row in line.tries()] == [kind.value]
    if after["state"] == "queued":
        line.clock.advance(1)
        await line.try_all()
        assert line.stub.sent(operation) == [message["body"]] * 2, "the same id, the same bytes"
    else:
        await line.try_all()
        assert len(line.stub.sent(operation)) == 1, "these bytes are never sent again"


@pytest.mark.parametrize(("version", "operation", "kind"), each(*GETTING))
async def test_a_queue_that_answers_with_a_fault_gives_nothing(
    line: Line, version: Version, operation: Operation, kind: FaultKind, style: Style
) -> None:
    speaking(line, version)
    line.stub.next(operation, refused(kind, version, style))
    with pytest.raises(FaultReceived) as caught:
        await line.poller(operation).poll()
    assert caught.value.fault.kind is kind
    assert FAULT_TEXT not in str(caught.value)
    assert line.inbox() == []


@pytest.mark.parametrize(("version", "operation", "kind"), each(Operation.ACK))
async def test_an_acknowledgement_that_meets_a_fault_is_made_when_the_message_comes_again(
    line: Line,
    version: Version,
    operation: Operation,
    kind: FaultKind,
    style: Style,
    capsys: pytest.CaptureFixture[str],
) -> None:
    speaking(line, version)
    asked = line.stub.ask(question())
    line.stub.next(operation, refused(kind, version, style))
    assert await line.poller(Operation.GET_REQUEST).poll() is True
    warned = "not acknowledged, it will come again" in capsys.readouterr().out
    assert warned is (disposition(kind) is not Disposition.ALREADY_DONE)
    line.stub.ask(question(), message_id=asked)
    await line.receive(Operation.GET_REQUEST)
    assert line.stub.acknowledged == [(asked, True)]
    assert [row["state"] for row in line.inbox()] == ["handled"]


def test_no_kind_and_no_operation_is_left_out() -> None:
    covered = {operation for _, operation, _ in each(*SENDING, *GETTING, Operation.ACK)}
    others = {operation for version in Version for operation in OPERATIONS_OF[version]} - covered
    assert others == {Operation.GET_INCOMING_QUEUE_STATISTICS}, "the gateway does not ask for it"
    for kind in FaultKind:
        assert isinstance(disposition(kind), Disposition)
