"""For each requirement on one message: a message that keeps it, and one that breaks it by as little as can be."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.conformance import samples as s

from socert.contracts.signature import der, private_keys
from socert.contracts.signature.certificate_writer import Attribute, Issuer, name_of, write
from socert.contracts.signature.suites import Suite
from socert.contracts.smev.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from socert.conformance.message import Message

_DATA = "1.2.840.113549.1.7.1"
_BIG = b64encode(b"x" * (5 * 1024 * 1024 + 1)).decode()
_SIGNED_INFO = "<ds:SignedInfo>"


def pkcs7(*, detached: bool = True) -> str:
    """The form of a detached signature; nothing in it is computed."""
    content = der.sequence(der.oid(_DATA), *(() if detached else (der.write(der.context(0), b""),)))
    attributes = [
        der.sequence(der.oid(f"1.2.840.113549.1.9.{number}"), der.write(der.SET, der.write(der.NULL)))
        for number in (3, 4)
    ]
    signers = der.write(der.SET, der.sequence(der.integer(1), der.write(der.context(0), *attributes)))
    data = der.sequence(der.integer(1), der.write(der.SET), content, signers)
    whole = der.sequence(der.oid("1.2.840.113549.1.7.2"), der.write(der.context(0), data))
    return b64encode(whole).decode()


def sent(old: str = "", new: str = "", **more: object) -> Message:
    """A signed SendRequest, changed after signing where a piece is given."""
    data = s.change(s.send(), old, new) if old else s.send()
    return s.said(data, **more)


def both_signed_by(other: str) -> bytes:
    """A SendRequest whose certificate is somebody else's."""
    mine, theirs = (b64encode(s.signer(name).certificate).decode() for name in ("Region", other))
    return s.change(s.send(), mine, theirs)


def by_authority() -> bytes:
    """A SendRequest that carries the certificate of somebody who issues certificates and signs no messages."""
    key = private_keys.load(private_keys.make(Suite.ECDSA_P256), None, Suite.ECDSA_P256)
    name = name_of([Attribute(oid="2.5.4.3", tag=der.UTF8_STRING, text="Authority")])
    certificate = write(
        subject=name,
        spki=key.spki,
        issuer=Issuer(key=key, name=name),
        serial=1,
        not_before=s.NOW - timedelta(days=1),
        not_after=s.NOW + timedelta(days=1),
        authority=True,
    )
    mine = b64encode(s.signer().certificate).decode()
    return s.change(s.send(), mine, b64encode(certificate).decode())


def gost() -> Message:
    """A SendRequest that names the algorithms of GOST."""
    suite, ours = Suite.GOST_2012_256, s.signer().suite
    data = s.change(s.send(), ours.signature_uri, suite.signature_uri)
    return s.said(s.change(data, ours.digest_uri, suite.digest_uri))


def raw_digest() -> Message:
    """A SendRequest whose reader must put a part into its place before the digest is computed."""
    content = b'<n:Note xmlns:n="urn:example:note"><n:File>ZmlsZQ==</n:File></n:Note>'
    return s.multipart(s.change(s.send(content=content), "ZmlsZQ==", s.include("part")), ("part", b"file"))


def fault(old: str = "", new: str = "") -> Message:
    data = s.change(s.fault(), old, new) if old else s.fault()
    return s.heard(data, status=500)


PAIRS: Mapping[str, tuple[Callable[[], Message], Callable[[], Message]]] = {
    "SMEV-HTTP-001": (sent, lambda: sent(headers={"content-type": "application/soap+xml"})),
    "SMEV-HTTP-002": (
        lambda: sent(operation=Operation.SEND_REQUEST),
        lambda: sent(operation=Operation.SEND_RESPONSE),
    ),
    "SMEV-HTTP-003": (
        lambda: sent(operation=Operation.SEND_REQUEST),
        lambda: sent(headers={**s.TEXT_XML, "soapaction": "urn:SendRequest"}),
    ),
    "SMEV-HTTP-004": (fault, lambda: s.heard(s.fault(), status=200)),
    "SMEV-HTTP-005": (lambda: s.multipart(s.send()), lambda: s.multipart(s.send(), start="elsewhere")),
    "SMEV-HTTP-006": (sent, lambda: sent(method="PUT")),
    "SMEV-HTTP-007": (sent, lambda: sent(headers={"content-type": "text/xml; charset=windows-1251"})),
    "SMEV-ENV-001": (sent, lambda: sent('encoding="UTF-8"', 'encoding="windows-1251"')),
    "SMEV-ENV-002": (sent, lambda: sent("?>", "?><!DOCTYPE a>")),
    "SMEV-ENV-003": (sent, lambda: sent("</soap:Envelope>", "")),
    "SMEV-ENV-004": (sent, lambda: sent("<soap:Body>", "<?do it?><soap:Body>")),
    "SMEV-ENV-005": (sent, lambda: sent('<?xml version="1.0" encoding="UTF-8"?>', "")),
    "SMEV-ENV-006": (
        sent,
        lambda: sent("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"),
    ),
    "SMEV-ENV-007": (sent, lambda: sent("</soap:Body>", "<more/></soap:Body>")),
    "SMEV-ENV-008": (sent, lambda: sent("SendRequestRequest", "SendNothingRequest")),
    "SMEV-ENV-009": (sent, lambda: sent("types/basic/1.2", "types/basic/1.1")),
    "SMEV-ENV-010": (sent, lambda: sent("<soap:Header></soap:Header>", "")),
    "SMEV-XSD-001": (sent, lambda: sent("<ns1:MessageID>", "<ns1:EOL>soon</ns1:EOL><ns1:MessageID>")),
    "SMEV-XSD-002": (fault, lambda: fault("</flt:", "<surplus/></flt:")),
    "SMEV-MID-001": (sent, lambda: sent(s.ID, s.ID.upper())),
    "SMEV-MID-002": (sent, lambda: sent(s.ID, f"{s.ID[:14]}4{s.ID[15:]}")),
    "SMEV-MID-003": (
        lambda: s.said(s.send(s.message_id(hours=23)), moment=s.NOW),
        lambda: s.said(s.send(s.message_id(hours=25)), moment=s.NOW),
    ),
    "SMEV-MID-004": (
        lambda: s.said(s.send(), moment=s.NOW),
        lambda: s.said(s.send(s.message_id(hours=-1)), moment=s.NOW),
    ),
    "SMEV-MID-005": (
        lambda: s.said(s.send(reference_message_id=s.ID)),
        lambda: s.said(s.send(reference_message_id="first")),
    ),
    "SMEV-TIM-001": (lambda: s.said(s.poll()), lambda: s.said(s.change(s.poll(), "20.000Z", "20.000"))),
    "SMEV-TIM-002": (
        lambda: s.said(s.poll(), moment=s.NOW),
        lambda: s.said(s.poll(), moment=s.NOW + timedelta(days=2)),
    ),
    "SMEV-TIM-003": (
        lambda: s.said(s.send(end_of_life=s.NOW + timedelta(days=1))),
        lambda: s.said(s.send(end_of_life=s.NOW - timedelta(days=1))),
    ),
    "SMEV-TIM-004": (lambda: s.heard(s.taken()), lambda: s.heard(s.change(s.taken(), "T06:02:", "T05:02:"))),
    "SMEV-DAT-001": (
        lambda: s.said(s.answer()),
        lambda: s.said(s.change(s.answer(), "</ns1:To>", "</ns1:To><ns1:AsyncProcessingStatus/>")),
    ),
    "SMEV-DAT-002": (sent, lambda: sent("</ns2:MessagePrimaryContent>", "<a/></ns2:MessagePrimaryContent>")),
    "SMEV-DAT-003": (
        lambda: s.heard(s.empty()),
        lambda: s.heard(s.change(s.empty(), "></typ:GetResponseResponse>", ">none</typ:GetResponseResponse>")),
    ),
    "SMEV-DAT-004": (
        lambda: s.heard(s.delivered_answer()),
        lambda: s.heard(s.change(s.delivered_answer(), f"MessageId>{s.OTHER_ID}", f"MessageId>{s.THIRD_ID}")),
    ),
    "SMEV-DAT-005": (
        lambda: s.heard(s.delivered_answer()),
        lambda: s.heard(s.change(s.delivered_answer(), "MessageType>RESPONSE", "MessageType>REQUEST")),
    ),
    "SMEV-DAT-006": (
        lambda: s.heard(s.delivered_request()),
        lambda: s.heard(s.change(s.delivered_request(), f"<typ:ReplyTo>{s.REPLY_TO}</typ:ReplyTo>", "")),
    ),
    "SMEV-SIG-001": (sent, lambda: sent("ds:Signature", "ds:Other")),
    "SMEV-SIG-002": (lambda: s.heard(s.taken()), lambda: s.heard(s.change(s.taken(), "SMEVSignature", "Unsigned"))),
    "SMEV-SIG-003": (
        lambda: s.heard(s.delivered_answer()),
        lambda: s.heard(s.change(s.delivered_answer(), "SenderInformationSystemSignature", "Unsigned")),
    ),
    "SMEV-SIG-004": (sent, lambda: sent('URI="#SIGNED_BY_CALLER"', 'URI="#SIGNED"')),
    "SMEV-SIG-005": (sent, lambda: sent("<soap:Header>", '<soap:Header Id="SIGNED_BY_CALLER">')),
    "SMEV-SIG-006": (sent, lambda: sent("</ds:SignedInfo>", "<ds:Reference></ds:Reference></ds:SignedInfo>")),
    "SMEV-SIG-007": (
        sent,
        lambda: sent(
            'CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"',
            'CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"',
        ),
    ),
    "SMEV-SIG-008": (sent, lambda: sent("urn://smev-gov-ru/xmldsig/transform", "urn://other")),
    "SMEV-SIG-009": (sent, lambda: sent(Suite.ECDSA_P256.digest_uri, Suite.GOST_2012_256.digest_uri)),
    "SMEV-SIG-010": (gost, sent),
    "SMEV-SIG-011": (sent, lambda: sent(_SIGNED_INFO, f"\n{_SIGNED_INFO}")),
    "SMEV-SIG-012": (sent, lambda: sent("<ds:X509Certificate>", "<ds:X509Certificate>AA")),
    "SMEV-SIG-013": (sent, lambda: sent("Words>Secret", 'Words xml:lang="ru">Secret')),
    "SMEV-SIG-014": (raw_digest, lambda: sent(s.ID, s.OTHER_ID)),
    "SMEV-SIG-015": (sent, lambda: s.said(both_signed_by("Other"))),
    "SMEV-SIG-016": (sent, lambda: s.said(s.send(s.message_id(hours=24 * 400)))),
    "SMEV-SIG-017": (sent, lambda: s.said(by_authority())),
    "SMEV-DAT-007": (lambda: s.said(s.routed()), lambda: s.said(s.routed(s.OTHER_ID))),
    "SMEV-DAT-008": (
        lambda: s.said(s.registry()),
        lambda: s.said(s.change(s.registry(), "RecordId>2<", "RecordId>1<")),
    ),
    "SMEV-SIG-018": (
        lambda: s.said(s.routed()),
        lambda: s.said(s.change(s.routed(), "RoutingSignature", "Unsigned")),
    ),
    "SMEV-SIG-019": (
        lambda: s.said(s.registry()),
        lambda: s.said(s.change(s.registry(), "RecordSignature", "Unsigned")),
    ),
    "SMEV-ATT-001": (
        lambda: s.said(s.with_attachments()),
        lambda: s.said(s.with_attachments(headers=("1a",), contents=(("1a", ""),))),
    ),
    "SMEV-ATT-002": (
        lambda: s.said(s.with_attachments()),
        lambda: s.said(s.with_attachments(headers=("a1", "a2"))),
    ),
    "SMEV-ATT-003": (
        lambda: s.said(s.with_attachments()),
        lambda: s.said(s.with_attachments(contents=(("a1", _BIG),))),
    ),
    "SMEV-ATT-004": (
        lambda: s.multipart(s.with_attachments(contents=(("a1", s.include("p")),)), ("p", b"file")),
        lambda: s.multipart(s.with_attachments(contents=(("a1", s.include("p")),)), ("q", b"file")),
    ),
    "SMEV-ATT-005": (
        lambda: s.multipart(s.with_attachments(contents=(("a1", s.include("p")),)), ("p", b"file")),
        lambda: s.multipart(s.with_attachments(), ("p", b"file")),
    ),
    "SMEV-ATT-006": (
        lambda: s.said(s.with_attachments(signature=pkcs7())),
        lambda: s.said(s.with_attachments(signature=pkcs7(detached=False))),
    ),
    "SMEV-ATT-007": (
        lambda: s.said(s.with_attachments(signature=pkcs7())),
        lambda: s.said(s.with_attachments()),
    ),
    "SMEV-ATT-008": (lambda: s.heard(s.with_files()), lambda: s.heard(s.with_files(hashed=b"h" * 20))),
    "SMEV-ATT-009": (
        lambda: s.heard(s.with_files()),
        lambda: s.heard(s.with_files(uuid=f"{s.ID[:14]}4{s.ID[15:]}")),
    ),
    "SMEV-ATT-010": (lambda: s.heard(s.with_files()), lambda: s.heard(s.with_files(stored=s.OTHER_ID))),
    "SMEV-ATT-011": (
        lambda: s.said(s.with_attachments()),
        lambda: s.said(s.with_attachments(mime="pdf")),
    ),
    "SMEV-FLT-001": (fault, lambda: fault("faultstring>", "faultwords>")),
    "SMEV-FLT-002": (fault, lambda: fault("soap:Server", "Server")),
    "SMEV-FLT-003": (fault, lambda: fault("Сообщение слишком старое.", "Too old.")),
    "SMEV-FLT-004": (fault, lambda: fault("StaleMessageId", "Stale")),
    "SMEV-FLT-005": (fault, lambda: fault("<bas:Code>tsmev3:1</bas:Code>", "")),
    "SMEV-FLT-006": (fault, lambda: fault("SMEV-302:", "302: ")),
}
