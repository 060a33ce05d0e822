"""A verdict of the exchange as text in the state, and back: AsyncProcessingStatus with its fault and its routing."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from socert.contracts.smev.faults import Fault, FaultKind, ValidationError
from socert.contracts.smev.routing import RecordStatus, RoutingCode, RoutingStatus, ValueStatus
from socert.contracts.smev.status import AsyncStatus, InteractionStatus

if TYPE_CHECKING:
    from collections.abc import Sequence


def to_text(status: AsyncStatus) -> str:
    """Return a verdict as JSON."""
    return json.dumps(asdict(status), ensure_ascii=False, separators=(",", ":"))


def from_text(text: str) -> AsyncStatus:
    """Return the verdict that `to_text` wrote."""
    said = json.loads(text)
    fault, routing = said["fault"], said["routing"]
    return AsyncStatus(
        original_message_id=said["original_message_id"],
        category=InteractionStatus(said["category"]),
        details=said["details"],
        fault=None if fault is None else _fault(fault),
        routing=None if routing is None else _routing(routing),
    )


def _fault(said: dict[str, Any]) -> Fault:
    return Fault(
        kind=FaultKind(said["kind"]),
        text=said["text"],
        code=said["code"],
        description=said["description"],
        details=said["details"],
        errors=tuple(ValidationError(text=one["text"], position=one["position"]) for one in said["errors"]),
    )


def _routing(said: dict[str, Any]) -> RoutingStatus:
    return RoutingStatus(
        dynamic=_values(said["dynamic"]),
        identifiers=_values(said["identifiers"]),
        records=tuple(
            RecordStatus(
                record_id=one["record_id"],
                code=RoutingCode(one["code"]),
                dynamic=_values(one["dynamic"]),
                identifiers=_values(one["identifiers"]),
            )
            for one in said["records"]
        ),
    )


def _values(said: Sequence[dict[str, Any]]) -> tuple[ValueStatus, ...]:
    return tuple(ValueStatus(value=one["value"], code=RoutingCode(one["code"])) for one in said)
