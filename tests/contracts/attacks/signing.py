"""Truly signed messages, and the tools of those who change them: cut out, put in, sign again."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from lxml import etree
from tests.parts import absent

from socert.contracts.signature import testkeys, transform
from socert.contracts.signature.native import SuiteUnavailable
from socert.contracts.signature.signer import KeySigner
from socert.contracts.signature.suites import Suite
from socert.contracts.smev import call, reply
from socert.contracts.smev.attachments import AttachmentContent, AttachmentHeader
from socert.contracts.smev.metadata import Metadata
from socert.contracts.smev.status import InteractionStatus, MessageCategory
from socert.contracts.smev.version import Version
from socert.contracts.xml import parse

if TYPE_CHECKING:
    from socert.contracts.signature.xmldsig import Verified

NOW: Final = datetime(2026, 4, 16, 6, 1, 20, 319000, tzinfo=UTC)
ID: Final = "b077cd84-3959-11f1-b8b2-0242333cce59"
SNILS: Final = "11223344595"
EVERY: Final = frozenset(Suite)
TYPES: Final = Version.V1_2.types
BASIC: Final = Version.V1_2.basic
DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
SCAN: Final = b"%PDF-1.4 scan of a contract"
CONTENT: Final = (
    '<a:Order xmlns:a="urn:example:order" kind="hours"><a:Snils>11223344595</a:Snils><a:Name>Журавлёв Платон</a:Name>'
    "<a:Sum>1000000</a:Sum><a:Note></a:Note></a:Order>"
).encode()


class Opened(NamedTuple):
    """What is read of a message: its fields, and the two elements that a signature is looked for in."""

    fields: dict[str, Any]
    verified: Verified


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message on the wire. `signer` has truly signed it, `stranger` is somebody with a key of the same suite."""

    kind: str
    data: bytes
    signer: KeySigner
    stranger: KeySigner
    content_type: str = "text/xml"

    # --- what the parts are ------------------------------------------------------------------------------------------

    @property
    def signature(self) -> bytes:
        """The signature that is verified: the last one, since that of a delivery's sender stands before it."""
        return self.data[self.data.rindex(b"<ds:Signature ") : self.data.rindex(b"</ds:Signature>") + 15]

    @property
    def name(self) -> bytes:
        """The qualified name of the signed element."""
        return b"ns1:SenderProvidedRequestData" if self.kind == "call" else b"typ:Request"

    @property
    def identifier(self) -> bytes:
        """The Id of the signed element."""
        return b"SIGNED_BY_CALLER" if self.kind == "call" else b"SIGNED_BY_SMEV"

    @property
    def block(self) -> bytes:
        """The signed element."""
        end = b"</" + self.name + b">"
        return self.data[self.data.index(b"<" + self.name + b" ") : self.data.rindex(end) + len(end)]

    @property
    def evil(self) -> bytes:
        """The signed element with another child and another sum in it."""
        return self.block.replace(b"1000000", b"9999999").replace(SNILS.encode(), b"99999999999")

    # --- what is done to them ----------------------------------------------------------------------------------------

    def swap(self, old: bytes, new: bytes) -> Message:
        """Put other bytes in the place of some that are there."""
        assert old in self.data, old
        return replace(self, data=self.data.replace(old, new, 1))

    def swap_last(self, old: bytes, new: bytes) -> Message:
        """Do so where they stand last: in the signature that is verified."""
        before, found, after = self.data.rpartition(old)
        assert found, old
        return replace(self, data=before + new + after)

    def signed_anew(self, signature: bytes, signer: KeySigner | None = None) -> Message:
        """Put a signature in the place of the true one, its value made right over what its SignedInfo says."""
        signer = signer or self.signer
        changed = self.swap_last(self.signature, signature)
        found = parse(signature).find(f"{{{DSIG}}}SignedInfo")
        assert found is not None
        value = b64encode(signer.sign(transform.canonicalize(found)))
        written = re.sub(rb"(<ds:SignatureValue>)[^<]*", rb"\g<1>" + value, signature)
        return changed.swap_last(signature, written)

    def edited(self, old: bytes | str, new: bytes | str, signer: KeySigner | None = None) -> Message:
        """Change the signature's SignedInfo and sign it anew, so that its form alone is wrong."""
        old, new = (one if isinstance(one, bytes) else one.encode() for one in (old, new))
        assert old in self.signature, old
        return self.signed_anew(self.signature.replace(old, new, 1), signer)

    # --- what is read of them ----------------------------------------------------------------------------------------

    def open(self) -> Opened:
        """Read and verify, as everyone who receives messages does; raises what they raise."""
        if self.kind == "call":
            asked = call.open_call(self.data, self.content_type)
            return Opened(seen(asked), call.verify(asked, EVERY))
        brought = reply.open_reply(self.data, self.content_type)
        assert brought.delivery is not None
        return Opened(seen(brought.delivery), reply.verify(brought, EVERY))


def seen(found: call.Call | reply.Delivery) -> dict[str, Any]:
    """Return every field that was read, by name, in a form that can be compared."""
    return {one.name: _comparable(getattr(found, one.name)) for one in fields(found)}


def _comparable(value: Any) -> Any:
    if isinstance(value, etree._Element):
        written = (value.text or "") + "".join(inner.tail or "" for inner in value)
        return value.tag, sorted(value.attrib.items()), written, [*map(_comparable, value.iterchildren("*"))]
    if isinstance(value, tuple):
        return [*map(_comparable, value)]
    if is_dataclass(value):  # what it shows of itself leaves out what is secret
        return [_comparable(getattr(value, one.name)) for one in fields(value)]
    return value


def make_signer(name: str, suite: Suite) -> KeySigner:
    """Make a key and its certificate; `SuiteUnavailable` where no library knows the suite."""
    made = testkeys.make(name, organisation="Test", now=NOW, suite=suite)
    return KeySigner.from_files(made.key_pem, made.certificate_pem)


def make_call(signer: KeySigner, *, files: bool = True) -> bytes:
    """Return a truly signed SendRequest, with a file in it unless told."""
    header = AttachmentHeader(content_id="scan", mime_type="application/pdf", signature=b"PKCS7")
    return call.send_request(
        message_id=ID,
        signer=signer,
        content=CONTENT,
        attachments=[header] if files else [],
        contents=[AttachmentContent(id="scan", content=SCAN)] if files else [],
        test=files,
    )


def make_delivery(exchange: KeySigner, sender: KeySigner) -> bytes:
    """Return a truly signed reply that brings a request."""
    asked = call.open_call(make_call(sender))
    return reply.request_delivery(
        sender_data=asked.sender_data(),
        sender_signature=asked.sender_signature(),
        metadata=Metadata(
            message_id=ID,
            message_type=MessageCategory.REQUEST,
            sent_at=NOW,
            sender="EPGU",
            recipient="REGION",
            status=InteractionStatus.QUEUED,
        ),
        signer=exchange,
        reply_to="address",
        contents=asked.contents,
    )


@lru_cache(maxsize=32)
def _made(kind: str, suite: Suite) -> Message:
    signer, stranger = make_signer("signer", suite), make_signer("stranger", suite)
    data = make_call(signer) if kind == "call" else make_delivery(signer, stranger)
    return Message(kind=kind, data=data, signer=signer, stranger=stranger)


def make_message(kind: str, suite: Suite = Suite.ECDSA_P256) -> Message:
    """Make a true message of a kind (call, delivery) in a suite, once; skips where no library knows the suite."""
    try:
        return _made(kind, suite)
    except SuiteUnavailable as error:
        absent("a GOST library", error)
