"""Faults: what the exchange answers instead of a reply, and what a caller should do about each.

    Fault(kind: FaultKind, text: str, code: str = "", description: str = "",
          details: Mapping[str, str] = {}, errors: tuple[ValidationError, ...] = ())
    Fault.smev_code -> int | None                 # 403 of "SMEV-403:…"
    FaultReceived(fault)                          # raised by reply.open_reply
    disposition(kind: FaultKind) -> Disposition   # the one table of what to do
    faults_of(Operation.ACK, Version.V1_2) -> frozenset[FaultKind]

The texts to put into a fault are in `fault_texts`; `reply.fault(fault)` makes the envelope.

Sources: SMEV 3 schemas and WSDL 1.1, 1.2 and 1.3; how a fault looks in real answers of 2018-2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.errors import ContractError
from socert.contracts.smev.operation import OPERATIONS_OF, Operation
from socert.contracts.smev.version import Version

if TYPE_CHECKING:
    from collections.abc import Mapping


class FaultKind(StrEnum):
    """Which fault; the value is the local name of the element in the detail."""

    ACCESS_DENIED = "AccessDenied"
    ATTACHMENT_CONTENT_MISCOORDINATION = "AttachmentContentMiscoordination"
    ATTACHMENT_SIZE_LIMIT_EXCEEDED = "AttachmentSizeLimitExceeded"
    BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED = "BusinessDataTypeIsNotSupported"
    DESTINATION_OVERFLOW = "DestinationOverflow"
    END_OF_LIFE_REACHED = "EndOfLifeReached"
    INCORRECT_RESPONSE_CONTENT_TYPE = "IncorrectResponseContentType"
    INVALID_CONTENT = "InvalidContent"
    INVALID_MESSAGE_ID_FORMAT = "InvalidMessageIdFormat"
    MESSAGE_IS_ALREADY_SENT = "MessageIsAlreadySent"
    PERSONAL_ACCESS_DENIED = "PersonalAccessDenied"
    """Version 1.3 only."""
    QUOTE_LIMIT_EXCEEDED = "QuoteLimitExceeded"
    RECIPIENT_IS_NOT_FOUND = "RecipientIsNotFound"
    REQUEST_IS_NOT_FOUND = "RequestIsNotFound"
    SENDER_IS_NOT_REGISTERED = "SenderIsNotRegistered"
    SIGNATURE_VERIFICATION = "SignatureVerificationFault"
    SMEV_FAILURE = "SMEVFailure"
    STALE_MESSAGE_ID = "StaleMessageId"
    TARGET_MESSAGE_IS_NOT_FOUND = "TargetMessageIsNotFound"
    TRANSACTION_CODE_INVALID = "TransactionCodeInvalid"
    UNKNOWN_MESSAGE_TYPE = "UnknownMessageType"
    UNKNOWN = ""
    """A SOAP fault whose detail is absent or names nothing known."""


class Disposition(StrEnum):
    """What the sender of the message should do about a fault."""

    RETRY = "retry"
    """Send the same bytes again later."""
    ALREADY_SENT = "already_sent"
    """The exchange has the message: count it as sent."""
    RENEW = "renew"
    """The id is too old: give the message a new one, sign and send it."""
    ALREADY_DONE = "already_done"
    """What was asked for has been done before: nothing to do."""
    PERMANENT = "permanent"
    """Sending it again changes nothing: a person must look."""


_DISPOSITIONS: Mapping[FaultKind, Disposition] = {
    # WSDL: a failure inside the exchange; go on trying, however often it takes.
    FaultKind.SMEV_FAILURE: Disposition.RETRY,
    # WSDL: the recipient's queue is full; tell the support desk and go on sending until it succeeds.
    FaultKind.DESTINATION_OVERFLOW: Disposition.RETRY,
    # Faults schema: room in the recipient's file storage comes back when it acknowledges messages.
    FaultKind.QUOTE_LIMIT_EXCEEDED: Disposition.RETRY,
    # No document: an answer that names no fault says nothing of the message, so it is not thrown away.
    FaultKind.UNKNOWN: Disposition.RETRY,
    # WSDL, case a: the answer to the first attempt was lost with the connection; stop sending.
    FaultKind.MESSAGE_IS_ALREADY_SENT: Disposition.ALREADY_SENT,
    # WSDL, case b: the connection was bad for too long; make a new UUID and send.
    FaultKind.STALE_MESSAGE_ID: Disposition.RENEW,
    # WSDL of Ack: no such message among the unacknowledged, so an earlier Ack has reached the exchange.
    FaultKind.TARGET_MESSAGE_IS_NOT_FOUND: Disposition.ALREADY_DONE,
    # WSDL: no right to send this type, no registration, no route. People settle these with the exchange's support.
    FaultKind.ACCESS_DENIED: Disposition.PERMANENT,
    FaultKind.PERSONAL_ACCESS_DENIED: Disposition.PERMANENT,
    FaultKind.SENDER_IS_NOT_REGISTERED: Disposition.PERMANENT,
    FaultKind.RECIPIENT_IS_NOT_FOUND: Disposition.PERMANENT,
    FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED: Disposition.PERMANENT,
    FaultKind.UNKNOWN_MESSAGE_TYPE: Disposition.PERMANENT,
    # WSDL and faults schema: the message itself is wrong; the same bytes stay wrong, a corrected message is a new one.
    FaultKind.INVALID_CONTENT: Disposition.PERMANENT,
    FaultKind.INVALID_MESSAGE_ID_FORMAT: Disposition.PERMANENT,
    FaultKind.INCORRECT_RESPONSE_CONTENT_TYPE: Disposition.PERMANENT,
    FaultKind.TRANSACTION_CODE_INVALID: Disposition.PERMANENT,
    FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION: Disposition.PERMANENT,
    FaultKind.ATTACHMENT_SIZE_LIMIT_EXCEEDED: Disposition.PERMANENT,
    # Faults schema: mend the program, or get a new certificate or have it registered, by the fault's own code.
    FaultKind.SIGNATURE_VERIFICATION: Disposition.PERMANENT,
    # Faults schema says to try with a longer life, but the end of life is inside the signed bytes.
    FaultKind.END_OF_LIFE_REACHED: Disposition.PERMANENT,
    # Faults schema: belongs to the cancelling of a request, which no version has an operation for.
    FaultKind.REQUEST_IS_NOT_FOUND: Disposition.PERMANENT,
}


def disposition(kind: FaultKind) -> Disposition:
    """Return what the sender of a message should do about a fault."""
    return _DISPOSITIONS[kind]


_POLLING = frozenset({
    FaultKind.INVALID_CONTENT,
    FaultKind.SMEV_FAILURE,
    FaultKind.SENDER_IS_NOT_REGISTERED,
    FaultKind.SIGNATURE_VERIFICATION,
    FaultKind.UNKNOWN_MESSAGE_TYPE,
})  # fmt: skip
_SENDING = frozenset({
    FaultKind.ATTACHMENT_CONTENT_MISCOORDINATION,
    FaultKind.ATTACHMENT_SIZE_LIMIT_EXCEEDED,
    FaultKind.BUSINESS_DATA_TYPE_IS_NOT_SUPPORTED,
    FaultKind.DESTINATION_OVERFLOW,
    FaultKind.INVALID_CONTENT,
    FaultKind.INVALID_MESSAGE_ID_FORMAT,
    FaultKind.MESSAGE_IS_ALREADY_SENT,
    FaultKind.QUOTE_LIMIT_EXCEEDED,
    FaultKind.RECIPIENT_IS_NOT_FOUND,
    FaultKind.SMEV_FAILURE,
    FaultKind.SENDER_IS_NOT_REGISTERED,
    FaultKind.SIGNATURE_VERIFICATION,
    FaultKind.STALE_MESSAGE_ID,
})  # fmt: skip

_FAULTS: Mapping[Operation, frozenset[FaultKind]] = {
    Operation.SEND_REQUEST: _SENDING
    | {FaultKind.ACCESS_DENIED, FaultKind.END_OF_LIFE_REACHED, FaultKind.TRANSACTION_CODE_INVALID},
    Operation.SEND_RESPONSE: _SENDING | {FaultKind.INCORRECT_RESPONSE_CONTENT_TYPE},
    Operation.GET_REQUEST: _POLLING,
    Operation.GET_RESPONSE: _POLLING,
    Operation.GET_STATUS: _POLLING,
    Operation.ACK: _POLLING - {FaultKind.UNKNOWN_MESSAGE_TYPE} | {FaultKind.TARGET_MESSAGE_IS_NOT_FOUND},
    Operation.GET_INCOMING_QUEUE_STATISTICS: _POLLING - {FaultKind.UNKNOWN_MESSAGE_TYPE},
}


def faults_of(operation: Operation, version: Version) -> frozenset[FaultKind]:
    """Return which faults the WSDL of a version lets an operation answer: none where it has no such operation."""
    if operation not in OPERATIONS_OF[version]:
        return frozenset()
    found = _FAULTS[operation]
    if operation is Operation.SEND_REQUEST and version is Version.V1_3:
        found |= {FaultKind.PERSONAL_ACCESS_DENIED}
    return found


_SMEV_CODE = re.compile(r"SMEV-(\d{1,6}):\s*", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class ValidationError:
    """One complaint of the schema validator inside InvalidContent. `position`: where it stood, -1 where unknown."""

    text: str
    position: int = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A fault of the exchange.

    `text` is Russian, for people (faultstring). `code` is the address of the component that complained, not to be
    parsed; `description` is "SMEV-NNN:text"; both are empty in faults of the newer gateways. `details` are the kind's
    own children by local name (`SignatureVerificationFault`, `DestinationName`, …); `errors` those of InvalidContent.
    """

    kind: FaultKind
    text: str
    code: str = ""
    description: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[ValidationError, ...] = ()

    @property
    def smev_code(self) -> int | None:
        """The number that the description begins with ("SMEV-403:…" gives 403), None where there is none.

        Where there is no description, as some emulators answer, the text may begin with it.
        """
        found = _SMEV_CODE.match(self.description or self.text)
        return int(found[1]) if found else None

    @property
    def disposition(self) -> Disposition:
        """What the sender should do about it."""
        return disposition(self.kind)


class FaultReceived(ContractError):
    """The exchange answered with a fault."""

    code: ClassVar[str] = "fault_received"

    def __init__(self, fault: Fault) -> None:
        """Keep the fault; the message names its kind and number but not its text, which may quote personal data."""
        number = f", SMEV-{fault.smev_code}" if fault.smev_code is not None else ""
        super().__init__(f"the exchange refused: {fault.kind.value or 'fault without a name'}{number}")
        self.fault = fault
