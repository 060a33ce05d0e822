"""Monthly charges of a contract, corrections of them, and the closing of a year.

Sources: portal message dictionary, 11.8 (charge, release, refund), 11.9 (by attendance, December closes in December),
15 (invariants 3, 6).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from socert.gateway.domain import ledger
from socert.gateway.domain.contract import RUNNING, ContractLife, Step, month_charged, months_charged, months_released
from socert.gateway.domain.months import add_months, year_end
from socert.gateway.domain.policy import ChargeDay
from socert.gateway.domain.rules_errors import Refused, RuleCode, StepForbidden

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from socert.gateway.domain.policy import Policy


def due_on(contract: ContractLife, month: date, policy: Policy) -> date:
    """Return the first day on which a month of the contract may be charged.

    Usually the 1st of the next month; ahead, by policy, the month's own 1st where the contract has begun before it.
    Never later than the day after the last day of study, nor than 31 December of the month's year.
    """
    day = add_months(month, 1)
    if policy.charge_day is ChargeDay.AHEAD and contract.start < month:
        day = month
    after_study = contract.last_day + timedelta(days=1)
    return min(day, max(after_study, month), year_end(month.year))


def due_months(contract: ContractLife, *, today: date, policy: Policy) -> Iterator[date]:
    """Yield the open months of a running contract that are due, in order."""
    if contract.state not in RUNNING:
        return
    for month in contract.months:
        if contract.is_open(month) and due_on(contract, month, policy) <= today:
            yield month


def charge(contract: ContractLife, month: date, *, today: date, policy: Policy, amount: int | None = None) -> Step:
    """Charge one month: what is held for it becomes spent, once (invariant 3).

    `amount` is what the month came to by attendance, at most its plan (11.9); None charges the plan. What a month did
    not need stays held until the year or the contract closes. Errors: CONTRACT_STEP, MONTH_NOT_PLANNED, MONTH_CLOSED,
    MONTH_NOT_DUE, RESERVE_EXCEEDED. Whether the certificate's status lets it go on is `certificate.check_live`.
    """
    if contract.state not in RUNNING:
        raise StepForbidden(RuleCode.CONTRACT_STEP, contract=contract.contract_id, state=contract.state, step="charge")
    name = f"{month:%Y-%m}"
    if contract.split.month(month) is None:
        raise Refused(RuleCode.MONTH_NOT_PLANNED, contract=contract.contract_id, month=name)
    if not contract.is_open(month):
        raise StepForbidden(RuleCode.MONTH_CLOSED, contract=contract.contract_id, month=name)
    due = due_on(contract, month, policy)
    if today < due:
        raise Refused(RuleCode.MONTH_NOT_DUE, contract=contract.contract_id, month=name, due=due)
    planned = contract.planned(month)
    asked = planned if amount is None else amount
    if not 0 <= asked <= planned:
        raise Refused(RuleCode.RESERVE_EXCEEDED, amount=asked, reserved=planned)
    return month_charged(contract, month, asked)


def refund(contract: ContractLife, month: date, amount: int, *, number: int = 1) -> Step:
    """Give back to the certificate what was charged for a month too much, by an explicit correction (11.8).

    `number` tells the corrections of one month apart. The sum becomes available, not reserved again.
    """
    spent = contract.charged.get(month, 0) - contract.refunded.get(month, 0)
    if not 0 < amount <= spent:
        raise Refused(RuleCode.SPENT_EXCEEDED, amount=amount, spent=spent)
    entry = ledger.refund(
        contract.account(month.year), amount, contract_id=contract.contract_id, month=month, number=number
    )
    refunded = MappingProxyType({**contract.refunded, month: contract.refunded.get(month, 0) + amount})
    return Step(contract=replace(contract, refunded=refunded), entries=(entry,))


def close_year(contract: ContractLife, year: int, *, pays: bool = True) -> Step:
    """Close a live contract's part of a year that is over: what was studied is charged, what is left is freed.

    A contract that was not concluded by then, or (`pays` False) whose certificate's status stops it, frees its whole
    open part of that year. The state does not change.
    """
    months = [month for month in contract.months if month.year == year]
    step = months_charged(contract, months if pays and contract.state in RUNNING else ())
    return step.then(months_released(step.contract, months))
