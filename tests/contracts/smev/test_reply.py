"""Replies and deliveries: what is built is opened again, and every signature in it holds from the bytes alone."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socert.contracts import xml
from socert.contracts.errors import EnvelopeInvalid, SignatureFault, SignatureInvalid
from socert.contracts.signature import xmldsig
from socert.contracts.signature.transform import normalize
from socert.contracts.smev import call, reply
from socert.contracts.smev.fault_texts import Cause, because
from socert.contracts.smev.faults import FaultKind, ValidationError
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.reply import DeliveryKind, Metadata
from socert.contracts.smev.status import (
    AsyncStatus,
    BusinessStatus,
    InteractionStatus,
    MessageCategory,
    RejectCode,
    Rejection,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.contracts.signature.signer import Signer
    from socert.contracts.signature.suites import Suite

ID = "b077cd84-3959-11f1-b8b2-0242333cce59"
OTHER = "d790b1bd-395a-11f1-b8b2-0242333cce59"
SENDING = [Operation.SEND_REQUEST, Operation.SEND_RESPONSE]
READING = [Operation.GET_REQUEST, Operation.GET_RESPONSE, Operation.GET_STATUS]


@pytest.fixture
def metadata(now: datetime) -> Metadata:
    return Metadata(
        message_id=ID,
        message_type=MessageCategory.REQUEST,
        sent_at=now,
        sender="REGION&1",
        recipient="ПОРТАЛ",
        delivered_at=now + timedelta(seconds=1.5),
        status=InteractionStatus.DELIVERED,
    )


def opened(data: bytes, suites: frozenset[Suite]) -> reply.Reply:
    """Open a reply whose schema and exchange's signature hold."""
    one = reply.open_reply(data)
    reply.check_schema(one)
    assert reply.verify(one, suites).canonical == normalize(one.signed) if one.signed is not None else one
    return one


def delivered(one: reply.Reply) -> reply.Delivery:
    assert one.delivery is not None
    return one.delivery


@pytest.mark.parametrize("operation", SENDING)
def test_a_message_is_taken(
    operation: Operation, metadata: Metadata, exchange: Signer, suites: frozenset[Suite]
) -> None:
    one = opened(reply.send_reply(operation, metadata, signer=exchange), suites)
    assert (one.operation, one.metadata, one.delivery) == (operation, metadata, None)
    assert one.signature is not None


def test_metadata_may_say_little(now: datetime, exchange: Signer, suites: frozenset[Suite]) -> None:
    little = Metadata(message_type=MessageCategory.BROADCAST, sent_at=now)
    assert opened(reply.send_reply(Operation.SEND_REQUEST, little, signer=exchange), suites).metadata == little


@pytest.mark.parametrize(
    ("word", "read"), [("requestIsProcessed", InteractionStatus.PROCESSED), ("messageIsLost", None)]
)
def test_a_status_of_another_version_does_not_lose_the_message(
    word: str, read: InteractionStatus | None, metadata: Metadata, exchange: Signer
) -> None:
    data = reply.send_reply(Operation.SEND_REQUEST, metadata, signer=exchange)
    one = reply.open_reply(data.replace(b"messageIsDelivered", word.encode()))
    assert one.metadata is not None
    assert (one.metadata.message_id, one.metadata.status) == (ID, read)


@pytest.mark.parametrize("operation", [*READING, Operation.ACK])
def test_only_sending_is_answered_with_metadata(operation: Operation, metadata: Metadata, exchange: Signer) -> None:
    with pytest.raises(ValueError, match="not answered with metadata"):
        reply.send_reply(operation, metadata, signer=exchange)


@pytest.mark.parametrize("operation", READING)
def test_an_empty_queue(operation: Operation, suites: frozenset[Suite]) -> None:
    one = reply.open_reply(reply.empty(operation))
    reply.check_schema(one)
    assert (one.operation, one.metadata, one.delivery, one.signed) == (operation, None, None, None)
    with pytest.raises(SignatureInvalid) as refusal:
        reply.verify(one, suites)
    assert refusal.value.reason is SignatureFault.NO_SIGNATURE_FOUND


@pytest.mark.parametrize("operation", [*SENDING, Operation.ACK])
def test_only_a_queue_is_empty(operation: Operation) -> None:
    with pytest.raises(ValueError, match="no queue"):
        reply.empty(operation)


def test_an_ack_is_answered() -> None:
    one = reply.open_reply(reply.ack_reply())
    reply.check_schema(one)
    assert (one.operation, one.signed) == (Operation.ACK, None)


def test_a_request_is_delivered_with_both_signatures(
    note: Callable[..., Any],
    metadata: Metadata,
    caller: Signer,
    exchange: Signer,
    suites: frozenset[Suite],
    hostile: list[str],
) -> None:
    for words in hostile:
        sent = call.open_call(
            call.send_request(
                message_id=ID,
                content=note(words, words),
                signer=caller,
                reference_message_id=OTHER,
                node_id="n",
                test=True,
            )
        )
        data = reply.request_delivery(
            sender_data=sent.sender_data(),
            sender_signature=sent.sender_signature(),
            metadata=metadata,
            reply_to="eyJ==>",
            signer=exchange,
        )
        one = opened(data, suites)
        assert reply.verify_sender(one, suites).certificate == caller.certificate
        assert reply.verify(one, suites).certificate == exchange.certificate
        got = delivered(one)
        assert (got.kind, got.message_id, got.reply_to, got.reference_message_id) == (
            DeliveryKind.REQUEST,
            ID,
            "eyJ==>",
            OTHER,
        )
        assert (got.metadata, got.sender, got.node_id, got.test) == (metadata, "REGION&1", "n", True)
        assert got.content is not None
        assert got.content.get("mark") == words


@pytest.mark.parametrize(
    "answer",
    [
        {"content": b"<a xmlns='urn:a'/>"},
        {"rejections": (Rejection(code=RejectCode.NO_DATA, description="нет"),)},
        {"status": BusinessStatus(code=3, description="готовим", parameters=(("k", "v"),))},
    ],
)
def test_an_answer_is_delivered_with_both_signatures(
    answer: dict[str, Any], metadata: Metadata, caller: Signer, exchange: Signer, suites: frozenset[Suite]
) -> None:
    sent = call.open_call(call.send_response(message_id=ID, to="back", signer=caller, **answer))
    one = opened(
        reply.response_delivery(
            original_message_id=OTHER,
            reference_message_id=OTHER,
            sender_data=sent.sender_data(),
            sender_signature=sent.sender_signature(),
            metadata=metadata,
            signer=exchange,
        ),
        suites,
    )
    assert reply.verify_sender(one, suites).certificate == caller.certificate
    got = delivered(one)
    assert (got.kind, got.message_id, got.original_message_id, got.reference_message_id, got.to) == (
        DeliveryKind.RESPONSE,
        ID,
        OTHER,
        OTHER,
        "back",
    )
    assert got.rejections == answer.get("rejections", ())
    assert got.status == answer.get("status")
    assert (got.content is not None) == ("content" in answer)


def test_the_normal_form_may_be_delivered_too(
    note: Callable[..., Any], metadata: Metadata, caller: Signer, exchange: Signer, suites: frozenset[Suite]
) -> None:
    sent = call.open_call(call.send_request(message_id=ID, content=note("x > y"), signer=caller))
    canonical = call.verify(sent, suites).canonical
    one = opened(
        reply.request_delivery(
            sender_data=canonical,
            sender_signature=sent.sender_signature(),
            metadata=metadata,
            reply_to="r",
            signer=exchange,
        ),
        suites,
    )
    assert reply.verify_sender(one, suites).canonical == canonical


def test_a_delivery_keeps_types_named_by_prefix(
    metadata: Metadata, caller: Signer, exchange: Signer, suites: frozenset[Suite]
) -> None:
    document = (
        b'<p:Form xmlns:p="urn:form" xmlns:typ="urn:types" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        b'<p:Field xsi:type="typ:Date">2026-01-01</p:Field></p:Form>'
    )
    sent = call.open_call(call.send_request(message_id=ID, content=document, signer=caller))
    one = opened(
        reply.request_delivery(
            sender_data=sent.sender_data(),
            sender_signature=sent.sender_signature(),
            metadata=metadata,
            reply_to="r",
            signer=exchange,
        ),
        suites,
    )
    reply.verify_sender(one, suites)
    content = delivered(one).content
    assert content is not None
    assert content[0].nsmap["typ"] == "urn:types"


def test_a_sender_that_chose_the_exchanges_id_does_not_collide_with_it(
    metadata: Metadata, caller: Signer, exchange: Signer, suites: frozenset[Suite]
) -> None:
    document = b'<a xmlns="urn:a" Id="SIGNED_BY_SMEV"><b id=\'SIGNED_BY_SMEV_\'/></a>'
    sent = call.open_call(call.send_request(message_id=ID, content=document, signer=caller))
    one = opened(
        reply.request_delivery(
            sender_data=sent.sender_data(),
            sender_signature=sent.sender_signature(),
            metadata=metadata,
            reply_to="r",
            signer=exchange,
        ),
        suites,
    )
    reply.verify_sender(one, suites)
    assert delivered(one).element.get("Id") == "SIGNED_BY_SMEV__"


def test_a_delivery_changed_on_the_way_is_noticed(
    note: Callable[..., Any], metadata: Metadata, caller: Signer, exchange: Signer, suites: frozenset[Suite]
) -> None:
    sent = call.open_call(call.send_request(message_id=ID, content=note("сто"), signer=caller))
    data = reply.request_delivery(
        sender_data=sent.sender_data(),
        sender_signature=sent.sender_signature(),
        metadata=metadata,
        reply_to="r",
        signer=exchange,
    )
    outside = reply.open_reply(data.replace(b"REGION", b"NOBODY"))
    reply.verify_sender(outside, suites)
    with pytest.raises(SignatureInvalid):
        reply.verify(outside, suites)
    inside = reply.open_reply(data.replace("сто".encode(), "сту".encode()))
    for check in (reply.verify, reply.verify_sender):
        with pytest.raises(SignatureInvalid):
            check(inside, suites)


@pytest.mark.parametrize("signature", [None, b""])
def test_a_message_that_nobody_signed_is_delivered_without_a_block_for_it(
    signature: bytes | None, metadata: Metadata, exchange: Signer, suites: frozenset[Suite]
) -> None:
    data = reply.response_delivery(
        original_message_id=OTHER,
        sender_data=reply_data("<typ:RequestStatus><typ:StatusCode>1</typ:StatusCode><typ:StatusDescription/>"),
        sender_signature=signature,
        metadata=metadata,
        signer=exchange,
    )
    assert b"SenderInformationSystemSignature" not in data
    assert delivered(opened(data, suites)).status == BusinessStatus(code=1, description="")


def reply_data(inside: str) -> bytes:
    types = "urn://x-artefacts-smev-gov-ru/services/message-exchange/types/1.2"
    return (
        f'<typ:SenderProvidedResponseData xmlns:typ="{types}"><typ:MessageID>{ID}</typ:MessageID><typ:To>x</typ:To>'
        f"{inside}</typ:RequestStatus></typ:SenderProvidedResponseData>"
    ).encode()


def test_a_delivery_with_two_of_anything_is_refused(
    note: Callable[..., Any], metadata: Metadata, caller: Signer, exchange: Signer
) -> None:
    """Signature wrapping: what is read and what is signed must not be two different blocks."""
    sent = call.open_call(call.send_request(message_id=ID, content=note("x"), signer=caller))
    data = reply.request_delivery(
        sender_data=sent.sender_data(),
        sender_signature=sent.sender_signature(),
        metadata=metadata,
        reply_to="r",
        signer=exchange,
    ).decode()
    for name in ("RequestMessage", "Request", "MessageMetadata", "ReplyTo", "SMEVSignature"):
        opening = re.search(rf"<typ:{name}[ >]", data)
        assert opening is not None
        begin, end = opening.start(), data.index(f"</typ:{name}>") + len(f"</typ:{name}>")
        with pytest.raises(EnvelopeInvalid, match=f"more than one {name}"):
            reply.open_reply((data[:end] + data[begin:end] + data[end:]).encode())


def verdict(cause: Cause, **values: Any) -> AsyncStatus:
    fault = because(
        Operation.SEND_REQUEST, cause, errors=(ValidationError(text="a > b", position=12), ValidationError(text="c"))
        if cause.kind is FaultKind.INVALID_CONTENT else (), **values
    )  # fmt: skip
    return AsyncStatus(original_message_id=OTHER, category=InteractionStatus.REJECTED, details=fault.text, fault=fault)


def test_the_exchange_rejects_later(metadata: Metadata, exchange: Signer, suites: frozenset[Suite]) -> None:
    said = verdict(Cause.CONTENT_INVALID, message_id=OTHER)
    data = reply.async_status(said, message_id=ID, to="back", metadata=metadata, signer=exchange)
    one = opened(data, suites)
    got = delivered(one)
    assert (got.kind, got.message_id, got.original_message_id, got.to) == (DeliveryKind.RESPONSE, ID, OTHER, "back")
    assert got.async_status == said
    assert got.content is None
    with pytest.raises(SignatureInvalid) as refusal:
        reply.verify_sender(one, suites)
    assert refusal.value.reason is SignatureFault.NO_SIGNATURE_FOUND


def test_a_verdict_may_come_without_a_reason(metadata: Metadata, exchange: Signer, suites: frozenset[Suite]) -> None:
    said = AsyncStatus(original_message_id=OTHER, category=InteractionStatus.RESPONSE_REJECTED)
    data = reply.async_status(said, message_id=ID, to="b", metadata=metadata, signer=exchange)
    assert delivered(opened(data, suites)).async_status == said


@pytest.mark.parametrize(
    ("cause", "values"),
    [
        (Cause.SIGNATURE_WRONG, {"signature_type": "ЭП-ОВ"}),
        (Cause.FTP_ATTACHMENT_WRONG, {"message_id": OTHER}),
        (Cause.DESTINATION_OVERFLOW, {}),
    ],
)
def test_the_kind_of_a_verdict_is_told_by_its_type_or_its_number(
    cause: Cause, values: dict[str, Any], metadata: Metadata, exchange: Signer, suites: frozenset[Suite]
) -> None:
    data = reply.async_status(verdict(cause, **values), message_id=ID, to="b", metadata=metadata, signer=exchange)
    got = delivered(opened(data, suites)).async_status
    assert got is not None
    assert got.fault is not None
    assert got.fault.kind is cause.kind


def test_a_verdict_of_the_status_queue(exchange: Signer, suites: frozenset[Suite]) -> None:
    said = verdict(Cause.CONTENT_INVALID, message_id=OTHER)
    one = opened(reply.status_message(said, signer=exchange), suites)
    got = delivered(one)
    assert (one.operation, got.kind, got.message_id) == (Operation.GET_STATUS, DeliveryKind.STATUS, OTHER)
    assert (got.async_status, got.metadata, got.sender_data) == (said, None, None)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    reply_to=st.text(
        st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
        max_size=60,
    ),
    sender=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=50),
)
def test_whatever_the_exchange_adds_comes_back(
    reply_to: str,
    sender: str,
    note: Callable[..., Any],
    now: datetime,
    caller: Signer,
    exchange: Signer,
    suites: frozenset[Suite],
) -> None:
    sent = call.open_call(call.send_request(message_id=ID, content=note("x"), signer=caller))
    said = Metadata(message_type=MessageCategory.REQUEST, sent_at=now, sender=sender if sender.strip() else "")
    one = opened(
        reply.request_delivery(
            sender_data=sent.sender_data(),
            sender_signature=sent.sender_signature(),
            metadata=said,
            reply_to=reply_to,
            signer=exchange,
        ),
        suites,
    )
    reply.verify_sender(one, suites)
    assert one.metadata == said
    assert delivered(one).reply_to == (reply_to if reply_to.strip("\t\n\r ") else "")


def test_a_delivery_is_read_from_a_foreign_hand(exchange: Signer, suites: frozenset[Suite]) -> None:
    """Other prefixes, a default namespace, line breaks between elements: as real gateways write."""
    types, basic = "urn://x-artefacts-smev-gov-ru/services/message-exchange/types/1.2", "basic"
    block = (
        f'<ns2:Response xmlns:ns2="{types}" xmlns="{types.replace("types/1.2", "types/basic/1.2")}" Id="S">\n'
        f"<ns2:OriginalMessageId>{OTHER}</ns2:OriginalMessageId>\n"
        f"<ns2:SenderProvidedResponseData>\n<ns2:MessageID>{ID}</ns2:MessageID><ns2:To>x</ns2:To>\n"
        f"<MessagePrimaryContent>\n<!-- {basic} --><n:Answer xmlns:n='urn:n'>да<!-- -->!</n:Answer>\n"
        "</MessagePrimaryContent>\n</ns2:SenderProvidedResponseData><ns2:MessageMetadata>\n"
        "<ns2:MessageType>RESPONSE</ns2:MessageType>\n"
        "<ns2:SendingTimestamp>2026-04-16T09:09:36.871+03:00</ns2:SendingTimestamp></ns2:MessageMetadata></ns2:Response>"
    )
    signature = xmldsig.sign(normalize(xml.parse(block.encode())), reference="S", signer=exchange)
    data = (
        f'<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/">\n<S:Body>\n'
        f'<GetResponseResponse xmlns="{types}"><ResponseMessage>{block}<SMEVSignature>{signature}</SMEVSignature>'
        "</ResponseMessage></GetResponseResponse></S:Body></S:Envelope>"
    )
    one = opened(data.encode(), suites)
    got = delivered(one)
    assert (got.message_id, got.original_message_id) == (ID, OTHER)
    assert got.content is not None
    assert "".join(map(str, got.content.itertext("{urn:n}Answer"))) == "да!"
