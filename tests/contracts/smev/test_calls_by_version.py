"""In every version: whatever is put into a call comes out of it again, and its own and the official schema take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contracts.smev.strategies import (
    CONTENTS,
    ID,
    MOMENTS,
    REJECTIONS,
    STATUSES,
    headers,
    references,
    requests,
    texts,
)

from socert.contracts import xml
from socert.contracts.errors import EnvelopeInvalid, SignatureFault, SignatureInvalid, XmlRefused
from socert.contracts.message import MessageType
from socert.contracts.signature import xmldsig
from socert.contracts.signature.transform import normalize
from socert.contracts.smev import call, personal
from socert.contracts.smev.attachments import AttachmentContent, AttachmentHeader, RefAttachmentHeader
from socert.contracts.smev.multipart import write
from socert.contracts.smev.operation import OPERATIONS_OF, Operation
from socert.contracts.smev.status import RejectCode, Rejection
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from socert.contracts.signature.signer import Signer
    from socert.contracts.signature.suites import Suite

    Official = Callable[[Version, Any], None]

FORM = b'<a:Form xmlns:a="urn:form" Id="FORM"><a:Field>1 &gt; 0</a:Field></a:Form>'
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
versions = pytest.mark.parametrize("version", Version)


@pytest.fixture
def checked(suites: frozenset[Suite], official: Official) -> Callable[[bytes], call.Call]:
    """Opens a call that both schemas take and whose signature holds over its normal form."""

    def check(data: bytes) -> call.Call:
        opened = call.open_call(data)
        call.check_schema(opened)
        official(opened.version, opened.root)
        assert call.verify(opened, suites).canonical == normalize(opened.signed)
        return opened

    return check


@versions
@quick
@given(data=st.data())
def test_a_request_comes_back(
    version: Version,
    data: st.DataObject,
    note: Callable[..., Any],
    caller: Signer,
    checked: Callable[[bytes], call.Call],
) -> None:
    given_ = data.draw(requests(version))
    sent = call.send_request(message_id=ID, content=note("да", "№"), signer=caller, version=version, **given_)
    opened = checked(sent)
    assert (opened.version, opened.operation, opened.message_id) == (version, Operation.SEND_REQUEST, ID)
    assert {name: getattr(opened, name) for name in given_} == given_
    assert opened.message_type == note("").message_type
    assert normalize(opened.signed) in sent, "the signed block does not travel in its normal form"


@versions
@quick
@given(data=st.data(), to=texts(200))
def test_a_response_comes_back(
    version: Version,
    data: st.DataObject,
    to: str,
    note: Callable[..., Any],
    caller: Signer,
    checked: Callable[[bytes], call.Call],
) -> None:
    attached: dict[str, Any] = data.draw(
        st.fixed_dictionaries({"attachments": headers(version), "files": references(version), "contents": CONTENTS})
    )
    given_: dict[str, Any] = data.draw(
        st.just({"content": note("да"), **attached})
        | st.fixed_dictionaries({"rejections": REJECTIONS})
        | st.fixed_dictionaries({"status": STATUSES})
    )
    opened = checked(call.send_response(message_id=ID, to=to, signer=caller, version=version, **given_))
    assert (opened.version, opened.operation, opened.to) == (version, Operation.SEND_RESPONSE, to)
    assert (opened.content is not None) is ("content" in given_)
    given_.pop("content", None)
    assert {name: getattr(opened, name) for name in given_} == given_


@versions
@quick
@given(moment=MOMENTS, node=st.none() | texts(), accepted=st.booleans(), chosen=st.booleans())
def test_what_polls_and_confirms_comes_back(
    version: Version,
    moment: datetime,
    node: str | None,
    accepted: bool,
    chosen: bool,
    caller: Signer,
    checked: Callable[[bytes], call.Call],
) -> None:
    selector = MessageType(namespace="urn:x", root="Корень") if chosen else None
    for build in (call.get_request, call.get_response):
        opened = checked(build(timestamp=moment, signer=caller, selector=selector, node_id=node, version=version))
        assert (opened.version, opened.timestamp, opened.selector, opened.node_id) == (version, moment, selector, node)
    status = checked(call.get_status(timestamp=moment, signer=caller, version=version))
    assert (status.version, status.operation, status.timestamp) == (version, Operation.GET_STATUS, moment)
    confirmed = checked(call.ack(message_id=ID, signer=caller, accepted=accepted, version=version))
    assert (confirmed.version, confirmed.message_id, confirmed.accepted) == (version, ID, accepted)


@quick
@given(moment=MOMENTS, node=st.none() | texts())
def test_asking_for_statistics_comes_back(
    moment: datetime, node: str | None, caller: Signer, checked: Callable[[bytes], call.Call]
) -> None:
    opened = checked(call.get_incoming_queue_statistics(timestamp=moment, signer=caller, node_id=node))
    assert (opened.version, opened.operation) == (Version.V1_1, Operation.GET_INCOMING_QUEUE_STATISTICS)
    assert (opened.timestamp, opened.node_id) == (moment, node)


@pytest.mark.parametrize("version", [Version.V1_2, Version.V1_3])
def test_statistics_are_of_the_oldest_version_alone(version: Version, now: datetime, caller: Signer) -> None:
    data = call.get_incoming_queue_statistics(timestamp=now, signer=caller)
    assert Operation.GET_INCOMING_QUEUE_STATISTICS not in OPERATIONS_OF[version]
    with pytest.raises(EnvelopeInvalid, match=f"{version.value} has no operation GetIncomingQueueStatistics"):
        call.open_call(data.replace(b"/1.1", f"/{version.value}".encode()))


@versions
def test_accepted_may_be_left_out_but_in_the_oldest(version: Version, caller: Signer) -> None:
    data = call.ack(message_id=ID, signer=caller, version=version).replace(b' accepted="true"', b"")
    opened = call.open_call(data)
    assert opened.accepted is None
    if version is Version.V1_1:
        with pytest.raises(Exception, match="accepted' is required but missing"):
            call.check_schema(opened)
    else:
        call.check_schema(opened)


@versions
def test_a_person_signs_the_content(
    version: Version,
    caller: Signer,
    exchange: Signer,
    suites: frozenset[Suite],
    checked: Callable[[bytes], call.Call],
) -> None:
    signature = personal.sign(FORM, exchange)
    sent = call.send_request(
        message_id=ID, content=FORM, signer=caller, version=version, personal_signature=signature,
        business_process_metadata=b'<f:frgu xmlns:f="urn:f">1</f:frgu><f:CaseInfo xmlns:f="urn:f"/>',
    )  # fmt: skip
    opened = checked(sent)
    assert personal.verify(opened.personal_signature, opened.content, suites).certificate == exchange.certificate
    assert opened.business_process_metadata is not None
    assert [part.tag for part in opened.business_process_metadata] == ["{urn:f}frgu", "{urn:f}CaseInfo"]
    other = call.open_call(sent.replace(b"1 &gt; 0", b"2 &gt; 0"))
    with pytest.raises(SignatureInvalid):
        personal.verify(other.personal_signature, other.content, suites)


def test_a_person_must_have_signed(note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]) -> None:
    opened = call.open_call(call.send_request(message_id=ID, content=note("x"), signer=caller))
    with pytest.raises(SignatureInvalid) as refusal:
        personal.verify(opened.personal_signature, opened.content, suites)
    assert refusal.value.reason is SignatureFault.NO_SIGNATURE_FOUND
    with pytest.raises(ValueError, match="cannot be an Id"):
        personal.sign(b'<a xmlns="urn:a"/>', caller)


def test_a_signature_inside_the_content_survives(
    caller: Signer, exchange: Signer, suites: frozenset[Suite], checked: Callable[[bytes], call.Call]
) -> None:
    """It is over its own prefixes, so the block must not be written anew."""
    inner = xmldsig.sign(normalize(xml.parse(FORM)), reference="FORM", signer=exchange)
    opened = checked(
        call.send_request(
            message_id=ID, content=b'<w:Wrap xmlns:w="urn:w">' + FORM + inner.encode() + b"</w:Wrap>", signer=caller
        )
    )
    assert opened.content is not None
    form, signature = opened.content
    assert xmldsig.verify(signature, target=form, suites=suites).certificate == exchange.certificate


@pytest.mark.parametrize("inside", [b"</x>", b"<a>", b"<a/></ns1:BusinessProcessMetadata><b/>", b"\x00"])
def test_metadata_of_the_business_process_stay_inside(inside: bytes, note: Callable[..., Any], caller: Signer) -> None:
    with pytest.raises(XmlRefused):
        call.send_request(message_id=ID, content=note("x"), signer=caller, business_process_metadata=inside)


@pytest.mark.parametrize("version", [Version.V1_1, Version.V1_2])
def test_what_is_of_1_3_is_not_written_before(
    version: Version, note: Callable[..., Any], caller: Signer, checked: Callable[[bytes], call.Call]
) -> None:
    attachment = AttachmentHeader(content_id="a", mime_type="text/plain", namespace_uri="urn:a")
    file = RefAttachmentHeader(uuid="u", hash=b"#", mime_type="text/plain", file_name="f", namespace_uri="urn:a")
    opened = checked(
        call.send_request(
            message_id=ID, content=note("x"), signer=caller, version=version, attachments=[attachment], files=[file]
        )
    )
    assert opened.attachments == (AttachmentHeader(content_id="a", mime_type="text/plain"),)
    assert opened.files == (RefAttachmentHeader(uuid="u", hash=b"#", mime_type="text/plain"),)


def test_a_refusal_has_no_attachments(caller: Signer) -> None:
    refusal = Rejection(code=RejectCode.NO_DATA, description="")
    with pytest.raises(ValueError, match="no attachments"):
        call.send_response(
            message_id=ID, to="", signer=caller, rejections=[refusal],
            contents=[AttachmentContent(id="a", content=b"")],
        )  # fmt: skip


@versions
def test_contents_travel_in_parts(
    version: Version, note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]
) -> None:
    """SignaturePKCS7 lies in the signed block: moved into a part, it is put back before anything is verified."""
    attachment = AttachmentHeader(content_id="a", mime_type="image/png", signature=b"PKCS#7")
    content = AttachmentContent(id="a", content=b"\x00\xff--b" * 100)
    sent = call.send_request(
        message_id=ID, content=note("x"), signer=caller, version=version, attachments=[attachment], contents=[content]
    )
    body, content_type = write(sent, signatures=True)
    assert content.content in body
    opened = call.open_call(body, content_type)
    call.check_schema(opened)
    call.verify(opened, suites)
    assert (opened.attachments, opened.contents) == ((attachment,), (content,))


@pytest.mark.parametrize(
    ("written", "read"), [("AQI=", b"\x01\x02"), (" AQ\nI= ", b"\x01\x02"), ("0x12!", b""), ("", b"")]
)
def test_a_hash_that_is_none_is_the_hash_of_nothing(
    written: str, read: bytes, note: Callable[..., Any], caller: Signer
) -> None:
    file = RefAttachmentHeader(uuid="u", hash=b"#", mime_type="text/plain")
    sent = call.send_request(message_id=ID, content=note("x"), signer=caller, files=[file])
    opened = call.open_call(sent.replace(b"Hash>Iw==<", f"Hash>{written}<".encode()))
    assert opened.files[0].hash == read


def test_content_that_is_not_base64_is_refused(note: Callable[..., Any], caller: Signer) -> None:
    content = AttachmentContent(id="a", content=b"#")
    sent = call.send_request(message_id=ID, content=note("x"), signer=caller, contents=[content])
    with pytest.raises(EnvelopeInvalid, match="AttachmentContent/Content is not base64"):
        call.open_call(sent.replace(b"Iw==", b"!"))
