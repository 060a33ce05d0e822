"""Every reason that the parser and the schemas can give is known in Russian."""

from __future__ import annotations

import re

import pytest
from lxml import etree

from socert.contracts import xml
from socert.contracts.errors import XmlRefused
from socert.contracts.schema import Schema
from socert.host.validate_words import in_russian

XS = "http://www.w3.org/2001/XMLSchema"
LATIN = re.compile(r"[A-Za-z]{3,}")


def restricted(name: str, base: str, **facets: object) -> str:
    """An element of a restricted simple type."""
    inside = "".join(f'<xs:{facet} value="{value}"/>' for facet, value in facets.items())
    return (
        f'<xs:element name="{name}"><xs:simpleType><xs:restriction base="xs:{base}">{inside}</xs:restriction>'
        "</xs:simpleType></xs:element>"
    )


def holder(name: str, inside: str, after: str = "") -> str:
    """An element with a sequence."""
    return (
        f'<xs:element name="{name}"><xs:complexType><xs:sequence>{inside}</xs:sequence>{after}</xs:complexType>'
        "</xs:element>"
    )


A_AND_B = '<xs:element name="a" type="xs:int"/><xs:element name="b" minOccurs="0" type="xs:int"/>'
CODED = '<xs:extension base="xs:string"><xs:attribute name="c"/></xs:extension>'
CHOICE = "".join(
    (
        holder("pair", A_AND_B, '<xs:attribute name="must" use="required" type="t:Named"/>'),
        restricted("number", "decimal", totalDigits=3, fractionDigits=1, minInclusive=0, maxInclusive=50),
        restricted("word", "string", minLength=2, maxLength=3),
        restricted("code", "string", length=2),
        restricted("digits", "string", pattern=r"\d+"),
        restricted("list", "string", enumeration="да").replace("</xs:r", '<xs:enumeration value="нет"/></xs:r'),
        '<xs:element name="fixed" type="xs:string" fixed="да"/>',
        '<xs:element name="empty"><xs:complexType/></xs:element>',
        '<xs:element name="day" type="xs:date"/>',
        '<xs:element name="moment" type="xs:dateTime"/>',
        '<xs:element name="yes" type="xs:boolean"/>',
        f'<xs:element name="coded"><xs:complexType><xs:simpleContent>{CODED}</xs:simpleContent></xs:complexType>',
        "</xs:element>",
        holder("known", "<xs:any/>"),
        holder("other", '<xs:any namespace="##other" processContents="skip"/>'),
    )
)
SCHEMA = (
    f'<xs:schema xmlns:xs="{XS}" xmlns:t="urn:t" targetNamespace="urn:t" elementFormDefault="qualified">'
    '<xs:simpleType name="Named"><xs:restriction base="xs:string"><xs:maxLength value="1"/></xs:restriction>'
    f'</xs:simpleType><xs:element name="root"><xs:complexType><xs:choice>{CHOICE}</xs:choice></xs:complexType>'
    "</xs:element></xs:schema>"
)
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("", "не хватает элемента; ожидается один из: pair, number"),
        ("<odd/>", "не тот элемент; ожидается один из: pair, number"),
        ("<day>2026-09-01</day><day>2026-09-01</day>", "лишний элемент"),
        ("<pair must='x'/>", "не хватает элемента; ожидается a"),
        ("<pair must='x'><b>1</b></pair>", "не тот элемент; ожидается a"),
        ("<pair><a>1</a></pair>", "нет обязательного атрибута must"),
        ("<pair must='x' more='y'><a>1</a></pair>", "лишний атрибут more"),
        ("<pair must='xx'><a>1</a></pair>", "длина 2, а должна быть не больше 1"),
        ("<pair must='x'>да<a>1</a></pair>", "текст среди элементов"),
        ("<pair must='x'><a>много</a></pair>", "целое число до 10 знаков"),
        ("<number>-1</number>", "меньше наименьшего разрешённого, 0"),
        ("<number>51</number>", "больше наибольшего разрешённого, 50"),
        ("<number>1234</number>", "цифр больше, чем разрешено: 3"),
        ("<number>1.23</number>", "цифр после точки больше, чем разрешено: 1"),
        ("<word>a</word>", "длина 1, а должна быть не меньше 2"),
        ("<word>abcd</word>", "длина 4, а должна быть не больше 3"),
        ("<code>abc</code>", "длина 3, а должна быть ровно 2"),
        ("<digits>a</digits>", r"под образец \d+"),
        ("<list>может быть</list>", "значение не из списка: да, нет"),
        ("<fixed>нет</fixed>", "разрешено только значение да"),
        ("<empty> </empty>", "в нём не должно быть даже пробела"),
        ("<empty><a/></empty>", "элемент должен быть пустым"),
        ("<day>вчера</day>", "дата вида 2026-09-01"),
        ("<moment>2026-09-01</moment>", "дата и время вида 2026-09-01T09:00:00+03:00"),
        ("<yes>ага</yes>", "true или false"),
        ("<yes><a/></yes>", "только текст"),
        ("<coded><a/></coded>", "только текст"),
        ("<known><x xmlns='urn:x'/></known>", "не описан в схеме"),
        ("<other><x/></other>", "элемент другого пространства имён"),
        (f"<day {XSI} xsi:type='nowhere'>2026-09-01</day>", "xsi:type"),
        (f"<day {XSI} xsi:type='xs:int' xmlns:xs='{XS}'>1</day>", "xsi:type"),
        (f"<day {XSI} xsi:nil='true'/>", "xsi:nil"),
    ],
)
def test_reasons_of_a_schema(inside: str, words: str) -> None:
    schema = Schema(etree.XMLSchema(etree.fromstring(SCHEMA)))
    violations = schema.violations(xml.parse(f'<root xmlns="urn:t">{inside}</root>'.encode()))
    said = [in_russian(violation.reason) for violation in violations]
    assert any(words in one for one in said), said
    assert all(one != violation.reason for one, violation in zip(said, violations, strict=True)), said


def test_an_unknown_root() -> None:
    schema = Schema(etree.XMLSchema(etree.fromstring(SCHEMA)))
    (violation,) = schema.violations(xml.parse(b'<other xmlns="urn:t"/>'))
    assert in_russian(violation.reason) == "в схеме нет такого корневого элемента"


@pytest.mark.parametrize("kind", xml._KINDS.values())
def test_every_kind_of_malformed_xml_has_words(kind: str) -> None:
    said = in_russian(f"it is not well-formed: {kind}")
    assert not LATIN.search(said.replace("XML", "")), said


@pytest.mark.parametrize(
    "data",
    [
        b"<a>" + b" " * 40 + b"</a>",
        b"<a>" * 20 + b"</a>" * 20,
        b"<a " + b" ".join(b"a%d=''" % number for number in range(xml.MAX_ATTRIBUTES + 1)) + b"/>",
        b"<a b='" + b"x" * (xml.MAX_ATTRIBUTE_CHARACTERS + 1) + b"'/>",
        b"<!DOCTYPE a><a/>",
        b"\xff",
        b"<?xml version='1.0' encoding='koi8-r'?><a/>",
    ],
)
def test_every_other_refusal_of_the_parser_has_words(data: bytes) -> None:
    with pytest.raises(XmlRefused) as refused:
        xml.parse(data, max_bytes=10**6 if len(data) > 200 else 40, max_depth=10)
    said = in_russian(refused.value.reason)
    assert said != refused.value.reason
    assert re.search("[а-я]{3,}", said)


def test_what_is_not_known_is_shown_as_it_is() -> None:
    assert in_russian("Something new.") == "Something new."


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("The value (length 1) is not an element of the set {'a', 'b', 'c…", "значение не из списка: a, b, c"),
        ("This element is not expected. Expected is one of ( a, b…", "не тот элемент; ожидается один из: a, b"),
    ],
)
def test_long_lists_are_shown_as_far_as_they_are_known(reason: str, words: str) -> None:
    assert in_russian(reason) == words


@pytest.mark.parametrize(
    "data",
    [
        b"<a",
        b"<a b></a>",
        b"<a b=c></a>",
        b"<a b='></a>",
        b"<a>&b</a>",
        b"<a>& </a>",
        b"<a>&#0;</a>",
        b"<a><!-- -- --></a>",
        b"<a><!-- </a>",
        b"<a><![CDATA[</a>",
        b"<a>]]></a>",
        b"<a><?b</a>",
        b" <?xml version='1.0'?><a/>",
        b"<a b='<'/>",
        b"<a b='1'c='2'/>",
        b"<a><1/></a>",
        b"<a></a><b/>",
        b"<a:b/>",
        b"<a b='1' b='2'/>",
        b"<a>\x01</a>",
    ],
)
def test_malformed_xml_is_told_in_words(data: bytes) -> None:
    with pytest.raises(XmlRefused) as refused:
        xml.parse(data)
    said = in_russian(refused.value.reason)
    assert not LATIN.search(said.replace("XML", "").replace("&amp;", "").replace("CDATA", "")), said
