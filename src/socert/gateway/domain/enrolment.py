"""An enrolment before there is a contract: may this group be taken by certificate, and was this asked before?

Sources: portal message dictionary, 6.5 (rules 1, 8), 9.2 (why a group is closed), 15 (invariant 8); source document
(programmes marked "Возможна оплата сертификатом").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from socert.gateway.domain.contract import LIVE
from socert.gateway.domain.rules_errors import Refused, RuleCode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from socert.gateway.domain.contract import ContractLife


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    """What must hold for a group to be taken by certificate. `free_places` is None where nobody counts them."""

    certificate_accepted: bool
    registration_open: bool = True
    provider_agreement: bool = True
    free_places: int | None = None

    def without_certificate(self) -> Conditions:
        """Return what is left of them for those who do not pay by certificate."""
        return replace(self, certificate_accepted=True, provider_agreement=True)


def check_conditions(conditions: Conditions) -> None:
    """Refuse a group that cannot be taken.

    Errors (Refused): PROGRAMME_NOT_ELIGIBLE, NO_AGREEMENT, REGISTRATION_CLOSED, NO_PLACE, in this order.
    """
    if not conditions.certificate_accepted:
        raise Refused(RuleCode.PROGRAMME_NOT_ELIGIBLE)
    if not conditions.provider_agreement:
        raise Refused(RuleCode.NO_AGREEMENT)
    if not conditions.registration_open:
        raise Refused(RuleCode.REGISTRATION_CLOSED)
    if conditions.free_places is not None and conditions.free_places < 1:
        raise Refused(RuleCode.NO_PLACE)


def answered_before(
    *, order_id: str | None, group_guid: str, start: date, end: date, mine: Iterable[ContractLife]
) -> ContractLife | None:
    """Return the contract that this very order has led to, None when it is a new enrolment (invariant 8).

    `mine` are all contracts of the child's certificate. The same order gets its first answer again, refused or not. A
    different order for the same group and days while one is live is refused: DUPLICATE_ENROLMENT.
    """
    mine = tuple(mine)
    if order_id is not None:
        for contract in mine:
            if contract.order_id == order_id:
                return contract
    for contract in mine:
        meets = contract.start <= end and start <= contract.last_day
        if contract.state in LIVE and contract.group_guid == group_guid and meets:
            raise Refused(RuleCode.DUPLICATE_ENROLMENT, contract=contract.contract_id)
    return None
