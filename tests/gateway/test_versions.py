"""One version for everything that leaves: whatever the exchange speaks, all that is said to it is of that version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.gateway.records import certificate, guid
from tests.gateway.test_handler import accepted
from tests.gateway.test_poller import question
from tests.gateway.test_sender import content_of

from socert.contracts.portal import pf_certificate
from socert.contracts.smev import call
from socert.contracts.smev.faults import FaultKind
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.routing import RecordStatus, RoutingCode, RoutingStatus, ValueStatus
from socert.contracts.smev.status import InteractionStatus
from socert.contracts.smev.version import Version
from socert.gateway.exchange.caller import Caller

if TYPE_CHECKING:
    from tests.gateway.line import Line


@pytest.fixture(params=Version)
def version(request: pytest.FixtureRequest, line: Line) -> Version:
    """Both sides speak this version."""
    line.version = line.stub.version = request.param
    return line.version


def spoken(line: Line) -> set[Version]:
    """The versions of all that was said; the stub has checked each call against its schema and its signature."""
    return {call.open_call(body).version for _, body in line.stub.calls}


async def test_changes_are_told_and_answered(line: Line, version: Version) -> None:
    await accepted(line, objects=2)
    await line.deliver()
    assert set(line.states().values()) == {"delivered"}
    assert spoken(line) == {version}


async def test_a_question_is_answered(line: Line, version: Version) -> None:
    line.region.put(certificate())
    line.stub.ask(question())
    await line.receive(Operation.GET_REQUEST)
    await line.try_all()
    (said,) = line.stub.sent("SendResponse")
    content = call.open_call(said).content
    assert content is not None
    assert isinstance(pf_certificate.read_response(content).answers[0], pf_certificate.CertificateFound)
    assert spoken(line) == {version}


async def test_a_refusal_that_comes_later_reaches_its_message(line: Line, version: Version) -> None:
    message = await accepted(line, objects=2)
    line.stub.judge(message["message_id"], FaultKind.INVALID_CONTENT)
    await line.receive()
    first, second = await line.pack()
    await line.try_all()
    line.stub.report(first["message_id"], FaultKind.INVALID_CONTENT)
    await line.receive(Operation.GET_STATUS)
    states = {row["message_id"]: row["state"] for row in line.messages()}
    assert states == {
        message["message_id"]: "rejected",
        first["message_id"]: "rejected",
        second["message_id"]: "accepted",
    }
    assert spoken(line) == {version}


async def test_what_was_packed_in_another_version_goes_anew(line: Line, version: Version) -> None:
    """Those bytes would be refused for good, and what they tell would be lost."""
    line.region.put(certificate())
    (message,) = await line.pack()
    line.version = line.stub.version = next(one for one in Version if one is not version)
    for part in ("caller", "packer", "sender"):
        vars(line).pop(part, None)  # the gateway is started anew with other settings
    await line.try_all()
    assert line.stub.calls == [], "an id that never left is no age to wait for"
    (again,) = await line.pack()
    await line.try_all()
    assert line.message(message["message_id"])["renewed_by"] == again["message_id"]
    assert content_of(again) == [(guid(1), 1)]
    assert spoken(line) == {line.version}
    assert next(row["detail"] for row in line.tries()).startswith("packed in another version")


@pytest.mark.parametrize(
    ("category", "state"), [(InteractionStatus.REJECTED, "dead"), (InteractionStatus.ACCEPTED, "accepted")]
)
async def test_addresses_that_were_not_reached_are_shown(line: Line, category: InteractionStatus, state: str) -> None:
    """Version 1.3 tells of each address what became of it."""
    line.version = line.stub.version = Version.V1_3
    message = await accepted(line)
    routing = RoutingStatus(
        dynamic=(
            ValueStatus(value="45000000", code=RoutingCode.RECIPIENT_NOT_FOUND),
            ValueStatus(value="77000000", code=RoutingCode.SUCCESS),
        ),
        identifiers=(ValueStatus(value="EPGU", code=RoutingCode.CERTIFICATE_INVALID),),
        records=(RecordStatus(record_id=7, code=RoutingCode.PERSONAL_ACCESS_DENIED),),
    )
    line.stub.judge(message["message_id"], FaultKind.RECIPIENT_IS_NOT_FOUND, category, routing=routing)
    await line.receive()
    after = line.message(message["message_id"])
    assert after["state"] == state
    shown = "(45000000: recipientNotFound; EPGU: certificateInvalid; record 7: personalAccessDenied)"
    assert after["outcome"].endswith(shown)


def test_only_an_envelope_of_the_version_spoken_is_known_again(line: Line) -> None:
    callers = {version: Caller(signer=line.caller.signer, version=version) for version in Version}
    for version, caller in callers.items():
        envelope = caller.ask(Operation.GET_STATUS, line.clock())
        assert [other for other in Version if callers[other].wrote(envelope)] == [version]
