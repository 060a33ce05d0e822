"""The exchange's transform: rules, the reference's choices where the rules leave room, and what has no result."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from lxml import etree
from tests.contracts.xml_trees import elements

from socert.contracts.errors import TransformError
from socert.contracts.signature.transform import normalize, transform
from socert.contracts.xml import parse


@pytest.mark.parametrize(
    ("given_xml", "normal"),
    [
        pytest.param(
            '<?xml version="1.0"?><!--a--><?b?><p:a xmlns:p="urn:a"/><!--c-->\n',
            '<ns1:a xmlns:ns1="urn:a"></ns1:a>',
            id="only the element is left",
        ),
        pytest.param(
            '<a xmlns="urn:a">\n <b>\t</b>\n <c> c </c>\n</a>',
            '<ns1:a xmlns:ns1="urn:a"><ns1:b></ns1:b><ns1:c> c </ns1:c></ns1:a>',
            id="blank text goes, other text stays whole",
        ),
        pytest.param(
            '<a xmlns="urn:a"> x<!--c--> <?p?>&#x20;y </a>',
            '<ns1:a xmlns:ns1="urn:a"> x y </ns1:a>',
            id="text beside comments is judged piece by piece",
        ),
        pytest.param(
            '<a xmlns="urn:a" xmlns:no="urn:n"><p:b xmlns:p="urn:b"><q:b xmlns:q="urn:b"/></p:b><b xmlns="urn:b"/></a>',
            '<ns1:a xmlns:ns1="urn:a"><ns2:b xmlns:ns2="urn:b"><ns2:b></ns2:b></ns2:b>'
            '<ns3:b xmlns:ns3="urn:b"></ns3:b></ns1:a>',
            id="a prefix is new where the last one went out of scope",
        ),
        pytest.param(
            '<a xmlns="urn:z" xmlns:s="urn:z" xmlns:p="urn:b" xmlns:q="urn:a" '
            'y="1" x="2" p:d="3" q:e="4" p:c="5" s:f="6"/>',
            '<ns1:a xmlns:ns1="urn:z" xmlns:ns2="urn:a" xmlns:ns3="urn:b" '
            'ns2:e="4" ns3:c="5" ns3:d="3" ns1:f="6" x="2" y="1"></ns1:a>',
            id="qualified attributes by namespace, then the others by name",
        ),
        pytest.param(
            '<a xmlns="urn:u" xmlns:p="urn:\U00010000" xmlns:q="urn:\uffee" q:a="" p:a=""/>',
            '<ns1:a xmlns:ns1="urn:u" xmlns:ns2="urn:\U00010000" xmlns:ns3="urn:\uffee" ns2:a="" ns3:a=""></ns1:a>',
            id="order is that of UTF-16",
        ),
        pytest.param(
            '<p:a xmlns:p="urn:a&amp;&quot;b"/>',
            '<ns1:a xmlns:ns1="urn:a&amp;&quot;b"></ns1:a>',
            id="a namespace is escaped like an attribute",
        ),
        pytest.param(
            '<a xmlns="urn:a">x <![CDATA[<&>]]><![CDATA[ ]]> y</a>',
            '<ns1:a xmlns:ns1="urn:a">x <![CDATA[<&>]]> y</ns1:a>',
            id="CDATA stays CDATA",
        ),
        pytest.param(
            '<a xmlns="urn:a" b="1\r\n2\t3">l1\r\nl2\rl3</a>',
            '<ns1:a xmlns:ns1="urn:a" b="1 2 3">l1\nl2\nl3</ns1:a>',
            id="line ends and blanks are those that the parser gives",
        ),
        pytest.param(
            '<a xmlns="urn:a">&#x85;&gt;0123456789&#xd;&gt;</a>',
            '<ns1:a xmlns:ns1="urn:a">&#x85;&gt;0123456789&#xd;&gt;</ns1:a>',
            id="escaping is that of the reference",
        ),
    ],
)
def test_normal_form(given_xml: str, normal: str) -> None:
    assert transform(given_xml.encode()).decode() == normal
    assert transform(normal.encode()).decode() == normal


def test_text_longer_than_the_parsers_buffer_is_one_text() -> None:
    text = "z" * 20_000 + "]]&gt;" + "z" * 20_000
    assert transform(f'<a xmlns="urn:u">{text}</a>'.encode()) == f'<ns1:a xmlns:ns1="urn:u">{text}</ns1:a>'.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"<a/>",
        b'<p:a xmlns:p="urn:u"><b/></p:a>',
        b'<a xmlns="urn:u"><b xmlns=""/></a>',
        b'<a xmlns="urn:u" xml:lang="ru"/>',
        b'<a xmlns="urn:u"><xml:b/></a>',
        b'<!DOCTYPE a><a xmlns="urn:u"/>',
        b'<!DOCTYPE a [<!ENTITY x "y">]><a xmlns="urn:u">&x;</a>',
        b"",
        b"Ivanova",
        b'<a xmlns="urn:u">Ivanova',
        b'<a xmlns="urn:u">Ivanova</Ivanova>',
        b'<a xmlns="urn:u">&Ivanova;</a>',
        b'<a xmlns="urn:u">&#x1;</a>',
        b'<a xmlns="urn:u">\x01</a>',
        b'<a xmlns="urn:u">\xff</a>',
        '<a xmlns="urn:u"/>'.encode("utf-16"),
        '<a xmlns="urn:u"/>'.encode("utf-16-le"),
        b'<p:a xmlns:p="urn:u" xmlns:q="urn:u" p:b="1" q:b="2"/>',
        b'<p:a xmlns:p="urn:u"></p:a><p:a xmlns:p="urn:u"/>',
    ],
)
def test_what_has_no_normal_form_is_refused_without_content(data: bytes) -> None:
    with pytest.raises(TransformError) as caught:
        transform(data)
    assert "Ivanova" not in str(caught.value)


def test_nesting_has_no_bottom() -> None:
    depth = 100_000
    data = b'<a xmlns="urn:u">' + b"<a>" * depth + b"</a>" * depth + b"</a>"
    assert transform(data).endswith(b"</ns1:a></ns1:a>")


def test_time_grows_with_size_and_no_faster() -> None:
    def seconds(count: int) -> float:
        data = b'<a xmlns="urn:u">' + b"<b xmlns='urn:b' c='1'>&gt;&amp;&gt;</b>" * count + b"</a>"
        started = time.perf_counter()
        transform(data)
        return time.perf_counter() - started

    small = min(seconds(2_000) for _ in range(3))
    assert min(seconds(20_000) for _ in range(2)) < small * 40


def test_an_element_inside_a_document_is_taken_by_itself() -> None:
    document = parse(
        b'<e:Envelope xmlns:e="urn:e" xmlns="urn:d" xmlns:p="urn:p"><e:Body>before<x Id="1" p:y="2"><p:z/>text'
        b"<!-- comment --> </x>after</e:Body></e:Envelope>"
    )
    before = etree.tostring(document)
    assert normalize(document[0][0]) == (
        b'<ns1:x xmlns:ns1="urn:d" xmlns:ns2="urn:p" ns2:y="2" Id="1"><ns2:z></ns2:z>text </ns1:x>'
    )
    assert etree.tostring(document) == before


def test_a_comment_does_not_cut_text_that_has_been_canonicalised() -> None:
    root = parse(b'<a xmlns="urn:u">x<!-- c --> <!-- d -->y</a>')
    assert normalize(root) == b'<ns1:a xmlns:ns1="urn:u">x y</ns1:a>'


def test_a_namespace_that_is_no_absolute_uri_has_no_canonical_form() -> None:
    with pytest.raises(TransformError, match="absolute"):
        normalize(etree.fromstring('<a xmlns="relative"/>'))


@pytest.mark.parametrize("namespace", ["urn:a?b=1&amp;c=2", "urn:a&amp;lt;b"])
def test_a_namespace_that_libxml2_would_write_wrong_is_refused(namespace: str) -> None:
    root = parse(f'<e xmlns:p="{namespace}"><a xmlns="{namespace}"/><b xmlns="urn:b" p:c="1"/></e>'.encode())
    for element in root:
        with pytest.raises(TransformError, match="namespace holds '&'"):
            normalize(element)


def test_what_only_looks_like_such_a_namespace_is_taken() -> None:
    data = b"""<ns1:a xmlns:ns1="urn:u"> xmlns="b&amp;c" xmlns:d='&lt;'</ns1:a>"""
    assert normalize(parse(data)) == data


def test_one_of_many_elements_costs_only_itself() -> None:
    root = parse(b'<a xmlns="urn:u">' + b'<b xmlns:p="urn:p"><p:c>1</p:c></b>' * 20_000 + b"</a>")
    elements = list(root)
    started = time.perf_counter()
    for element in elements[:2_000]:
        normalize(element)
    assert time.perf_counter() - started < 2


# --- properties -------------------------------------------------------------------------------------------------------


def test_an_instruction_parts_a_text_for_good() -> None:
    """The one case in which the normal form has another normal form, in the reference implementation too.

    It writes the parts of a text one by one, and `>` at the start of a part otherwise than inside of it.
    """
    parted = normalize(etree.fromstring(b'<a xmlns="urn:a">&lt;<?p?>&gt;</a>'))
    assert parted == b'<ns1:a xmlns:ns1="urn:a">&lt;&gt;</ns1:a>'
    assert transform(parted) == b'<ns1:a xmlns:ns1="urn:a">&lt;></ns1:a>'


@settings(max_examples=200, deadline=None)
@given(elements())
def test_the_normal_form_of_a_normal_form_is_itself(text: str) -> None:
    root = etree.fromstring(text.encode())
    normal = normalize(root)
    assert transform(normal) == normal
    again = etree.fromstring(normal)
    assert normalize(again) == normal
    assert [node.tag for node in again.iter("*")] == [node.tag for node in root.iter("*")]
    assert [sorted(node.items()) for node in again.iter("*")] == [sorted(node.items()) for node in root.iter("*")]
