"""The root part of multipart/related messages."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socert.contracts.errors import EnvelopeInvalid
from socert.contracts.smev import reply
from socert.contracts.smev.faults import Fault, FaultKind, FaultReceived
from socert.contracts.smev.multipart import MAX_PARTS, is_multipart, root_part
from socert.contracts.smev.operation import Operation

TYPE = 'multipart/related; type="application/xop+xml"; boundary="uuid:1"; start="<root@x>"; start-info="text/xml"'


def part(body: bytes, content_id: bytes = b"<root@x>", encoding: bytes = b"binary") -> bytes:
    return (
        b"--uuid:1\r\nContent-Type: application/xop+xml; charset=UTF-8\r\nContent-Transfer-Encoding: "
        + encoding
        + b"\r\nContent-ID: "
        + content_id
        + b"\r\n\r\n"
        + body
        + b"\r\n"
    )


END = b"--uuid:1--\r\n"


def test_what_is_no_multipart_is_left_alone() -> None:
    assert root_part(b"<a/>", "text/xml; charset=utf-8") == b"<a/>"
    assert root_part(b"--uuid:1", "") == b"--uuid:1"
    assert is_multipart("Multipart/Related;boundary=x")
    assert not is_multipart("multipart/relatedness; boundary=x")


def test_start_names_the_root_wherever_it_stands() -> None:
    data = part(b"<attachment/>", b"<other@x>") + part(b"<root/>") + END
    assert root_part(data, TYPE) == b"<root/>"
    assert root_part(data, TYPE.replace("<root@x>", "root@x")) == b"<root/>"
    assert root_part(data, 'multipart/related; boundary="uuid:1"') == b"<attachment/>"
    assert root_part(data, "multipart/related;boundary=uuid:1;start=<root@x>") == b"<root/>"


def test_a_preamble_padding_and_bare_line_feeds_are_borne() -> None:
    data = b"preamble\r\n" + part(b"<root/>").replace(b"--uuid:1", b"--uuid:1 \t") + END + b"epilogue"
    assert root_part(data, TYPE) == b"<root/>"
    assert root_part(data.replace(b"\r\n", b"\n"), TYPE) == b"<root/>"
    assert root_part((part(b"<root/>") + END).removesuffix(b"\r\n"), TYPE) == b"<root/>"


def test_a_part_without_headers() -> None:
    assert root_part(b"--uuid:1\r\n\r\n<root/>\r\n" + END, 'multipart/related; boundary="uuid:1"') == b"<root/>"


def test_text_that_looks_like_a_boundary_cuts_nothing() -> None:
    body = b"<root>a --uuid:1\r\n--uuid:12\r\n--uuid:1x</root>"
    assert root_part(part(body) + END, TYPE) == body


def test_encodings() -> None:
    body = "<root>да</root>".encode()
    assert root_part(part(base64.encodebytes(body), encoding=b"base64") + END, TYPE) == body
    assert root_part(part(b"<root>=D0=B4=D0=\r\n=B0</root>", encoding=b"Quoted-Printable") + END, TYPE) == body


@pytest.mark.parametrize(
    ("data", "content_type", "words"),
    [
        (END, TYPE, "no parts"),
        (b"", TYPE, "cut short"),
        (part(b"<root/>"), TYPE, "cut short"),
        (part(b"<root/>") + END, TYPE.replace('boundary="uuid:1"; ', ""), "without a boundary"),
        (part(b"<root/>") + END, TYPE.replace("uuid:1", "x" * 300), "without a boundary"),
        (part(b"<root/>", b"<other@x>") + END, TYPE, "has no part '<root@x>'"),
        (b"--uuid:1\r\nContent-ID: <root@x>\r\n" + END, TYPE, "no empty line"),
        (part(b"<root/>", encoding=b"x-uuencode") + END, TYPE, "unknown Content-Transfer-Encoding"),
        (part(b"PHJvb3Q", encoding=b"base64") + END, TYPE, "not the base64"),
        (part(b"<root/>") * (MAX_PARTS + 1) + END, TYPE, "more than 1000 parts"),
    ],
)
def test_parts_that_make_no_sense_are_refused(data: bytes, content_type: str, words: str) -> None:
    with pytest.raises(EnvelopeInvalid, match=words):
        root_part(data, content_type)


def test_an_empty_queue_and_a_fault_may_come_as_multipart() -> None:
    one = reply.open_reply(part(reply.empty(Operation.GET_RESPONSE)) + END, TYPE)
    assert (one.operation, one.delivery) == (Operation.GET_RESPONSE, None)
    fault = Fault(kind=FaultKind.SMEV_FAILURE, text="Ошибка")
    with pytest.raises(FaultReceived) as answer:
        reply.open_reply(part(reply.fault(fault)) + END, TYPE)
    assert answer.value.fault == fault


@settings(max_examples=200, deadline=None)
@given(
    pieces=st.lists(
        st.binary(max_size=8)
        | st.sampled_from(
            [b"--uuid:1", b"--uuid:1--", b"\r\n", b"\n", b"Content-ID: ", b"<root@x>", b"<root/>", b" ", b":",
             b"\xd0\xb0: \xd0\xb1", b"Content-Transfer-Encoding: base64", b"Content-ID: \xd0\xb1"]
        ),
        max_size=30,
    ),
    content_type=st.sampled_from([TYPE, 'multipart/related; boundary="uuid:1"']),
)  # fmt: skip
def test_noise_is_refused_or_cut(pieces: list[bytes], content_type: str) -> None:
    data = b"--uuid:1\r\n" + b"".join(pieces)
    try:
        found = root_part(data, content_type)
    except EnvelopeInvalid:
        return
    assert b"--uuid:1--" in data
    assert len(found) < len(data)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60))
def test_a_noisy_header_is_refused_or_understood(tail: str) -> None:
    data = part(b"<root/>") + END
    try:
        found = root_part(data, f'multipart/related; boundary="uuid:1"; {tail}')
    except EnvelopeInvalid:
        found = b""
    assert found in {b"<root/>", b""}
