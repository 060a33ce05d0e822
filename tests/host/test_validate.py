"""What a file holds and what is wrong with it: business messages, envelopes, replies, faults, broken files."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socert.contracts.portal import account, elk_status, enrolment, group_cost, order_event, pf_certificate
from socert.contracts.signature import testkeys
from socert.contracts.signature.signer import KeySigner
from socert.contracts.smev import call, multipart, reply
from socert.contracts.smev.attachments import AttachmentContent, AttachmentHeader
from socert.contracts.smev.faults import Fault, FaultKind, ValidationError
from socert.contracts.smev.metadata import Metadata
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import AsyncStatus, InteractionStatus, MessageCategory
from socert.contracts.smev.version import Version
from socert.contracts.xml import MAX_BYTES
from socert.host.validate import Finding, Part, Report, examine

if TYPE_CHECKING:
    from socert.contracts.message import BusinessMessage

NOW = datetime(2026, 9, 1, 6, tzinfo=UTC)
ID = "5e1b7b5a-a5c2-11f0-8000-0242ac120002"
GUID = "00000000-0000-4000-8000-0000000000aa"
MESSAGES: list[BusinessMessage] = [
    account.SnapshotRequest(snapshot_id=GUID, requested_at=NOW),
    pf_certificate.Response(
        order_id=1, response_timestamp=NOW, answers=(pf_certificate.NothingFound(reason="Не найден"),)
    ),
    group_cost.Request(group_guid=GUID, start_education_date=date(2026, 9, 15), financial_source="budget"),
    group_cost.CertificateExhausted(order_allowed=False, message="Средства исчерпаны"),
    order_event.Request(
        environment=order_event.Environment.SVCDEV, order_id=1, event=order_event.InfoEvent(code="BALANCE_CHANGED")
    ),
    elk_status.Response(batch=elk_status.Batch.CREATED, code=0),
    enrolment.Request(oktmo="00000001", body=enrolment.Cancellation(order_id=1)),
]
MESSAGE = MESSAGES[0]


@pytest.fixture(scope="session")
def signer() -> KeySigner:
    """Somebody's signer: signatures do not matter here, only that they are in their place."""
    key = testkeys.make("participant", organisation="Тест", now=NOW)
    return KeySigner.from_files(key.key_pem, key.certificate_pem)


def only(report: Report) -> Finding:
    """The one thing that is wrong."""
    (finding,) = report.findings
    assert not report.valid
    return finding


# Business messages


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__module__.split(".")[3])
def test_a_business_message_is_known_by_its_root(message: BusinessMessage) -> None:
    report = examine(message.render().encode())
    assert report.valid
    assert report.envelope is None
    (found,) = report.messages
    assert found.message_type == message.message_type
    assert found.known is not None


def test_what_breaks_the_schema_is_told_by_line_and_path_in_russian() -> None:
    written = MESSAGE.render().replace("<ns1:requestedAt>2026-09-01T06:00:00+00:00", "\n\n<ns1:requestedAt>вчера")
    finding = only(examine(written.encode()))
    assert finding == Finding(
        part=Part.MESSAGE,
        code="schema_invalid",
        line=3,
        path="/AccountSnapshotRequest/requestedAt",
        reason="ожидается дата и время вида 2026-09-01T09:00:00+03:00",
    )


def test_one_value_is_complained_about_once() -> None:
    finding = only(examine(MESSAGE.render().replace(GUID, "x" * 36).encode()))
    assert finding.reason.startswith("значение не подходит под образец")


def test_every_place_is_told_in_the_order_of_the_document() -> None:
    written = MESSAGE.render().replace("snapshotId", "id").replace("requestedAt", "at")
    assert [finding.path for finding in examine(written.encode()).findings] == ["/AccountSnapshotRequest/id"]
    written = MESSAGE.render().replace(GUID, "").replace("2026-09-01T06:00:00+00:00", "")
    paths = [finding.path.rpartition("/")[2] for finding in examine(written.encode()).findings]
    assert list(dict.fromkeys(paths)) == ["snapshotId", "requestedAt"]


def test_no_value_gets_into_a_finding() -> None:
    written = order_event.Request(
        environment=order_event.Environment.SVCDEV, order_id=1, author="Примерова", event=order_event.TextMessageEvent()
    ).render()
    for change in (
        ("1</ns1:orderId>", "Примерова</ns1:orderId>"),
        ("SVCDEV", "Примерова"),
        ("></ns1:text", ">Примерова</ns1:text"),
    ):
        finding = only(examine(written.replace(*change).encode()))
        assert "Примерова" not in f"{finding}"


def test_an_unknown_type_names_the_known_ones() -> None:
    report = examine(b'<?xml version="1.0"?>\n<f:FormData xmlns:f="urn:other:enrolment:2"/>')
    finding = only(report)
    assert (finding.code, finding.part, finding.line, finding.path) == (
        "unknown_message_type",
        Part.MESSAGE,
        2,
        "/FormData",
    )
    assert "{urn:other:enrolment:2}FormData" in finding.reason
    assert "enrolment.request" in finding.reason
    assert report.messages[0].known is None


# Envelopes


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__module__.split(".")[3])
def test_the_message_in_a_call_is_checked_too(message: BusinessMessage, signer: KeySigner) -> None:
    for data in (
        call.send_request(message_id=ID, content=message, signer=signer),
        call.send_response(message_id=ID, to="x", content=message, signer=signer),
    ):
        report = examine(data)
        assert report.valid
        assert report.envelope is not None
        assert report.envelope.version is Version.V1_2
        assert [one.message_type for one in report.messages] == [message.message_type]


def test_both_the_envelope_and_the_message_may_be_wrong(signer: KeySigner) -> None:
    data = call.send_request(message_id="not an id", content=MESSAGE, signer=signer).replace(GUID.encode(), b"x" * 36)
    report = examine(data)
    assert [(finding.part, finding.path) for finding in report.findings] == [
        (Part.ENVELOPE, "/SendRequestRequest/SenderProvidedRequestData/MessageID"),
        (Part.MESSAGE, "/AccountSnapshotRequest/snapshotId"),
    ]


def test_an_unknown_message_in_an_envelope_is_found(signer: KeySigner) -> None:
    report = examine(call.send_request(message_id=ID, content=b'<x xmlns="urn:x"/>', signer=signer))
    assert only(report).code == "unknown_message_type"
    assert report.envelope is not None


def test_calls_without_a_message_are_envelopes_all_the_same(signer: KeySigner) -> None:
    for data in (
        call.get_request(timestamp=NOW, signer=signer),
        call.get_response(timestamp=NOW, signer=signer),
        call.get_status(timestamp=NOW, signer=signer),
        call.ack(message_id=ID, signer=signer),
        reply.empty(Operation.GET_REQUEST),
        reply.ack_reply(),
    ):
        report = examine(data)
        assert report.valid
        assert report.messages == ()
        assert report.envelope is not None


def test_a_signature_is_not_looked_at(signer: KeySigner) -> None:
    data = call.send_request(message_id=ID, content=MESSAGE, signer=signer)
    assert examine(data.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>A")).valid


def test_deliveries_are_opened(signer: KeySigner) -> None:
    sent = call.open_call(call.send_request(message_id=ID, content=MESSAGE, signer=signer))
    metadata = Metadata(message_id=ID, message_type=MessageCategory.REQUEST, sent_at=NOW)
    data = reply.request_delivery(
        sender_data=sent.sender_data(),
        sender_signature=sent.sender_signature(),
        metadata=metadata,
        reply_to="x",
        signer=signer,
    )
    report = examine(data)
    assert report.valid
    assert report.envelope is not None
    assert report.envelope.element == "GetRequestResponse"
    assert [one.message_type for one in report.messages] == [MESSAGE.message_type]
    report = examine(data.replace(GUID.encode(), b""))
    assert {finding.part for finding in report.findings} == {Part.MESSAGE}


def test_verdicts_are_envelopes(signer: KeySigner) -> None:
    status = AsyncStatus(original_message_id=ID, category=InteractionStatus.REJECTED)
    report = examine(reply.status_message(status, signer=signer))
    assert report.valid
    assert report.envelope is not None
    assert report.envelope.element == "GetStatusResponse"


def test_an_element_of_the_exchange_by_itself_is_checked(signer: KeySigner) -> None:
    sent = call.open_call(call.send_request(message_id=ID, content=MESSAGE, signer=signer))
    report = examine(sent.sender_data())
    assert report.valid
    assert report.envelope is not None
    assert report.envelope.element == "SenderProvidedRequestData"
    assert len(report.messages) == 1


# Faults


@pytest.mark.parametrize("kind", [kind for kind in FaultKind if kind is not FaultKind.UNKNOWN])
def test_faults_are_checked_by_what_they_say(kind: FaultKind) -> None:
    said = Fault(kind=kind, text="Ошибка", errors=(ValidationError(text="x"),))
    report = examine(reply.fault(said, Version.V1_3))
    assert report.valid, report.findings
    assert report.envelope is not None
    assert report.envelope.title == f"ошибка {kind.value}"


def test_a_fault_that_says_too_little_is_told() -> None:
    data = reply.fault(Fault(kind=FaultKind.DESTINATION_OVERFLOW, text="Ошибка"))
    finding = only(examine(data.replace(b"DestinationName", b"Destination")))
    assert (finding.part, finding.path) == (Part.ENVELOPE, "/DestinationOverflow/Destination")


def test_a_fault_without_details_has_no_version() -> None:
    report = examine(reply.fault(Fault(kind=FaultKind.UNKNOWN, text="Ошибка")))
    assert report.valid
    assert report.envelope is not None
    assert report.envelope.version is None


# Files


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "xml_refused", "нет ни одного элемента"),
        (b"%PDF-1.7", "xml_refused", "не правильный XML"),
        (b"<a", "xml_refused", "не закрыт"),
        (b"<a></b>", "xml_refused", "не совпадают"),
        (b"\xff\xfe<\x00a", "xml_refused", "UTF-8"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]>\n<a>&b;</a>", "xml_refused", "DOCTYPE"),
        (b"<a>" * 100 + b"</a>" * 100, "xml_refused", "вложенность"),
        (b"<a>" + b" " * MAX_BYTES + b"</a>", "xml_refused", "разрешено"),
        (b"--x\nContent-Type: text/xml\n\n<a/>", "envelope_invalid", "multipart"),
    ],
)
def test_what_is_no_xml_is_told(data: bytes, code: str, words: str) -> None:
    finding = only(examine(data))
    assert (finding.part, finding.code) == (Part.FILE, code)
    assert words in finding.reason


SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("", "один Body"),
        ("<s:Body/>", "а их 0"),
        ("<s:Body><a xmlns='urn:a'/><a xmlns='urn:a'/></s:Body>", "а их 2"),
        ("<s:Header/><s:Header/>", "один Body"),
        ("<s:Body/><s:Body/>", "один Body"),
        ("<s:Body><a xmlns='urn:a'/></s:Body>", "известной версии (известны: "),
        (
            "<s:Body><a xmlns='urn://x-artefacts-smev-gov-ru/services/message-exchange/types/0.9'/></s:Body>",
            "известной версии",
        ),
    ],
)
def test_envelopes_of_a_wrong_build_are_told(inside: str, words: str) -> None:
    finding = only(examine(f'<s:Envelope xmlns:s="{SOAP}">{inside}</s:Envelope>'.encode()))
    assert (finding.part, finding.code, finding.line) == (Part.ENVELOPE, "envelope_invalid", 1)
    assert words in finding.reason


@pytest.mark.parametrize(
    "namespace", ["http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"]
)
def test_other_elements_of_soap_are_no_envelope(namespace: str) -> None:
    assert only(examine(f'<s:Body xmlns:s="{namespace}"/>'.encode())).part is Part.ENVELOPE


def test_an_unknown_element_of_the_exchange_is_told() -> None:
    finding = only(examine(f'<x xmlns="{Version.V1_2.types}"/>'.encode()))
    assert (finding.part, finding.path) == (Part.ENVELOPE, "/x")


def test_a_multipart_message_is_read_up_to_its_lines(signer: KeySigner) -> None:
    data = call.send_request(message_id="no id", content=MESSAGE, signer=signer)
    head = b"--uuid:1\r\nContent-Type: application/xop+xml\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    finding = only(
        examine(head + b"\n\n" + data.removeprefix(b'<?xml version="1.0" encoding="UTF-8"?>') + b"\r\n--uuid:1--")
    )
    assert finding.line == 7
    assert finding.path.endswith("/MessageID")


def test_attachments_in_parts_are_put_back_first(signer: KeySigner) -> None:
    """An xop:Include where the schema wants base64 is no fault of the message."""
    header = AttachmentHeader(content_id="a", mime_type="text/plain", signature=b"PKCS#7")
    content = AttachmentContent(id="a", content=b"text")
    sent = call.send_request(message_id=ID, content=MESSAGE, signer=signer, attachments=[header], contents=[content])
    parts, _ = multipart.write(sent, signatures=True)
    assert parts.count(b"<xop:Include") == 2
    assert examine(parts).valid
    assert only(examine(parts.replace(b"cid:1.", b"cid:9."))).code == "envelope_invalid"


# Anything at all

NOISE = [
    b"<!-- -->",
    b"<?pi?>",
    b"<a xmlns='urn:a'/>",
    b"<soap:Fault><detail><!-- --><?x?></detail></soap:Fault>",
    b" a='b'",
]


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda data: b"--" + data))
def test_any_bytes_are_answered(data: bytes) -> None:
    assert not examine(data).valid


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_damaged_envelopes_are_answered(signer: KeySigner, data: st.DataObject) -> None:
    whole = call.send_request(message_id=ID, content=MESSAGE, signer=signer)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    # It answers: whatever is wrong with a file is found, not raised.
    examine(whole[:start] + data.draw(st.binary(max_size=10) | st.sampled_from(NOISE)) + whole[end:])
