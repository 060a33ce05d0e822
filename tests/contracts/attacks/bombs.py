"""Entities, and XML that is much more to a reader than to who sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contracts.attacks.table import Harmless, attack
from tests.contracts.attacks.texts import SUM, inside

from socert.contracts.errors import XmlRefused

if TYPE_CHECKING:
    from tests.contracts.attacks.signing import Message

LAUGHS = b"".join(b'<!ENTITY l%d "%b">' % (n + 1, b"&l%d;" % n * 10) for n in range(9))


def with_doctype(message: Message, inside: bytes) -> Message:
    return message.swap(b"?>", b"?><!DOCTYPE soap:Envelope " + inside + b">")


@attack(XmlRefused)
def doctype(message: Message) -> Message:
    return with_doctype(message, b"")


@attack(XmlRefused)
def doctype_elsewhere(message: Message) -> Message:
    return with_doctype(message, b'SYSTEM "http://127.0.0.1:9/evil.dtd"')


@attack(XmlRefused)
def doctype_behind_comments(message: Message) -> Message:
    return message.swap(b"?>", b'?><!-- > --><?x ?><!DOCTYPE e [<!ENTITY e "9999999">]>')


@attack(XmlRefused)
def billion_laughs(message: Message) -> Message:
    return inside(with_doctype(message, b'[<!ENTITY l0 "ha">' + LAUGHS + b"]"), SUM, b">&l9;<")


@attack(XmlRefused)
def quadratic_blowup(message: Message) -> Message:
    told = b'[<!ENTITY e "' + b"x" * 50_000 + b'">]'
    return inside(with_doctype(message, told), SUM, b">" + b"&e;" * 50_000 + b"<")


@attack(XmlRefused)
def entity_of_a_file(message: Message) -> Message:
    return inside(with_doctype(message, b'[<!ENTITY e SYSTEM "file:///etc/passwd">]'), SUM, b">&e;<")


@attack(XmlRefused)
def entity_of_a_parameter(message: Message) -> Message:
    return with_doctype(message, b'[<!ENTITY % e SYSTEM "http://127.0.0.1:9/"> %e;]')


@attack(XmlRefused)
def attribute_by_default(message: Message) -> Message:
    """The document's own declarations would add an attribute to the signed element."""
    return with_doctype(message, b'[<!ATTLIST ns3:Sum currency CDATA "USD">]')


@attack(XmlRefused)
def id_declared(message: Message) -> Message:
    return with_doctype(message, b"[<!ATTLIST soap:Body x ID #IMPLIED>]")


@attack(XmlRefused)
def entity_that_nobody_declared(message: Message) -> Message:
    return inside(message, SUM, b">&nbsp;<")


@attack(XmlRefused)
def nested_a_hundred_deep(message: Message) -> Message:
    return message.swap(b"<soap:Header>", b"<soap:Header>" + b"<e>" * 100 + b"</e>" * 100)


@attack(XmlRefused)
def nested_a_hundred_thousand_deep(message: Message) -> Message:
    return message.swap(b"<soap:Header>", b"<soap:Header>" + b"<e>" * 100_000 + b"</e>" * 100_000)


@attack(XmlRefused)
def attribute_of_a_hundred_thousand(message: Message) -> Message:
    return message.swap(b"<soap:Body>", b'<soap:Body x="' + b"y" * 100_000 + b'">')


@attack(XmlRefused)
def attributes_a_thousand(message: Message) -> Message:
    many = b"".join(b' x%d=""' % number for number in range(1000))
    return message.swap(b"<soap:Body>", b"<soap:Body" + many + b">")


@attack(XmlRefused)
def elements_a_million(message: Message) -> Message:
    return message.swap(b"<soap:Header>", b"<soap:Header>" + b"<e/>" * 1_000_000)


@attack(XmlRefused)
def eleven_megabytes(message: Message) -> Message:
    return message.swap(b"<soap:Header>", b"<soap:Header>" + b"x" * (11 * 1024 * 1024))


@attack(XmlRefused)
def name_of_a_hundred_thousand(message: Message) -> Message:
    name = b"e" * 100_000
    return message.swap(b"<soap:Header>", b"<soap:Header><" + name + b"></" + name + b">")


@attack(Harmless.SAME)
def nine_megabytes_in_the_header(message: Message) -> Message:
    return message.swap(b"<soap:Header>", b"<soap:Header>" + b"x" * (9 * 1024 * 1024))


@attack(Harmless.SAME)
def ids_a_hundred_thousand(message: Message) -> Message:
    return message.swap(b"<soap:Header>", b"<soap:Header>" + b'<e Id="E"/>' * 100_000)
