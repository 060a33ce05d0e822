"""What the exchange says back: replies, deliveries and faults, built and opened.

Build (each returns the bytes of a whole SOAP envelope; all take `version=V1_2`, those that are signed `signer`, None to
leave the signature out, as the schema lets emulators do):

    send_reply(operation, metadata)                               # SendRequest, SendResponse: taken
    request_delivery(*, sender_data, sender_signature, metadata, reply_to=None, stored=(), contents=())
    response_delivery(*, original_message_id, sender_data, sender_signature, metadata, transaction_code=None,
                      reference_message_id=None, stored=(), contents=())
    async_status(status, *, message_id, to, metadata)             # GetResponse: a verdict
    cancel_delivery(*, message_id, reference, metadata)           # GetRequest of 1.1: of a request sent before
    status_message(status)                                        # GetStatus: a verdict
    empty(operation)   ack_reply()   fault(fault)
    queue_statistics(statistics)                                  # version 1.1 alone, unsigned

Open:

    open_reply(data, content_type="text/xml") -> Reply   # structure only; raises FaultReceived for faults
    check_schema(reply, lenient=False)                   # SchemaInvalid; lenient: as real answers are
    verify(reply, suites) -> Verified                    # the exchange's signature: SignatureInvalid
    verify_sender(reply, suites) -> Verified             # the sender's, inside a delivery

What a version lacks is written as the nearest thing that it has, or left out. Sender's blocks are of the version of
the delivery: `translate.sender_block` makes them so.

Sources: SMEV 3 schemas 1.1, 1.2 and 1.3; manual 3.3, section 3.3 and tables 4, 6, 7 (what the exchange signs).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts import xml
from socert.contracts.errors import EnvelopeInvalid, SchemaInvalid, SignatureFault, SignatureInvalid
from socert.contracts.signature import xmldsig
from socert.contracts.signature.transform import normalize
from socert.contracts.smev import departures, envelope
from socert.contracts.smev.attachments import render_contents, render_stored
from socert.contracts.smev.data import render_async_status
from socert.contracts.smev.delivery import Delivery as Delivery
from socert.contracts.smev.delivery import DeliveryKind as DeliveryKind
from socert.contracts.smev.delivery import holder_of, open_delivery
from socert.contracts.smev.envelope import SOAP, child, need, path, signature_in, whole_number
from socert.contracts.smev.fault_xml import read_soap_fault, render_soap_fault
from socert.contracts.smev.faults import Fault, FaultReceived
from socert.contracts.smev.metadata import Metadata as Metadata
from socert.contracts.smev.metadata import read_metadata, render_metadata
from socert.contracts.smev.multipart import read as read_parts
from socert.contracts.smev.operation import BY_ANSWERED, OPERATIONS_OF, Operation
from socert.contracts.smev.version import Version, schema
from socert.contracts.xml import escape_attribute
from socert.contracts.xml import escape_text as text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml import etree

    from socert.contracts.signature.signer import Signer
    from socert.contracts.signature.suites import Suite
    from socert.contracts.signature.xmldsig import Verified
    from socert.contracts.smev.attachments import AttachmentContent, StoredFile
    from socert.contracts.smev.status import AsyncStatus

EXCHANGE_ID = "SIGNED_BY_SMEV"
"""Id of the block that the exchange signs."""

ASYNC_ID = "SIGNED_ASYNC_BY_SMEV"
"""Id of the block in which the exchange speaks for itself, in the sender's place."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Reply:
    """A reply as it came: `root` is the body's element.

    `metadata` answers Send*; `delivery` is None where the queue was empty; `statistics` answers
    GetIncomingQueueStatistics. `signed` is the block that the exchange signs and `signature` its signature; both are
    None where there is nothing to sign.
    """

    version: Version
    operation: Operation
    root: etree._Element
    metadata: Metadata | None = None
    delivery: Delivery | None = None
    signed: etree._Element | None = None
    signature: etree._Element | None = None
    statistics: tuple[QueueStatistics, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueStatistics:
    """How many messages wait in one queue (QueueStatistics, version 1.1). The schema demands neither of the two."""

    name: str = ""
    pending: int = 0


def send_reply(
    operation: Operation, metadata: Metadata, *, signer: Signer | None, version: Version = Version.V1_2
) -> bytes:
    """Build the reply to SendRequest or SendResponse: the message is taken."""
    if operation not in {Operation.SEND_REQUEST, Operation.SEND_RESPONSE}:
        raise ValueError(f"{operation.value} is not answered with metadata")
    block = (
        f'<ns1:MessageMetadata xmlns:ns1="{version.types}" Id="{EXCHANGE_ID}">'
        f"{render_metadata(metadata, 'ns1', version)}</ns1:MessageMetadata>"
    )
    signature = "" if signer is None else _signature(block.encode(), EXCHANGE_ID, signer)
    return _answer(operation, version, f"{block}{signature}")


def request_delivery(
    *,
    sender_data: bytes,
    sender_signature: bytes | None,
    metadata: Metadata,
    signer: Signer | None,
    reply_to: str | None = None,
    version: Version = Version.V1_2,
    stored: Sequence[StoredFile] = (),
    contents: Sequence[AttachmentContent] = (),
) -> bytes:
    """Build the reply to GetRequest that brings a request.

    `sender_data` and `sender_signature` are the sender's blocks as it signed them (`Call.sender_data`), so that its
    signature can still be verified where the request arrives. `stored` says where the recipient finds the files,
    `contents` are those of the attachments. A broadcast needs no `reply_to`.
    """
    if reply_to is None and version is Version.V1_1:
        reply_to = ""  # this version must have one
    answer_to = "" if reply_to is None else f"<typ:ReplyTo>{text(reply_to)}</typ:ReplyTo>"
    inside = (
        f"{sender_data.decode()}<typ:MessageMetadata>{render_metadata(metadata, 'typ', version)}</typ:MessageMetadata>"
        f"{render_stored(stored, version)}{answer_to}{_sender_block(sender_signature)}"
    )
    return _deliver(Operation.GET_REQUEST, "Request", inside, signer, version, contents)


def response_delivery(
    *,
    original_message_id: str,
    sender_data: bytes,
    sender_signature: bytes | None,
    metadata: Metadata,
    signer: Signer | None,
    reference_message_id: str | None = None,
    transaction_code: str | None = None,
    version: Version = Version.V1_2,
    stored: Sequence[StoredFile] = (),
    contents: Sequence[AttachmentContent] = (),
) -> bytes:
    """Build the reply to GetResponse that brings an answer to the request `original_message_id`.

    `transaction_code` is that of the request; the rest is as in `request_delivery`.
    """
    inside = f"<typ:OriginalMessageId>{text(original_message_id)}</typ:OriginalMessageId>"
    if transaction_code is not None:
        inside += f"<typ:OriginalTransactionCode>{text(transaction_code)}</typ:OriginalTransactionCode>"
    if reference_message_id is not None:
        inside += f"<typ:ReferenceMessageID>{text(reference_message_id)}</typ:ReferenceMessageID>"
    inside += (
        f"{sender_data.decode()}<typ:MessageMetadata>{render_metadata(metadata, 'typ', version)}</typ:MessageMetadata>"
        f"{render_stored(stored, version)}{_sender_block(sender_signature)}"
    )
    return _deliver(Operation.GET_RESPONSE, "Response", inside, signer, version, contents)


def async_status(
    status: AsyncStatus,
    *,
    message_id: str,
    to: str,
    metadata: Metadata,
    signer: Signer | None,
    version: Version = Version.V1_2,
) -> bytes:
    """Build the reply to GetResponse in which the exchange itself rejects a message that it had taken.

    `message_id` is the id of this answer, which Ack must name; `to` what the answer to the request would have carried.
    Nobody but the exchange signs it.
    """
    data = (
        f'<typ:SenderProvidedResponseData xmlns:typ="{version.types}" Id="{ASYNC_ID}">'
        f"<typ:MessageID>{text(message_id)}</typ:MessageID><typ:To>{text(to)}</typ:To>"
        f"{render_async_status(status, version)}</typ:SenderProvidedResponseData>"
    )
    return response_delivery(
        original_message_id=status.original_message_id,
        sender_data=data.encode(),
        sender_signature=None,
        metadata=metadata,
        signer=signer,
        version=version,
    )


def status_message(status: AsyncStatus, *, signer: Signer | None, version: Version = Version.V1_2) -> bytes:
    """Build the reply to GetStatus that brings a verdict out of the status queue."""
    return _deliver(
        Operation.GET_STATUS, "AsyncProcessingStatusData", render_async_status(status, version), signer, version
    )


def empty(operation: Operation, version: Version = Version.V1_2) -> bytes:
    """Build the reply to GetRequest, GetResponse or GetStatus that says: the queue is empty."""
    holder_of(operation)
    return _answer(operation, version, "")


def cancel_delivery(*, message_id: str, reference: str, metadata: Metadata, signer: Signer | None) -> bytes:
    """Build the reply to GetRequest that cancels the request `reference`, which version 1.1 alone has.

    No operation sends a cancel, so there is no sender's signature to deliver.
    """
    version = Version.V1_1
    inside = (
        f'<bas:MessageReference xmlns:bas="{version.basic}">{text(reference)}</bas:MessageReference>'
        f"<typ:MessageID>{text(message_id)}</typ:MessageID>"
        f"<typ:MessageMetadata>{render_metadata(metadata, 'typ', version)}</typ:MessageMetadata>"
    )
    return _deliver(Operation.GET_REQUEST, "Cancel", inside, signer, version)


def queue_statistics(statistics: Sequence[QueueStatistics]) -> bytes:
    """Build the reply to GetIncomingQueueStatistics, which version 1.1 alone has and nobody signs."""
    inside = "".join(
        f'<typ:QueueStatistics queueName="{escape_attribute(one.name)}" pendingMessageNumber="{one.pending:d}"/>'
        for one in statistics
    )
    return _answer(Operation.GET_INCOMING_QUEUE_STATISTICS, Version.V1_1, inside)


def ack_reply(version: Version = Version.V1_2) -> bytes:
    """Build the reply to Ack."""
    return _answer(Operation.ACK, version, "")


def fault(fault: Fault, version: Version = Version.V1_2) -> bytes:
    """Build the envelope of a fault; it travels with HTTP status 500."""
    return envelope.wrap(render_soap_fault(fault, version))


def open_reply(data: bytes, content_type: str = "text/xml") -> Reply:
    """Read a reply. Structure only: neither the schema nor a signature is checked here.

    Raises FaultReceived where it is a fault, XmlRefused where the data is not acceptable XML, EnvelopeInvalid where it
    is no reply that this can read.
    """
    root = envelope.open_body(read_parts(data, content_type))
    if root.tag == f"{{{SOAP}}}Fault":
        raise FaultReceived(read_soap_fault(root))
    version, operation = envelope.recognise(root, BY_ANSWERED)
    if operation not in OPERATIONS_OF[version]:
        raise EnvelopeInvalid(f"version {version.value} has no operation {operation.value}")
    match operation:
        case Operation.SEND_REQUEST | Operation.SEND_RESPONSE:
            block = need(root, version.types, "MessageMetadata")
            return Reply(
                version=version,
                operation=operation,
                root=root,
                metadata=read_metadata(block, version),
                signed=block,
                signature=signature_in(child(root, version.types, "SMEVSignature")),
            )
        case Operation.ACK:
            return Reply(version=version, operation=operation, root=root)
        case Operation.GET_INCOMING_QUEUE_STATISTICS:
            found = tuple(map(_read_statistics, root.iterchildren(f"{{{version.types}}}QueueStatistics")))
            return Reply(version=version, operation=operation, root=root, statistics=found)
    delivery = open_delivery(root, version, operation)
    if delivery is None:
        return Reply(version=version, operation=operation, root=root)
    return Reply(
        version=version,
        operation=operation,
        root=root,
        metadata=delivery.metadata,
        delivery=delivery,
        signed=delivery.element,
        signature=delivery.exchange_signature,
    )


def check_schema(reply: Reply, *, lenient: bool = False) -> None:
    """Check the reply against the schema of its version. Raises SchemaInvalid, whose violations name line and path.

    `lenient` forgives what real answers are known to do (`departures`).
    """
    found = schema(reply.version).violations(reply.root)
    if found and lenient:
        found = schema(reply.version).violations(departures.mended(reply.root, reply.version))
    if found:
        raise SchemaInvalid(found)


def verify(reply: Reply, suites: frozenset[Suite]) -> Verified:
    """Verify the exchange's signature. Raises SignatureInvalid, with NoSignatureFound where there is none.

    An empty queue and the reply to Ack carry no signature: asking for it raises too, so ask only where `signed` is set.
    """
    if reply.signed is None or reply.signature is None:
        raise SignatureInvalid(
            SignatureFault.NO_SIGNATURE_FOUND, f"{reply.operation.answered} holds no signature of the exchange"
        )
    return xmldsig.verify(reply.signature, target=reply.signed, suites=suites)


def verify_sender(reply: Reply, suites: frozenset[Suite]) -> Verified:
    """Verify the sender's signature inside a delivery. Raises SignatureInvalid.

    The exchange's own verdicts (`async_status`) carry none: do not ask for it there.
    """
    delivery = reply.delivery
    if delivery is None or delivery.sender_data is None or delivery.sender_signature is None:
        raise SignatureInvalid(
            SignatureFault.NO_SIGNATURE_FOUND, f"{reply.operation.answered} holds no signature of the sender"
        )
    return xmldsig.verify(delivery.sender_signature, target=delivery.sender_data, suites=suites)


def _answer(operation: Operation, version: Version, inside: str) -> bytes:
    name = operation.answered
    return envelope.wrap(f'<typ:{name} xmlns:typ="{version.types}">{inside}</typ:{name}>')


def _deliver(
    operation: Operation,
    name: str,
    inside: str,
    signer: Signer | None,
    version: Version,
    contents: Sequence[AttachmentContent] = (),
) -> bytes:
    """Sign the block `name` that holds `inside` and put both into the reply, the contents between them.

    The block holds what others wrote, so its normal form is computed; on the wire it stays as it is written.
    """
    identifier = EXCHANGE_ID
    while f'"{identifier}"' in inside or f"'{identifier}'" in inside:
        identifier += "_"  # a sender chose the same Id; a signature must be able to tell them apart
    block = f'<typ:{name} xmlns:typ="{version.types}" Id="{identifier}">{inside}</typ:{name}>'
    signature = "" if signer is None else _signature(normalize(xml.parse(block.encode())), identifier, signer)
    holder = holder_of(operation)
    inside = f"{block}{render_contents(contents, version)}{signature}"
    return _answer(operation, version, f"<typ:{holder}>{inside}</typ:{holder}>")


def _signature(canonical: bytes, identifier: str, signer: Signer) -> str:
    signed = xmldsig.sign(canonical, reference=identifier, signer=signer)
    return f"<typ:SMEVSignature>{signed}</typ:SMEVSignature>"


def _sender_block(signature: bytes | None) -> str:
    if not signature:
        return ""
    return f"<typ:SenderInformationSystemSignature>{signature.decode()}</typ:SenderInformationSystemSignature>"


def _read_statistics(element: etree._Element) -> QueueStatistics:
    written = element.get("pendingMessageNumber")
    pending = 0 if written is None else whole_number(written, f"{path(element)}/@pendingMessageNumber")
    return QueueStatistics(name=element.get("queueName", ""), pending=pending)
