"""Calls: what is built is opened again, holds by schema and by signature, and is in the normal form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socert.contracts import xml
from socert.contracts.errors import ContractError, SignatureFault, SignatureInvalid, XmlRefused
from socert.contracts.message import MessageType
from socert.contracts.signature.transform import normalize
from socert.contracts.smev import call
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.status import BusinessStatus, RejectCode, Rejection
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.contracts.signature.signer import Signer
    from socert.contracts.signature.suites import Suite
    from socert.contracts.smev.ids import MessageIds

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r<>&\"']>>")
)
ID = "b077cd84-3959-11f1-b8b2-0242333cce59"
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def checked(data: bytes, suites: frozenset[Suite]) -> call.Call:
    """Open a call after checking everything that holds of every call we build."""
    opened = call.open_call(data)
    call.check_schema(opened)
    verified = call.verify(opened, suites)
    assert verified.canonical == normalize(opened.signed)
    assert verified.canonical in data, "the signed block does not travel in its normal form"
    return opened


def test_send_request(ids: MessageIds, note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]) -> None:
    message_id, root_id = ids(), ids()
    ends = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=3)))
    data = call.send_request(
        message_id=message_id,
        content=note("Здравствуйте"),
        signer=caller,
        reference_message_id=root_id,
        node_id="node-1",
        end_of_life=ends,
        test=True,
    )
    opened = checked(data, suites)
    assert (opened.version, opened.operation) == (Version.V1_2, Operation.SEND_REQUEST)
    assert (opened.message_id, opened.reference_message_id, opened.node_id) == (message_id, root_id, "node-1")
    assert (opened.end_of_life, opened.test) == (ends, True)
    assert opened.content is not None
    assert opened.content.findtext("{*}Words") == "Здравствуйте"
    assert str(opened.message_type) == "{urn:example:note/1.0}Note"


def test_the_smallest_send_request(note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]) -> None:
    opened = checked(call.send_request(message_id=ID, content=note("x"), signer=caller), suites)
    assert (opened.reference_message_id, opened.node_id, opened.end_of_life, opened.test) == (None, None, None, False)


def test_the_envelope_is_written_as_expected(note: Callable[..., Any], caller: Signer) -> None:
    data = call.send_request(message_id=ID, content=note("x", "m"), signer=caller).decode()
    types, basic = Version.V1_2.types, Version.V1_2.basic
    head, _, rest = data.partition("<typ:CallerInformationSystemSignature>")
    assert head == (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header></soap:Header><soap:Body>'
        f'<typ:SendRequestRequest xmlns:typ="{types}">'
        f'<ns1:SenderProvidedRequestData xmlns:ns1="{types}" Id="SIGNED_BY_CALLER"><ns1:MessageID>{ID}</ns1:MessageID>'
        f'<ns2:MessagePrimaryContent xmlns:ns2="{basic}"><ns3:Note xmlns:ns3="urn:example:note/1.0" mark="m">'
        "<ns3:Words>x</ns3:Words></ns3:Note></ns2:MessagePrimaryContent></ns1:SenderProvidedRequestData>"
    )
    assert rest.startswith('<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">')
    assert rest.endswith(
        "</ds:Signature></typ:CallerInformationSystemSignature></typ:SendRequestRequest></soap:Body></soap:Envelope>"
    )


def test_send_response_with_content(note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]) -> None:
    opened = checked(call.send_response(message_id=ID, to="a>b==", content=note("да"), signer=caller), suites)
    assert (opened.operation, opened.to, opened.status, opened.rejections) == (
        Operation.SEND_RESPONSE,
        "a>b==",
        None,
        (),
    )
    assert opened.content is not None


def test_send_response_with_rejections(caller: Signer, suites: frozenset[Suite], hostile: list[str]) -> None:
    said = tuple(
        Rejection(code=list(RejectCode)[place % 4], description=words)
        for place, words in enumerate(hostile)
        if words == "" or words.strip()
    )
    opened = checked(call.send_response(message_id=ID, to="x", rejections=said, signer=caller), suites)
    assert opened.rejections == said
    assert (opened.content, opened.message_type) == (None, None)


def test_send_response_with_a_status(caller: Signer, suites: frozenset[Suite], hostile: list[str]) -> None:
    pairs = tuple((f"k{place}", words) for place, words in enumerate(hostile) if words == "" or words.strip())
    said = BusinessStatus(code=-7, description="Ждём <ответа>", parameters=pairs)
    opened = checked(call.send_response(message_id=ID, to="x", status=said, signer=caller), suites)
    assert opened.status == said


@pytest.mark.parametrize(
    "given_", [{}, {"content": b"<a xmlns='u:a'/>", "status": BusinessStatus(code=1, description="")}]
)
def test_a_response_holds_one_thing(given_: dict[str, Any], caller: Signer) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        call.send_response(message_id=ID, to="x", signer=caller, **given_)


@pytest.mark.parametrize("operation", [Operation.GET_REQUEST, Operation.GET_RESPONSE])
@pytest.mark.parametrize("selector", [None, MessageType(namespace="urn://x/&y/1.0", root="Корень")])
@pytest.mark.parametrize("node_id", [None, "node>1"])
def test_get(
    operation: Operation,
    selector: MessageType | None,
    node_id: str | None,
    now: datetime,
    caller: Signer,
    suites: frozenset[Suite],
) -> None:
    build = call.get_request if operation is Operation.GET_REQUEST else call.get_response
    opened = checked(build(timestamp=now, signer=caller, selector=selector, node_id=node_id), suites)
    assert (opened.operation, opened.timestamp, opened.selector, opened.node_id) == (operation, now, selector, node_id)


def test_get_status(now: datetime, caller: Signer, suites: frozenset[Suite]) -> None:
    opened = checked(call.get_status(timestamp=now, signer=caller), suites)
    assert (opened.operation, opened.timestamp) == (Operation.GET_STATUS, now)


@pytest.mark.parametrize("accepted", [True, False])
def test_ack(accepted: bool, caller: Signer, suites: frozenset[Suite]) -> None:
    opened = checked(call.ack(message_id=ID, signer=caller, accepted=accepted), suites)
    assert (opened.operation, opened.message_id, opened.accepted) == (Operation.ACK, ID, accepted)


def test_hostile_content_is_signed_as_it_is(
    note: Callable[..., Any], caller: Signer, suites: frozenset[Suite], hostile: list[str]
) -> None:
    for words in hostile:
        opened = checked(call.send_request(message_id=ID, content=note(words, words), signer=caller), suites)
        assert opened.content is not None
        assert opened.content.get("mark") == words
        assert (opened.content.findtext("{*}Words") or "") == (words if words.strip("\t\n\r ") else "")


@quick
@given(words=TEXT, mark=TEXT, to=TEXT, node=TEXT)
def test_any_text_comes_back(
    words: str, mark: str, to: str, node: str, note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]
) -> None:
    def kept(value: str) -> str:
        return value if value.strip("\t\n\r ") else ""

    sent = call.send_request(message_id=ID, content=note(words, mark), node_id=node[:50], signer=caller)
    opened = checked(sent, suites)
    assert opened.content is not None
    assert (opened.content.findtext("{*}Words"), opened.content.get("mark")) == (kept(words), mark)
    assert opened.node_id == kept(node[:50])
    answered = call.send_response(message_id=ID, to=to[:4000], content=note(words, mark), signer=caller)
    assert checked(answered, suites).to == kept(to[:4000])


@quick
@given(
    moment=st.datetimes(
        datetime(1900, 1, 1),  # noqa: DTZ001 - bounds
        datetime(2200, 1, 1),  # noqa: DTZ001 - bounds
        timezones=st.integers(-14 * 60, 14 * 60).map(lambda shift: timezone(timedelta(minutes=shift))),
    )
)
def test_any_moment_comes_back(moment: datetime, caller: Signer, suites: frozenset[Suite]) -> None:
    opened = checked(call.get_status(timestamp=moment, signer=caller), suites)
    assert opened.timestamp == moment
    assert opened.timestamp.utcoffset() == moment.utcoffset()


def test_a_moment_without_a_zone_is_refused(caller: Signer) -> None:
    with pytest.raises(ValueError, match="time zone"):
        call.get_status(timestamp=datetime(2026, 1, 1), signer=caller)  # noqa: DTZ001 - the mistake itself


@pytest.mark.parametrize("broken", ["\x00", "\x0b", "\ud800", "\uffff"])
def test_characters_that_xml_has_no_place_for_are_refused(
    broken: str, note: Callable[..., Any], caller: Signer
) -> None:
    with pytest.raises(XmlRefused):
        call.send_request(message_id=ID, content=note(broken), signer=caller)
    with pytest.raises(XmlRefused):
        call.send_response(message_id=ID, to=broken, content=note("x"), signer=caller)


def test_content_given_as_xml_becomes_the_same_as_content_given_as_a_message(
    note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]
) -> None:
    document = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<!-- kept out -->\n'
        b'<a:Note xmlns:a="urn:example:note/1.0" xmlns:unused="urn:u"\n   mark=\'"\'>\n  <a:Words>1 &gt; 0</a:Words>\n'
        b"</a:Note>"
    )
    slow = checked(call.send_request(message_id=ID, content=document, signer=caller), suites)
    fast = checked(call.send_request(message_id=ID, content=note("1 > 0", '"'), signer=caller), suites)
    assert normalize(slow.signed) == normalize(fast.signed)


def test_types_named_by_prefix_keep_their_meaning(caller: Signer, suites: frozenset[Suite]) -> None:
    document = (
        b'<p:Form xmlns:p="urn:form" xmlns:q="urn:types" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        b'<p:Field xsi:type="q:Date">2026-01-01</p:Field></p:Form>'
    )
    opened = call.open_call(call.send_request(message_id=ID, content=document, signer=caller))
    call.check_schema(opened)
    call.verify(opened, suites)
    assert opened.content is not None
    field = opened.content[0]
    prefix = field.get("{http://www.w3.org/2001/XMLSchema-instance}type", "").partition(":")[0]
    assert field.nsmap[prefix] == "urn:types"


def test_content_in_a_namespace_of_the_envelope_is_still_signed_right(caller: Signer, suites: frozenset[Suite]) -> None:
    class Odd:
        message_type = MessageType(namespace=Version.V1_2.types, root="Odd")

        def render(self, prefix: str = "ns1") -> str:
            return f'<{prefix}:Odd xmlns:{prefix}="{Version.V1_2.types}"></{prefix}:Odd>'

    checked(call.send_request(message_id=ID, content=Odd(), signer=caller), suites)


@pytest.mark.parametrize(
    "document",
    [b"", b"<a", b"<!DOCTYPE a><a/>", b"<a/><b/>", b"not xml", b"<a>no namespace</a>", b"\xff\xfe<\x00a\x00"],
)
def test_content_that_is_not_acceptable_xml_is_refused(document: bytes, caller: Signer) -> None:
    with pytest.raises(ContractError):
        call.send_request(message_id=ID, content=document, signer=caller)


def test_a_changed_byte_breaks_the_signature(
    note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]
) -> None:
    data = call.send_request(message_id=ID, content=note("сто часов"), signer=caller)
    changed = call.open_call(data.replace("сто".encode(), "сту".encode()))
    with pytest.raises(SignatureInvalid) as refusal:
        call.verify(changed, suites)
    assert refusal.value.reason is SignatureFault.SIGNATURE_IS_INVALID


def test_a_call_without_a_signature_opens_but_does_not_verify(
    note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]
) -> None:
    data = call.send_request(message_id=ID, content=note("x"), signer=caller)
    begin, end = data.index(b"<typ:Caller"), data.index(b"</typ:SendRequestRequest>")
    for cut in (data[:begin] + data[end:], data.replace(data[data.index(b"<ds:") : data.rindex(b"</typ:Caller")], b"")):
        opened = call.open_call(cut)
        assert opened.signature is None
        assert opened.sender_signature() is None
        with pytest.raises(SignatureInvalid) as refusal:
            call.verify(opened, suites)
        assert refusal.value.reason is SignatureFault.NO_SIGNATURE_FOUND


def test_a_signature_over_something_else_is_refused(
    note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]
) -> None:
    data = call.send_request(message_id=ID, content=note("x"), signer=caller)
    other = data.replace(b'Id="SIGNED_BY_CALLER"', b'Id="ANOTHER"')
    with pytest.raises(SignatureInvalid) as refusal:
        call.verify(call.open_call(other), suites)
    assert refusal.value.reason is SignatureFault.INCORRECT_SIGNATURE_TARGET


def test_what_is_signed_can_be_carried_away(note: Callable[..., Any], caller: Signer, suites: frozenset[Suite]) -> None:
    opened = call.open_call(call.send_request(message_id=ID, content=note("> и ]]>"), signer=caller))
    assert normalize(xml.parse(opened.sender_data())) == call.verify(opened, suites).canonical
    assert (opened.sender_signature() or b"").startswith(b"<ds:Signature ")


def test_moments_are_read_as_the_schema_means_them(now: datetime, caller: Signer) -> None:
    data = call.get_status(timestamp=now, signer=caller)
    shown = now.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
    assert shown in data
    written = {
        b"2026-04-16T09:01:20.319+03:00": now,
        b" 2026-04-16T06:01:20.319Z\n": now,
        b"2026-04-16T09:01:20.319": now,  # the exchange's own time where no zone is named
        b"2026-04-16T06:01:20.3190000009Z": now,
        b"2026-04-16T06:01:20Z": now.replace(microsecond=0),
    }
    for text, moment in written.items():
        assert call.open_call(data.replace(shown, text)).timestamp == moment.astimezone(UTC)
