"""After verification nothing is used that was not signed: whatever stands around the signed element may change.

Two kinds of fields are told apart by hand below. A new field of a call or a delivery must be put into one of them.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.contracts.attacks.parts import content_replaced
from tests.contracts.attacks.references import digest_method
from tests.contracts.attacks.signing import EVERY, NOW, Message, make_message, make_signer, seen

from socert.contracts.errors import ContractError, SignatureFault, SignatureInvalid
from socert.contracts.signature.suites import Suite
from socert.contracts.smev import call, reply
from socert.contracts.smev.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

CALL: Final = frozenset(
    {
        "message_id", "to", "reference_message_id", "node_id", "timestamp", "end_of_life", "selector", "content",
        "message_type", "rejections", "status", "accepted", "test", "transaction_code", "attachments", "files",
        "personal_signature", "business_process_metadata", "registry", "signed",
    }
)  # fmt: skip
"""Fields of a call that are read from what the caller signed. One of GetStatus is not: see below."""

CALL_AROUND: Final = frozenset({"version", "operation", "root", "signature", "contents", "routing", "routing_block"})
"""Those that are not. The envelope's own names; contents of files, under signatures of their own (`attachments`); the
routing, under its own (`verify_routing`)."""

DELIVERY: Final = frozenset(
    {
        "kind", "message_id", "element", "metadata", "original_message_id", "reference_message_id", "reply_to", "to",
        "content", "message_type", "rejections", "status", "async_status", "node_id", "test", "transaction_code",
        "attachments", "files", "stored", "personal_signature", "business_process_metadata", "registry", "sender",
        "sender_data", "sender_signature",
    }
)  # fmt: skip
"""Fields of a delivery that are read from what the exchange signed."""

DELIVERY_AROUND: Final = frozenset({"exchange_signature", "contents"})

MESSAGES: Final = {kind: make_message(kind) for kind in ("call", "delivery")}
TRUE: Final = {kind: message.open().fields for kind, message in MESSAGES.items()}
SIGNED: Final = {"call": CALL, "delivery": DELIVERY}


def signed_fields(message: Message) -> dict[str, Any] | None:
    """Return what is read of the signed element; None where the message is refused."""
    try:
        opened = message.open()
    except ContractError:
        return None
    return {name: value for name, value in opened.fields.items() if name in SIGNED[message.kind]}


def true_fields(message: Message) -> dict[str, Any]:
    return {name: value for name, value in TRUE[message.kind].items() if name in SIGNED[message.kind]}


def test_every_field_is_told() -> None:
    assert {one.name for one in fields(call.Call)} == CALL | CALL_AROUND
    assert {one.name for one in fields(reply.Delivery)} == DELIVERY | DELIVERY_AROUND
    assert not CALL & CALL_AROUND
    assert not DELIVERY & DELIVERY_AROUND


PIECES: Final = [
    b"", b" ", b"<!-- -->", b"<?x?>", b"<e/>", b"</e>", b"<typ:MessageID>evil</typ:MessageID>", b' Id="EVIL"', b"&amp;",
    b"<typ:SenderProvidedRequestData/>", b"<typ:Request/>", b"<typ:ReplyTo>evil</typ:ReplyTo>", b"evil",
    b"<typ:Cancel/>", b"<typ:MessageMetadata/>", b"<![CDATA[x]]>", b'"', b"<", b'xmlns:ns1="urn:evil"',
    b' xmlns:typ="urn:x"', b"</soap:Body><soap:Body>", b"<soap:Fault/>", b"<ds:Signature/>", b"\xff", b"</typ:Request>",
]  # fmt: skip
"""What is put between the bytes of a message."""


@st.composite
def mutated_outside(draw: st.DrawFn) -> Message:
    """A message in which anything has changed but the signed element, which stays as it was, byte for byte."""
    message = MESSAGES[draw(st.sampled_from(["call", "delivery"]))]
    before, block, after = message.data.partition(message.block)
    for _ in range(draw(st.integers(1, 4))):
        which = draw(st.booleans())
        side = before if which else after
        start = draw(st.integers(0, len(side)))
        if draw(st.booleans()):  # between two tags, where it is more likely to stay XML
            start = max(side.rfind(b"<", 0, start), 0)
        end = min(len(side), start + draw(st.sampled_from([0, 0, 1, 5, 40, 400])))
        piece = draw(st.sampled_from([*PIECES, block, message.evil, side[start:end] * 2]))
        side = side[:start] + piece + side[end:]
        before, after = (side, after) if which else (before, side)
    if draw(st.booleans()) and block not in before + after:
        block = block if draw(st.booleans()) else b"<e>" + block + b"</e>"
    return replace(message, data=before + block + after)


@settings(max_examples=1500, deadline=None)
@given(message=mutated_outside())
def test_nothing_outside_changes_what_is_read(message: Message) -> None:
    found = signed_fields(message)
    assert found is None or found == true_fields(message)


@settings(max_examples=800, deadline=None)
@given(data=st.data())
def test_nothing_inside_changes_unseen(data: st.DataObject) -> None:
    """A change in the signed element is refused, or is one that nobody who reads it can see."""
    message = MESSAGES[data.draw(st.sampled_from(["call", "delivery"]))]
    block = message.block
    start = data.draw(st.integers(0, len(block)))
    end = min(len(block), start + data.draw(st.sampled_from([0, 0, 0, 1, 10])))
    if data.draw(st.booleans()):
        start = end = max(block.rfind(b">", 0, start) + 1, 0)
    piece = data.draw(st.sampled_from([*PIECES, b"\n", b"\t ", b"<?x?> <?x?>", b"<!-- --> <!-- -->", b"0", b"\r\n"]))
    changed = message.swap(block, block[:start] + piece + block[end:])
    found = signed_fields(changed)
    assert found is None or without_blanks(found) == without_blanks(true_fields(message))


def without_blanks(value: Any) -> Any:
    """Blank text that stands alone is not signed (appendix 1, rule 2), and an empty element may come back with some.

    The one difference that is left: whoever reads such a text must take a blank one for an empty one.
    """
    if isinstance(value, dict):
        return {name: without_blanks(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_blanks(inner) for inner in value]
    return value.strip() if isinstance(value, str) and not value.strip() else value


def test_the_mutations_reach_both_ends() -> None:
    """Some are refused and some are not: neither half of the property is empty."""
    message = MESSAGES["call"]
    assert signed_fields(message.swap(b"<soap:Header>", b"<soap:Header><e/>")) == true_fields(message)
    assert signed_fields(message.swap(b"1000000", b"1000001")) is None


# --- what is not under the signature, one by one ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["call", "delivery"])
def test_a_file_is_under_its_own_signature_alone(kind: str) -> None:
    """Its header is signed and its content is not: only the header's PKCS#7 tells whether it is the sender's."""
    opened = content_replaced(MESSAGES[kind]).open()
    true = TRUE[kind]
    assert opened.fields["contents"] != true["contents"]
    assert opened.fields["attachments"] == true["attachments"]


def test_the_operation_is_told_by_what_is_signed_but_for_two_pairs() -> None:
    """A call may be made into another only where both sign the same element: both only ask for what is the asker's."""
    signer = make_signer("signer", Suite.ECDSA_P256)
    asked = call.get_request(timestamp=NOW, signer=signer)
    made: dict[tuple[str, str], bytes] = {}
    names = ["SendRequest", "SendResponse", "GetRequest", "GetResponse", "GetStatus", "Ack"]
    true: dict[str, bytes] = {
        "SendRequest": MESSAGES["call"].data,
        "GetRequest": asked,
        "GetStatus": call.get_status(timestamp=NOW, signer=signer),
        "Ack": call.ack(message_id="x", signer=signer),
    }
    for name, data in true.items():
        for other in names:
            made[name, other] = data.replace(f"{name}Request".encode(), f"{other}Request".encode())
    assert {pair for pair, data in made.items() if pair[0] != pair[1] and holds(data)} == {
        ("GetRequest", "GetResponse")
    }


def holds(data: bytes) -> bool:
    try:
        call.verify(call.open_call(data), EVERY)
    except ContractError:
        return False
    return True


def test_the_node_of_a_status_call_is_not_signed() -> None:
    """The schema puts it beside the signature; it chooses among the caller's own queues."""
    asked = call.get_status(timestamp=NOW, signer=make_signer("signer", Suite.ECDSA_P256))
    typ = b"<typ:CallerInformationSystemSignature>"
    changed = call.open_call(asked.replace(typ, b"<typ:NodeID>evil</typ:NodeID>" + typ))
    call.verify(changed, EVERY)
    assert changed.node_id == "evil"
    assert {name for name, value in seen(changed).items() if value != seen(call.open_call(asked))[name]} <= {
        "node_id", "root",
    }  # fmt: skip


@pytest.mark.parametrize(
    "make", [lambda: reply.ack_reply(), lambda: reply.empty(Operation.GET_REQUEST)], ids=["ack", "empty"]
)
def test_a_reply_that_is_not_signed_says_nothing(make: Callable[[], bytes]) -> None:
    found = reply.open_reply(make())
    assert (found.signed, found.metadata, found.delivery, found.statistics) == (None, None, None, ())
    with pytest.raises(SignatureInvalid) as caught:
        reply.verify(found, EVERY)
    assert caught.value.reason is SignatureFault.NO_SIGNATURE_FOUND


# --- the list of suites -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["call", "delivery"])
@pytest.mark.parametrize("suite", [Suite.ECDSA_P256, Suite.RSA_SHA256, Suite.GOST_2012_256, Suite.GOST_2012_512])
def test_a_suite_that_is_not_listed_is_refused_though_it_holds(kind: str, suite: Suite) -> None:
    message = make_message(kind, suite)
    assert message.open().verified.suite is suite

    def verify(suites: frozenset[Suite]) -> None:
        if kind == "call":
            call.verify(call.open_call(message.data), suites)
        else:
            reply.verify(reply.open_reply(message.data), suites)

    verify(frozenset({suite}))
    for suites in (EVERY - {suite}, frozenset[Suite]()):
        with pytest.raises(SignatureInvalid) as caught:
            verify(suites)
        assert caught.value.reason is SignatureFault.SIGNATURE_IS_INVALID


def test_methods_are_listed_in_pairs() -> None:
    """Two accepted suites do not make a third from the method of one and the digest of the other."""
    message = make_message("call", Suite.RSA_SHA256)
    for suite in EVERY - {Suite.RSA_SHA256, Suite.ECDSA_P256}:
        changed = message.edited(digest_method(message.signer.suite.digest_uri), digest_method(suite.digest_uri))
        with pytest.raises(SignatureInvalid) as caught:
            changed.open()
        assert caught.value.reason is SignatureFault.SIGNATURE_IS_INVALID


def test_a_key_of_another_kind_verifies_nothing() -> None:
    """The method names one suite and the certificate holds a key of another: nothing is tried."""
    message = make_message("call", Suite.ECDSA_P256)
    for suite in EVERY - {Suite.ECDSA_P256}:
        changed = message.edited(message.signer.suite.signature_uri, suite.signature_uri)
        changed = changed.edited(digest_method(Suite.ECDSA_P256.digest_uri), digest_method(suite.digest_uri))
        with pytest.raises(SignatureInvalid) as caught:
            changed.open()
        assert caught.value.reason is SignatureFault.SIGNATURE_IS_INVALID
