"""An order of the portal: which stage it is in, and what may be told of it.

Source: portal message dictionary, 6.3 and 8.3 (canonical statuses and the portal's codes), 15 (invariants 7 and 17).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.gateway.domain.records import ContractState

if TYPE_CHECKING:
    from datetime import datetime

    from socert.gateway.domain.rules_errors import RuleCode


class Stage(StrEnum):
    """Where an order stands, in words of its own: a region's profile gives each its code (8.3)."""

    REGISTERED = "REGISTERED"
    SENT_TO_REVIEW = "SENT_TO_REVIEW"
    UNDER_REVIEW = "UNDER_REVIEW"
    DOCUMENTS_NEEDED = "DOCUMENTS_NEEDED"
    CONTRACT_TO_SIGN = "CONTRACT_TO_SIGN"
    CONTRACT_REWORK = "CONTRACT_REWORK"
    CONTRACT_AT_ORG = "CONTRACT_AT_ORG"
    ENROLLED = "ENROLLED"
    REFUSED = "REFUSED"
    CANCEL_PENDING = "CANCEL_PENDING"
    CANCEL_FAILED = "CANCEL_FAILED"
    CANCELLED = "CANCELLED"


ENDINGS = frozenset({Stage.ENROLLED, Stage.REFUSED, Stage.CANCELLED})
"""Stages after which nothing more is told of an order (invariant 7)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderEvent:
    """What happened to an order. `text` is Russian, for the parent; `reason` the rule behind a refusal.

    `contract_id` is the contract it led to, None where it was refused before there was one.
    """

    order_id: str
    stage: Stage
    at: datetime
    contract_id: str | None = None
    reason: RuleCode | None = None
    text: str = ""


_STAGES = {
    ContractState.REQUESTED: (Stage.REGISTERED, Stage.SENT_TO_REVIEW, Stage.UNDER_REVIEW),
    ContractState.ACCEPTED: (Stage.CONTRACT_TO_SIGN,),
    ContractState.ACTIVE: (Stage.ENROLLED,),
    ContractState.REFUSED: (Stage.REFUSED,),
}


def stages_of(state: ContractState, *, by_parent: bool = False) -> tuple[Stage, ...]:
    """Return the stages that an order passes when its contract enters a state (6.3); none once it was concluded.

    `by_parent`: the parent cancelled, so that a refusal is told as a cancellation.
    """
    if state is ContractState.REFUSED and by_parent:
        return (Stage.CANCELLED,)
    return _STAGES.get(state, ())
