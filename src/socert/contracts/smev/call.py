"""What a participant says to the exchange: its calls, built and opened.

Build (each returns the bytes of a whole signed SOAP envelope; all take `signer` and `version=V1_2`):

    send_request(*, message_id, content | registry, reference_message_id=None, transaction_code=None, node_id=None,
                 end_of_life=None, personal_signature=None, attachments=(), files=(), business_process_metadata=None,
                 test=False, contents=(), routing=None)
    send_response(*, message_id, to, content | registry | rejections | status, personal_signature=None, attachments=(),
                  files=(), contents=())
    get_request(*, timestamp, selector=None, node_id=None)      get_response: the same
    get_status(*, timestamp)
    ack(*, message_id, accepted=True)
    get_incoming_queue_statistics(*, timestamp, node_id=None)   # version 1.1 alone

Open:

    open_call(data, content_type="text/xml") -> Call     # structure only
    check_schema(call)                                   # SchemaInvalid
    verify(call, suites) -> Verified                     # SignatureInvalid
    verify_routing(call, suites) -> Verified             # of a call with routing; records: registry.verify
    Call.sender_data() -> bytes;  Call.sender_signature() -> bytes | None     # for reply.*_delivery

Contents of attachments are written as base64; `multipart.write` moves them into binary parts.

The signed block is text in the normal form of the exchange's transform, so that signing it needs no XML at all: its
prefixes are ns1, ns2, …, those around it are others.

Sources: SMEV 3 schemas 1.1, 1.2 and 1.3; manual 3.3, sections 3.2 and 3.4 (what is signed).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from socert.contracts.errors import EnvelopeInvalid, SignatureFault, SignatureInvalid
from socert.contracts.message import BusinessMessage, MessageType
from socert.contracts.signature import xmldsig
from socert.contracts.smev import envelope
from socert.contracts.smev.attachments import read_contents, render_contents
from socert.contracts.smev.blocks import (
    CALLER_ID,
    Block,
    answer_block,
    content_block,
    registry_content,
    selector_block,
    signed_call,
    timestamp_block,
)
from socert.contracts.smev.data import read_request_data, read_response_data
from socert.contracts.smev.envelope import child, need, path, read, read_child, read_moment, stamp
from socert.contracts.smev.multipart import read as read_parts
from socert.contracts.smev.operation import BY_ASKED, OPERATIONS_OF, Operation
from socert.contracts.smev.routing import read_routing
from socert.contracts.smev.version import Version, schema
from socert.contracts.xml import escape_text as text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from lxml import etree

    from socert.contracts.signature.signer import Signer
    from socert.contracts.signature.suites import Suite
    from socert.contracts.signature.xmldsig import Verified
    from socert.contracts.smev.attachments import AttachmentContent, AttachmentHeader, RefAttachmentHeader
    from socert.contracts.smev.registry import Record, RegistryRecord
    from socert.contracts.smev.routing import Routing
    from socert.contracts.smev.status import BusinessStatus, Rejection


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Call:
    """A call as it came. `root` is the body's element, `signed` the block in it that the caller must have signed.

    `message_id` is the message's own (Send*) or the one acknowledged (Ack), empty for the others. `content` is the
    root element of the business message, `message_type` its name; where it is a registry, that of its records' content.
    `personal_signature` is over `content` (`personal.verify`). `routing_block` is Routing as it came.
    """

    version: Version
    operation: Operation
    root: etree._Element
    signed: etree._Element
    signature: etree._Element | None
    message_id: str = ""
    to: str = ""
    reference_message_id: str | None = None
    node_id: str | None = None
    timestamp: datetime | None = None
    end_of_life: datetime | None = None
    selector: MessageType | None = None
    content: etree._Element | None = None
    message_type: MessageType | None = None
    rejections: tuple[Rejection, ...] = ()
    status: BusinessStatus | None = None
    accepted: bool | None = None
    test: bool = False
    transaction_code: str | None = None
    attachments: tuple[AttachmentHeader, ...] = ()
    contents: tuple[AttachmentContent, ...] = ()
    files: tuple[RefAttachmentHeader, ...] = ()
    personal_signature: etree._Element | None = None
    business_process_metadata: etree._Element | None = None
    registry: tuple[RegistryRecord, ...] = ()
    routing: Routing | None = None
    routing_block: etree._Element | None = None

    def sender_data(self) -> bytes:
        """Return the signed block as bytes that can be delivered inside another envelope and still be verified."""
        return envelope.fragment(self.signed)

    def sender_signature(self) -> bytes | None:
        """Return the caller's ds:Signature as bytes, None where the call is not signed."""
        return None if self.signature is None else envelope.fragment(self.signature)


def send_request(
    *,
    message_id: str,
    signer: Signer,
    content: BusinessMessage | bytes | None = None,
    registry: Sequence[Record] = (),
    version: Version = Version.V1_2,
    reference_message_id: str | None = None,
    transaction_code: str | None = None,
    node_id: str | None = None,
    end_of_life: datetime | None = None,
    personal_signature: bytes | None = None,
    attachments: Sequence[AttachmentHeader] = (),
    files: Sequence[RefAttachmentHeader] = (),
    business_process_metadata: bytes | None = None,
    test: bool = False,
    contents: Sequence[AttachmentContent] = (),
    routing: Routing | None = None,
) -> bytes:
    """Build SendRequest. `content` as bytes is any XML document: it is signed too, only slower.

    `personal_signature` is a ds:Signature over the content (`personal.sign`), `business_process_metadata` any XML
    elements. `registry` stands in the place of content; it and `routing` are of version 1.3.

    Raises ValueError where not exactly one of content and registry is given, and for what the version lacks.
    """
    if (content is not None) is bool(registry):
        raise ValueError("a request holds exactly one of content and registry")
    if routing is not None and (version is not Version.V1_3 or routing.message_id != message_id):
        raise ValueError("a routing is of version 1.3 and names the id of its own message")
    head = f"<ns1:MessageID>{text(message_id)}</ns1:MessageID>"
    if reference_message_id is not None:
        head += f"<ns1:ReferenceMessageID>{text(reference_message_id)}</ns1:ReferenceMessageID>"
    if transaction_code is not None:
        head += f"<ns1:TransactionCode>{text(transaction_code)}</ns1:TransactionCode>"
    if node_id is not None:
        head += f"<ns1:NodeID>{text(node_id)}</ns1:NodeID>"
    if end_of_life is not None:
        head += f"<ns1:EOL>{stamp(end_of_life)}</ns1:EOL>"
    block = content_block(
        "SenderProvidedRequestData",
        version,
        head,
        registry_content(registry, signer, version) if content is None else content,
        personal_signature=personal_signature,
        attachments=attachments,
        files=files,
        business_process_metadata=business_process_metadata,
        test=test,
    )
    written = render_contents(contents, version) if contents else ""
    return signed_call(Operation.SEND_REQUEST, block, signer, version, contents=written, routing=routing)


def send_response(
    *,
    message_id: str,
    to: str,
    signer: Signer,
    content: BusinessMessage | bytes | None = None,
    registry: Sequence[Record] = (),
    rejections: Sequence[Rejection] = (),
    status: BusinessStatus | None = None,
    version: Version = Version.V1_2,
    personal_signature: bytes | None = None,
    attachments: Sequence[AttachmentHeader] = (),
    files: Sequence[RefAttachmentHeader] = (),
    contents: Sequence[AttachmentContent] = (),
) -> bytes:
    """Build SendResponse. `to` is the request's ReplyTo, unchanged. Give one of content, registry, rejections, status.

    Raises ValueError where not exactly one of the four is given, where attachments accompany no content, and for what
    the version lacks.
    """
    if sum((content is not None, bool(registry), bool(rejections), status is not None)) != 1:
        raise ValueError("a response holds exactly one of content, registry, rejections and status")
    if (rejections or status) and (personal_signature or attachments or files or contents):
        raise ValueError("a refusal or a status has no attachments and no personal signature")
    head = f"<ns1:MessageID>{text(message_id)}</ns1:MessageID><ns1:To>{text(to)}</ns1:To>"
    if registry:
        content = registry_content(registry, signer, version)
    if content is None:
        block = answer_block(version, head, rejections, status)
    else:
        block = content_block(
            "SenderProvidedResponseData",
            version,
            head,
            content,
            personal_signature=personal_signature,
            attachments=attachments,
            files=files,
        )
    written = render_contents(contents, version) if contents else ""
    return signed_call(Operation.SEND_RESPONSE, block, signer, version, contents=written)


def get_request(
    *,
    timestamp: datetime,
    signer: Signer,
    selector: MessageType | None = None,
    node_id: str | None = None,
    version: Version = Version.V1_2,
) -> bytes:
    """Build GetRequest: ask for the first request of the queue, or the first of one message type."""
    block = selector_block(timestamp, selector, node_id, version)
    return signed_call(Operation.GET_REQUEST, block, signer, version)


def get_response(
    *,
    timestamp: datetime,
    signer: Signer,
    selector: MessageType | None = None,
    node_id: str | None = None,
    version: Version = Version.V1_2,
) -> bytes:
    """Build GetResponse: ask for the first answer of the queue; `selector` names the request or the response root."""
    block = selector_block(timestamp, selector, node_id, version)
    return signed_call(Operation.GET_RESPONSE, block, signer, version)


def get_status(*, timestamp: datetime, signer: Signer, version: Version = Version.V1_2) -> bytes:
    """Build GetStatus: ask for the first message of the status queue."""
    return signed_call(Operation.GET_STATUS, timestamp_block(timestamp, version), signer, version)


def ack(*, message_id: str, signer: Signer, accepted: bool = True, version: Version = Version.V1_2) -> bytes:
    """Build Ack. `message_id` is the id of the message received, not of one's own request.

    `accepted` is false where the exchange's signature did not verify and the message was thrown away.
    """
    block = (
        f'<ns1:AckTargetMessage xmlns:ns1="{version.basic}" Id="{CALLER_ID}"'
        f' accepted="{"true" if accepted else "false"}">{text(message_id)}</ns1:AckTargetMessage>'
    )
    return signed_call(Operation.ACK, Block(written=block), signer, version)


def get_incoming_queue_statistics(*, timestamp: datetime, signer: Signer, node_id: str | None = None) -> bytes:
    """Build GetIncomingQueueStatistics, which version 1.1 alone has: ask how many messages wait in one's queues."""
    version = Version.V1_1
    node = "" if node_id is None else f"<typ:NodeID>{text(node_id)}</typ:NodeID>"
    block = timestamp_block(timestamp, version)
    return signed_call(Operation.GET_INCOMING_QUEUE_STATISTICS, block, signer, version, before=node)


def open_call(data: bytes, content_type: str = "text/xml") -> Call:
    """Read a call. Structure only: neither the schema nor the signature is checked here.

    Raises XmlRefused where the data is not acceptable XML, EnvelopeInvalid where it is no call that this can read.
    """
    root = envelope.open_body(read_parts(data, content_type))
    version, operation = envelope.recognise(root, BY_ASKED)
    if operation not in OPERATIONS_OF[version]:
        raise EnvelopeInvalid(f"version {version.value} has no operation {operation.value}")
    block = need(root, *_signed_name(operation, version))
    signature = envelope.signature_in(child(root, version.types, "CallerInformationSystemSignature"))
    found = partial(Call, version=version, operation=operation, root=root, signed=block, signature=signature)
    match operation:
        case Operation.SEND_REQUEST | Operation.SEND_RESPONSE:
            return _open_send(found, root, block, version, operation)
        case Operation.GET_REQUEST | Operation.GET_RESPONSE:
            return found(
                timestamp=read_moment(need(block, version.basic, "Timestamp")),
                node_id=read_child(block, version.basic, "NodeID"),
                selector=_read_selector(block, version),
            )
        case Operation.GET_STATUS | Operation.GET_INCOMING_QUEUE_STATISTICS:
            return found(timestamp=read_moment(block), node_id=read_child(root, version.types, "NodeID"))
        case Operation.ACK:
            accepted = block.get("accepted")
            return found(
                message_id=read(block),
                accepted=None if accepted is None else envelope.read_boolean(accepted, f"{path(block)}/@accepted"),
            )


def check_schema(call: Call) -> None:
    """Check the call against the schema of its version. Raises SchemaInvalid, whose violations name line and path."""
    schema(call.version).check(call.root)


def verify(call: Call, suites: frozenset[Suite]) -> Verified:
    """Verify the caller's signature over the block that the operation wants signed.

    Whether the certificate is trusted is the reader's question. Raises SignatureInvalid, with NoSignatureFound where
    there is none.
    """
    if call.signature is None:
        raise SignatureInvalid(
            SignatureFault.NO_SIGNATURE_FOUND,
            f"{call.operation.asked} holds no signature in CallerInformationSystemSignature",
        )
    return xmldsig.verify(call.signature, target=call.signed, suites=suites)


def verify_routing(call: Call, suites: frozenset[Suite]) -> Verified:
    """Verify the signature over the routing of a call that has one. Raises SignatureInvalid."""
    space, block = call.version.routing, call.routing_block
    signature = None if block is None else envelope.signature_in(child(block, space, "RoutingSignature"))
    if block is None or signature is None:
        raise SignatureInvalid(SignatureFault.NO_SIGNATURE_FOUND, "the call holds no signature in RoutingSignature")
    return xmldsig.verify(signature, target=need(block, space, "RoutingInformation"), suites=suites)


def _signed_name(operation: Operation, version: Version) -> tuple[str, str]:
    """Return the namespace and the name of what the caller of an operation signs (manual 3.3, sections 3.2-3.6)."""
    match operation:
        case Operation.SEND_REQUEST:
            return version.types, "SenderProvidedRequestData"
        case Operation.SEND_RESPONSE:
            return version.types, "SenderProvidedResponseData"
        case Operation.GET_REQUEST | Operation.GET_RESPONSE:
            return version.basic, "MessageTypeSelector"
        case Operation.GET_STATUS | Operation.GET_INCOMING_QUEUE_STATISTICS:
            return version.basic, "Timestamp"
        case Operation.ACK:
            return version.basic, "AckTargetMessage"


def _open_send(
    found: partial[Call], root: etree._Element, block: etree._Element, version: Version, operation: Operation
) -> Call:
    reader = read_request_data if operation is Operation.SEND_REQUEST else read_response_data
    data = reader(block, version)
    if data.async_status is not None:
        raise EnvelopeInvalid(f"{path(block)} holds AsyncProcessingStatus, which only the exchange may fill")
    routing = child(root, version.routing, "Routing") if version is Version.V1_3 else None
    return found(
        message_id=data.message_id,
        to=data.to,
        reference_message_id=data.reference_message_id,
        transaction_code=data.transaction_code,
        node_id=data.node_id,
        end_of_life=data.end_of_life,
        content=data.content,
        message_type=data.message_type,
        rejections=data.rejections,
        status=data.status,
        test=data.test,
        personal_signature=data.personal_signature,
        attachments=data.attachments,
        contents=read_contents(root, version),
        files=data.files,
        business_process_metadata=data.business_process_metadata,
        registry=data.registry,
        routing=None if routing is None else read_routing(need(routing, version.routing, "RoutingInformation")),
        routing_block=routing,
    )


def _read_selector(block: etree._Element, version: Version) -> MessageType | None:
    namespace = read_child(block, version.basic, "NamespaceURI")
    root = read_child(block, version.basic, "RootElementLocalName")
    if namespace is None and root is None:
        return None
    if namespace is None or root is None:
        raise EnvelopeInvalid(f"{path(block)} names a namespace without a root element, or the other way round")
    return MessageType(namespace=namespace.strip(), root=root.strip())
