"""Parsing: what is let in, what is refused, and that a refusal names the place and never the content."""

from __future__ import annotations

import threading
import time

import pytest
from lxml import etree

from socert.contracts.errors import XmlRefused
from socert.contracts.xml import MAX_DEPTH, parse, refuse_control_characters


def refusal(data: bytes, **limits: int) -> XmlRefused:
    with pytest.raises(XmlRefused) as caught:
        parse(data, **limits)
    return caught.value


def nested(depth: int) -> bytes:
    return b"<a>" * depth + b"</a>" * depth


def test_a_document_comes_back_as_its_root() -> None:
    root = parse('<a xmlns="urn:u" b="1">ё<!-- kept --><?pi kept?></a>'.encode())
    assert root.tag == "{urn:u}a"
    assert etree.tostring(root, encoding="unicode") == '<a xmlns="urn:u" b="1">ё<!-- kept --><?pi kept?></a>'


@pytest.mark.parametrize(
    "prolog",
    [b"", b"\xef\xbb\xbf", b'<?xml version="1.0" encoding="utf-8"?>\n', b"<?xml version='1.0' encoding='UTF-8'?>"],
)
def test_utf8_may_be_said_or_marked(prolog: bytes) -> None:
    assert parse(prolog + "<a>ё</a>".encode()).text == "ё"


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"\xef\xbb\xbf",
        b'<?xml version="1.0"?>',
        b"<!-- <a/> -->\n<?pi <!-- ?>\t<!--> -->",
        b'<?xml version="1.0"?>\r\n<!--x-->',
    ],
)
def test_any_doctype_is_refused(before: bytes) -> None:
    error = refusal(before + b"<!DOCTYPE a><a/>")
    assert error.reason == "it has a DOCTYPE"
    assert error.line == before.count(b"\n") + 1


def test_entities_are_refused_before_they_expand() -> None:
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
    started = time.perf_counter()
    error = refusal(b'<!DOCTYPE a [<!ENTITY l0 "ha">' + laughs + b"]><a>&l11;</a>")
    assert error.reason == "it has a DOCTYPE"
    assert time.perf_counter() - started < 1


def test_an_external_entity_is_refused() -> None:
    assert "DOCTYPE" in refusal(b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>').reason


def test_a_doctype_in_a_comment_or_text_is_no_doctype() -> None:
    assert parse(b"<!-- <!DOCTYPE a> --><a><![CDATA[<!DOCTYPE a>]]></a>").text == "<!DOCTYPE a>"


@pytest.mark.parametrize(
    "data",
    [
        "<a/>".encode("utf-16"),
        "<a/>".encode("utf-16-le"),
        "<a/>".encode("utf-32"),
        b'<?xml version="1.0" encoding="windows-1251"?><a/>',
        b'<?xml version="1.0" standalone="yes" encoding = "UTF-16"?><a/>',
        b"\xef\xbb\xbf<?xml version='1.0' encoding='KOI8-R'?><a/>",
        "<a>Иванова</a>".encode("cp1251"),
        b"<a>\xed\xa0\x80</a>",
        b"<a>\xc0\xbc</a>",
    ],
)
def test_other_encodings_are_refused(data: bytes) -> None:
    assert "UTF-8" in refusal(data).reason


def test_a_byte_that_is_not_utf8_is_found_by_line() -> None:
    assert refusal(b"<a>\n\n\xff</a>").line == 3


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", 1, "there is no element"),
        (b"plain Ivanova", 1, "there is no element"),
        (b"<a>\n<Ivanova>\n</a>", 3, "start and end tags do not match"),
        (b"<a>\nIvanova", 2, "it ends inside an element"),
        (b"<a>\n&Ivanova;</a>", 2, "an entity is not declared"),
        (b"<a>&#1;Ivanova</a>", 1, "a character is not allowed in XML"),
        (b"<a>\x01Ivanova</a>", 1, "a character is not allowed in XML"),
        (b"<a/>Ivanova", 1, "something follows the root element"),
        (b"<a b='1' b='Ivanova'/>", 1, "an attribute stands twice"),
        (b"<Ivanova:a/>", 1, "a prefix is not declared"),
        (b"<a xmlns='Ivanova:['/>", 1, "a namespace is not a URI"),
        (b"<!-- Ivanova -- --><a/>", 1, "hyphen in comment"),
        (b"<!-- Ivanova", 1, "comment not finished"),
        (b"<a><![CDATA[Ivanova</a>", 1, "cdata not finished"),
    ],
)
def test_what_is_not_well_formed_is_refused_by_line_without_content(data: bytes, line: int, reason: str) -> None:
    with pytest.raises(XmlRefused):
        parse(b"<earlier></failure>")  # must leave nothing behind in the parser
    error = refusal(data)
    assert (error.line, error.reason) == (line, f"it is not well-formed: {reason}")
    assert "Ivanova" not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_depth_is_limited() -> None:
    assert parse(nested(MAX_DEPTH)).tag == "a"
    assert f"more than {MAX_DEPTH} deep" in refusal(nested(MAX_DEPTH + 1)).reason
    assert parse(nested(3), max_depth=3).tag == "a"
    assert refusal(nested(4), max_depth=3).reason == "its elements are nested more than 3 deep"


@pytest.mark.parametrize("data", [nested(300), nested(100_000), b"<a>" * 500_000])
def test_bottomless_nesting_is_refused_at_once(data: bytes) -> None:
    started = time.perf_counter()
    refusal(data, max_depth=100_000)
    assert time.perf_counter() - started < 2


def test_size_is_limited() -> None:
    assert parse(b"<a/>", max_bytes=4).tag == "a"
    assert refusal(b"<a />", max_bytes=4).reason == "it is 5 bytes long and 4 are allowed"


def test_attributes_are_limited() -> None:
    def many(count: int) -> bytes:
        return b"<a><b " + b" ".join(b"a%d='1'" % n for n in range(count)) + b"/></a>"

    def long(count: int) -> bytes:
        return b"<a><b c='" + b"x" * count + b"'/></a>"

    assert len(parse(many(128))[0].attrib) == 128
    assert refusal(many(129)).reason == "an element has more than 128 attributes"
    assert parse(long(65_536)).tag == "a"
    assert refusal(long(65_537)).reason == "an attribute is longer than 65536 characters"


def test_elements_and_attributes_of_a_document_are_limited() -> None:
    """Ten megabytes of empty elements would take three hundred as a tree."""
    most = b"<a>" + b"<a/>" * 499_998 + b"</a>"
    assert len(parse(most)) == 499_998
    reason = "it has more than 500000 tags or attributes"
    assert refusal(most.replace(b"</a>", b"<a/></a>")).reason == reason
    assert refusal(b"<a>" + b"<a b=''/>" * 250_000 + b"=" * 250_001 + b"</a>").reason == reason


def test_threads_parse_at_the_same_time() -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(200):
                assert parse(b"<a>%d</a>" % number).text == str(number)
                refusal(b"<a>")
        except BaseException as error:  # noqa: BLE001 - handed to the main thread, which fails with it
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x0b", "\x0c", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_characters_that_xml_does_not_know_are_refused_by_number(character: str) -> None:
    with pytest.raises(XmlRefused, match=rf"U\+{ord(character):04X}"):
        refuse_control_characters(f"name {character} name")


def test_all_other_characters_pass() -> None:
    refuse_control_characters("\t\n\r \x7f\x85\xa0ё\u2028\ufffd\U0001f600\U0010ffff")
