"""The sender's choice of recipients, and what became of it (version 1.3).

    Routing(message_id=…, dynamic=("45",))            # send_request(routing=…), signed beside the message
    RoutingStatus(dynamic=(ValueStatus(value="45", code=RoutingCode.SUCCESS),))    # in the exchange's verdict

Source: SMEV 3 routing schema 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordRouting:
    """Where one record of a registry goes (RegistryRecordRouting).

    `general`: by the message's own routing (UseGeneralRouting).
    """

    record_id: int
    general: bool
    dynamic: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Routing:
    """Where a message goes (RoutingInformation): up to 1000 values of each kind, up to 500 characters each.

    `message_id` is that of the message. `dynamic` are routing codes, `identifiers` names of recipients.
    """

    message_id: str
    dynamic: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    records: tuple[RecordRouting, ...] = ()


class RoutingCode(StrEnum):
    """What became of one address (RoutingStatusCode)."""

    SUCCESS = "success"
    RECIPIENT_NOT_FOUND = "recipientNotFound"
    INVALID_RECORD_ID = "invalidRegistryRecordId"
    CERTIFICATE_INVALID = "certificateInvalid"
    SIGNATURE_INVALID = "signatureInvalid"
    GENERAL_ROUTING_NOT_FOUND = "generalRoutingNotFound"
    PERSONAL_ACCESS_DENIED = "personalAccessDenied"


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueStatus:
    """What became of one value of a routing (DynamicRoutingStatus, IdentifierRoutingStatus)."""

    value: str
    code: RoutingCode


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordStatus:
    """What became of one record of a registry (RegistryRoutingStatus)."""

    record_id: int
    code: RoutingCode
    dynamic: tuple[ValueStatus, ...] = ()
    identifiers: tuple[ValueStatus, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingStatus:
    """What became of a message's routing: up to 1000 statuses of each kind."""

    dynamic: tuple[ValueStatus, ...] = ()
    identifiers: tuple[ValueStatus, ...] = ()
    records: tuple[RecordStatus, ...] = ()
