"""The steps of a contract: requested, accepted, concluded, changed, ended by either side, refused, too late.

Each is a pure function from a contract to a `Step`; its entries are posted in one transaction with the contract.
Sources: portal message dictionary, 6.3 (states, timers), 11.8 and 15 (invariants 3, 11, 13).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from socert.gateway.domain import ledger
from socert.gateway.domain.contract import (
    LIVE,
    WAITING,
    ContractLife,
    Ending,
    Initiator,
    Step,
    months_charged,
    months_released,
    moved,
)
from socert.gateway.domain.months import month_end, months_later
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import Refused, RuleCode, StepForbidden

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from socert.gateway.domain.ledger import Entry
    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.quote import Quote, Split


# Beginning


def request(
    *,
    contract_id: str,
    certificate_guid: str,
    group_guid: str,
    start: date,
    end: date,
    quote: Quote,
    now: datetime,
    order_id: str | None = None,
    previous_contract_id: str | None = None,
) -> Step:
    """Make a contract and hold the certificate's part at once, before the provider answers (11.8).

    `quote` is fresh and was agreed to (`quote.check_agreed`), and the certificate takes a reserve
    (`certificate.check_reserve`). Each calendar year is held on its own account (invariant 6).
    """
    contract = ContractLife(
        contract_id=contract_id,
        certificate_guid=certificate_guid,
        group_guid=group_guid,
        start=start,
        end=end,
        split=quote.split,
        since=now,
        order_id=order_id,
        previous_contract_id=previous_contract_id,
    )
    return Step(contract=contract, entries=tuple(_reserves(contract)), passed=(ContractState.REQUESTED,))


def _reserves(contract: ContractLife) -> Iterator[Entry]:
    for part in contract.split.years:
        if part.certificate_part:
            month = next(month for month in contract.months if month.year == part.year)
            yield ledger.reserve(
                contract.account(part.year), part.certificate_part, contract_id=contract.contract_id, month=month
            )


def accept(contract: ContractLife, *, now: datetime) -> Step:
    """Take the provider's yes: the contract waits to be signed."""
    return moved(contract, ContractState.ACCEPTED, now)


def conclude(contract: ContractLife, *, number: str, day: date, now: datetime) -> Step:
    """Take both signatures: the contract has its number and is active."""
    return moved(replace(contract, number=number, concluded_on=day), ContractState.ACTIVE, now)


# Ending


def refuse(
    contract: ContractLife,
    *,
    initiator: Initiator,
    reason: RuleCode,
    today: date,
    now: datetime,
    text: str | None = None,
) -> Step:
    """Refuse or cancel a contract that was never concluded: the whole reserve is freed."""
    step = moved(contract, ContractState.REFUSED, now)
    return _ended(
        step.then(months_released(step.contract, contract.months)),
        Ending(last_day=today, initiator=initiator, reason=reason, text=text),
    )


def cancel(contract: ContractLife, *, today: date, now: datetime, text: str | None = None) -> Step:
    """Cancel at the parent's wish: before it is concluded a refusal, afterwards a termination (invariant 11)."""
    who, why = Initiator.PARENT, RuleCode.CANCELLED_BY_PARENT
    if contract.state in WAITING:
        return refuse(contract, initiator=who, reason=why, today=today, now=now, text=text)
    return terminate(contract, initiator=who, reason=why, today=today, now=now, text=text)


def terminate(
    contract: ContractLife,
    *,
    initiator: Initiator,
    reason: RuleCode,
    today: date,
    now: datetime,
    text: str | None = None,
) -> Step:
    """End an active contract early, by either side, with a reason (invariant 11).

    Before its first day everything is freed and it is TERMINATED at once. Afterwards it runs to the end of this month
    (TERMINATING), and only the months after that are freed; `finish` ends it.
    """
    step = moved(contract, ContractState.TERMINATING, now)
    begun = today >= contract.start
    last_day = min(contract.end, month_end(today)) if begun else today
    unused = [month for month in contract.months if contract.is_open(month) and (month > last_day or not begun)]
    step = _ended(
        step.then(months_released(step.contract, unused)),
        Ending(last_day=last_day, initiator=initiator, reason=reason, text=text),
    )
    return step if begun else step.then(moved(step.contract, ContractState.TERMINATED, now))


def finish(contract: ContractLife, *, today: date, now: datetime, pays: bool = True) -> Step:
    """Close a contract whose last day is over: TERMINATING becomes TERMINATED, ACTIVE becomes COMPLETED.

    Months of study that were not charged yet are charged now, and the rest is freed. `pays` is False where the region's
    rule stops live contracts with their certificate: then such months are freed too. NOT_ENDED while it still runs.
    """
    terminating = contract.state is ContractState.TERMINATING
    step = moved(contract, ContractState.TERMINATED if terminating else ContractState.COMPLETED, now)
    if today <= contract.last_day:
        raise StepForbidden(RuleCode.NOT_ENDED, contract=contract.contract_id, end=contract.last_day)
    studied = [month for month in contract.months if month <= contract.last_day]
    step = step.then(months_charged(step.contract, studied if pays else ()))
    step = step.then(months_released(step.contract, contract.months))
    return step if contract.ending is None else _ended(step, contract.ending)


def _ended(step: Step, ending: Ending) -> Step:
    """Write the ending into the step's contract, with what this step gave back added to it."""
    ending = replace(ending, released=ending.released + step.freed)
    return replace(step, contract=replace(step.contract, ending=ending))


# Waiting too long


def overdue(contract: ContractLife, *, now: datetime, today: date, policy: Policy) -> bool:
    """Say whether a contract waits longer than the region's timers allow, or its start is months back (6.3)."""
    return waits_too_long(
        state=contract.state, since=contract.since, start=contract.start, now=now, today=today, policy=policy
    )


def waits_too_long(
    *, state: ContractState, since: datetime, start: date, now: datetime, today: date, policy: Policy
) -> bool:
    """Say the same of a contract that is known only by its state, since when it is in it, and its first day."""
    days = {ContractState.REQUESTED: policy.requested_days, ContractState.ACCEPTED: policy.accepted_days}
    limit = days.get(state)
    if limit is None:
        return False
    stale = today >= months_later(start, policy.stale_start_months)
    return stale or now - since > timedelta(days=limit)


def lapse(contract: ContractLife, *, now: datetime, today: date, policy: Policy) -> Step:
    """Refuse, as the system, a contract that waits too long; StepForbidden (NOT_LATE) when it does not."""
    if not overdue(contract, now=now, today=today, policy=policy):
        raise StepForbidden(RuleCode.NOT_LATE, contract=contract.contract_id)
    return refuse(contract, initiator=Initiator.SYSTEM, reason=RuleCode.OFFER_EXPIRED, today=today, now=now)


# Changing the terms


def change(contract: ContractLife, *, split: Split, end: date, group_guid: str | None = None) -> Step:
    """Change the terms of a live contract for the months that are still open: price, end, group.

    `split` is the whole new split: its closed months are those of the old one (CHANGE_OF_PAST otherwise). Where a year
    needs more, more is held; where it needs less, the rest is freed. The parent's part is agreed anew by the caller.
    """
    if contract.state not in LIVE - {ContractState.TERMINATING}:
        raise StepForbidden(RuleCode.CONTRACT_STEP, contract=contract.contract_id, state=contract.state, step="change")
    for part in contract.split.months:
        if not contract.is_open(part.month) and split.month(part.month) != part:
            month = f"{part.month:%Y-%m}"
            raise Refused(RuleCode.CHANGE_OF_PAST, contract=contract.contract_id, month=month)
    if split.register is not contract.split.register:
        raise Refused(
            RuleCode.UNIT_MIXED, register=split.register, other=contract.split.register, year=contract.start.year
        )
    changed = replace(
        contract,
        split=split,
        end=end,
        revision=contract.revision + 1,
        group_guid=contract.group_guid if group_guid is None else group_guid,
    )
    return Step(contract=changed, entries=tuple(_reheld(contract, changed)))


def _reheld(before: ContractLife, after: ContractLife) -> Iterator[Entry]:
    """Yield one entry a year that brings what is held from the old plan to the new one; freeing comes first."""
    moves = []
    for year in sorted({month.year for month in (*before.months, *after.months)}):
        more = _held_of_year(after, year) - _held_of_year(before, year)
        months = [
            month for life in (before, after) for month in life.months if month.year == year and life.is_open(month)
        ]
        if more:
            moves.append((more, after.account(year), min(months)))
    for more, account, month in sorted(moves, key=lambda move: (move[0] > 0, move[2])):
        make = ledger.reserve if more > 0 else ledger.release
        yield make(account, abs(more), contract_id=after.contract_id, month=month, change=after.revision)


def _held_of_year(contract: ContractLife, year: int) -> int:
    return sum(contract.held(month) for month in contract.months if month.year == year)
