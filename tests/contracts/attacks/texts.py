"""Texts cut, split and dressed up; namespaces, types and encodings that mean something else to somebody."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.contracts.attacks.signing import ID, SNILS
from tests.contracts.attacks.table import Harmless, attack

from socert.contracts.errors import EnvelopeInvalid, SignatureFault, XmlRefused

if TYPE_CHECKING:
    from tests.contracts.attacks.signing import Message

INVALID = SignatureFault.SIGNATURE_IS_INVALID
POOR = SignatureFault.POOR_SOAP_ENVELOPE_FORMAT
SAME = Harmless.SAME
SUM, NUMBER, NAME = b">1000000<", f">{SNILS}<".encode(), "Платон".encode()
IDENTIFIER = f">{ID}<".encode()
XSI = b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def inside(message: Message, old: bytes, new: bytes) -> Message:
    """Change something in the signed element."""
    assert old in message.block
    return message.swap(message.block, message.block.replace(old, new, 1))


# --- comments, sections, instructions ---------------------------------------------------------------------------------


@attack(SAME)
def comment_in_the_id(message: Message) -> Message:
    """Who reads up to the comment reads another id (CVE-2017-11427 and its kin)."""
    return inside(message, IDENTIFIER, IDENTIFIER[:9] + b"<!-- -->" + IDENTIFIER[9:])


@attack(SAME)
def comment_in_the_snils(message: Message) -> Message:
    return inside(message, NUMBER, NUMBER[:4] + b"<!-- -->" + NUMBER[4:])


@attack(SAME)
def comment_in_the_sum(message: Message) -> Message:
    return inside(message, SUM, b">10<!-- 0 -->00000<")


@attack(SAME)
def comments_before_and_behind(message: Message) -> Message:
    return inside(message, SUM, b"><!--9-->1000000<!--9--><")


@attack(SAME)
def section_in_the_sum(message: Message) -> Message:
    return inside(message, SUM, b">10<![CDATA[000]]>00<")


@attack(SAME)
def section_around_the_snils(message: Message) -> Message:
    return inside(message, NUMBER, b"><![CDATA[" + SNILS.encode() + b"]]><")


@attack(SAME)
def characters_by_their_numbers(message: Message) -> Message:
    return inside(message, SUM, b">&#49;&#x30;00000<")


@attack(POOR)
def instruction_in_the_sum(message: Message) -> Message:
    return inside(message, SUM, b">10<?x y?>00000<")


@attack(POOR)
def instructions_that_hide_a_space(message: Message) -> Message:
    """The transform drops blank text, and instructions cut text into pieces: the digest stays as it was."""
    return inside(message, SUM, b">1<?x?> <?x?>000000<")


@attack(POOR)
def instructions_that_hide_a_line_in_a_name(message: Message) -> Message:
    return inside(message, NAME, NAME[:6] + b"<?x?>\n<?x?>" + NAME[6:])


@attack(SAME)
def instruction_outside(message: Message) -> Message:
    return message.swap(b"<soap:Header>", b"<?evil 1?><soap:Header>")


@attack(INVALID)
def text_in_a_comment_only(message: Message) -> Message:
    return inside(message, SUM, b"><!--1000000--><")


@attack(INVALID)
def space_before_the_sum(message: Message) -> Message:
    return inside(message, SUM, b"> 1000000<")


@attack(INVALID)
def wide_digits(message: Message) -> Message:
    return inside(message, SUM, ">１000000<".encode())


@attack(INVALID)
def letters_that_look_alike(message: Message) -> Message:
    return inside(message, NAME, "Плaтон".encode())


@attack(INVALID)
def letters_decomposed(message: Message) -> Message:
    name = "Журавлёв"
    return inside(message, name.encode(), unicodedata.normalize("NFD", name).encode())


@attack(INVALID)
def element_inside_the_sum(message: Message) -> Message:
    return inside(message, SUM, b">10<ns3:x></ns3:x>00000<")


@attack(INVALID)
def sum_twice(message: Message) -> Message:
    return inside(message, b"<ns3:Sum>1000000</ns3:Sum>", b"<ns3:Sum>9</ns3:Sum><ns3:Sum>1000000</ns3:Sum>")


# --- namespaces and types ---------------------------------------------------------------------------------------------


@attack(SAME)
def other_prefixes(message: Message) -> Message:
    block = (
        message.block.replace(b"<ns3:", b"<ns1:").replace(b"</ns3:", b"</ns1:").replace(b"xmlns:ns3=", b"xmlns:ns1=")
    )
    return message.swap(message.block, block)


@attack(SAME)
def default_namespace(message: Message) -> Message:
    block = message.block.replace(b"<ns3:", b"<").replace(b"</ns3:", b"</").replace(b"xmlns:ns3=", b"xmlns=")
    return message.swap(message.block, block)


@attack(INVALID)
def another_default_namespace(message: Message) -> Message:
    block = message.block.replace(b"<ns3:Sum", b'<Sum xmlns="urn:evil"').replace(b"</ns3:Sum", b"</Sum")
    return message.swap(message.block, block)


@attack(INVALID)
def no_namespace(message: Message) -> Message:
    block = message.block.replace(b"<ns3:Sum", b"<Sum").replace(b"</ns3:Sum", b"</Sum")
    return message.swap(message.block, block)


@attack(INVALID)
def prefix_declared_anew(message: Message) -> Message:
    return inside(message, b"<ns3:Sum", b'<ns3:Sum xmlns:ns3="urn:evil"')


@attack(SAME)
def thousands_of_namespaces(message: Message) -> Message:
    many = b"".join(b' xmlns:n%d="urn:%d"' % (number, number) for number in range(5000))
    return message.swap(b"<soap:Body>", b"<soap:Body" + many + b">")


@attack(SAME)
def prefix_declared_anew_a_thousand_times(message: Message) -> Message:
    again = b"".join(b'<a:x xmlns:a="urn:%d"></a:x>' % number for number in range(5000))
    return message.swap(b"<soap:Header>", b"<soap:Header>" + again)


@attack(INVALID)
def type_given(message: Message) -> Message:
    return inside(message, b"<ns3:Sum", b'<ns3:Sum xsi:type="xs:string"' + XSI)


@attack(INVALID)
def nil_given(message: Message) -> Message:
    return inside(message, b"<ns3:Note", b'<ns3:Note xsi:nil="true"' + XSI)


@attack(SAME)
def place_of_a_schema_outside(message: Message) -> Message:
    """Nobody fetches it."""
    told = b' xsi:schemaLocation="urn:example:order http://127.0.0.1:9/evil.xsd"'
    return message.swap(b"<soap:Body>", b"<soap:Body" + XSI + told + b">")


@attack(SAME)
def base_outside(message: Message) -> Message:
    return message.swap(
        b"<soap:Body>", b'<soap:Body xml:base="http://127.0.0.1:9/" xml:lang="en" xml:space="preserve">'
    )


@attack(INVALID)
def base_inside(message: Message) -> Message:
    return inside(message, b"<ns3:Sum", b'<ns3:Sum xml:base="http://127.0.0.1:9/"')


@attack(INVALID)
def language_inside(message: Message) -> Message:
    return inside(message, b"<ns3:Sum", b'<ns3:Sum xml:lang="ru"')


@attack(INVALID)
def attribute_more(message: Message) -> Message:
    return inside(message, b"<ns3:Sum", b'<ns3:Sum currency="USD"')


@attack(INVALID)
def attribute_other(message: Message) -> Message:
    return inside(message, b'kind="hours"', b'kind="roubles"')


INCLUDE = b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"></xi:include>'


@attack(INVALID)
def inclusion_inside(message: Message) -> Message:
    return inside(message, SUM, b">" + INCLUDE + b"<")


@attack(SAME)
def inclusion_outside(message: Message) -> Message:
    """Nothing of it gets into what is read."""
    return message.swap(b"<soap:Header>", b"<soap:Header>" + INCLUDE)


@attack(INVALID)
def namespace_that_is_no_uri(message: Message) -> Message:
    return inside(message, b"</ns3:Sum>", b'</ns3:Sum><e xmlns="relative"></e>')


@attack(INVALID)
def namespace_with_an_ampersand(message: Message) -> Message:
    return inside(message, b'"urn:example:order"', b'"urn:example:order&amp;"')


# --- encodings and documents ------------------------------------------------------------------------------------------


def recoded(message: Message, name: str, *, declared: str | None = None) -> Message:
    text = message.data.decode().replace('encoding="UTF-8"', f'encoding="{declared or name}"')
    return replace(message, data=text.encode(name))


@attack(XmlRefused)
def in_utf_16(message: Message) -> Message:
    return recoded(message, "utf-16")


@attack(XmlRefused)
def in_utf_16_without_a_mark(message: Message) -> Message:
    return recoded(message, "utf-16-le", declared="UTF-8")


@attack(XmlRefused)
def in_utf_32(message: Message) -> Message:
    return recoded(message, "utf-32")


@attack(XmlRefused)
def in_utf_7(message: Message) -> Message:
    return recoded(message, "utf-7")


@attack(XmlRefused)
def in_windows_1251(message: Message) -> Message:
    return recoded(message, "windows-1251")


@attack(XmlRefused)
def said_to_be_in_windows_1251(message: Message) -> Message:
    return recoded(message, "utf-8", declared="windows-1251")


@attack(XmlRefused)
def said_to_be_in_ebcdic(message: Message) -> Message:
    return recoded(message, "utf-8", declared="IBM037")


@attack(SAME)
def mark_of_utf_8_before(message: Message) -> Message:
    return replace(message, data=b"\xef\xbb\xbf" + message.data)


@attack(XmlRefused)
def bytes_that_are_too_long(message: Message) -> Message:
    """An overlong form of `1`."""
    return inside(message, SUM, b">\xc0\xb1000000<")


@attack(XmlRefused)
def half_of_a_pair(message: Message) -> Message:
    return inside(message, SUM, b">\xed\xa0\x80<")


@attack(XmlRefused)
def zero_inside(message: Message) -> Message:
    return inside(message, SUM, b">1000\x00000<")


@attack(XmlRefused)
def zero_by_its_number(message: Message) -> Message:
    return inside(message, SUM, b">1000&#0;000<")


@attack(XmlRefused)
def something_behind_the_end(message: Message) -> Message:
    return replace(message, data=message.data + message.data.partition(b"?>")[2])


@attack(XmlRefused)
def cut_short(message: Message) -> Message:
    return replace(message, data=message.data[:-20])


@attack(EnvelopeInvalid)
def soap_of_another_version(message: Message) -> Message:
    return message.swap(b"http://schemas.xmlsoap.org/soap/envelope/", b"http://www.w3.org/2003/05/soap-envelope")
