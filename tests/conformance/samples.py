"""Messages of one small exchange, right in everything, and ways to make them wrong in one thing."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from socert.conformance.message import Message
from socert.conformance.session import Exchange, Session
from socert.contracts.message import MessageType
from socert.contracts.signature import testkeys
from socert.contracts.signature.signer import KeySigner
from socert.contracts.smev import call, reply
from socert.contracts.smev.faults import Fault, FaultKind
from socert.contracts.smev.ids import MessageIds
from socert.contracts.smev.metadata import Metadata
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.registry import Record
from socert.contracts.smev.routing import RecordRouting, Routing
from socert.contracts.smev.status import AsyncStatus, InteractionStatus, MessageCategory
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 4, 16, 6, 1, 20, tzinfo=UTC)
CONTENT = b'<n:Note xmlns:n="urn:example:note"><n:Words>Secret Person</n:Words></n:Note>'
NOTE = MessageType(namespace="urn:example:note", root="Note")
REPLY_TO = "eyJzaWQiOjF9 opaque"
TEXT_XML = {"content-type": "text/xml; charset=utf-8"}
BOUNDARY = "edge"
V = Version.V1_2


def signer(name: str = "Region") -> KeySigner:
    """A key and its certificate, made once for a name."""
    return _made(name)


@lru_cache
def _made(name: str) -> KeySigner:
    made = testkeys.make(name, organisation="Test", now=NOW)
    return KeySigner.from_files(made.key_pem, made.certificate_pem)


def message_id(hours: float = 0, number: int = 1) -> str:
    """A message id made so many hours before NOW; the same number gives the same id."""
    return MessageIds(lambda: NOW - timedelta(hours=hours), node=number, clock_seq=1)()


ID, OTHER_ID, THIRD_ID = message_id(number=1), message_id(number=2), message_id(number=3)


def change(data: bytes, old: str, new: str) -> bytes:
    """Replace a piece that must be there, wherever it stands."""
    assert old.encode() in data, old
    return data.replace(old.encode(), new.encode())


# --- calls ------------------------------------------------------------------------------------------------------------


def send(identifier: str = ID, content: bytes = CONTENT, **more: Any) -> bytes:
    return call.send_request(message_id=identifier, content=content, signer=signer(), **more)


def answer(identifier: str = THIRD_ID, to: str = REPLY_TO) -> bytes:
    return call.send_response(message_id=identifier, to=to, content=CONTENT, signer=signer())


def poll(**more: Any) -> bytes:
    return call.get_response(timestamp=NOW, signer=signer(), **more)


def poll_requests(**more: Any) -> bytes:
    return call.get_request(timestamp=NOW, signer=signer(), **more)


def ack(identifier: str = OTHER_ID) -> bytes:
    return call.ack(message_id=identifier, signer=signer())


def status() -> bytes:
    return call.get_status(timestamp=NOW, signer=signer())


def routed(identifier: str = ID) -> bytes:
    """A SendRequest of 1.3 with a routing that names a message."""
    sent = send(version=Version.V1_3, routing=Routing(message_id=ID, dynamic=("45",)))
    message, mark, routing = sent.partition(b"RoutingInformation")
    return message + mark + change(routing, ID, identifier)


def registry() -> bytes:
    """A SendRequest of 1.3 with two records, each routed by itself."""
    return call.send_request(
        message_id=ID,
        registry=[Record(record_id=number, content=CONTENT) for number in (1, 2)],
        signer=signer(),
        version=Version.V1_3,
        routing=Routing(message_id=ID, dynamic=("45",), records=(RecordRouting(record_id=2, general=True),)),
    )


# --- replies ----------------------------------------------------------------------------------------------------------


def metadata(identifier: str = ID, category: MessageCategory = MessageCategory.REQUEST) -> Metadata:
    return Metadata(
        message_id=identifier,
        message_type=category,
        sender="TEST01",
        sent_at=NOW,
        recipient="TEST02",
        delivered_at=NOW + timedelta(minutes=1),
        status=InteractionStatus.QUEUED,
    )


def taken(identifier: str = ID) -> bytes:
    return reply.send_reply(Operation.SEND_REQUEST, metadata(identifier), signer=signer("Exchange"))


def delivered_request(identifier: str = OTHER_ID, reply_to: str = REPLY_TO) -> bytes:
    """GetRequestResponse with a request that its sender signed."""
    opened = call.open_call(send(identifier))
    return reply.request_delivery(
        sender_data=opened.sender_data(),
        sender_signature=opened.sender_signature(),
        metadata=metadata(identifier),
        reply_to=reply_to,
        signer=signer("Exchange"),
    )


def delivered_answer(identifier: str = OTHER_ID, original: str = ID, content: bytes = CONTENT) -> bytes:
    """GetResponseResponse with an answer that its sender signed."""
    sent = call.send_response(message_id=identifier, to=REPLY_TO, content=content, signer=signer("Provider"))
    opened = call.open_call(sent)
    return reply.response_delivery(
        original_message_id=original,
        sender_data=opened.sender_data(),
        sender_signature=opened.sender_signature(),
        metadata=metadata(identifier, MessageCategory.RESPONSE),
        signer=signer("Exchange"),
    )


def verdict(identifier: str = OTHER_ID, original: str = ID) -> bytes:
    """GetResponseResponse in which the exchange itself rejects a message."""
    rejected = AsyncStatus(
        original_message_id=original, category=InteractionStatus.REJECTED, details="Ошибка", fault=None
    )
    return reply.async_status(
        rejected,
        message_id=identifier,
        to=REPLY_TO,
        metadata=metadata(identifier, MessageCategory.RESPONSE),
        signer=signer("Exchange"),
    )


def empty() -> bytes:
    return reply.empty(Operation.GET_RESPONSE)


def acked() -> bytes:
    return reply.ack_reply()


def fault(kind: FaultKind = FaultKind.STALE_MESSAGE_ID) -> bytes:
    return reply.fault(
        Fault(kind=kind, text="Сообщение слишком старое.", code="tsmev3:1", description="SMEV-302:Сообщение старое.")
    )


# --- messages ---------------------------------------------------------------------------------------------------------


def said(data: bytes, **more: Any) -> Message:
    """A message to the exchange, of which everything is known."""
    operation = more.pop("operation", None)
    headers = {**TEXT_XML, **({} if operation is None else {"soapaction": f'"{operation.action}"'})}
    return Message(**{"name": "call", "data": data, "headers": headers, "method": "POST", "to_exchange": True, **more})


def heard(data: bytes, status: int = 200, **more: Any) -> Message:
    """A message of the exchange."""
    return Message(
        **{"name": "reply", "data": data, "headers": TEXT_XML, "status": status, "to_exchange": False, **more}
    )


def bare(data: bytes, **more: Any) -> Message:
    """A message of which only the bytes are known."""
    return Message(name="message", data=data, **more)


def session(*pairs: tuple[Message | bytes | None, Message | bytes | None]) -> Session:
    """A session: bytes are messages of which nothing more is known."""
    exchanges = []
    for number, (asked, got) in enumerate(pairs, start=1):
        first = replace(said(asked), name=f"{number}.request") if isinstance(asked, bytes) else asked
        second = replace(heard(got), name=f"{number}.response") if isinstance(got, bytes) else got
        exchanges.append(Exchange(call=first, reply=second))
    return Session(exchanges=tuple(exchanges))


# --- attachments ------------------------------------------------------------------------------------------------------


def with_attachments(
    *,
    headers: Sequence[str] = ("a1",),
    contents: Sequence[tuple[str, str]] = (("a1", b64encode(b"file").decode()),),
    signature: str | None = None,
    mime: str = "application/pdf",
) -> bytes:
    """An unsigned SendRequest whose attachments are as given."""
    pkcs7 = "" if signature is None else f"<b:SignaturePKCS7>{signature}</b:SignaturePKCS7>"
    listed = "".join(
        f"<b:AttachmentHeader><b:contentId>{name}</b:contentId><b:MimeType>{mime}</b:MimeType>{pkcs7}"
        "</b:AttachmentHeader>"
        for name in headers
    )
    held = "".join(
        f"<b:AttachmentContent><b:Id>{name}</b:Id><b:Content>{content}</b:Content></b:AttachmentContent>"
        for name, content in contents
    )
    return enveloped(
        f'<t:SendRequestRequest xmlns:t="{V.types}" xmlns:b="{V.basic}"><t:SenderProvidedRequestData Id="S">'
        f"<t:MessageID>{ID}</t:MessageID><b:MessagePrimaryContent>{CONTENT.decode()}</b:MessagePrimaryContent>"
        f"<b:AttachmentHeaderList>{listed}</b:AttachmentHeaderList></t:SenderProvidedRequestData>"
        f"<b:AttachmentContentList>{held}</b:AttachmentContentList></t:SendRequestRequest>"
    )


def with_files(*, uuid: str = ID, hashed: bytes = b"h" * 32, stored: str | None = None) -> bytes:
    """A delivery of a request with a file in the store; `stored` is the uuid in FSAttachmentsList."""
    listed = (
        f"<b:RefAttachmentHeaderList><b:RefAttachmentHeader><b:uuid>{uuid}</b:uuid>"
        f"<b:Hash>{b64encode(hashed).decode()}</b:Hash><b:MimeType>image/png</b:MimeType></b:RefAttachmentHeader>"
        "</b:RefAttachmentHeaderList>"
    )
    held = (
        f"<b:FSAttachmentsList><b:FSAttachment><b:uuid>{stored or uuid}</b:uuid><b:UserName>u</b:UserName>"
        "<b:Password>p</b:Password><b:FileName>f</b:FileName></b:FSAttachment></b:FSAttachmentsList>"
    )
    return enveloped(
        f'<t:GetRequestResponse xmlns:t="{V.types}" xmlns:b="{V.basic}"><t:RequestMessage><t:Request Id="R">'
        f'<t:SenderProvidedRequestData Id="S"><t:MessageID>{ID}</t:MessageID>{listed}'
        f"</t:SenderProvidedRequestData>{held}</t:Request></t:RequestMessage></t:GetRequestResponse>"
    )


def enveloped(body: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header/>'
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


def multipart(root: bytes, *others: tuple[str, bytes], start: str = "root") -> Message:
    """A multipart message of a root part and others by their Content-ID."""
    parts = [
        f"--{BOUNDARY}\r\nContent-Type: application/xop+xml\r\nContent-ID: <root>\r\n\r\n".encode() + root + b"\r\n"
    ]
    parts += [
        f"--{BOUNDARY}\r\nContent-Type: application/octet-stream\r\nContent-ID: <{name}>\r\n\r\n".encode()
        + data
        + b"\r\n"
        for name, data in others
    ]
    kind = f'multipart/related; type="application/xop+xml"; boundary="{BOUNDARY}"; start="<{start}>"'
    return said(b"".join(parts) + f"--{BOUNDARY}--\r\n".encode(), headers={"content-type": kind})


def include(name: str) -> str:
    return f'<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:{name}"/>'
