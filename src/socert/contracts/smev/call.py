"""What a participant says to the exchange: six calls, built and opened.

Build (each returns the bytes of a whole signed SOAP envelope):

    send_request(*, message_id, content, signer, version=V1_2, reference_message_id=None, node_id=None,
                 end_of_life=None, test=False)
    send_response(*, message_id, to, signer, content=None | rejections=() | status=None, version=V1_2)
    get_request(*, timestamp, signer, selector=None, node_id=None, version=V1_2)      get_response: the same
    get_status(*, timestamp, signer, version=V1_2)
    ack(*, message_id, signer, accepted=True, version=V1_2)

Open:

    open_call(data, content_type="text/xml") -> Call     # structure only
    check_schema(call)                                   # SchemaInvalid
    verify(call, suites) -> Verified                     # SignatureInvalid

    Call(version, operation, root, signed, signature: Element | None, message_id: str, to: str,
         reference_message_id, node_id, timestamp, end_of_life, selector: MessageType | None,
         content: Element | None, message_type: MessageType | None, rejections, status, accepted: bool | None,
         test: bool)
    Call.sender_data() -> bytes;  Call.sender_signature() -> bytes | None     # for reply.*_delivery

The signed block is text in the normal form of the exchange's transform, so that signing it needs no XML at all: its
prefixes are ns1, ns2, …, those around it are others.

Sources: SMEV 3 schemas 1.2; manual 3.3, sections 3.2 and 3.4 (what is signed).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts import xml
from socert.contracts.errors import EnvelopeInvalid, SignatureFault, SignatureInvalid
from socert.contracts.message import BusinessMessage, MessageType
from socert.contracts.signature import xmldsig
from socert.contracts.signature.transform import normalize
from socert.contracts.smev import envelope
from socert.contracts.smev.data import read_request_data, read_response_data
from socert.contracts.smev.envelope import XSI, child, need, path, read, read_child, read_moment, stamp
from socert.contracts.smev.multipart import root_part
from socert.contracts.smev.operation import BY_ASKED, Operation
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
    from socert.contracts.smev.registry import RegistryRecord
    from socert.contracts.smev.routing import Routing
    from socert.contracts.smev.status import BusinessStatus, Rejection

CALLER_ID = "SIGNED_BY_CALLER"
"""Id of the block that the caller signs: free to choose; this is what most participants write."""

_XSI = XSI.encode()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Call:
    """A call as it came. `root` is the body's element, `signed` the block in it that the caller must have signed.

    `message_id` is the message's own (Send*) or the one acknowledged (Ack), empty for the others. `content` is the
    root element of the business message, `message_type` its name.
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
    content: BusinessMessage | bytes,
    signer: Signer,
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
    """Build SendRequest. `content` as bytes is any XML document: it is signed too, only slower."""
    head = f"<ns1:MessageID>{text(message_id)}</ns1:MessageID>"
    if reference_message_id is not None:
        head += f"<ns1:ReferenceMessageID>{text(reference_message_id)}</ns1:ReferenceMessageID>"
    if node_id is not None:
        head += f"<ns1:NodeID>{text(node_id)}</ns1:NodeID>"
    if end_of_life is not None:
        head += f"<ns1:EOL>{stamp(end_of_life)}</ns1:EOL>"
    tail = "<ns1:TestMessage></ns1:TestMessage>" if test else ""
    block = _block("SenderProvidedRequestData", version, head, content, tail)
    return _signed_call(Operation.SEND_REQUEST, block, signer, version, plain=_plain(content, version))


def send_response(
    *,
    message_id: str,
    to: str,
    signer: Signer,
    content: BusinessMessage | bytes | None = None,
    rejections: Sequence[Rejection] = (),
    status: BusinessStatus | None = None,
    version: Version = Version.V1_2,
    personal_signature: bytes | None = None,
    attachments: Sequence[AttachmentHeader] = (),
    files: Sequence[RefAttachmentHeader] = (),
    contents: Sequence[AttachmentContent] = (),
) -> bytes:
    """Build SendResponse. `to` is the request's ReplyTo, unchanged. Give one of content, rejections and status.

    Raises ValueError where not exactly one of the three is given.
    """
    if sum((content is not None, bool(rejections), status is not None)) != 1:
        raise ValueError("a response holds exactly one of content, rejections and status")
    head = f"<ns1:MessageID>{text(message_id)}</ns1:MessageID><ns1:To>{text(to)}</ns1:To>"
    for rejection in rejections:
        head += (
            f"<ns1:RequestRejected><ns1:RejectionReasonCode>{rejection.code.value}</ns1:RejectionReasonCode>"
            f"<ns1:RejectionReasonDescription>{text(rejection.description)}</ns1:RejectionReasonDescription>"
            "</ns1:RequestRejected>"
        )
    if status is not None:
        head += _render_status(status)
    block = _block("SenderProvidedResponseData", version, head, content, "")
    return _signed_call(Operation.SEND_RESPONSE, block, signer, version, plain=_plain(content, version))


def get_request(
    *,
    timestamp: datetime,
    signer: Signer,
    selector: MessageType | None = None,
    node_id: str | None = None,
    version: Version = Version.V1_2,
) -> bytes:
    """Build GetRequest: ask for the first request of the queue, or the first of one message type."""
    return _signed_call(Operation.GET_REQUEST, _selector(timestamp, selector, node_id, version), signer, version)


def get_response(
    *,
    timestamp: datetime,
    signer: Signer,
    selector: MessageType | None = None,
    node_id: str | None = None,
    version: Version = Version.V1_2,
) -> bytes:
    """Build GetResponse: ask for the first answer of the queue; `selector` names the request or the response root."""
    return _signed_call(Operation.GET_RESPONSE, _selector(timestamp, selector, node_id, version), signer, version)


def get_status(*, timestamp: datetime, signer: Signer, version: Version = Version.V1_2) -> bytes:
    """Build GetStatus: ask for the first message of the status queue."""
    block = f'<ns1:Timestamp xmlns:ns1="{version.basic}" Id="{CALLER_ID}">{stamp(timestamp)}</ns1:Timestamp>'
    return _signed_call(Operation.GET_STATUS, block, signer, version)


def ack(*, message_id: str, signer: Signer, accepted: bool = True, version: Version = Version.V1_2) -> bytes:
    """Build Ack. `message_id` is the id of the message received, not of one's own request.

    `accepted` is false where the exchange's signature did not verify and the message was thrown away.
    """
    block = (
        f'<ns1:AckTargetMessage xmlns:ns1="{version.basic}" Id="{CALLER_ID}"'
        f' accepted="{"true" if accepted else "false"}">{text(message_id)}</ns1:AckTargetMessage>'
    )
    return _signed_call(Operation.ACK, block, signer, version)


def get_incoming_queue_statistics(*, timestamp: datetime, signer: Signer, node_id: str | None = None) -> bytes:
    """Build GetIncomingQueueStatistics, which version 1.1 alone has: ask how many messages wait in one's queues."""
    raise NotImplementedError


def open_call(data: bytes, content_type: str = "text/xml") -> Call:
    """Read a call. Structure only: neither the schema nor the signature is checked here.

    Raises XmlRefused where the data is not acceptable XML, EnvelopeInvalid where it is no call that this can read.
    """
    root = envelope.open_body(root_part(data, content_type))
    version, operation = envelope.recognise(root, BY_ASKED)
    block = need(root, *_signed_name(operation, version))
    match operation:
        case Operation.SEND_REQUEST | Operation.SEND_RESPONSE:
            return _open_send(root, block, version, operation)
        case Operation.GET_REQUEST | Operation.GET_RESPONSE:
            stamped = need(block, version.basic, "Timestamp")
            return Call(
                version=version,
                operation=operation,
                root=root,
                signed=block,
                signature=_signature(root, version),
                timestamp=read_moment(stamped),
                node_id=read_child(block, version.basic, "NodeID"),
                selector=_read_selector(block, version),
            )
        case Operation.GET_STATUS | Operation.GET_INCOMING_QUEUE_STATISTICS:
            return Call(
                version=version,
                operation=operation,
                root=root,
                signed=block,
                signature=_signature(root, version),
                timestamp=read_moment(block),
            )
        case Operation.ACK:
            accepted = block.get("accepted")
            return Call(
                version=version,
                operation=operation,
                root=root,
                signed=block,
                signature=_signature(root, version),
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


def _block(name: str, version: Version, head: str, content: BusinessMessage | bytes | None, tail: str) -> str:
    """Return the sender's block: `head`, the content under ns2 and ns3, `tail`."""
    inside = ""
    if content is not None:
        rendered = (
            envelope.fragment(xml.parse(content)).decode() if isinstance(content, bytes) else content.render("ns3")
        )
        inside = f'<ns2:MessagePrimaryContent xmlns:ns2="{version.basic}">{rendered}</ns2:MessagePrimaryContent>'
    return f'<ns1:{name} xmlns:ns1="{version.types}" Id="{CALLER_ID}">{head}{inside}{tail}</ns1:{name}>'


def _plain(content: BusinessMessage | bytes | None, version: Version) -> bool:
    """Whether the block with this content is in the normal form as it is written.

    It is not where the content is foreign XML, or where its namespace is one that the envelope has named already.
    """
    if content is None:
        return True
    return not isinstance(content, bytes) and content.message_type.namespace not in (version.types, version.basic)


def _signed_call(operation: Operation, block: str, signer: Signer, version: Version, *, plain: bool = True) -> bytes:
    """Sign the block and put both into the envelope of the operation."""
    if plain:
        canonical = block.encode()
    else:
        canonical = normalize(xml.parse(block.encode()))
        # Values of xsi:type name types by prefix: such a block travels as it is, since renamed prefixes lose them.
        if _XSI not in canonical:
            block = canonical.decode()
    signature = xmldsig.sign(canonical, reference=CALLER_ID, signer=signer)
    name = operation.asked
    return envelope.wrap(
        f'<typ:{name} xmlns:typ="{version.types}">{block}<typ:CallerInformationSystemSignature>{signature}'
        f"</typ:CallerInformationSystemSignature></typ:{name}>"
    )


def _selector(timestamp: datetime, selector: MessageType | None, node_id: str | None, version: Version) -> str:
    chosen = ""
    if selector is not None:
        chosen = (
            f"<ns1:NamespaceURI>{text(selector.namespace)}</ns1:NamespaceURI>"
            f"<ns1:RootElementLocalName>{text(selector.root)}</ns1:RootElementLocalName>"
        )
    node = "" if node_id is None else f"<ns1:NodeID>{text(node_id)}</ns1:NodeID>"
    return (
        f'<ns1:MessageTypeSelector xmlns:ns1="{version.basic}" Id="{CALLER_ID}">{chosen}'
        f"<ns1:Timestamp>{stamp(timestamp)}</ns1:Timestamp>{node}</ns1:MessageTypeSelector>"
    )


def _render_status(status: BusinessStatus) -> str:
    parameters = "".join(
        f"<ns1:StatusParameter><ns1:Key>{text(key)}</ns1:Key><ns1:Value>{text(value)}</ns1:Value></ns1:StatusParameter>"
        for key, value in status.parameters
    )
    return (
        f"<ns1:RequestStatus><ns1:StatusCode>{status.code:d}</ns1:StatusCode>{parameters}"
        f"<ns1:StatusDescription>{text(status.description)}</ns1:StatusDescription></ns1:RequestStatus>"
    )


def _open_send(root: etree._Element, block: etree._Element, version: Version, operation: Operation) -> Call:
    reader = read_request_data if operation is Operation.SEND_REQUEST else read_response_data
    data = reader(block, version)
    if data.async_status is not None:
        raise EnvelopeInvalid(f"{path(block)} holds AsyncProcessingStatus, which only the exchange may fill")
    return Call(
        version=version,
        operation=operation,
        root=root,
        signed=block,
        signature=_signature(root, version),
        message_id=data.message_id,
        to=data.to,
        reference_message_id=data.reference_message_id,
        node_id=data.node_id,
        end_of_life=data.end_of_life,
        content=data.content,
        message_type=None if data.content is None else MessageType.of(data.content),
        rejections=data.rejections,
        status=data.status,
        test=data.test,
    )


def _read_selector(block: etree._Element, version: Version) -> MessageType | None:
    namespace = read_child(block, version.basic, "NamespaceURI")
    root = read_child(block, version.basic, "RootElementLocalName")
    if namespace is None and root is None:
        return None
    if namespace is None or root is None:
        raise EnvelopeInvalid(f"{path(block)} names a namespace without a root element, or the other way round")
    return MessageType(namespace=namespace.strip(), root=root.strip())


def _signature(root: etree._Element, version: Version) -> etree._Element | None:
    return envelope.signature_in(child(root, version.types, "CallerInformationSystemSignature"))
