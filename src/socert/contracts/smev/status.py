"""What is said about a message instead of its content: statuses, refusals, and the exchange's own verdict.

Source: SMEV 3 schemas 1.2 (InteractionStatusType, MessageTypeType, RejectCode, RequestStatus, AsyncProcessingStatus).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socert.contracts.smev.faults import Fault


class InteractionStatus(StrEnum):
    """Where a message stands on its way, by the exchange's account."""

    DOES_NOT_EXIST = "doesNotExist"
    QUEUED = "requestIsQueued"
    ACCEPTED = "requestIsAcceptedBySmev"
    REJECTED = "requestIsRejectedBySmev"
    PROCESSING = "underProcessing"
    RESPONSE_ACCEPTED = "responseIsAcceptedBySmev"
    RESPONSE_REJECTED = "responseIsRejectedBySmev"
    CANCELLED = "cancelled"
    ARCHIVED = "messageIsArchived"
    DELIVERED = "messageIsDelivered"


class MessageCategory(StrEnum):
    """What a message is to the exchange (MessageMetadata/MessageType)."""

    REQUEST = "REQUEST"
    BROADCAST = "BROADCAST"
    RESPONSE = "RESPONSE"


class RejectCode(StrEnum):
    """Why a provider refuses a request."""

    ACCESS_DENIED = "ACCESS_DENIED"
    NO_DATA = "NO_DATA"
    UNKNOWN_REQUEST_DESCRIPTION = "UNKNOWN_REQUEST_DESCRIPTION"
    FAILURE = "FAILURE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """One reason for a refusal (RequestRejected). `description`: up to 4000 characters, for people."""

    code: RejectCode
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BusinessStatus:
    """A status of the request before its answer (RequestStatus). `parameters`: pairs of key and value, in order."""

    code: int
    description: str
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class AsyncStatus:
    """The exchange's verdict on a message that it had taken before (AsyncProcessingStatus).

    `original_message_id` is the message judged; `details` up to 500 characters; `fault` the reason, where there is one.
    """

    original_message_id: str
    category: InteractionStatus
    details: str = ""
    fault: Fault | None = None
