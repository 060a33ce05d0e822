"""Reading what was recorded: files, folders, HAR, HTTP text."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conformance import samples as s

from socert.conformance.checking import check_messages, check_one
from socert.conformance.errors import InputRefused
from socert.conformance.message import Kind
from socert.conformance.session import pair, read_file, read_folder
from socert.conformance.table import MESSAGE_RULES, SESSION_RULES
from socert.contracts.smev.operation import Operation

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_is_read_in_the_order_of_its_numbers_each_call_with_its_reply(tmp_path: Path) -> None:
    files = {
        "10-Ack.request.xml": s.ack(),
        "10-Ack.response.xml": s.acked(),
        "2-GetResponse.response.xml": s.delivered_answer(),
        "2-GetResponse.request.xml": s.poll(),
        "1-SendRequest.fault.xml": s.fault(),
        "1-SendRequest.request.xml": s.send(),
        "notes.md": b"not a message",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)

    session = read_folder(tmp_path)

    names = [(one.call and one.call.name, one.reply and one.reply.name) for one in session.exchanges]
    assert names == [
        ("1-SendRequest.request.xml", "1-SendRequest.fault.xml"),
        ("2-GetResponse.request.xml", "2-GetResponse.response.xml"),
        ("10-Ack.request.xml", "10-Ack.response.xml"),
    ]


def test_a_reply_without_a_call_stands_alone() -> None:
    session = pair([s.heard(s.empty()), s.said(s.poll()), s.heard(s.empty()), s.heard(s.acked())])
    assert [(one.call is None, one.reply is None) for one in session.exchanges] == [
        (True, False),
        (False, False),
        (True, False),
    ]


def test_a_text_of_http_messages_is_read_with_headers_status_and_date(tmp_path: Path) -> None:
    call, reply = s.poll(), s.fault()
    text = (
        b'POST /smev/1.2 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nSOAPAction: "urn:GetResponse"\r\n\r\n'
        + call
        + b"\r\nHTTP/1.1 500 Internal Server Error\r\nContent-Type: text/xml\r\n"
        b"Date: Thu, 16 Apr 2026 06:01:20 GMT\r\n\r\n" + reply + b"\r\n"
    )
    (tmp_path / "talk.http").write_bytes(text)

    one = read_file(tmp_path / "talk.http").exchanges[0]

    assert one.call is not None
    assert one.reply is not None
    assert (one.call.data, one.reply.data) == (call, reply)
    assert (one.call.method, one.reply.status, one.reply.moment) == ("POST", 500, s.NOW)
    assert (one.call.operation, one.reply.kind) == (Operation.GET_RESPONSE, Kind.FAULT)


@pytest.mark.parametrize("headers", [b"", b'Content-Type: multipart/related; boundary=edge; start="<root>"\r\n\r\n'])
def test_a_multipart_body_is_read_with_its_headers_and_without(tmp_path: Path, headers: bytes) -> None:
    (tmp_path / "m.txt").write_bytes(headers + s.multipart(s.empty()).data)
    message = read_file(tmp_path / "m.txt").messages[0]
    assert message.operation is Operation.GET_RESPONSE
    assert message.parts is not None
    assert message.parts.problems == ()


@pytest.mark.parametrize("encoded", [True, False])
def test_a_har_is_read(tmp_path: Path, encoded: bool) -> None:
    reply = s.empty()
    content = {"text": b64encode(reply).decode(), "encoding": "base64"} if encoded else {"text": reply.decode()}
    entry = {
        "startedDateTime": "2026-04-16T06:01:20Z",
        "request": {
            "method": "POST",
            "headers": [{"name": "SOAPAction", "value": '"urn:GetResponse"'}],
            "postData": {"text": s.poll().decode()},
        },
        "response": {"status": 200, "headers": [], "content": content},
    }
    other = {"request": {"method": "GET", "headers": []}, "response": {"status": 200}}
    (tmp_path / "talk.har").write_text(json.dumps({"log": {"entries": [other, entry]}}))

    (one,) = read_file(tmp_path / "talk.har").exchanges

    assert one.call is not None
    assert one.reply is not None
    assert (one.call.operation, one.reply.operation) == (Operation.GET_RESPONSE, Operation.GET_RESPONSE)
    assert (one.call.moment, one.reply.status) == (s.NOW, 200)


def test_what_cannot_be_read_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.har").write_text("{}")
    with pytest.raises(InputRefused, match="no HAR"):
        read_file(tmp_path / "broken.har")
    with pytest.raises(InputRefused, match="cannot be read"):
        read_file(tmp_path / "missing.xml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputRefused, match="holds no"):
        read_folder(tmp_path / "empty")


_BASES = [s.send(), s.delivered_answer(), s.verdict(), s.fault(), s.with_attachments(), s.multipart(s.send()).data]


@given(
    base=st.sampled_from(_BASES),
    place=st.floats(0, 1),
    length=st.integers(0, 80),
    put=st.sampled_from([b"", b"<", b"&", b"\0", b"\xff", b"</a>", b"<a/>", b'"', b"<!--", b"xmlns:a=''", b"1", b"#"]),
    kind=st.sampled_from(
        ["text/xml", "multipart/related; boundary=edge", "multipart/related", "\n", "text/xml; charset="]
    ),
)
def test_nothing_that_comes_breaks_the_tool(base: bytes, place: float, length: int, put: bytes, kind: str) -> None:
    start = int(place * len(base))
    data = base[:start] + put + base[start + length :]
    message = s.said(data, headers={"content-type": kind}, moment=s.NOW)
    found = (
        *check_messages(MESSAGE_RULES, [message]),
        *check_one(SESSION_RULES, s.session((message, s.heard(data)), (message, s.heard(s.delivered_answer())))),
    )
    assert len(found) == len(MESSAGE_RULES) + len(SESSION_RULES)
