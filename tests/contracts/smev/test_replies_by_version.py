"""In every version: whatever the exchange says comes out again, both schemas take it, and both signatures hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contracts.smev.strategies import (
    CONTENTS,
    ID,
    OTHER,
    STORED,
    UUIDS,
    headers,
    metadata,
    references,
    requests,
    texts,
    verdicts,
)

from socert.contracts import xml
from socert.contracts.errors import EnvelopeInvalid, SignatureInvalid
from socert.contracts.signature import xmldsig
from socert.contracts.signature.transform import normalize
from socert.contracts.smev import call, reply
from socert.contracts.smev.attachments import AttachmentContent, StoredFile
from socert.contracts.smev.multipart import write
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.reply import DeliveryKind, Metadata, QueueStatistics
from socert.contracts.smev.status import AsyncStatus, InteractionStatus, MessageCategory, nearest
from socert.contracts.smev.translate import sender_block
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from socert.contracts.signature.signer import Signer
    from socert.contracts.signature.suites import Suite

    Official = Callable[[Version, Any], None]
    Checked = Callable[[bytes], reply.Reply]

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
versions = pytest.mark.parametrize("version", Version)


@pytest.fixture
def checked(suites: frozenset[Suite], official: Official) -> Checked:
    """Opens a reply that both schemas take and whose signature, where there is one to be, holds."""

    def check(data: bytes) -> reply.Reply:
        one = reply.open_reply(data)
        reply.check_schema(one)
        official(one.version, one.root)
        if one.signed is not None:
            reply.verify(one, suites)
        return one

    return check


def delivered(one: reply.Reply) -> reply.Delivery:
    assert one.delivery is not None
    return one.delivery


@versions
@quick
@given(data=st.data())
def test_that_a_message_is_taken_comes_back(
    version: Version, data: st.DataObject, exchange: Signer, checked: Checked
) -> None:
    said = data.draw(metadata(version))
    for operation in (Operation.SEND_REQUEST, Operation.SEND_RESPONSE):
        one = checked(reply.send_reply(operation, said, signer=exchange, version=version))
        assert (one.version, one.operation, one.metadata) == (version, operation, said)


@versions
@quick
@given(data=st.data(), reply_to=st.none() | texts(200), stored=STORED, contents=CONTENTS)
def test_a_delivered_request_comes_back(
    version: Version,
    data: st.DataObject,
    reply_to: str | None,
    stored: tuple[StoredFile, ...],
    contents: tuple[AttachmentContent, ...],
    note: Callable[..., Any],
    caller: Signer,
    exchange: Signer,
    suites: frozenset[Suite],
    checked: Checked,
) -> None:
    given_ = data.draw(requests(version))
    sent = call.open_call(
        call.send_request(message_id=ID, content=note("да"), signer=caller, version=version, **given_)
    )
    said = data.draw(metadata(version))
    one = checked(
        reply.request_delivery(
            sender_data=sent.sender_data(),
            sender_signature=sent.sender_signature(),
            metadata=said,
            reply_to=reply_to,
            signer=exchange,
            version=version,
            stored=stored,
            contents=contents,
        )
    )
    got = delivered(one)
    reply.verify_sender(one, suites)
    assert (one.version, one.operation, got.kind, got.message_id) == (
        version, Operation.GET_REQUEST, DeliveryKind.REQUEST, ID,
    )  # fmt: skip
    assert (got.metadata, got.stored, got.contents) == (said, stored, contents)
    assert got.reply_to == ("" if reply_to is None and version is Version.V1_1 else reply_to)
    kept = ("reference_message_id", "transaction_code", "node_id", "attachments", "files", "test")
    assert [getattr(got, name) for name in kept] == [given_[name] for name in kept]


@versions
@quick
@given(data=st.data(), code=st.none() | texts(), chain=st.none() | UUIDS, stored=STORED, contents=CONTENTS)
def test_a_delivered_response_comes_back(
    version: Version,
    data: st.DataObject,
    code: str | None,
    chain: str | None,
    stored: tuple[StoredFile, ...],
    contents: tuple[AttachmentContent, ...],
    note: Callable[..., Any],
    caller: Signer,
    exchange: Signer,
    suites: frozenset[Suite],
    checked: Checked,
) -> None:
    attachments, files = data.draw(headers(version)), data.draw(references(version))
    sent = call.open_call(
        call.send_response(
            message_id=ID, to="x", content=note("да"), signer=caller, version=version, attachments=attachments,
            files=files,
        )
    )  # fmt: skip
    said = data.draw(metadata(version))
    one = checked(
        reply.response_delivery(
            original_message_id=OTHER,
            sender_data=sent.sender_data(),
            sender_signature=sent.sender_signature(),
            metadata=said,
            signer=exchange,
            reference_message_id=chain,
            transaction_code=code,
            version=version,
            stored=stored,
            contents=contents,
        )
    )
    got = delivered(one)
    reply.verify_sender(one, suites)
    assert (one.version, got.kind, got.message_id, got.original_message_id) == (
        version, DeliveryKind.RESPONSE, ID, OTHER,
    )  # fmt: skip
    assert (got.metadata, got.transaction_code, got.reference_message_id) == (said, code, chain)
    assert (got.attachments, got.files, got.stored, got.contents) == (attachments, files, stored, contents)


@versions
@quick
@given(data=st.data(), to=texts(200))
def test_a_verdict_comes_back(
    version: Version, data: st.DataObject, to: str, exchange: Signer, checked: Checked
) -> None:
    judged, said = data.draw(verdicts(version)), data.draw(metadata(version))
    queued = checked(reply.status_message(judged, signer=exchange, version=version))
    assert (queued.operation, delivered(queued).kind, delivered(queued).async_status) == (
        Operation.GET_STATUS, DeliveryKind.STATUS, judged,
    )  # fmt: skip
    one = checked(reply.async_status(judged, message_id=ID, to=to, metadata=said, signer=exchange, version=version))
    got = delivered(one)
    assert (got.kind, got.message_id, got.to, got.async_status) == (DeliveryKind.RESPONSE, ID, to, judged)
    assert (got.original_message_id, got.sender_signature) == (judged.original_message_id, None)


@quick
@given(st.lists(st.builds(QueueStatistics, name=texts(), pending=st.integers(0, 2**63 - 1)), max_size=3))
def test_statistics_come_back(checked: Checked, statistics: list[QueueStatistics]) -> None:
    one = checked(reply.queue_statistics(statistics))
    assert (one.version, one.operation) == (Version.V1_1, Operation.GET_INCOMING_QUEUE_STATISTICS)
    assert (one.statistics, one.signed) == (tuple(statistics), None)


def test_statistics_that_say_nothing_or_nonsense() -> None:
    empty = reply.queue_statistics([QueueStatistics(name="q", pending=7)])
    little = reply.open_reply(empty.replace(b' queueName="q" pendingMessageNumber="7"', b""))
    assert little.statistics == (QueueStatistics(name="", pending=0),)
    with pytest.raises(EnvelopeInvalid, match="QueueStatistics/@pendingMessageNumber is not a whole number"):
        reply.open_reply(empty.replace(b'"7"', b'"many"'))


@versions
def test_little_metadata_is_filled_as_the_version_demands(
    version: Version, now: datetime, exchange: Signer, checked: Checked
) -> None:
    little = Metadata(message_type=MessageCategory.BROADCAST, sent_at=now, recipient="R", status=None)
    got = checked(reply.send_reply(Operation.SEND_REQUEST, little, signer=exchange, version=version)).metadata
    assert got is not None
    assert (got.message_type, got.recipient) == (MessageCategory.BROADCAST, "R")
    assert got.sender == ("" if version is Version.V1_1 else None)
    assert got.recipient_name == (None if version is Version.V1_2 else "R")
    assert got.destination == ("R" if version is Version.V1_1 else None)


@versions
@pytest.mark.parametrize("status", InteractionStatus)
@pytest.mark.parametrize("category", [MessageCategory.REQUEST, MessageCategory.RESPONSE])
def test_any_status_can_be_written(
    version: Version,
    status: InteractionStatus,
    category: MessageCategory,
    now: datetime,
    exchange: Signer,
    checked: Checked,
) -> None:
    said = Metadata(message_type=category, sent_at=now, sender="S", status=status)
    one = checked(reply.send_reply(Operation.SEND_REQUEST, said, signer=exchange, version=version))
    assert one.metadata is not None
    assert one.metadata.status is nearest(status, version, category)
    judged = AsyncStatus(original_message_id=ID, category=status)
    verdict = delivered(checked(reply.status_message(judged, signer=exchange, version=version))).async_status
    assert verdict is not None
    assert verdict.category is nearest(status, version, MessageCategory.RESPONSE)


def test_what_a_status_becomes() -> None:
    """A delivered request is being processed for the oldest version, which has a word for delivered responses only."""
    delivered_, old = InteractionStatus.DELIVERED, Version.V1_1
    assert nearest(delivered_, old, MessageCategory.RESPONSE) is InteractionStatus.RESPONSE_DELIVERED
    assert nearest(delivered_, old, MessageCategory.REQUEST) is InteractionStatus.PROCESSING
    assert nearest(InteractionStatus.RESPONSE_DELIVERED, Version.V1_2, MessageCategory.RESPONSE) is delivered_
    for version in Version:
        for status in InteractionStatus:
            once = nearest(status, version, MessageCategory.RESPONSE)
            assert nearest(once, version, MessageCategory.RESPONSE) is once


def test_a_long_account_of_a_verdict_is_cut(exchange: Signer, checked: Checked) -> None:
    judged = AsyncStatus(original_message_id=ID, category=InteractionStatus.REJECTED, details="ы<" * 300)
    got = delivered(checked(reply.status_message(judged, signer=exchange))).async_status
    assert got is not None
    assert got.details == "ы<" * 250


def cancelled(signer: Signer, exchange: Signer, version: Version) -> bytes:
    """Return the reply that cancels a request, as a foreign hand would write it."""
    reference = f'<b:MessageReference xmlns:b="{version.basic}" Id="R">{OTHER}</b:MessageReference>'
    signed = xmldsig.sign(normalize(xml.parse(reference.encode())), reference="R", signer=signer)
    block = (
        f'<Cancel xmlns="{version.types}" Id="C">{reference}<MessageID>{ID}</MessageID><MessageMetadata>'
        "<MessageType>CANCEL</MessageType><Sender><Mnemonic>S</Mnemonic><HumanReadableName>С</HumanReadableName>"
        "</Sender><SendingTimestamp>2026-04-16T09:09:36.871+03:00</SendingTimestamp><DestinationName/>"
        "<SupplementaryData><InteractionType>other</InteractionType></SupplementaryData></MessageMetadata>"
        f"<SenderInformationSystemSignature>{signed}</SenderInformationSystemSignature></Cancel>"
    )
    signature = xmldsig.sign(normalize(xml.parse(block.encode())), reference="C", signer=exchange)
    return (
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
        f'<GetRequestResponse xmlns="{version.types}"><RequestMessage>{block}<SMEVSignature>{signature}'
        "</SMEVSignature></RequestMessage></GetRequestResponse></S:Body></S:Envelope>"
    ).encode()


def test_a_cancel_is_read(caller: Signer, exchange: Signer, suites: frozenset[Suite], checked: Checked) -> None:
    one = checked(cancelled(caller, exchange, Version.V1_1))
    got = delivered(one)
    assert (one.operation, got.kind, got.message_id, got.original_message_id) == (
        Operation.GET_REQUEST, DeliveryKind.CANCEL, ID, OTHER,
    )  # fmt: skip
    assert got.metadata is not None
    assert (got.metadata.message_type, got.sender, got.content) == (MessageCategory.CANCEL, "S", None)
    assert reply.verify_sender(one, suites).certificate == caller.certificate


@pytest.mark.parametrize("version", [Version.V1_2, Version.V1_3])
def test_no_later_version_cancels(version: Version, caller: Signer, exchange: Signer) -> None:
    with pytest.raises(EnvelopeInvalid, match="RequestMessage holds no Request"):
        reply.open_reply(cancelled(caller, exchange, version))


@pytest.mark.parametrize("to", Version)
@versions
@quick
@given(data=st.data())
def test_a_request_is_delivered_in_another_version(
    version: Version,
    to: Version,
    data: st.DataObject,
    now: datetime,
    note: Callable[..., Any],
    caller: Signer,
    exchange: Signer,
    checked: Checked,
) -> None:
    given_ = data.draw(requests(version))
    sent = call.open_call(
        call.send_request(message_id=ID, content=note("да"), signer=caller, version=version, **given_)
    )
    block = sender_block(sent.sender_data(), version, to)
    assert (block == sent.sender_data()) is (version is to)
    said = Metadata(message_type=MessageCategory.REQUEST, sent_at=now, sender="S")
    one = checked(
        reply.request_delivery(
            sender_data=block, sender_signature=None, metadata=said, reply_to="x", signer=exchange, version=to
        )
    )
    got = delivered(one)
    kept = ("reference_message_id", "transaction_code", "node_id", "test")
    assert [getattr(got, name) for name in kept] == [given_[name] for name in kept]
    assert got.content is not None
    assert sent.content is not None
    assert normalize(got.content) == normalize(sent.content)
    for ours, theirs in zip(got.attachments, given_["attachments"], strict=True):
        assert (ours.content_id, ours.signature) == (theirs.content_id, theirs.signature)
        assert ours == theirs or to is not Version.V1_3


def test_only_a_sender_s_block_is_translated(note: Callable[..., Any], caller: Signer) -> None:
    sent = call.open_call(call.send_request(message_id=ID, content=note("x"), signer=caller))
    for data in (b"<a/>", sent.sender_data().replace(b"/1.2", b"/1.1")):
        with pytest.raises(EnvelopeInvalid, match=r"no sender's block of version 1\.2"):
            sender_block(data, Version.V1_2, Version.V1_3)


def test_a_translated_block_is_not_what_was_signed(
    note: Callable[..., Any], now: datetime, caller: Signer, exchange: Signer, suites: frozenset[Suite]
) -> None:
    sent = call.open_call(call.send_request(message_id=ID, content=note("x"), signer=caller))
    said = Metadata(message_type=MessageCategory.REQUEST, sent_at=now, sender="S")
    one = reply.open_reply(
        reply.request_delivery(
            sender_data=sender_block(sent.sender_data(), Version.V1_2, Version.V1_3),
            sender_signature=sent.sender_signature(),
            metadata=said,
            signer=exchange,
            version=Version.V1_3,
        )
    )
    with pytest.raises(SignatureInvalid):
        reply.verify_sender(one, suites)


@versions
def test_contents_are_delivered_in_parts(
    version: Version,
    note: Callable[..., Any],
    now: datetime,
    caller: Signer,
    exchange: Signer,
    suites: frozenset[Suite],
) -> None:
    sent = call.open_call(call.send_request(message_id=ID, content=note("x"), signer=caller, version=version))
    content = AttachmentContent(id="a", content=b"\x00\xff\r\n" * 50)
    body, content_type = write(
        reply.request_delivery(
            sender_data=sent.sender_data(),
            sender_signature=sent.sender_signature(),
            metadata=Metadata(message_type=MessageCategory.REQUEST, sent_at=now, sender="S"),
            signer=exchange,
            version=version,
            contents=[content],
        )
    )
    assert content.content in body
    one = reply.open_reply(body, content_type)
    reply.verify(one, suites)
    reply.verify_sender(one, suites)
    assert delivered(one).contents == (content,)
