"""A message out of a queue, as a reply brings it.

Source: SMEV 3 schemas 1.2, Request, Response and AsyncProcessingStatusData; manual 3.3, section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.message import MessageType
from socert.contracts.smev.data import read_async_status, read_request_data, read_response_data
from socert.contracts.smev.envelope import child, need, read_child, signature_in
from socert.contracts.smev.metadata import read_metadata

if TYPE_CHECKING:
    from lxml import etree

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
    from socert.contracts.smev.version import Version


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


def open_request(block: etree._Element, signature: etree._Element | None, version: Version) -> Delivery:
    """Read Request."""
    data = read_request_data(need(block, version.types, "SenderProvidedRequestData"), version)
    return _delivery(DeliveryKind.REQUEST, block, data, signature, version, data.reference_message_id)


def open_response(block: etree._Element, signature: etree._Element | None, version: Version) -> Delivery:
    """Read Response."""
    data = read_response_data(need(block, version.types, "SenderProvidedResponseData"), version)
    chain = read_child(block, version.types, "ReferenceMessageID")
    return _delivery(DeliveryKind.RESPONSE, block, data, signature, version, chain)


def _delivery(
    kind: DeliveryKind,
    block: etree._Element,
    data: SenderData,
    signature: etree._Element | None,
    version: Version,
    chain: str | None,
) -> Delivery:
    metadata = read_metadata(need(block, version.types, "MessageMetadata"), version)
    return Delivery(
        kind=kind,
        message_id=data.message_id,
        element=block,
        metadata=metadata,
        original_message_id=read_child(block, version.types, "OriginalMessageId"),
        reference_message_id=chain,
        reply_to=read_child(block, version.types, "ReplyTo"),
        to=data.to,
        content=data.content,
        message_type=None if data.content is None else MessageType.of(data.content),
        rejections=data.rejections,
        status=data.status,
        async_status=data.async_status,
        node_id=data.node_id,
        test=data.test,
        sender=metadata.sender,
        sender_data=data.element,
        exchange_signature=signature,
        sender_signature=signature_in(child(block, version.types, "SenderInformationSystemSignature")),
    )


def open_status(block: etree._Element, signature: etree._Element | None, version: Version) -> Delivery:
    """Read AsyncProcessingStatusData of the status queue."""
    judged = read_async_status(need(block, version.types, "AsyncProcessingStatus"), version)
    return Delivery(
        kind=DeliveryKind.STATUS,
        message_id=judged.original_message_id,
        element=block,
        original_message_id=judged.original_message_id,
        async_status=judged,
        exchange_signature=signature,
    )
