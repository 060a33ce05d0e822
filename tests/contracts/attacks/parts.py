"""Messages in binary parts: pointers into what is signed, other contents, parts that nobody asked for."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.contracts.attacks.keys import value_of
from tests.contracts.attacks.signing import ID, SCAN
from tests.contracts.attacks.table import Harmless, attack

from socert.contracts.errors import EnvelopeInvalid, SignatureFault
from socert.contracts.smev import multipart

if TYPE_CHECKING:
    from tests.contracts.attacks.signing import Message

INVALID = SignatureFault.SIGNATURE_IS_INVALID
EVIL_PART = b"--%b\r\nContent-ID: <evil>\r\n\r\n%b\r\n"


def in_parts(message: Message, *, signatures: bool = False) -> Message:
    data, content_type = multipart.write(message.data, signatures=signatures)
    return replace(message, data=data, content_type=content_type)


def boundary(message: Message) -> bytes:
    return message.content_type.partition('boundary="')[2].partition('"')[0].encode()


def with_part(message: Message, body: bytes) -> Message:
    mark = boundary(message)
    return message.swap_last(b"--" + mark + b"--", EVIL_PART % (mark, body) + b"--" + mark + b"--")


def pointer(href: bytes = b"cid:evil") -> bytes:
    return b'<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="' + href + b'"></xop:Include>'


def pointing(message: Message, old: bytes, body: bytes) -> Message:
    """Put a pointer into the place of a text, and a part that it points to."""
    return with_part(in_parts(message).swap(b">" + old + b"<", b">" + pointer() + b"<"), body)


@attack(Harmless.SAME)
def true_message_in_parts(message: Message) -> Message:
    return in_parts(message)


@attack(Harmless.SAME)
def signed_signature_of_a_file_in_a_part(message: Message) -> Message:
    """What is signed may travel as a part: it is put back before anything is digested."""
    return in_parts(message, signatures=True)


@attack(INVALID)
def signed_signature_of_a_file_replaced(message: Message) -> Message:
    return in_parts(message, signatures=True).swap(b"\r\nPKCS7\r\n", b"\r\nEVIL!\r\n")


@attack(INVALID)
def pointer_in_the_place_of_the_sum(message: Message) -> Message:
    return pointing(message, b"1000000", b"\xff\xff\xff\xff\xff")


@attack(INVALID)
def pointer_in_the_place_of_the_id(message: Message) -> Message:
    return pointing(message, ID.encode(), b"evil")


@attack(INVALID)
def pointer_into_the_signed_content(message: Message) -> Message:
    return pointing(message, b"11223344595", b"99999999999")


@attack(Harmless.SAME)
def value_of_the_signature_in_a_part(message: Message) -> Message:
    """It is put back before anything is verified, and is what it was."""
    value = value_of(message)
    mark = b64encode(value)
    return with_part(in_parts(message).swap_last(b">" + mark + b"<", b">" + pointer() + b"<"), value)


@attack(EnvelopeInvalid)
def part_that_nobody_points_to(message: Message) -> Message:
    return with_part(in_parts(message), b"evil")


@attack(EnvelopeInvalid)
def pointer_to_an_address(message: Message) -> Message:
    return in_parts(message).swap(b'href="cid:', b'href="http://127.0.0.1:9/')


@attack(EnvelopeInvalid)
def pointer_to_a_file(message: Message) -> Message:
    return in_parts(message).swap(b'href="cid:', b'href="file:///etc/passwd?')


@attack(EnvelopeInvalid)
def pointer_to_nothing(message: Message) -> Message:
    return in_parts(message).swap(b'href="cid:', b'href="cid:x')


@attack(EnvelopeInvalid)
def two_pointers_to_one_part(message: Message) -> Message:
    return in_parts(message).swap(b">1000000<", b">" + pointer(b"cid:1") + b"<").swap(
        b"Content-ID: <1.", b"Content-ID: <1>\r\nX-Was: <1."
    )  # fmt: skip


@attack(EnvelopeInvalid)
def pointer_beside_other_text(message: Message) -> Message:
    return with_part(in_parts(message).swap(b">1000000<", b">1000000" + pointer() + b"<"), b"9")


@attack(EnvelopeInvalid)
def two_parts_of_one_name(message: Message) -> Message:
    return with_part(pointing(message, b"1000000", b"one"), b"two")


@attack(EnvelopeInvalid)
def root_that_is_another_part(message: Message) -> Message:
    changed = in_parts(message)
    return replace(changed, content_type=changed.content_type.replace('start="<root', 'start="<evil'))


@attack(EnvelopeInvalid)
def root_twice(message: Message) -> Message:
    """An evil root behind the true one, under its name: it is a part that nobody points to."""
    changed = in_parts(message)
    name = changed.content_type.partition('start="<')[2].partition('>"')[0].encode()
    evil = message.data.replace(message.block, message.evil)
    mark = boundary(changed)
    part = b"--%b\r\nContent-ID: <%b>\r\n\r\n%b\r\n--%b--" % (mark, name, evil, mark)
    return changed.swap_last(b"--" + mark + b"--", part)


@attack(EnvelopeInvalid)
def closing_boundary_left_out(message: Message) -> Message:
    changed = in_parts(message)
    return changed.swap_last(b"--" + boundary(changed) + b"--", b"")


def content_replaced(message: Message) -> Message:
    """Not in the table: contents of files are under the file's own signature alone, see `test_only_signed`."""
    return in_parts(message).swap(SCAN, b"%PDF-1.4 evil")
