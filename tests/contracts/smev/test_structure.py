"""What is no envelope of the exchange is refused, and the refusal says where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socert.contracts.errors import ContractError, EnvelopeInvalid, SchemaInvalid, SignatureInvalid, XmlRefused
from socert.contracts.smev import call, reply
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.reply import Metadata
from socert.contracts.smev.status import MessageCategory
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from socert.contracts.signature.signer import Signer
    from socert.contracts.signature.suites import Suite

ID = "b077cd84-3959-11f1-b8b2-0242333cce59"
TYPES = Version.V1_2.types
BASIC = Version.V1_2.basic


def soap(body: str, before: str = "", after: str = "") -> bytes:
    return (
        f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">{before}<s:Body>{body}</s:Body>{after}'
        "</s:Envelope>"
    ).encode()


def ack(inside: str) -> bytes:
    return soap(f'<AckRequest xmlns="{TYPES}" xmlns:b="{BASIC}">{inside}</AckRequest>')


TARGET = f'<b:AckTargetMessage Id="x">{ID}</b:AckTargetMessage>'


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<a/>", "the root element is a, not a SOAP 1.1 Envelope"),
        (
            soap("<a/>").replace(b"schemas.xmlsoap.org/soap", b"www.w3.org/2003/05/soap"),
            "not a SOAP",
        ),
        (b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', "must hold a Body"),
        (soap("<a/>", after="<s:Body/>"), "must hold a Body"),
        (soap("<a/>", after="<s:Header/>"), "must hold a Body"),
        (soap("<a/>", before="<x/>"), "must hold a Body"),
        (soap(""), "exactly one element, it holds 0"),
        (soap("<a/><a/>"), "exactly one element, it holds 2"),
        (soap("<a/>"), "is of no known version"),
        (soap(f'<AckRequest xmlns="{TYPES[:-1]}9"/>'), "is of no known version"),
        (soap(f'<AckRequest xmlns="{BASIC}"/>'), "is of no known version"),
        (soap(f'<Odd xmlns="{TYPES}"/>'), "is of no known operation"),
        (soap(f'<AckResponse xmlns="{TYPES}"/>'), "is of no known operation"),
        (ack(""), "AckRequest holds no AckTargetMessage"),
        (ack(TARGET * 2), "AckRequest holds more than one AckTargetMessage"),
        (ack(f"<b:AckTargetMessage>{ID}<b:x/></b:AckTargetMessage>"), "AckRequest/AckTargetMessage must hold text"),
        (ack(TARGET.replace(" Id", ' accepted="yes" Id')), "AckRequest/AckTargetMessage/@accepted is neither"),
        (
            ack(TARGET + "<CallerInformationSystemSignature/>" * 2),
            "AckRequest holds more than one CallerInformationSystemSignature",
        ),
        (
            ack(
                TARGET + "<CallerInformationSystemSignature>"
                '<d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"/>'
                '<d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"/></CallerInformationSystemSignature>'
            ),
            "CallerInformationSystemSignature holds more than one Signature",
        ),
        (
            soap(f'<SendRequestRequest xmlns="{TYPES}"><SenderProvidedRequestData/></SendRequestRequest>'),
            "SendRequestRequest/SenderProvidedRequestData holds no MessageID",
        ),
        (
            soap(
                f'<SendRequestRequest xmlns="{TYPES}"><SenderProvidedRequestData><MessageID>x</MessageID>'
                f'<b:MessagePrimaryContent xmlns:b="{BASIC}"/></SenderProvidedRequestData></SendRequestRequest>'
            ),
            "SenderProvidedRequestData/MessagePrimaryContent must hold exactly one element, it holds 0",
        ),
        (
            soap(
                f'<SendResponseRequest xmlns="{TYPES}"><SenderProvidedResponseData><MessageID>x</MessageID><To/>'
                "</SenderProvidedResponseData></SendResponseRequest>"
            ),
            "must hold one of MessagePrimaryContent, RequestRejected, RequestStatus and AsyncProcessingStatus",
        ),
        (
            soap(
                f'<SendResponseRequest xmlns="{TYPES}"><SenderProvidedResponseData><MessageID>x</MessageID><To/>'
                "<AsyncProcessingStatus><OriginalMessageId>x</OriginalMessageId><StatusCategory>cancelled"
                "</StatusCategory></AsyncProcessingStatus></SenderProvidedResponseData></SendResponseRequest>"
            ),
            "AsyncProcessingStatus, which only the exchange may fill",
        ),
        (
            soap(
                f'<SendResponseRequest xmlns="{TYPES}"><SenderProvidedResponseData><MessageID>x</MessageID><To/>'
                "<RequestRejected><RejectionReasonCode>NEIN</RejectionReasonCode><RejectionReasonDescription/>"
                "</RequestRejected></SenderProvidedResponseData></SendResponseRequest>"
            ),
            "RequestRejected/RejectionReasonCode is not one of ACCESS_DENIED",
        ),
        (
            soap(
                f'<SendResponseRequest xmlns="{TYPES}"><SenderProvidedResponseData><MessageID>x</MessageID><To/>'
                "<RequestStatus><StatusCode>1e3</StatusCode><StatusDescription/></RequestStatus>"
                "</SenderProvidedResponseData></SendResponseRequest>"
            ),
            "RequestStatus/StatusCode is not a whole number",
        ),
        (
            soap(
                f'<GetRequestRequest xmlns="{TYPES}"><MessageTypeSelector xmlns="{BASIC}">'
                "<NamespaceURI>urn:x</NamespaceURI><Timestamp>2026-01-01T00:00:00Z</Timestamp></MessageTypeSelector>"
                "</GetRequestRequest>"
            ),
            "names a namespace without a root element",
        ),
    ],
)
def test_a_call_that_is_none_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(EnvelopeInvalid, match=re.escape(words)):
        call.open_call(data)


@pytest.mark.parametrize(
    "moment",
    ["", "2026-04-16", "2026-04-16 09:01:20Z", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00+3",
     "2026-01-01T24:00:01Z", "2026-W01-1T00:00:00Z", "٢٠٢٦-01-01T00:00:00Z", "2026-01-01T00:00:00+25:00"],
)  # fmt: skip
def test_a_moment_that_is_none_is_refused(moment: str) -> None:
    body = f'<GetStatusRequest xmlns="{TYPES}"><Timestamp xmlns="{BASIC}">{moment}</Timestamp></GetStatusRequest>'
    with pytest.raises(EnvelopeInvalid, match="GetStatusRequest/Timestamp is no"):
        call.open_call(soap(body))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f'<AckRequest xmlns="{TYPES}"/>', "no known operation"),
        (f'<GetRequestResponse xmlns="{TYPES}"><Odd/></GetRequestResponse>', "other than RequestMessage"),
        (f'<GetResponseResponse xmlns="{TYPES}"><ResponseMessage/></GetResponseResponse>', "holds no Response"),
        (f'<SendRequestResponse xmlns="{TYPES}"/>', "SendRequestResponse holds no MessageMetadata"),
        (
            (
                f'<SendRequestResponse xmlns="{TYPES}"><MessageMetadata><MessageType>RECALL</MessageType>'
                "</MessageMetadata></SendRequestResponse>"
            ),
            "MessageMetadata/MessageType is not one of REQUEST, BROADCAST, RESPONSE, CANCEL",
        ),
        (
            (
                f'<SendRequestResponse xmlns="{TYPES}"><MessageMetadata><MessageType>REQUEST</MessageType>'
                "</MessageMetadata></SendRequestResponse>"
            ),
            "MessageMetadata holds no SendingTimestamp",
        ),
        (
            (
                f'<GetStatusResponse xmlns="{TYPES}"><SmevAsyncProcessingMessage><AsyncProcessingStatusData/>'
                "</SmevAsyncProcessingMessage></GetStatusResponse>"
            ),
            "AsyncProcessingStatusData holds no AsyncProcessingStatus",
        ),
    ],
)
def test_a_reply_that_is_none_is_refused(body: str, words: str) -> None:
    with pytest.raises(EnvelopeInvalid, match=words):
        reply.open_reply(soap(body))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><body>502 Bad Gateway</body>",
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        b"\x00\x01",
        b"<a>" * 100,
        "<?xml version='1.0' encoding='windows-1251'?><a>я</a>".encode("windows-1251"),
    ],
)
@pytest.mark.parametrize("opener", [call.open_call, reply.open_reply])
def test_what_is_no_acceptable_xml_is_refused(opener: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises(XmlRefused):
        opener(data)


def test_an_empty_reply_may_hold_a_comment() -> None:
    body = f'<GetRequestResponse xmlns="{TYPES}"><!-- nothing --></GetRequestResponse>'
    assert reply.open_reply(soap(body)).delivery is None


def test_a_comment_does_not_cut_a_value_short(
    note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]
) -> None:
    """Comments are not signed: a value that is cut at one would be a value that nobody signed."""
    data = call.send_request(message_id=ID, content=note("x"), signer=caller)
    cut = data.replace(ID.encode(), ID[:8].encode() + b"<!-- -->" + ID[8:].encode())
    opened = call.open_call(cut)
    call.verify(opened, suites)
    assert opened.message_id == ID


def test_a_second_block_beside_the_signed_one_is_refused(
    note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]
) -> None:
    """Signature wrapping: the block that is read must be the one that is signed."""
    data = call.send_request(message_id=ID, content=note("mine"), signer=caller).decode()
    begin, end = data.index("<ns1:SenderProvidedRequestData"), data.index("<typ:CallerInformationSystemSignature>")
    block = data[begin:end]
    forged = block.replace("mine", "forged")
    with pytest.raises(EnvelopeInvalid, match="more than one SenderProvidedRequestData"):
        call.open_call((data[:begin] + forged + block + data[end:]).encode())
    elsewhere = data[:begin] + forged + data[end:].replace("</soap:Body>", f"</soap:Body><x>{block}</x>")
    with pytest.raises(EnvelopeInvalid, match="must hold a Body"):
        call.open_call(elsewhere.encode())
    hidden = forged.replace(' Id="SIGNED_BY_CALLER"', ' Id="OTHER"')
    for wrapped in (
        data[:begin] + hidden + data[end:].replace("<ds:KeyInfo>", f"<ds:Object>{block}</ds:Object><ds:KeyInfo>"),
        data[:begin] + forged + data[end:].replace("<ds:KeyInfo>", f"<ds:Object>{block}</ds:Object><ds:KeyInfo>"),
    ):
        opened = call.open_call(wrapped.encode())
        with pytest.raises(SignatureInvalid):
            call.verify(opened, suites)


def test_the_schema_is_a_question_of_its_own(note: Callable[..., Any], caller: Signer) -> None:
    data = call.send_request(message_id="not-a-uuid", content=note("x"), signer=caller)
    opened = call.open_call(data)
    assert opened.message_id == "not-a-uuid"
    with pytest.raises(SchemaInvalid) as refusal:
        call.check_schema(opened)
    assert refusal.value.violations[0].path.endswith("MessageID")


def test_errors_quote_nothing_that_was_sent() -> None:
    secret = "Иванов"
    for body in (
        f'<GetStatusRequest xmlns="{TYPES}"><Timestamp xmlns="{BASIC}">{secret}</Timestamp></GetStatusRequest>',
        f'<SendRequestRequest xmlns="{TYPES}">{secret}</SendRequestRequest>',
        (
            f'<AckRequest xmlns="{TYPES}"><AckTargetMessage xmlns="{BASIC}" accepted="{secret}">x</AckTargetMessage>'
            "</AckRequest>"
        ),
    ):
        with pytest.raises(EnvelopeInvalid) as refusal:
            call.open_call(soap(body))
        assert secret not in str(refusal.value)


PUT = [b"<x/>", b"<!-- -->", b"<?x y?>", b"&lt;", b"]]>", b' Id="SIGNED_BY_CALLER"', b"</ns1:MessageID>", b"\xd0"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0), length=st.integers(0, 40), put=st.binary(max_size=12) | st.sampled_from(PUT))
def test_damage_is_refused_or_noticed_or_harmless(
    place: int,
    length: int,
    put: bytes,
    note: Callable[..., Any],
    caller: Signer,
    now: datetime,
    suites: frozenset[Suite],
) -> None:
    """Whatever is done to the bytes: no error but ours, and what verifies says what was signed."""
    data = call.send_request(message_id=ID, content=note("сто часов"), signer=caller)
    at = place % len(data)
    damaged = data[:at] + put + data[at + length :]
    try:
        opened = call.open_call(damaged)
        call.verify(opened, suites)
    except ContractError:
        pass
    else:
        assert opened.message_id == ID
        assert opened.content is not None
        assert "".join(map(str, opened.content.itertext("{*}Words"))) == "сто часов"
    taken = reply.send_reply(
        Operation.SEND_REQUEST, Metadata(message_type=MessageCategory.REQUEST, sent_at=now, sender="A"), signer=caller
    )
    at = place % len(taken)
    try:
        one = reply.open_reply(taken[:at] + put + taken[at + length :])
        reply.verify(one, suites)
    except ContractError:
        return
    assert one.metadata == Metadata(message_type=MessageCategory.REQUEST, sent_at=now, sender="A")
