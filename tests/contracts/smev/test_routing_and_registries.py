"""Version 1.3: the sender's choice of recipients and its registries, each signed by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contracts.smev.strategies import ID, NUMBERS, OTHER, headers, references

from socert.contracts.errors import EnvelopeInvalid, SchemaInvalid, SignatureFault, SignatureInvalid
from socert.contracts.message import MessageType
from socert.contracts.signature.transform import normalize
from socert.contracts.smev import call, registry, reply
from socert.contracts.smev.registry import Record
from socert.contracts.smev.reply import Metadata
from socert.contracts.smev.routing import RecordRouting, Routing
from socert.contracts.smev.status import MessageCategory
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from socert.contracts.signature.signer import Signer
    from socert.contracts.signature.suites import Suite

V = Version.V1_3
ROUTING = Routing(
    message_id=ID,
    dynamic=("45000000", "<46>"),
    identifiers=("MNSV05",),
    records=(RecordRouting(record_id=-1, general=False, identifiers=("a",)), RecordRouting(record_id=2, general=True)),
)
FORM = b'<?xml version="1.0"?><a:Form xmlns:a="urn:form"><a:Field>1</a:Field></a:Form>'


def routed(note: Callable[..., Any], caller: Signer) -> bytes:
    return call.send_request(message_id=ID, content=note("x"), signer=caller, version=V, routing=ROUTING)


def test_routing_is_signed_by_itself(note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]) -> None:
    data = routed(note, caller)
    opened = call.open_call(data)
    assert opened.routing == ROUTING
    assert call.verify_routing(opened, suites).certificate == caller.certificate
    changed = call.open_call(data.replace(b"MNSV05", b"MNSV06"))
    call.verify(changed, suites)  # the message's own signature does not cover it
    with pytest.raises(SignatureInvalid) as refusal:
        call.verify_routing(changed, suites)
    assert refusal.value.reason is SignatureFault.SIGNATURE_IS_INVALID


def test_a_signature_of_something_else_is_none_of_the_routing(
    note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]
) -> None:
    text = routed(note, caller).decode()
    own = text[text.index("<ds:Signature") : text.index("</ds:Signature>")]
    rest = text[text.index("<rou:RoutingSignature>") :]
    swapped = text.replace(rest[rest.index("<ds:Signature") : rest.index("</ds:Signature>")], own)
    with pytest.raises(SignatureInvalid) as refusal:
        call.verify_routing(call.open_call(swapped.encode()), suites)
    assert refusal.value.reason is SignatureFault.INCORRECT_SIGNATURE_TARGET


def test_no_routing_no_signature(note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]) -> None:
    opened = call.open_call(call.send_request(message_id=ID, content=note("x"), signer=caller, version=V))
    assert (opened.routing, opened.routing_block) == (None, None)
    with pytest.raises(SignatureInvalid) as refusal:
        call.verify_routing(opened, suites)
    assert refusal.value.reason is SignatureFault.NO_SIGNATURE_FOUND


@pytest.mark.parametrize(("version", "message_id"), [(Version.V1_1, ID), (Version.V1_2, ID), (V, OTHER)])
def test_routing_is_of_its_version_and_message(
    version: Version, message_id: str, note: Callable[..., Any], caller: Signer
) -> None:
    with pytest.raises(ValueError, match=r"of version 1\.3 and names the id"):
        call.send_request(message_id=message_id, content=note("x"), signer=caller, version=version, routing=ROUTING)


@pytest.mark.parametrize(
    ("written", "wrong", "reason"),
    [
        ("<ns1:RecordId>2</ns1:RecordId>", "<ns1:RecordId>two</ns1:RecordId>", "RecordId is not a whole number"),
        ("<ns1:UseGeneralRouting>true<", "<ns1:UseGeneralRouting>da<", "UseGeneralRouting is neither true nor false"),
        ("<rou:Routing ", f'<x:Routing xmlns:x="{V.routing}"/><rou:Routing ', "holds more than one Routing"),
    ],
)
def test_routing_that_makes_no_sense_is_refused(
    written: str, wrong: str, reason: str, note: Callable[..., Any], caller: Signer
) -> None:
    text = routed(note, caller).decode()
    assert written in text
    with pytest.raises(EnvelopeInvalid, match=reason):
        call.open_call(text.replace(written, wrong).encode())


def records(count: int, **fields: Any) -> list[Record]:
    return [Record(record_id=number, content=FORM, **fields) for number in range(1, count + 1)]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_registry_comes_back(
    data: st.DataObject,
    note: Callable[..., Any],
    caller: Signer,
    suites: frozenset[Suite],
    official: Callable[[Version, Any], None],
) -> None:
    made = data.draw(
        st.lists(
            st.builds(
                Record,
                record_id=NUMBERS,
                content=st.sampled_from([FORM, note("x")]),
                attachments=headers(V),
                files=references(V),
            ),
            min_size=1,
            max_size=3,
            unique_by=lambda one: one.record_id,
        )
    )
    for sent in (
        call.send_request(message_id=ID, registry=made, signer=caller, version=V),
        call.send_response(message_id=ID, to="x", registry=made, signer=caller, version=V),
    ):
        opened = call.open_call(sent)
        call.check_schema(opened)
        official(V, opened.root)
        assert call.verify(opened, suites).canonical == normalize(opened.signed)
        assert [(one.record_id, one.attachments, one.files) for one in opened.registry] == [
            (one.record_id, one.attachments, one.files) for one in made
        ]
        assert opened.message_type == MessageType.of(opened.registry[0].content)
        for one in opened.registry:
            assert registry.verify(one, suites).certificate == caller.certificate


def test_a_registry_is_delivered_whole(
    now: datetime, caller: Signer, exchange: Signer, suites: frozenset[Suite]
) -> None:
    sent = call.open_call(call.send_request(message_id=ID, registry=records(3), signer=caller, version=V))
    one = reply.open_reply(
        reply.request_delivery(
            sender_data=sent.sender_data(),
            sender_signature=sent.sender_signature(),
            metadata=Metadata(message_type=MessageCategory.REQUEST, sent_at=now),
            signer=exchange,
            version=V,
        )
    )
    reply.verify(one, suites)
    reply.verify_sender(one, suites)
    assert one.delivery is not None
    assert [record.record_id for record in one.delivery.registry] == [1, 2, 3]
    assert str(one.delivery.message_type) == "{urn:form}Form"
    for record in one.delivery.registry:
        registry.verify(record, suites)


def test_each_record_is_signed_by_itself(caller: Signer, suites: frozenset[Suite]) -> None:
    text = call.send_request(message_id=ID, registry=records(2), signer=caller, version=V).decode()
    second = text.rindex("<a:Field>1<")
    opened = call.open_call((text[:second] + "<a:Field>2<" + text[second + 11 :]).encode())
    first, last = opened.registry
    registry.verify(first, suites)
    with pytest.raises(SignatureInvalid):
        registry.verify(last, suites)


def test_people_sign_the_content_of_a_record(
    caller: Signer, exchange: Signer, suites: frozenset[Suite], official: Callable[[Version, Any], None]
) -> None:
    made = [*records(1, persons=(exchange, caller)), Record(record_id=2, content=FORM)]
    data = call.send_request(message_id=ID, registry=made, signer=caller, version=V)
    opened = call.open_call(data)
    call.check_schema(opened)
    official(V, opened.root)
    first, second = opened.registry
    assert [one.certificate for one in registry.verify_persons(first, suites)] == [
        exchange.certificate, caller.certificate,
    ]  # fmt: skip
    assert registry.verify_persons(second, suites) == ()
    changed = call.open_call(data.replace(b"<a:Field>1<", b"<a:Field>2<", 1)).registry[0]
    with pytest.raises(SignatureInvalid):
        registry.verify_persons(changed, suites)


def test_a_record_without_a_signature_says_so(caller: Signer, suites: frozenset[Suite]) -> None:
    text = call.send_request(message_id=ID, registry=records(1), signer=caller, version=V).decode()
    bare = text[: text.index("<dir:RecordSignature>")] + text[text.index("</dir:RecordSignature>") + 22 :]
    opened = call.open_call(bare.encode())
    call.check_schema(opened)
    with pytest.raises(SignatureInvalid, match="record 1 holds no signature"):
        registry.verify(opened.registry[0], suites)


def test_a_registry_of_what_cannot_be(caller: Signer, note: Callable[..., Any]) -> None:
    twice = [Record(record_id=1, content=FORM), Record(record_id=1, content=FORM)]
    with pytest.raises(ValueError, match="same record_id"):
        call.send_request(message_id=ID, registry=twice, signer=caller, version=V)
    with pytest.raises(ValueError, match=r"1\.2 has no registries"):
        call.send_request(message_id=ID, registry=records(1), signer=caller)
    with pytest.raises(ValueError, match="exactly one"):
        call.send_request(message_id=ID, registry=records(1), content=note("x"), signer=caller, version=V)
    with pytest.raises(ValueError, match="exactly one"):
        call.send_request(message_id=ID, signer=caller)


def test_an_empty_registry_is_refused(caller: Signer) -> None:
    empty = f'<d:Registry xmlns:d="{V.directive}"/>'.encode()
    with pytest.raises(EnvelopeInvalid, match="Registry holds no record"):
        call.open_call(call.send_request(message_id=ID, content=empty, signer=caller, version=V))


def test_the_schema_looks_into_a_registry(caller: Signer) -> None:
    data = call.send_request(message_id=ID, registry=records(1), signer=caller, version=V)
    opened = call.open_call(data.replace(b"</dir:Record>", b"<dir:More/></dir:Record>"))
    with pytest.raises(SchemaInvalid, match="Record/More"):
        call.check_schema(opened)
