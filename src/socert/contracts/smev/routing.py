"""The sender's choice of recipients, and what became of it (version 1.3).

    Routing(message_id=…, dynamic=("45",))            # send_request(routing=…), signed beside the message
    RoutingStatus(dynamic=(ValueStatus(value="45", code=RoutingCode.SUCCESS),))    # in the exchange's verdict

Source: SMEV 3 routing schema 1.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.smev.envelope import child, need, path, read, read_boolean, read_enum, read_number
from socert.contracts.smev.version import Version
from socert.contracts.xml import escape_text as text

if TYPE_CHECKING:
    from lxml import etree

ROUTING_ID = "SIGNED_ROUTING"
"""Id of the block that the caller signs beside the message itself."""

_NAMESPACE = Version.V1_3.routing


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


def render_routing(routing: Routing) -> str:
    """Return RoutingInformation in the normal form of the exchange's transform, with an Id to sign it by."""
    values = _render_values(routing.dynamic, routing.identifiers)
    if routing.records:
        values += f"<ns1:RegistryRouting>{''.join(map(_render_record, routing.records))}</ns1:RegistryRouting>"
    return (
        f'<ns1:RoutingInformation xmlns:ns1="{_NAMESPACE}" Id="{ROUTING_ID}"><ns1:MessageID>{text(routing.message_id)}'
        f"</ns1:MessageID>{values}</ns1:RoutingInformation>"
    )


def read_routing(block: etree._Element) -> Routing:
    """Read RoutingInformation. Raises EnvelopeInvalid."""
    holder = child(block, _NAMESPACE, "RegistryRouting")
    records = () if holder is None else holder.iterchildren(_named("RegistryRecordRouting"))
    return Routing(
        message_id=read(need(block, _NAMESPACE, "MessageID")),
        dynamic=_read_values(block, "Dynamic"),
        identifiers=_read_values(block, "Identifier"),
        records=tuple(map(_read_record, records)),
    )


def render_routing_status(status: RoutingStatus) -> str:
    """Return RoutingStatus."""
    records = "".join(
        f"<rou:RegistryRoutingStatus><rou:RecordId>{one.record_id:d}</rou:RecordId>"
        f"<rou:RoutingStatusCode>{one.code.value}</rou:RoutingStatusCode>"
        f"{_render_statuses(one)}</rou:RegistryRoutingStatus>"
        for one in status.records
    )
    return f'<rou:RoutingStatus xmlns:rou="{_NAMESPACE}">{_render_statuses(status)}{records}</rou:RoutingStatus>'


def read_routing_status(block: etree._Element) -> RoutingStatus:
    """Read RoutingStatus. Raises EnvelopeInvalid."""
    return RoutingStatus(
        dynamic=_read_statuses(block, "Dynamic"),
        identifiers=_read_statuses(block, "Identifier"),
        records=tuple(
            RecordStatus(
                record_id=read_number(need(one, _NAMESPACE, "RecordId")),
                code=read_enum(need(one, _NAMESPACE, "RoutingStatusCode"), RoutingCode),
                dynamic=_read_statuses(one, "Dynamic"),
                identifiers=_read_statuses(one, "Identifier"),
            )
            for one in block.iterchildren(_named("RegistryRoutingStatus"))
        ),
    )


def _named(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"


def _render_values(dynamic: tuple[str, ...], identifiers: tuple[str, ...]) -> str:
    return "".join(
        f"<ns1:{kind}Routing>"
        + "".join(f"<ns1:{kind}Value>{text(value)}</ns1:{kind}Value>" for value in values)
        + f"</ns1:{kind}Routing>"
        for kind, values in (("Dynamic", dynamic), ("Identifier", identifiers))
        if values
    )


def _read_values(block: etree._Element, kind: str) -> tuple[str, ...]:
    holder = child(block, _NAMESPACE, f"{kind}Routing")
    return () if holder is None else tuple(map(read, holder.iterchildren(_named(f"{kind}Value"))))


def _render_record(record: RecordRouting) -> str:
    return (
        f"<ns1:RegistryRecordRouting><ns1:RecordId>{record.record_id:d}</ns1:RecordId>"
        f"<ns1:UseGeneralRouting>{'true' if record.general else 'false'}</ns1:UseGeneralRouting>"
        f"{_render_values(record.dynamic, record.identifiers)}</ns1:RegistryRecordRouting>"
    )


def _read_record(block: etree._Element) -> RecordRouting:
    general = need(block, _NAMESPACE, "UseGeneralRouting")
    return RecordRouting(
        record_id=read_number(need(block, _NAMESPACE, "RecordId")),
        general=read_boolean(read(general), path(general)),
        dynamic=_read_values(block, "Dynamic"),
        identifiers=_read_values(block, "Identifier"),
    )


def _render_statuses(status: RoutingStatus | RecordStatus) -> str:
    return "".join(
        f"<rou:{kind}RoutingStatus><rou:{kind}Value>{text(one.value)}</rou:{kind}Value>"
        f"<rou:RoutingStatusCode>{one.code.value}</rou:RoutingStatusCode></rou:{kind}RoutingStatus>"
        for kind, statuses in (("Dynamic", status.dynamic), ("Identifier", status.identifiers))
        for one in statuses
    )


def _read_statuses(block: etree._Element, kind: str) -> tuple[ValueStatus, ...]:
    return tuple(
        ValueStatus(
            value=read(need(one, _NAMESPACE, f"{kind}Value")),
            code=read_enum(need(one, _NAMESPACE, "RoutingStatusCode"), RoutingCode),
        )
        for one in block.iterchildren(_named(f"{kind}RoutingStatus"))
    )
