"""Attachments as binary parts (MTOM): put back into the XML, and taken out of it."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from socert.contracts import xml
from socert.contracts.errors import AttachmentsTooBig, EnvelopeInvalid, XmlRefused
from socert.contracts.signature.transform import normalize
from socert.contracts.smev.multipart import MAX_HEADERS, XOP, read, root_part, write
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from pathlib import Path

BASIC = Version.V1_2.basic
TYPE = 'multipart/related; type="application/xop+xml"; boundary="uuid:1"; start="<root@x>"; start-info="text/xml"'
END = b"--uuid:1--\r\n"


def part(body: bytes, content_id: str = "root@x", encoding: str = "binary") -> bytes:
    head = f"--uuid:1\r\nContent-Transfer-Encoding: {encoding}\r\nContent-ID: <{content_id}>\r\n\r\n"
    return head.encode() + body + b"\r\n"


def include(href: str) -> str:
    return f'<xop:Include xmlns:xop="{XOP}" href="{href}"/>'


def envelope(*contents: str, signature: str = "") -> bytes:
    """An envelope with attachments: what stands in each Content, and in SignaturePKCS7."""
    inside = "".join(
        f"<AttachmentContent><Id>a{number}</Id><Content>{content}</Content></AttachmentContent>"
        for number, content in enumerate(contents)
    )
    signed = f"<SignaturePKCS7>{signature}</SignaturePKCS7>" if signature else ""
    return f'<e xmlns="{BASIC}"><h>{signed}</h><AttachmentContentList>{inside}</AttachmentContentList></e>'.encode()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_parts_are_put_back_where_they_are_referred_to() -> None:
    root = envelope(include("cid:one@x"), include("cid:two@x"), signature=include("cid:p7@x"))
    data = part(root) + part(b"\0\r\n--\xff", "two@x") + part(b"PKCS", "p7@x") + part(b"", "one@x") + END
    expected = envelope("", encoded(b"\0\r\n--\xff"), signature=encoded(b"PKCS"))
    assert read(data, TYPE) == expected
    assert root_part(data, TYPE) == root


def test_what_is_signed_is_what_the_sender_signed() -> None:
    """CXF moves SignaturePKCS7 out of the signed block, and pretty printing puts white space around the reference."""
    block = f'<b xmlns="{BASIC}" Id="S"><SignaturePKCS7>%s</SignaturePKCS7></b>'
    signed = normalize(xml.parse((block % encoded(b"PKCS")).encode()))
    moved = (block % f"\n   {include('cid:p7@x')}\n  ").encode()
    found = read(part(moved) + part(b"PKCS", "p7@x") + END, TYPE)
    assert normalize(xml.parse(found)) == signed


def test_nothing_else_is_changed() -> None:
    root = (
        '<?xml version="1.0" encoding="UTF-8"?>\r\n<!-- <xop:Include href="cid:no"/> --><a  b=\'>\' xmlns:x="'
        f'{XOP}"><![CDATA[<x:Include href="cid:no"/>]]>&#13;&amp;<c q="&gt;">{{}}</c  ></a>\n'
    )
    reference = '<x:Include href="cid:one@x">\n</x:Include >'
    data = part(root.format(reference).encode()) + part(b"\xfb\xff", "one@x") + END
    assert read(data, TYPE) == root.format("+/8=").encode()


@pytest.mark.parametrize(
    ("href", "content_id"),
    [
        ("cid:one@x", "one@x"),
        ("CID:one@x", "one@x"),
        ("cid:%d0%B0%2Bb%40x", "а+b@x"),
        ("cid:a%40x", "a%40x"),
        ("cid:attach5MB.jpg", "attach5MB.jpg"),
    ],
)
def test_references_are_decoded(href: str, content_id: str) -> None:
    data = part(envelope(include(href))) + part(b"one", content_id) + END
    assert read(data, TYPE) == envelope(encoded(b"one"))


def test_parts_may_be_encoded() -> None:
    root = part(envelope(include("cid:1"), include("cid:2")))
    data = (
        root + part(base64.encodebytes(b"one" * 50), "1", "Base64") + part(b"t=\r\nwo", "2", "quoted-printable") + END
    )
    assert read(data, TYPE) == envelope(encoded(b"one" * 50), encoded(b"two"))


@pytest.mark.parametrize(
    ("root", "parts", "words"),
    [
        (envelope(include("cid:one@x")), b"", "Include 1 names a part that is not there"),
        (envelope(include("cid:root@x")), b"", "Include 1 names a part that is not there"),
        (envelope(""), part(b"", "one@x"), "no xop:Include names part 2"),
        (envelope(""), b"--uuid:1\r\n\r\n\r\n", "no xop:Include names part 2"),
        (envelope(include("cid:1"), include("cid:1")), part(b"", "1"), "Include 2 names a part that another one"),
        (envelope(include("cid:1") + include("cid:2")), part(b"", "1") + part(b"", "2"), "must be all that"),
        (envelope(include("cid:1") + "x"), part(b"", "1"), "must be all that"),
        (envelope(include("cid:1") + "<!-- x -->"), part(b"", "1"), "must be all that"),
        (envelope("<b/>" + include("cid:1")), part(b"", "1"), "must be all that"),
        (include("cid:1").encode(), part(b"", "1"), "must be all that"),
        (envelope(include("http://example.org/a")), part(b"", "1"), "outside of the message"),
        (envelope(include("file:///etc/passwd")), part(b"", "1"), "outside of the message"),
        (envelope(include("")), part(b"", "1"), "outside of the message"),
        (envelope(f'<Include xmlns="{XOP}"/>'), part(b"", "1"), "outside of the message"),
        (envelope(include("cid:1")), part(b"", "1") + part(b"", "1"), "parts 2 and 3 have the same Content-ID"),
        (envelope(include("cid:1")), part(b"QUJDR", "1", "base64"), "part 2 is not the base64"),
        (envelope(include("cid:1")), part(b"", "1", "gzip"), "part 2 has an unknown Content-Transfer-Encoding 'gzip'"),
        (envelope(include("cid:1")), part(b"", "1" * MAX_HEADERS), "part 2 of multipart/related has no empty line"),
    ],
)
def test_parts_and_references_that_do_not_match(root: bytes, parts: bytes, words: str) -> None:
    with pytest.raises(EnvelopeInvalid, match=words):
        read(part(root) + parts + END, TYPE)


def test_the_size_is_limited_before_anything_is_built() -> None:
    root = envelope(include("cid:1"))
    data = part(root) + part(b"x" * 3000, "1") + END
    limit = len(root) + 4000
    assert len(read(data, TYPE, max_bytes=limit)) < limit
    with pytest.raises(AttachmentsTooBig, match=f"is {limit} bytes long and {limit - 1} are allowed"):
        read(data, TYPE, max_bytes=limit - 1)


@pytest.mark.parametrize(
    "root",
    [
        b"<a" + XOP.encode(),
        envelope(include("cid:1")).decode().encode("utf-16"),
        b'<!DOCTYPE e [<!ENTITY a "aaaa">]>' + envelope(include("cid:1")),
        b'<?xml version="1.0" encoding="windows-1251"?>\xff' + envelope(include("cid:1")),
    ],
)
def test_what_is_no_plain_xml_is_left_to_its_reader(root: bytes) -> None:
    with pytest.raises((EnvelopeInvalid, XmlRefused)):
        xml.parse(read(part(root) + part(b"", "1") + END, TYPE))
    with pytest.raises(XmlRefused):
        xml.parse(read(part(root) + END, TYPE))


@pytest.mark.parametrize("signatures", [False, True])
@pytest.mark.parametrize("version", list(Version))
def test_written_and_read_again(version: Version, signatures: bool) -> None:
    contents = [bytes(range(256)), b"--socert\r\n--", b"x"]
    original = envelope(*map(encoded, contents), signature=encoded(b"PKCS")).replace(
        BASIC.encode(), version.basic.encode()
    )
    body, content_type = write(original, signatures=signatures)
    assert content_type.startswith('multipart/related; type="application/xop+xml"; boundary="')
    assert root_part(body, content_type).count(b"xop:Include ") == 3 + signatures
    assert (encoded(b"PKCS").encode() in body) is not signatures
    assert all(content in body for content in contents)
    assert read(body, content_type) == original


def test_nothing_to_move_is_a_multipart_of_one() -> None:
    """A Content that is empty stays, and so does base64 that would come back as other text than was signed."""
    for content in ("", "QUJD\n", "QUJ=", "QUJD&#10;", "%", "<b>QUJD</b>", include("cid:elsewhere")):
        original = envelope(content)
        body, content_type = write(original)
        assert root_part(body, content_type) == original
        assert body.count(b"Content-ID") == 1


def test_no_boundary_stands_in_a_part() -> None:
    original = envelope(encoded(b"x"))
    boundary = re.search(r'boundary="([^"]+)"', write(original)[1])
    assert boundary is not None
    # The boundary depends on the envelope, so one that holds its own cannot be made; a part that holds all is near it.
    hostile = envelope(encoded(boundary[1].encode() * 3), encoded(b"\r\n--" + boundary[1].encode() + b"--\r\n"))
    body, content_type = write(hostile)
    assert read(body, content_type) == hostile


@settings(max_examples=150, deadline=None)
@given(contents=st.lists(st.binary(max_size=200), min_size=1, max_size=5), cut=st.integers(0, 3000))
def test_any_bytes_travel_and_a_cut_message_is_refused(contents: list[bytes], cut: int) -> None:
    original = envelope(*map(encoded, contents))
    body, content_type = write(original)
    assert read(body, content_type) == original
    if cut < len(body) - len(b"\r\n"):
        with pytest.raises(EnvelopeInvalid):
            read(body[:cut], content_type)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_message_is_refused_or_read(data: st.DataObject) -> None:
    """Whatever was damaged, the answer is a document or EnvelopeInvalid, and a document holds no reference."""
    body, content_type = write(envelope(encoded(b"one"), encoded(b"two"), signature=encoded(b"PKCS")), signatures=True)
    damaged = bytearray(body)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        found = read(bytes(damaged), content_type)
        root = xml.parse(found)
    except (EnvelopeInvalid, XmlRefused):
        return
    assert not list(root.iter(f"{{{XOP}}}Include"))


def test_both_official_examples_open(oracles: Path) -> None:
    """The manual prints the first without the bytes of its attachment and the second without its parts: put back."""
    folder = oracles / "smev3" / "examples" / "mr-official"
    printed = (folder / "SendRequestRequestAttachMTOM.txt").read_bytes()
    head, _, body = printed.partition(b"\r\n\r\n")
    said = re.search(rb"Content-Type: ([^\r]+)", head)
    assert said is not None
    closed = body + b"\r\n\r\n\xff\xd8\xff\r\n------=_Part_43_2071407460.1414486216474--\r\n"
    opened = xml.parse(read(closed, said[1].decode()))
    assert [one.text for one in opened.iter(f"{{{Version.V1_1.basic}}}Content")] == [encoded(b"\xff\xd8\xff")]
    with pytest.raises(EnvelopeInvalid, match="cut short"):
        read(body, said[1].decode())

    root = (folder / "GetRequestResponseAttachMTOM.xml").read_bytes()
    hrefs = [name.decode() for name in re.findall(rb'href="cid:([^"]+)"', root)]
    assert len(hrefs) == 2
    parts = b"".join(part(name.encode(), name) for name in hrefs)
    opened = xml.parse(read(part(root) + parts + END, TYPE))
    assert not list(opened.iter(f"{{{XOP}}}Include"))
    texts = {etree.QName(one).localname: one.text for one in opened.iter() if isinstance(one.tag, str)}
    assert [texts["SignaturePKCS7"], texts["Content"]] == [encoded(name.encode()) for name in hrefs]
