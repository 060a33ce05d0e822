"""A message out of a queue, as a reply brings it.

Sources: SMEV 3 schemas 1.1, 1.2 and 1.3: Request, Response, AsyncProcessingStatusData, and Cancel of 1.1; manual 3.3,
section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.errors import EnvelopeInvalid
from socert.contracts.smev.attachments import read_contents, read_stored
from socert.contracts.smev.data import read_async_status, read_request_data, read_response_data
from socert.contracts.smev.envelope import child, children, need, path, read, read_child, signature_in
from socert.contracts.smev.metadata import read_metadata
from socert.contracts.smev.operation import Operation
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml import etree

    from socert.contracts.message import MessageType
    from socert.contracts.smev.attachments import (
        AttachmentContent,
        AttachmentHeader,
        RefAttachmentHeader,
        StoredFile,
    )
    from socert.contracts.smev.data import SenderData
    from socert.contracts.smev.metadata import Metadata
    from socert.contracts.smev.registry import RegistryRecord
    from socert.contracts.smev.status import AsyncStatus, BusinessStatus, Rejection


class DeliveryKind(StrEnum):
    """What a delivery brings: a request, an answer (or a verdict in its place), or a message of the status queue."""

    REQUEST = "request"
    RESPONSE = "response"
    CANCEL = "cancel"
    """Of a request sent before (version 1.1)."""
    STATUS = "status"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Delivery:
    """A message out of a queue.

    `message_id` is what Ack must name: the id that the sender gave the message. A verdict of the status queue has no id
    of its own: there it is that of the message judged, and nothing is to be acknowledged. `element` is the block that
    the exchange signed, `sender_data` that which the sender signed, None for a verdict of the status queue.

    A cancel names the request to be cancelled in `original_message_id`. `transaction_code` of an answer is that of the
    request. `message_type` of a registry is that of its records' content. `stored` says where the files lie.
    """

    kind: DeliveryKind
    message_id: str
    element: etree._Element
    metadata: Metadata | None = None
    original_message_id: str | None = None
    reference_message_id: str | None = None
    reply_to: str | None = None
    to: str = ""
    content: etree._Element | None = None
    message_type: MessageType | None = None
    rejections: tuple[Rejection, ...] = ()
    status: BusinessStatus | None = None
    async_status: AsyncStatus | None = None
    node_id: str | None = None
    test: bool = False
    transaction_code: str | None = None
    attachments: tuple[AttachmentHeader, ...] = ()
    contents: tuple[AttachmentContent, ...] = ()
    files: tuple[RefAttachmentHeader, ...] = ()
    stored: tuple[StoredFile, ...] = ()
    personal_signature: etree._Element | None = None
    business_process_metadata: etree._Element | None = None
    registry: tuple[RegistryRecord, ...] = ()
    sender: str | None = None
    sender_data: etree._Element | None = None
    exchange_signature: etree._Element | None = None
    sender_signature: etree._Element | None = None


_HOLDERS: Mapping[Operation, str] = {
    Operation.GET_REQUEST: "RequestMessage",
    Operation.GET_RESPONSE: "ResponseMessage",
    Operation.GET_STATUS: "SmevAsyncProcessingMessage",
}


def holder_of(operation: Operation) -> str:
    """Return the element that holds the message in the reply of an operation. ValueError where it reads no queue."""
    name = _HOLDERS.get(operation)
    if name is None:
        raise ValueError(f"{operation.value} reads no queue")
    return name


def open_delivery(root: etree._Element, version: Version, operation: Operation) -> Delivery | None:
    """Read the message in a reply, None where the queue was empty. Raises EnvelopeInvalid."""
    name = holder_of(operation)
    holder = child(root, version.types, name)
    if holder is None:
        if next(children(root), None) is not None:
            raise EnvelopeInvalid(f"{path(root)} holds something other than {name}")
        return None
    if operation is Operation.GET_STATUS:
        return _open_status(holder, version)
    if operation is Operation.GET_RESPONSE:
        return _open_response(holder, version)
    cancel = child(holder, version.types, "Cancel") if version is Version.V1_1 else None
    return _open_request(holder, version) if cancel is None else _open_cancel(holder, cancel, version)


def _open_request(holder: etree._Element, version: Version) -> Delivery:
    block = need(holder, version.types, "Request")
    data = read_request_data(need(block, version.types, "SenderProvidedRequestData"), version)
    return _delivery(DeliveryKind.REQUEST, holder, block, data, version)


def _open_response(holder: etree._Element, version: Version) -> Delivery:
    block = need(holder, version.types, "Response")
    data = read_response_data(need(block, version.types, "SenderProvidedResponseData"), version)
    return _delivery(DeliveryKind.RESPONSE, holder, block, data, version)


def _open_cancel(holder: etree._Element, block: etree._Element, version: Version) -> Delivery:
    reference = need(block, version.basic, "MessageReference")
    metadata = read_metadata(need(block, version.types, "MessageMetadata"), version)
    return Delivery(
        kind=DeliveryKind.CANCEL,
        message_id=read(need(block, version.types, "MessageID")),
        element=block,
        metadata=metadata,
        original_message_id=read(reference),
        sender=metadata.sender,
        sender_data=reference,
        exchange_signature=_exchange_signature(holder, version),
        sender_signature=_sender_signature(block, version),
    )


def _open_status(holder: etree._Element, version: Version) -> Delivery:
    block = need(holder, version.types, "AsyncProcessingStatusData")
    judged = read_async_status(need(block, version.types, "AsyncProcessingStatus"), version)
    return Delivery(
        kind=DeliveryKind.STATUS,
        message_id=judged.original_message_id,
        element=block,
        original_message_id=judged.original_message_id,
        async_status=judged,
        exchange_signature=_exchange_signature(holder, version),
    )


def _delivery(
    kind: DeliveryKind, holder: etree._Element, block: etree._Element, data: SenderData, version: Version
) -> Delivery:
    """Return a request or an answer: what the sender filled, and what the exchange says around it."""
    types = version.types
    metadata = read_metadata(need(block, types, "MessageMetadata"), version)
    # A request names these two itself, of an answer the exchange does.
    code, chain = data.transaction_code, data.reference_message_id
    if kind is DeliveryKind.RESPONSE:
        code = read_child(block, types, "OriginalTransactionCode")
        chain = read_child(block, types, "ReferenceMessageID")
    return Delivery(
        kind=kind,
        message_id=data.message_id,
        element=block,
        metadata=metadata,
        original_message_id=read_child(block, types, "OriginalMessageId"),
        reference_message_id=chain,
        reply_to=read_child(block, types, "ReplyTo"),
        to=data.to,
        content=data.content,
        message_type=data.message_type,
        rejections=data.rejections,
        status=data.status,
        async_status=data.async_status,
        node_id=data.node_id,
        test=data.test,
        transaction_code=code,
        attachments=data.attachments,
        contents=read_contents(holder, version),
        files=data.files,
        stored=read_stored(block, version),
        personal_signature=data.personal_signature,
        business_process_metadata=data.business_process_metadata,
        registry=data.registry,
        sender=metadata.sender,
        sender_data=data.element,
        exchange_signature=_exchange_signature(holder, version),
        sender_signature=_sender_signature(block, version),
    )


def _exchange_signature(holder: etree._Element, version: Version) -> etree._Element | None:
    return signature_in(child(holder, version.types, "SMEVSignature"))


def _sender_signature(block: etree._Element, version: Version) -> etree._Element | None:
    return signature_in(child(block, version.types, "SenderInformationSystemSignature"))
