"""The blocks that the sender of a message fills: what SendRequest, SendResponse and deliveries hold alike.

Source: SMEV 3 schemas 1.1, 1.2 and 1.3, SenderProvidedRequestData and SenderProvidedResponseData.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.errors import EnvelopeInvalid
from socert.contracts.message import MessageType
from socert.contracts.smev.attachments import read_attachments, read_files
from socert.contracts.smev.envelope import (
    child,
    children,
    fields,
    need,
    only,
    path,
    read,
    read_child,
    read_enum,
    read_moment,
    read_number,
    signature_in,
    text_of,
)
from socert.contracts.smev.fault_xml import read_smev_fault, render_smev_fault
from socert.contracts.smev.registry import read_registry
from socert.contracts.smev.routing import read_routing_status, render_routing_status
from socert.contracts.smev.status import (
    AsyncStatus,
    BusinessStatus,
    InteractionStatus,
    MessageCategory,
    RejectCode,
    Rejection,
    nearest,
)
from socert.contracts.smev.version import Version
from socert.contracts.xml import escape_text as text

if TYPE_CHECKING:
    from datetime import datetime

    from lxml import etree

    from socert.contracts.smev.attachments import AttachmentHeader, RefAttachmentHeader
    from socert.contracts.smev.registry import RegistryRecord

_LONGEST_DETAILS = 500
"""Characters that StatusDetails may have; a longer account of a verdict is cut."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SenderData:
    """What was read from a sender's block. Exactly one of content, rejections, status, async_status is there.

    `registry` are the records where the content is a registry of version 1.3, else empty.
    """

    element: etree._Element
    message_id: str
    reference_message_id: str | None = None
    to: str = ""
    transaction_code: str | None = None
    node_id: str | None = None
    end_of_life: datetime | None = None
    content: etree._Element | None = None
    rejections: tuple[Rejection, ...] = ()
    status: BusinessStatus | None = None
    async_status: AsyncStatus | None = None
    test: bool = False
    personal_signature: etree._Element | None = None
    attachments: tuple[AttachmentHeader, ...] = ()
    files: tuple[RefAttachmentHeader, ...] = ()
    business_process_metadata: etree._Element | None = None
    registry: tuple[RegistryRecord, ...] = ()

    @property
    def message_type(self) -> MessageType | None:
        """The message type of the content, None where there is none; of a registry, that of its first record."""
        content = self.registry[0].content if self.registry else self.content
        return None if content is None else MessageType.of(content)


def read_request_data(element: etree._Element, version: Version) -> SenderData:
    """Read SenderProvidedRequestData. Raises EnvelopeInvalid where its id or its content is missing."""
    types, found = f"{{{version.types}}}", fields(element)
    message_id = text_of(found, f"{types}MessageID")
    if message_id is None:
        raise EnvelopeInvalid(f"{path(element)} holds no MessageID of {version.types}")
    end_of_life = found.get(f"{types}EOL")
    content = only(need(element, version.basic, "MessagePrimaryContent"))
    return SenderData(
        element=element,
        message_id=message_id,
        reference_message_id=text_of(found, f"{types}ReferenceMessageID"),
        transaction_code=text_of(found, f"{types}TransactionCode"),
        node_id=text_of(found, f"{types}NodeID"),
        end_of_life=None if end_of_life is None else read_moment(end_of_life),
        content=content,
        test=f"{types}TestMessage" in found,
        personal_signature=signature_in(found.get(f"{types}PersonalSignature")),
        attachments=read_attachments(found.get(f"{{{version.basic}}}AttachmentHeaderList"), version),
        files=read_files(found.get(f"{{{version.basic}}}RefAttachmentHeaderList"), version),
        business_process_metadata=found.get(f"{types}BusinessProcessMetadata"),
        registry=read_registry(content, version),
    )


def read_response_data(element: etree._Element, version: Version) -> SenderData:
    """Read SenderProvidedResponseData. Raises EnvelopeInvalid where it does not hold one kind of answer."""
    types, rejected = f"{{{version.types}}}", f"{{{version.types}}}RequestRejected"
    found = fields(element, repeated=rejected)
    holder = found.get(f"{{{version.basic}}}MessagePrimaryContent")
    refused = tuple(element.iterchildren(rejected))
    status = found.get(f"{types}RequestStatus")
    judged = found.get(f"{types}AsyncProcessingStatus")
    if sum((holder is not None, bool(refused), status is not None, judged is not None)) != 1:
        raise EnvelopeInvalid(
            f"{path(element)} must hold one of MessagePrimaryContent, RequestRejected, RequestStatus and"
            " AsyncProcessingStatus"
        )
    content = None if holder is None else only(holder)
    return SenderData(
        element=element,
        message_id=read(need(element, version.types, "MessageID")),
        to=read(need(element, version.types, "To")),
        content=content,
        personal_signature=signature_in(found.get(f"{types}PersonalSignature")),
        attachments=read_attachments(found.get(f"{{{version.basic}}}AttachmentHeaderList"), version),
        files=read_files(found.get(f"{{{version.basic}}}RefAttachmentHeaderList"), version),
        registry=read_registry(content, version),
        rejections=tuple(_read_rejection(one, version.types) for one in refused),
        status=None if status is None else _read_status(status, version.types),
        async_status=None if judged is None else read_async_status(judged, version),
    )


def read_async_status(element: etree._Element, version: Version) -> AsyncStatus:
    """Read AsyncProcessingStatus."""
    types = version.types
    fault = child(element, types, "SmevFault")
    routing = child(element, version.routing, "RoutingStatus")
    details = read_child(element, types, "StatusDetails") or ""
    return AsyncStatus(
        original_message_id=read(need(element, types, "OriginalMessageId")),
        category=read_enum(need(element, types, "StatusCategory"), InteractionStatus),
        details=details,
        fault=None if fault is None else read_smev_fault(fault, version, said=details),
        routing=None if routing is None else read_routing_status(routing),
    )


def render_async_status(status: AsyncStatus, version: Version) -> str:
    """Return AsyncProcessingStatus (the prefix `typ` is the version's types).

    What the version lacks is written as the nearest thing that it has, or left out.
    """
    category = nearest(status.category, version, MessageCategory.RESPONSE)
    details = text(status.details[:_LONGEST_DETAILS])
    details = f"<typ:StatusDetails>{details}</typ:StatusDetails>" if details else ""
    reason = "" if status.fault is None else render_smev_fault(status.fault, version)
    if version is Version.V1_3 and status.routing is not None:
        details += render_routing_status(status.routing)
    return (
        f"<typ:AsyncProcessingStatus><typ:OriginalMessageId>{text(status.original_message_id)}</typ:OriginalMessageId>"
        f"<typ:StatusCategory>{category.value}</typ:StatusCategory>{details}{reason}</typ:AsyncProcessingStatus>"
    )


def _read_rejection(element: etree._Element, types: str) -> Rejection:
    return Rejection(
        code=read_enum(need(element, types, "RejectionReasonCode"), RejectCode),
        description=read(need(element, types, "RejectionReasonDescription")),
    )


def _read_status(element: etree._Element, types: str) -> BusinessStatus:
    return BusinessStatus(
        code=read_number(need(element, types, "StatusCode")),
        description=read(need(element, types, "StatusDescription")),
        parameters=tuple(
            (read(need(pair, types, "Key")), read(need(pair, types, "Value")))
            for pair in children(element)
            if pair.tag == f"{{{types}}}StatusParameter"
        ),
    )
