"""The signed element moved, doubled and wrapped; ids in every place and spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contracts.attacks.table import attack

from socert.contracts.errors import EnvelopeInvalid, SignatureFault, XmlRefused

if TYPE_CHECKING:
    from tests.contracts.attacks.signing import Message

TARGET = SignatureFault.INCORRECT_SIGNATURE_TARGET
INVALID = SignatureFault.SIGNATURE_IS_INVALID
HEADER = b"<soap:Header></soap:Header>"
OBJECT = b"<ds:Object>%b</ds:Object></ds:Signature>"


def in_header(message: Message, what: bytes) -> Message:
    return message.swap(HEADER, b"<soap:Header>" + what + b"</soap:Header>")


def with_another_id(message: Message, block: bytes, written: bytes = b' Id="EVIL"') -> bytes:
    return block.replace(b' Id="%b"' % message.identifier, written, 1)


# --- the true one moved away, an evil one in its place ---------------------------------------------------------------


@attack(INVALID)
def replaced_in_place(message: Message) -> Message:
    return message.swap(message.block, message.evil)


@attack(TARGET)
def moved_into_header(message: Message) -> Message:
    return in_header(message.swap(message.block, message.evil), message.block)


@attack(TARGET)
def moved_into_header_evil_has_another_id(message: Message) -> Message:
    evil = with_another_id(message, message.evil)
    return in_header(message.swap(message.block, evil), message.block)


@attack(TARGET)
def moved_into_header_evil_has_no_id(message: Message) -> Message:
    evil = with_another_id(message, message.evil, b"")
    return in_header(message.swap(message.block, evil), message.block)


@attack(TARGET)
def moved_into_header_in_a_wrapper(message: Message) -> Message:
    wrapped = b'<w:Security xmlns:w="urn:w" soap:mustUnderstand="0">' + message.block + b"</w:Security>"
    return in_header(message.swap(message.block, with_another_id(message, message.evil)), wrapped)


@attack(TARGET)
def moved_into_object(message: Message) -> Message:
    inside = OBJECT % message.block
    return message.swap(message.block, with_another_id(message, message.evil)).swap_last(b"</ds:Signature>", inside)


@attack(TARGET)
def moved_into_object_evil_keeps_the_id(message: Message) -> Message:
    inside = OBJECT % message.block
    return message.swap(message.block, message.evil).swap_last(b"</ds:Signature>", inside)


@attack(TARGET)
def moved_into_signature_properties(message: Message) -> Message:
    held = (
        b'<ds:SignatureProperties><ds:SignatureProperty Target="#x">%b</ds:SignatureProperty></ds:SignatureProperties>'
    )
    inside = OBJECT % (held % message.block)
    return message.swap(message.block, with_another_id(message, message.evil)).swap_last(b"</ds:Signature>", inside)


@attack(TARGET)
def moved_into_key_info(message: Message) -> Message:
    inside = message.block + b"</ds:KeyInfo>"
    return message.swap(message.block, with_another_id(message, message.evil)).swap_last(b"</ds:KeyInfo>", inside)


@attack(TARGET)
def moved_into_an_extension_of_the_evil_one(message: Message) -> Message:
    end = b"</ns3:Order>"
    evil = with_another_id(message, message.evil).replace(end, message.block + end, 1)
    return message.swap(message.block, evil)


@attack(TARGET)
def moved_beside_the_signature(message: Message) -> Message:
    before = message.block + message.signature
    changed = message.swap(message.block, with_another_id(message, message.evil))
    return changed.swap_last(message.signature, before)


@attack(TARGET)
def moved_behind_the_signature(message: Message) -> Message:
    behind = message.signature + message.block
    changed = message.swap(message.block, with_another_id(message, message.evil))
    return changed.swap_last(message.signature, behind)


@attack(TARGET)
def whole_true_envelope_in_the_header(message: Message) -> Message:
    whole = message.data.partition(b"?>")[2]
    return in_header(message.swap(message.block, with_another_id(message, message.evil)), whole)


# --- doubled and wrapped ----------------------------------------------------------------------------------------------


@attack(EnvelopeInvalid)
def doubled_evil_first(message: Message) -> Message:
    return message.swap(message.block, message.evil + message.block)


@attack(EnvelopeInvalid)
def doubled_evil_last(message: Message) -> Message:
    return message.swap(message.block, message.block + message.evil)


@attack(EnvelopeInvalid)
def doubled_evil_has_another_id(message: Message) -> Message:
    return message.swap(message.block, with_another_id(message, message.evil) + message.block)


@attack(EnvelopeInvalid)
def wrapped(message: Message) -> Message:
    return message.swap(message.block, b"<typ:Wrapper>" + message.block + b"</typ:Wrapper>")


@attack(EnvelopeInvalid)
def evil_body_before_the_true_one(message: Message) -> Message:
    body = message.data[message.data.index(b"<soap:Body>") : message.data.index(b"</soap:Envelope>")]
    return message.swap(body, body.replace(message.block, message.evil) + body)


@attack(EnvelopeInvalid)
def two_payloads_in_the_body(message: Message) -> Message:
    inside = message.data[message.data.index(b"<soap:Body>") + 11 : message.data.index(b"</soap:Body>")]
    return message.swap(inside, inside.replace(message.block, message.evil) + inside)


@attack(EnvelopeInvalid)
def payload_behind_the_body(message: Message) -> Message:
    return message.swap(b"</soap:Body>", b"</soap:Body>" + message.block)


@attack(EnvelopeInvalid)
def signature_doubled(message: Message) -> Message:
    return message.swap_last(message.signature, message.signature * 2)


@attack(SignatureFault.NO_SIGNATURE_FOUND)
def signature_wrapped(message: Message) -> Message:
    return message.swap_last(message.signature, b"<typ:Wrapper>" + message.signature + b"</typ:Wrapper>")


@attack(SignatureFault.NO_SIGNATURE_FOUND)
def signature_moved_into_header(message: Message) -> Message:
    return in_header(message.swap_last(message.signature, b""), message.signature)


@attack(SignatureFault.NO_SIGNATURE_FOUND)
def signature_enveloped(message: Message) -> Message:
    inside = message.block.replace(b"</" + message.name, message.signature + b"</" + message.name)
    return message.swap_last(message.signature, b"").swap(message.block, inside)


@attack(SignatureFault.NO_SIGNATURE_FOUND)
def signature_in_another_namespace(message: Message) -> Message:
    other = message.signature.replace(b"http://www.w3.org/2000/09/xmldsig#", b"http://www.w3.org/2000/09/xmldsig", 1)
    return message.swap_last(message.signature, other)


@attack(SignatureFault.NO_SIGNATURE_FOUND)
def signature_left_out(message: Message) -> Message:
    return message.swap_last(message.signature, b"")


# --- ids --------------------------------------------------------------------------------------------------------------


@attack(TARGET)
def same_id_on_the_envelope(message: Message) -> Message:
    return message.swap(b"<soap:Body>", b'<soap:Body Id="%b">' % message.identifier)


@attack(TARGET)
def same_id_as_wsu_id(message: Message) -> Message:
    wsu = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
    return message.swap(b"<soap:Body>", b'<soap:Body xmlns:wsu="%b" wsu:Id="%b">' % (wsu.encode(), message.identifier))


@attack(TARGET)
def same_id_as_xml_id(message: Message) -> Message:
    return message.swap(b"<soap:Body>", b'<soap:Body xml:id="%b">' % message.identifier)


@attack(TARGET)
def same_id_in_capitals(message: Message) -> Message:
    return message.swap(b"<soap:Body>", b'<soap:Body ID="%b">' % message.identifier)


@attack(TARGET)
def same_id_in_small_letters(message: Message) -> Message:
    return message.swap(b"<soap:Body>", b'<soap:Body id="%b">' % message.identifier)


@attack(TARGET)
def same_id_written_as_a_reference(message: Message) -> Message:
    return message.swap(b"<soap:Body>", b'<soap:Body Id="&#x53;%b">' % message.identifier[1:])


@attack(TARGET)
def same_id_on_the_signature(message: Message) -> Message:
    return message.swap_last(b"<ds:Signature ", b'<ds:Signature Id="%b" ' % message.identifier)


@attack(TARGET)
def id_of_the_target_as_xml_id(message: Message) -> Message:
    return message.swap(message.block, with_another_id(message, message.block, b' xml:id="%b"' % message.identifier))


@attack(TARGET)
def id_of_the_target_in_capitals(message: Message) -> Message:
    return message.swap(message.block, with_another_id(message, message.block, b' ID="%b"' % message.identifier))


@attack(TARGET)
def id_of_the_target_in_a_namespace(message: Message) -> Message:
    written = b' xmlns:w="urn:w" w:Id="%b"' % message.identifier
    return message.swap(message.block, with_another_id(message, message.block, written))


@attack(XmlRefused)
def id_of_the_target_twice(message: Message) -> Message:
    written = b' Id="%b" Id="EVIL"' % message.identifier
    return message.swap(message.block, with_another_id(message, message.block, written))


# --- names ------------------------------------------------------------------------------------------------------------


@attack(EnvelopeInvalid)
def name_of_the_target_in_another_namespace(message: Message) -> Message:
    prefix = message.name.partition(b":")[0]
    old = b"<" + message.name
    return message.swap(message.block, message.block.replace(old, old + b' xmlns:%b="urn:evil"' % prefix, 1).replace(
        b' xmlns:%b="urn://x-artefacts-smev-gov-ru/services/message-exchange/types/1.2"' % prefix, b"", 1))  # fmt: skip


@attack(EnvelopeInvalid)
def name_of_the_target_from_a_default_namespace(message: Message) -> Message:
    """An evil element without a prefix, in a default namespace that says it is the one that is looked for."""
    evil = b'<Evil xmlns="urn:evil">' + with_another_id(message, message.evil) + b"</Evil>"
    return message.swap(message.block, evil)
