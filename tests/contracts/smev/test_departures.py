"""What real answers do against their schema is forgiven by name, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import etree

from socert.contracts.errors import SchemaInvalid
from socert.contracts.smev import departures, reply
from socert.contracts.smev.faults import Fault, FaultKind, ValidationError
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.reply import Metadata
from socert.contracts.smev.status import AsyncStatus, InteractionStatus, MessageCategory
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from datetime import datetime

    from socert.contracts.signature.signer import Signer

ID = "b077cd84-3959-11f1-b8b2-0242333cce59"
NAME = b"<ns1:HumanReadableName>S</ns1:HumanReadableName>"
DESTINATION = b"<ns1:DestinationName>R</ns1:DestinationName>"
INTERACTION = b"<ns1:InteractionType>NotDetected</ns1:InteractionType>"
SUPPLEMENT = b"<ns1:SupplementaryData>" + INTERACTION + b"</ns1:SupplementaryData>"
STATUS = b"<ns1:Status>requestIsQueued</ns1:Status>"


def taken(version: Version, now: datetime, exchange: Signer) -> bytes:
    said = Metadata(
        message_type=MessageCategory.REQUEST,
        sent_at=now,
        sender="S",
        recipient="R",
        delivered_at=now,
        status=InteractionStatus.QUEUED,
    )
    return reply.send_reply(Operation.SEND_REQUEST, said, signer=exchange, version=version)


def verdict(version: Version, exchange: Signer) -> bytes:
    fault = Fault(kind=FaultKind.INVALID_CONTENT, text="x", code="c", errors=(ValidationError(text="x"),))
    judged = AsyncStatus(original_message_id=ID, category=InteractionStatus.REJECTED, details="x", fault=fault)
    return reply.status_message(judged, signer=exchange, version=version)


@pytest.mark.parametrize(
    ("version", "written", "real"),
    [
        (Version.V1_1, NAME, b""),
        (Version.V1_3, NAME, b""),
        (Version.V1_1, DESTINATION, b""),
        (Version.V1_1, SUPPLEMENT, b""),
        (Version.V1_1, INTERACTION, b""),
        (Version.V1_1, DESTINATION, b"<!-- -->"),
        (Version.V1_1, STATUS, STATUS.replace(b"requestIsQueued", b"messageIsDelivered")),
        (Version.V1_2, STATUS, STATUS.replace(b"requestIsQueued", b"responseIsDelivered")),
    ],
)
def test_what_real_answers_do_is_forgiven(
    version: Version, written: bytes, real: bytes, now: datetime, exchange: Signer
) -> None:
    data = taken(version, now, exchange)
    assert written in data
    one = reply.open_reply(data.replace(written, real))
    before = etree.tostring(one.root)
    with pytest.raises(SchemaInvalid):
        reply.check_schema(one)
    reply.check_schema(one, lenient=True)
    assert etree.tostring(one.root) == before, "what came was changed"


@pytest.mark.parametrize("version", Version)
def test_a_complaint_may_be_missing(version: Version, exchange: Signer) -> None:
    data = verdict(version, exchange)
    complaint = b'<flt:ValidationError errorPosition="-1">x</flt:ValidationError>'
    assert complaint in data
    one = reply.open_reply(data.replace(complaint, b""))
    with pytest.raises(SchemaInvalid):
        reply.check_schema(one)
    reply.check_schema(one, lenient=True)


@pytest.mark.parametrize(
    ("version", "written", "wrong"),
    [
        (Version.V1_2, b"<ns1:Sender>", b"<ns1:Broker/><ns1:Sender>"),
        (Version.V1_1, NAME, b"<ns1:Name>S</ns1:Name>"),
        (Version.V1_1, INTERACTION, INTERACTION.replace(b"NotDetected", b"whatever")),
        (Version.V1_3, STATUS, STATUS.replace(b"requestIsQueued", b"messageIsLost")),
        (Version.V1_2, b"</ns1:MessageMetadata>", b"<ns1:DestinationName/></ns1:MessageMetadata>"),
    ],
)
def test_nothing_else_is_forgiven(
    version: Version, written: bytes, wrong: bytes, now: datetime, exchange: Signer
) -> None:
    data = taken(version, now, exchange)
    assert written in data
    with pytest.raises(SchemaInvalid):
        reply.check_schema(reply.open_reply(data.replace(written, wrong)), lenient=True)


def test_a_violation_keeps_its_line(now: datetime, exchange: Signer) -> None:
    data = taken(Version.V1_1, now, exchange).replace(DESTINATION, b"\n\n").replace(b"NotDetected", b"whatever")
    with pytest.raises(SchemaInvalid) as refusal:
        reply.check_schema(reply.open_reply(data), lenient=True)
    assert [violation.line for violation in refusal.value.violations] == [3]


def test_every_departure_says_why() -> None:
    assert all(one.reason and one.versions for one in departures.DEPARTURES)
    assert len({one.reason for one in departures.DEPARTURES}) == len(departures.DEPARTURES)


def test_what_is_written_departs_nowhere(now: datetime, exchange: Signer) -> None:
    for version in Version:
        reply.check_schema(reply.open_reply(taken(version, now, exchange)))
        reply.check_schema(reply.open_reply(verdict(version, exchange)))
        little = Metadata(message_type=MessageCategory.RESPONSE, sent_at=now)
        reply.check_schema(
            reply.open_reply(reply.send_reply(Operation.SEND_RESPONSE, little, signer=exchange, version=version))
        )
