"""What is said about a message instead of its content: statuses, refusals, and the exchange's own verdict.

Sources: SMEV 3 schemas 1.1, 1.2 and 1.3 (InteractionStatusType, InteractionTypeType, MessageTypeType, RejectCode,
RequestStatus, AsyncProcessingStatus).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.contracts.smev.faults import Fault
    from socert.contracts.smev.routing import RoutingStatus


class InteractionStatus(StrEnum):
    """Where a message stands on its way, by the exchange's account."""

    DOES_NOT_EXIST = "doesNotExist"
    QUEUED = "requestIsQueued"
    ACCEPTED = "requestIsAcceptedBySmev"
    REJECTED = "requestIsRejectedBySmev"
    PROCESSED = "requestIsProcessed"
    """Version 1.3."""
    PROCESSING = "underProcessing"
    RESPONSE_QUEUED = "responseIsQueued"
    """Version 1.3."""
    RESPONSE_ACCEPTED = "responseIsAcceptedBySmev"
    RESPONSE_REJECTED = "responseIsRejectedBySmev"
    RESPONSE_PROCESSED = "responseIsProcessed"
    """Version 1.3."""
    RESPONSE_DELIVERED = "responseIsDelivered"
    """Version 1.1, which has no `DELIVERED`."""
    CANCELLED = "cancelled"
    ARCHIVED = "messageIsArchived"
    DELIVERED = "messageIsDelivered"


class MessageCategory(StrEnum):
    """What a message is to the exchange (MessageMetadata/MessageType)."""

    REQUEST = "REQUEST"
    BROADCAST = "BROADCAST"
    RESPONSE = "RESPONSE"
    CANCEL = "CANCEL"
    """Version 1.1."""


_SINCE_1_3 = {
    # Before 1.3 a response that waits to be checked is called a request, and what the exchange is done with, accepted.
    InteractionStatus.PROCESSED: InteractionStatus.ACCEPTED,
    InteractionStatus.RESPONSE_QUEUED: InteractionStatus.QUEUED,
    InteractionStatus.RESPONSE_PROCESSED: InteractionStatus.RESPONSE_ACCEPTED,
}
_NEAREST: Mapping[Version, Mapping[InteractionStatus, InteractionStatus]] = {
    Version.V1_1: _SINCE_1_3
    | {
        InteractionStatus.RESPONSE_REJECTED: InteractionStatus.REJECTED,
        InteractionStatus.DELIVERED: InteractionStatus.RESPONSE_DELIVERED,
        # Nothing more comes of either.
        InteractionStatus.ARCHIVED: InteractionStatus.RESPONSE_DELIVERED,
    },
    Version.V1_2: _SINCE_1_3 | {InteractionStatus.RESPONSE_DELIVERED: InteractionStatus.DELIVERED},
    Version.V1_3: {InteractionStatus.RESPONSE_DELIVERED: InteractionStatus.DELIVERED},
}


def nearest(status: InteractionStatus, version: Version, category: MessageCategory) -> InteractionStatus:
    """Return the status itself where the version has it, else the nearest that it has, so that it can be written.

    A request that was delivered is being processed in version 1.1, which knows delivered responses only.
    """
    if status is InteractionStatus.DELIVERED and version is Version.V1_1 and category is not MessageCategory.RESPONSE:
        return InteractionStatus.PROCESSING
    return _NEAREST[version].get(status, status)


class InteractionType(StrEnum):
    """Between whom a message passes (SupplementaryData/InteractionType); version 1.1 only."""

    PORTAL_TO_AGENCY = "PGU2OIV"
    AGENCY_TO_AGENCY = "OIV2OIV"
    WITHIN_AGENCY = "OIV2sameOIV"
    CHARGER_TO_GATE = "Charger2PaymentGate"
    GATE_TO_TREASURY = "PaymentGate2Treasury"
    AGENCY_TO_TREASURY = "OIV2Treasury"
    OTHER = "other"
    NOT_DETECTED = "NotDetected"


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
    routing: RoutingStatus | None = None
    """What became of each address (version 1.3)."""
