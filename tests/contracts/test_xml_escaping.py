"""Escaping: what is built with it is read back unchanged, and is already in the transform's normal form."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socert.contracts.errors import XmlRefused
from socert.contracts.signature.transform import normalize
from socert.contracts.xml import escape_attribute, escape_text, is_blank, parse

characters = st.characters(exclude_categories=["Cs"]).filter(
    lambda c: c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff")
)
texts = st.text(st.one_of(st.sampled_from(">&<]\r\n\t \x85\U0001f600"), characters), max_size=40)
long_texts = st.lists(st.sampled_from([">", "]", "&", "z" * 11, "\U0001f600" * 7, "z" * 255, ">>"]), max_size=12).map(
    "".join
)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("", ""),
        ("ООО «Ромашка» & Ко", "ООО «Ромашка» &amp; Ко"),
        ("a<b", "a&lt;b"),
        ('"it\'s"', '"it\'s"'),
        ("a\r\nb\tc", "a&#xd;\nb\tc"),
        ("\x7f\x85\x9f\xa0", "&#x7f;&#x85;&#x9f;\xa0"),
        (" \t\r\n", ""),
        ("\xa0", "\xa0"),
        (" x ", " x "),
        # > in a text of less than 12 units: at the start and after ]
        (">", "&gt;"),
        (">>", "&gt;>"),
        ("a>b", "a>b"),
        ("]>]]>", "]&gt;]]&gt;"),
        ("a&>b", "a&amp;>b"),
        # from 12 units on also after what has just been escaped
        ("0123456789&>", "0123456789&amp;&gt;"),
        ("012345678&>", "012345678&amp;>"),
        ("0123456789\x85>>>", "0123456789&#x85;&gt;&gt;&gt;"),
        (">>012345678901", "&gt;&gt;012345678901"),
        ("\U0001f600" * 5 + "&>", "\U0001f600" * 5 + "&amp;&gt;"),
        # and at the start of every 512 units
        ("x" * 512 + ">" + "x" * 511 + ">x>", "x" * 512 + "&gt;" + "x" * 511 + "&gt;x>"),
        ("x" * 511 + ">" + "x" * 511 + ">", "x" * 511 + ">" + "x" * 511 + ">"),
        ("\U0001f600" * 256 + ">", "\U0001f600" * 256 + "&gt;"),
        ("x" + "\U0001f600" * 256 + ">", "x" + "\U0001f600" * 256 + ">"),
    ],
)
def test_text(text: str, escaped: str) -> None:
    assert escape_text(text) == escaped


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("", ""),
        ("a<b>c&d", "a&lt;b>c&amp;d"),
        ('"it\'s"', "&quot;it's&quot;"),
        ("\t\n\r", "&#x9;&#xa;&#xd;"),
        (" \x7f\x85ё", " \x7f\x85ё"),
    ],
)
def test_attribute(text: str, escaped: str) -> None:
    assert escape_attribute(text) == escaped


@pytest.mark.parametrize("bad", ["\x00", "a\x0bb", "\ud800", "&\uffff>", "\x0c"])
def test_characters_that_xml_does_not_know_are_refused(bad: str) -> None:
    with pytest.raises(XmlRefused, match="not allowed in XML"):
        escape_text(bad)
    with pytest.raises(XmlRefused, match="not allowed in XML"):
        escape_attribute(bad)


@settings(max_examples=300, deadline=None)
@given(texts | long_texts, texts)
def test_what_is_built_is_read_back_and_already_normal(text: str, attribute: str) -> None:
    built = f'<ns1:a xmlns:ns1="urn:u" b="{escape_attribute(attribute)}">{escape_text(text)}</ns1:a>'
    root = parse(built.encode())
    assert (root.text or "") == ("" if is_blank(text) else text)
    assert root.get("b") == attribute
    assert normalize(root) == built.encode()
