"""Whatever is no valid call gets the proper fault and a line in the journal that says why; nothing of it goes on."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

from socert.contracts.smev import call, reply
from socert.contracts.smev.envelope import DSIG, SOAP, open_body
from socert.contracts.smev.faults import FaultKind, FaultReceived
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.version import Version, schema

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "Секретов"
MULTIPART = 'multipart/related; type="application/xop+xml"; boundary="b"; start="<root>"'


def good(region: Any, version: Version, **more: Any) -> bytes:
    """Build a SendRequest that would be taken; it tells somebody's name."""
    content = region.batch(region.certificate(recipient=region.recipient(last_name=SECRET)))
    return call.send_request(message_id=region.ids(), content=content, signer=region.signer, version=version, **more)


def inside(data: bytes) -> bytes:
    """Return what stands in the SOAP body."""
    return data.partition(b"<soap:Body>")[2].partition(b"</soap:Body>")[0]


def around(payload: bytes, before: bytes = b"") -> bytes:
    """Put something into an envelope."""
    return b'%s<s:Envelope xmlns:s="%s"><s:Body>%s</s:Body></s:Envelope>' % (before, SOAP.encode(), payload)


def part(root: bytes, *others: bytes, end: bytes = b"\r\n--b--\r\n") -> bytes:
    """Build the body of a multipart message."""
    head = b"--b\r\nContent-Type: application/xop+xml\r\nContent-ID: <root>\r\n\r\n"
    return head + root + b"".join(b"\r\n--b\r\n" + other for other in others) + end


def included(data: bytes, reference: bytes = b"cid:x") -> bytes:
    """Replace the message id by a reference to a part."""
    include = b'<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="%s"/>' % reference
    return re.sub(rb"(MessageID>)[^<]*", rb"\1" + include, data, count=1)


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing": (lambda _data: b"", "there is no element"),
    "spaces": (lambda _data: b" \n ", "there is no element"),
    "words": (lambda _data: f"{SECRET} Иван".encode(), "not well-formed"),
    "json": (lambda _data: b'{"operation": "SendRequest"}', "not well-formed"),
    "html": (lambda _data: b"<html><body>502</body></html>", "not a SOAP 1.1 Envelope"),
    "noise": (lambda _data: bytes(range(256)), "not UTF-8"),
    "half": (lambda data: data[: len(data) // 2], "not well-formed"),
    "a byte less": (lambda data: data[:-1], "not well-formed"),
    "more after the end": (lambda data: data + b"<a/>", "something follows the root element"),
    "soap 1.2": (lambda data: data.replace(SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope"), "SOAP 1.1"),
    "no envelope": (inside, "not a SOAP 1.1 Envelope"),
    "no body": (lambda data: data.replace(b"soap:Body>", b"soap:Bodies>"), "must hold a Body"),
    "an empty body": (lambda _data: around(b""), "exactly one element, it holds 0"),
    "two calls": (lambda data: around(inside(data) * 2), "exactly one element, it holds 2"),
    "two bodies": (lambda data: data.replace(b"</soap:Body>", b"</soap:Body><soap:Body></soap:Body>"), "hold a Body"),
    "a reply": (lambda data: data.replace(b"SendRequestRequest", b"SendRequestResponse"), "no known operation"),
    "a fault": (lambda _data: around(b"<s:Fault/>"), "no known version"),
    "doctype": (lambda data: data.replace(b"<soap:Env", b"<!DOCTYPE a><soap:Env", 1), "DOCTYPE"),
    "entities": (
        lambda data: (
            b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
            + around(b"<a>&c;&c;&c;</a>")
        ),
        "DOCTYPE",
    ),
    "a file": (lambda _data: b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>' + around(b"&b;"), "DOCTYPE"),
    "an entity of nobody": (lambda data: data.replace(b"MessageID>", b"MessageID>&b;", 1), "not well-formed"),
    "utf-16": (lambda data: data.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "not UTF-8"),
    "utf-16 without a mark": (lambda data: data.decode().encode("utf-16-le"), "not UTF-8"),
    "windows-1251": (
        lambda data: data.decode().replace("UTF-8", "windows-1251").encode("windows-1251", "replace"),
        "not UTF-8",
    ),
    "windows-1251 by name": (lambda data: data.replace(b"UTF-8", b"windows-1251"), "encoding other than UTF-8"),
    "a null byte": (lambda data: data.replace(b"<soap:Body>", b"<soap:Body>\0"), "not UTF-8"),
    "a null by number": (lambda data: data.replace(b"<soap:Body>", b"<soap:Body>&#0;"), "not well-formed"),
    "a bell": (lambda data: data.replace(b"<soap:Body>", b"<soap:Body>\a"), "not well-formed"),
    "a prefix of nobody": (lambda data: data.replace(b"<typ:", b"<odd:", 1), "not well-formed"),
    "deep": (lambda _data: around(b"<a>" * 100 + b"</a>" * 100), "nested more than 64 deep"),
    "deeper": (lambda _data: b"<a>" * 100_000, "not well-formed"),
    "many attributes": (
        lambda _data: around(b"<a %s/>" % b" ".join(b'a%d=""' % number for number in range(200))),
        "more than 128 attributes",
    ),
    "a long attribute": (lambda _data: around(b'<a b="%s"/>' % (b"x" * 70_000)), "longer than 65536"),
    "many namespaces": (
        lambda _data: around(b"<a %s/>" % b" ".join(b'xmlns:a%d="u"' % number for number in range(100_000))),
        "no known version",
    ),
    "many elements": (lambda _data: around(b"<a/>" * 600_000), "more than"),
    "much text": (lambda _data: around(b"<a>%s</a>" % (b"x" * 5_000_000)), "no known version"),
    "an operation of nobody": (lambda data: data.replace(b"SendRequestRequest", b"CancelRequest"), "known operation"),
    "a version of nobody": (lambda data: re.sub(rb"types/1\.\d", b"types/1.9", data), "no known version"),
    "a missing part": (lambda data: re.sub(rb"<ns1:MessageID>[^<]*</ns1:MessageID>", b"", data), "MessageID"),
    "a part twice": (lambda data: re.sub(rb"(<ns1:MessageID>[^<]*</ns1:MessageID>)", rb"\1\1", data), "more than one"),
}
REASONS = [(name, damage, reason) for name, (damage, reason) in DAMAGES.items()]


async def refused(
    region: Any, version: Version, data: bytes, content_type: str = "text/xml; charset=utf-8", **headers: str
) -> tuple[Any, dict[str, Any]]:
    """Post what must be refused; return the fault and the journal's line. Nothing may have happened."""
    before = held(region)
    count = len(region.simulator.journal.last())
    address = region.simulator.exchange_address(version)
    sent = {"Content-Type": content_type} | headers
    async with region.http.post(address, data=io.BytesIO(data), headers=sent) as answer:
        status, body = answer.status, await answer.read()
        kind = answer.headers["Content-Type"]
    assert status == 500
    with pytest.raises(FaultReceived) as caught:
        reply.open_reply(body, kind)
    if not kind.startswith("multipart"):
        detail = open_body(body).find("detail")
        assert detail is not None
        schema(version).check(detail[0])
    noted = region.simulator.journal.last()
    assert len(noted) == count + 1
    line: dict[str, Any] = noted[-1]
    assert line["fault"] == caught.value.fault.kind.value
    assert (line["outcome"], SECRET in str(line)) == ("fault", False)
    assert held(region) == before
    return caught.value.fault, line


def held(region: Any) -> list[Any]:
    """Return what is in the exchange's queues, and which ids it has taken."""
    state = region.simulator.state
    return [[tuple(row) for row in state.all(f"SELECT * FROM {table}")] for table in ("queue", "sent", "route")]


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize(("name", "damage", "reason"), REASONS, ids=[name for name, _, _ in REASONS])
async def test_what_is_no_call_is_invalid_content(
    exchange: Any, version: Version, name: str, damage: Callable[[bytes], bytes], reason: str
) -> None:
    data = good(exchange, version)
    broken = damage(data)
    assert broken != data

    fault, line = await refused(exchange, version, broken)

    assert fault.kind is FaultKind.INVALID_CONTENT
    assert (fault.text, fault.smev_code) == ("Нарушен формат бизнес-конверта.", 403)
    assert reason in line["reason"]
    assert reason in fault.errors[0].text
    assert (await post(exchange, version, data))[0] == 200


async def post(region: Any, version: Version, data: bytes, **headers: str) -> tuple[int, bytes]:
    """Post anything."""
    sent = {"Content-Type": "text/xml"} | headers
    async with region.http.post(
        region.simulator.exchange_address(version), data=io.BytesIO(data), headers=sent
    ) as answer:
        return answer.status, await answer.read()


@pytest.mark.parametrize(
    ("damage", "content_type", "reason"),
    [
        (part, "multipart/related", "without a boundary"),
        (part, 'multipart/related; boundary=""', "without a boundary"),
        (part, f'multipart/related; boundary="{"b" * 300}"', "without a boundary"),
        (part, MULTIPART.replace('"b"', '"c"'), "multipart/related"),
        (part, MULTIPART.replace("root", "other"), "`start` names"),
        (lambda data: part(data, end=b""), MULTIPART, "cut short"),
        (lambda data: part(data)[: len(data) // 2], MULTIPART, "cut short"),
        (lambda _data: b"--b--\r\n", MULTIPART, "no parts"),
        (lambda _data: b"--b\r\nContent-ID: <root>\r\n--b--\r\n", MULTIPART, "no empty line"),
        (lambda data: part(data, b"Content-ID: <x>\r\n\r\nx"), MULTIPART, "part"),
        (lambda data: part(included(data)), MULTIPART, "part"),
        (lambda data: part(included(data, b"http://a/"), b"Content-ID: <x>\r\n\r\nx"), MULTIPART, "cid:"),
        (lambda data: part(data, *[b"\r\n\r\nx"] * 1200), MULTIPART, "parts"),
        (lambda data: part(data).replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding:x\r\n\r\n", 1), MULTIPART, "'x'"),
        (lambda _data: part(b'<!DOCTYPE a [<!ENTITY b "b">]><a>&b;http://www.w3.org/2004/08/xop/include</a>'),
         MULTIPART, "DOCTYPE"),
        (lambda data: data, MULTIPART, "multipart/related"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", list(Version))
async def test_multipart_that_makes_no_sense(
    exchange: Any, version: Version, damage: Callable[[bytes], bytes], content_type: str, reason: str
) -> None:
    fault, line = await refused(exchange, version, damage(good(exchange, version)), content_type)

    assert fault.kind is FaultKind.INVALID_CONTENT
    assert reason in line["reason"]


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/xml"},
        {"Content-Type": "application/soap+xml; charset=utf-8"},
        {"Content-Type": "application/octet-stream"},
        {"Content-Type": "text/xml; charset=windows-1251"},
        {"Content-Type": ""},
        {"Content-Type": "?"},
        {"SOAPAction": ""},
        {"SOAPAction": '""'},
        {"SOAPAction": "urn:SendRequest"},
        {"SOAPAction": '"urn:SendRequest"'},
        {"SOAPAction": '"urn:Ack"'},
        {"SOAPAction": "что-то".encode().decode("latin-1")},
    ],
    ids=str,
)
async def test_headers_decide_nothing(exchange: Any, version: Version, headers: dict[str, str]) -> None:
    """The real exchange tells the operation by the body, and the encoding by the declaration."""
    status, body = await post(exchange, version, good(exchange, version), **headers)

    assert status == 200
    assert reply.open_reply(body).operation is Operation.SEND_REQUEST
    assert exchange.simulator.journal.last(1)[0]["operation"] == "SendRequest"


async def test_a_byte_order_mark_is_no_fault(exchange: Any) -> None:
    assert (await post(exchange, Version.V1_2, b"\xef\xbb\xbf" + good(exchange, Version.V1_2)))[0] == 200


@pytest.mark.parametrize("version", list(Version))
async def test_multipart_is_answered_as_multipart(exchange: Any, version: Version) -> None:
    data = good(exchange, version)
    address = exchange.simulator.exchange_address(version)
    for expected in (200, 500):
        async with exchange.http.post(address, data=part(data), headers={"Content-Type": MULTIPART}) as answer:
            assert answer.status == expected
            assert answer.headers["Content-Type"].startswith("multipart/related")
            body = await answer.read()
            if expected == 200:
                assert reply.open_reply(body, answer.headers["Content-Type"]).operation is Operation.SEND_REQUEST
            else:
                with pytest.raises(FaultReceived) as caught:
                    reply.open_reply(body, answer.headers["Content-Type"])
                assert caught.value.fault.kind is FaultKind.MESSAGE_IS_ALREADY_SENT


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("other", list(Version))
async def test_an_address_takes_its_own_version_alone(exchange: Any, version: Version, other: Version) -> None:
    if other is version:
        assert (await post(exchange, version, good(exchange, other)))[0] == 200
        return
    fault, line = await refused(exchange, version, good(exchange, other))

    assert fault.kind is FaultKind.INVALID_CONTENT
    assert line["reason"] == f"the call is of version {other.value}, this is the address of version {version.value}"
    assert line["operation"] == "SendRequest"


@pytest.mark.parametrize("version", [Version.V1_2, Version.V1_3])
async def test_an_operation_of_another_version_is_none(exchange: Any, version: Version) -> None:
    data = call.get_incoming_queue_statistics(timestamp=exchange.simulator.clock(), signer=exchange.signer)
    fault, line = await refused(exchange, version, data.replace(b"/1.1", f"/{version.value}".encode()))

    assert fault.kind is FaultKind.INVALID_CONTENT
    assert "GetIncomingQueueStatistics" in line["reason"]


@pytest.mark.parametrize("version", list(Version))
async def test_only_the_exchange_gives_verdicts(exchange: Any, version: Version) -> None:
    data = call.send_response(
        message_id=exchange.ids(), to="x", content=b"<a xmlns='urn:a'/>", signer=exchange.signer, version=version
    )
    verdict = (
        b"<ns1:AsyncProcessingStatus><ns1:OriginalMessageId>x</ns1:OriginalMessageId>"
        b"<ns1:StatusCategory>cancelled</ns1:StatusCategory></ns1:AsyncProcessingStatus>"
    )
    data = re.sub(rb"<ns2:MessagePrimaryContent.*</ns2:MessagePrimaryContent>", verdict, data)

    fault, line = await refused(exchange, version, data)

    assert fault.kind is FaultKind.INVALID_CONTENT
    assert "only the exchange" in line["reason"]


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_compressed_body_is_read_or_refused(exchange: Any, version: Version, encoding: str) -> None:
    data = good(exchange, version)
    packed = gzip.compress(data) if encoding == "gzip" else zlib.compress(data)
    assert (await post(exchange, version, packed, **{"Content-Encoding": encoding}))[0] == 200

    # What is cut short inside zlib's own stream, the HTTP server refuses by itself.
    for broken in (data, packed[: len(packed) // 2]) if encoding == "gzip" else (data,):
        fault, _ = await refused(exchange, version, broken, **{"Content-Encoding": encoding})
        assert fault.kind is FaultKind.INVALID_CONTENT


async def test_a_small_body_that_unpacks_to_a_large_one_is_not_unpacked(exchange: Any) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 100_000

    fault, line = await refused(exchange, Version.V1_2, bomb, **{"Content-Encoding": "gzip"})

    assert fault.kind is FaultKind.INVALID_CONTENT
    assert "larger than" in line["reason"]


def moved(data: bytes, version: Version, place: str, identifier: str | None) -> bytes:
    """Put the signed block aside and another one, with other content, where it stood."""
    root = etree.fromstring(data)
    block = next(root.iter(f"{{{version.types}}}SenderProvidedRequestData"))
    holder = block.getparent()
    assert holder is not None
    forged = etree.fromstring(etree.tostring(block).replace(b"MessageID>", b"MessageID>", 1))
    for words in forged.iter():
        if words.text and SECRET in words.text:
            words.text = "Подменов"
    if identifier is None:
        del forged.attrib["Id"]
    else:
        forged.set("Id", identifier)
    holder.replace(block, forged)
    match place:
        case "header":
            next(root.iter(f"{{{SOAP}}}Header")).append(block)
        case "before":
            holder.insert(0, block)
        case "after":
            holder.append(block)
        case "object":
            etree.SubElement(next(root.iter(f"{{{DSIG}}}Signature")), f"{{{DSIG}}}Object").append(block)
        case "content":
            next(forged.iter(f"{{{version.basic}}}MessagePrimaryContent"))[0].append(block)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("identifier", ["SIGNED_BY_CALLER", "OTHER", None])
@pytest.mark.parametrize("place", ["header", "before", "after", "object", "content"])
async def test_a_signature_is_over_what_is_read(
    exchange: Any, version: Version, place: str, identifier: str | None
) -> None:
    """Signature wrapping: the signed block is still there, and something else is what would be processed."""
    data = moved(good(exchange, version), version, place, identifier)

    fault, line = await refused(exchange, version, data)

    assert fault.kind in {FaultKind.SIGNATURE_VERIFICATION, FaultKind.INVALID_CONTENT}
    if fault.kind is FaultKind.SIGNATURE_VERIFICATION:
        assert line["reason"].startswith("IncorrectSignatureTarget: ")


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data.replace(b'URI="#SIGNED_BY_CALLER"', b'URI=""'), "IncorrectSignatureTarget"),
        (lambda data: data.replace(b"xml-exc-c14n#", b"xml-exc-c14n#WithComments"), "SignatureIsInvalid"),
        (lambda data: re.sub(rb"urn://smev-gov-ru/xmldsig/transform", b"urn:odd", data), "SignatureIsInvalid"),
        (lambda data: re.sub(rb'(SignatureMethod Algorithm=")[^"]*', rb"\1urn:odd", data), "SignatureIsInvalid"),
        (lambda data: re.sub(rb"(SignatureValue>)....", rb"\1AAAA", data, count=1), "SignatureIsInvalid"),
        (lambda data: re.sub(rb"(SignatureValue>)[^<]*", rb"\1?", data, count=1), ""),
        (lambda data: re.sub(rb"(X509Certificate>)....", rb"\1AAAA", data, count=1), "CertificateIsNotFound"),
        (lambda data: data.replace(SECRET.encode(), "Подменов".encode()), "SignatureIsInvalid"),
    ],
)
async def test_a_signature_that_does_not_hold(
    exchange: Any, version: Version, damage: Callable[[bytes], bytes], reason: str
) -> None:
    data = good(exchange, version)
    broken = damage(data)
    assert broken != data

    fault, line = await refused(exchange, version, broken)

    assert line["reason"].startswith(reason)
    if reason:
        assert (fault.kind, fault.smev_code) == (FaultKind.SIGNATURE_VERIFICATION, 100)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_calls_are_posted(exchange: Any, method: str) -> None:
    async with exchange.http.request(method, exchange.simulator.exchange_url, data=b"<a/>") as answer:
        assert answer.status == 405
