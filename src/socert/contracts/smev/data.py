"""The blocks that the sender of a message fills: what SendRequest, SendResponse and deliveries hold alike.

Source: SMEV 3 schemas 1.2, SenderProvidedRequestData and SenderProvidedResponseData.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.errors import EnvelopeInvalid
from socert.contracts.smev.envelope import child, children, need, only, path, read, read_child, read_moment
from socert.contracts.smev.fault_xml import read_smev_fault, render_smev_fault
from socert.contracts.smev.status import AsyncStatus, BusinessStatus, InteractionStatus, RejectCode, Rejection
from socert.contracts.xml import escape_text as text

if TYPE_CHECKING:
    from datetime import datetime
    from enum import StrEnum
    from typing import TypeVar

    from lxml import etree

    from socert.contracts.smev.version import Version

    E = TypeVar("E", bound=StrEnum)


_NUMBER = re.compile(r"[+-]?\d{1,10}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SenderData:
    """What was read from a sender's block. Exactly one of content, rejections, status, async_status is there."""

    element: etree._Element
    message_id: str
    reference_message_id: str | None = None
    to: str = ""
    node_id: str | None = None
    end_of_life: datetime | None = None
    content: etree._Element | None = None
    rejections: tuple[Rejection, ...] = ()
    status: BusinessStatus | None = None
    async_status: AsyncStatus | None = None
    test: bool = False


def read_request_data(element: etree._Element, version: Version) -> SenderData:
    """Read SenderProvidedRequestData. Raises EnvelopeInvalid where its id or its content is missing."""
    types = version.types
    end_of_life = child(element, types, "EOL")
    return SenderData(
        element=element,
        message_id=read(need(element, types, "MessageID")),
        reference_message_id=read_child(element, types, "ReferenceMessageID"),
        node_id=read_child(element, types, "NodeID"),
        end_of_life=None if end_of_life is None else read_moment(end_of_life),
        content=only(need(element, version.basic, "MessagePrimaryContent")),
        test=child(element, types, "TestMessage") is not None,
    )


def read_response_data(element: etree._Element, version: Version) -> SenderData:
    """Read SenderProvidedResponseData. Raises EnvelopeInvalid where it does not hold one kind of answer."""
    types = version.types
    content = child(element, version.basic, "MessagePrimaryContent")
    refused = tuple(element.iterchildren(f"{{{types}}}RequestRejected"))
    status = child(element, types, "RequestStatus")
    judged = child(element, types, "AsyncProcessingStatus")
    if sum((content is not None, bool(refused), status is not None, judged is not None)) != 1:
        raise EnvelopeInvalid(
            f"{path(element)} must hold one of MessagePrimaryContent, RequestRejected, RequestStatus and"
            " AsyncProcessingStatus"
        )
    return SenderData(
        element=element,
        message_id=read(need(element, types, "MessageID")),
        to=read(need(element, types, "To")),
        content=None if content is None else only(content),
        rejections=tuple(_read_rejection(one, types) for one in refused),
        status=None if status is None else _read_status(status, types),
        async_status=None if judged is None else read_async_status(judged, version),
    )


def read_async_status(element: etree._Element, version: Version) -> AsyncStatus:
    """Read AsyncProcessingStatus."""
    types = version.types
    fault = child(element, types, "SmevFault")
    details = read_child(element, types, "StatusDetails") or ""
    return AsyncStatus(
        original_message_id=read(need(element, types, "OriginalMessageId")),
        category=read_enum(need(element, types, "StatusCategory"), InteractionStatus),
        details=details,
        fault=None if fault is None else read_smev_fault(fault, version, said=details),
    )


def render_async_status(status: AsyncStatus, version: Version) -> str:
    """Return AsyncProcessingStatus (the prefix `typ` is the version's types)."""
    details = f"<typ:StatusDetails>{text(status.details)}</typ:StatusDetails>" if status.details else ""
    reason = "" if status.fault is None else render_smev_fault(status.fault, version)
    return (
        f"<typ:AsyncProcessingStatus><typ:OriginalMessageId>{text(status.original_message_id)}</typ:OriginalMessageId>"
        f"<typ:StatusCategory>{status.category.value}</typ:StatusCategory>{details}{reason}</typ:AsyncProcessingStatus>"
    )


def read_enum(element: etree._Element, kind: type[E]) -> E:
    """Return the member of an enumeration that an element names. Raises EnvelopeInvalid where there is none."""
    try:
        return kind(read(element))
    except ValueError:
        known = ", ".join(kind)
        raise EnvelopeInvalid(f"{path(element)} is not one of {known}") from None


def _read_rejection(element: etree._Element, types: str) -> Rejection:
    return Rejection(
        code=read_enum(need(element, types, "RejectionReasonCode"), RejectCode),
        description=read(need(element, types, "RejectionReasonDescription")),
    )


def _read_status(element: etree._Element, types: str) -> BusinessStatus:
    code = need(element, types, "StatusCode")
    written = read(code).strip()
    if not _NUMBER.fullmatch(written):
        raise EnvelopeInvalid(f"{path(code)} is not a whole number")
    return BusinessStatus(
        code=int(written),
        description=read(need(element, types, "StatusDescription")),
        parameters=tuple(
            (read(need(pair, types, "Key")), read(need(pair, types, "Value")))
            for pair in children(element)
            if pair.tag == f"{{{types}}}StatusParameter"
        ),
    )
