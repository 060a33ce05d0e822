"""A contract in its life: its plan, what it holds and has spent, where it may go, and the moves that steps are made of.

What a contract holds and has spent follows from its plan by months, so that the two cannot drift apart. The steps are
in `contract_steps`, the charges in `charging`. Sources: portal message dictionary, 6.3 (states), 11.7-11.8 and 15
(invariants 3, 6).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from socert.gateway.domain import ledger
from socert.gateway.domain.ledger import AccountKey, Entry
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import RuleCode, StepForbidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from socert.gateway.domain.quote import Split

WAITING = frozenset({ContractState.REQUESTED, ContractState.ACCEPTED})
RUNNING = frozenset({ContractState.ACTIVE, ContractState.TERMINATING})
LIVE = WAITING | RUNNING
TRANSITIONS: Mapping[ContractState, frozenset[ContractState]] = MappingProxyType(
    {
        ContractState.REQUESTED: frozenset({ContractState.ACCEPTED, ContractState.REFUSED}),
        ContractState.ACCEPTED: frozenset({ContractState.ACTIVE, ContractState.REFUSED}),
        ContractState.ACTIVE: frozenset({ContractState.TERMINATING, ContractState.COMPLETED}),
        ContractState.TERMINATING: frozenset({ContractState.TERMINATED}),
        ContractState.TERMINATED: frozenset(),
        ContractState.COMPLETED: frozenset(),
        ContractState.REFUSED: frozenset(),
    }
)
"""Where a contract may go from each state (portal message dictionary, 6.3). Every step is held to it."""


class Initiator(StrEnum):
    """Who ended a contract (portal message dictionary, 7, termination/initiator)."""

    PARENT = "PARENT"
    ORGANISATION = "ORGANISATION"
    OPERATOR = "OPERATOR"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a contract ended or was refused: its last day, by whom, why, and what went back to the certificate so far."""

    last_day: date
    initiator: Initiator
    reason: RuleCode
    text: str | None = None
    released: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractLife:
    """A contract between a parent, a provider and a certificate, as far as the rules care.

    Amounts are hundredths (whole programmes on count registers). `since` is when it entered its state. `revision`
    counts changes of its terms. `charged` holds what was charged for each month, `refunded` what of that was given
    back, `released` the months whose rest was freed.
    """

    contract_id: str
    certificate_guid: str
    group_guid: str
    start: date
    end: date
    split: Split
    since: datetime
    state: ContractState = ContractState.REQUESTED
    order_id: str | None = None
    previous_contract_id: str | None = None
    number: str | None = None
    concluded_on: date | None = None
    revision: int = 0
    charged: Mapping[date, int] = field(default_factory=lambda: MappingProxyType({}))
    refunded: Mapping[date, int] = field(default_factory=lambda: MappingProxyType({}))
    released: frozenset[date] = frozenset()
    ending: Ending | None = None

    @property
    def months(self) -> tuple[date, ...]:
        """The months of the plan, in order."""
        return tuple(part.month for part in self.split.months)

    @property
    def reserved(self) -> int:
        """All that is held for the contract now."""
        return sum(self.held(month) for month in self.months)

    @property
    def spent(self) -> int:
        """All that was charged and not given back."""
        return sum(self.charged.values()) - sum(self.refunded.values())

    @property
    def last_day(self) -> date:
        """The last day of study: the day of the ending where there is one, else the end of the contract."""
        return self.end if self.ending is None else min(self.end, self.ending.last_day)

    def planned(self, month: date) -> int:
        """Return the certificate's part of a month, 0 when the month is not in the plan."""
        part = self.split.month(month)
        return 0 if part is None else part.certificate_part

    def held(self, month: date) -> int:
        """Return what is still reserved for a month."""
        return 0 if month in self.released else self.planned(month) - self.charged.get(month, 0)

    def is_open(self, month: date) -> bool:
        """Whether a month of the plan is neither charged nor released."""
        return self.split.month(month) is not None and month not in self.charged and month not in self.released

    def account(self, year: int) -> AccountKey:
        """Return the account that pays a year of this contract."""
        return AccountKey(year=year, register=self.split.register)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A contract after a step, the entries to post with it, and the states it passed through, the last one included."""

    contract: ContractLife
    entries: tuple[Entry, ...] = ()
    passed: tuple[ContractState, ...] = ()

    def then(self, following: Step) -> Step:
        """Return this step and the one that was made from its contract, as one."""
        return Step(
            contract=following.contract,
            entries=self.entries + following.entries,
            passed=self.passed + following.passed,
        )

    @property
    def freed(self) -> int:
        """What the step's entries give back of the reserve."""
        return sum(-entry.reserved for entry in self.entries if entry.kind is ledger.EntryKind.RELEASE)


def moved(contract: ContractLife, to: ContractState, now: datetime) -> Step:
    """Move along an allowed transition; StepForbidden (CONTRACT_STEP) where there is none."""
    if to not in TRANSITIONS[contract.state]:
        step = f"become {to.value}"
        raise StepForbidden(RuleCode.CONTRACT_STEP, contract=contract.contract_id, state=contract.state, step=step)
    return Step(contract=replace(contract, state=to, since=now), passed=(to,))


def month_charged(contract: ContractLife, month: date, amount: int) -> Step:
    """Turn `amount` of what is held for an open month into spent. Nothing to charge closes the month without entry."""
    charged = replace(contract, charged=MappingProxyType({**contract.charged, month: amount}))
    if not amount:
        return Step(contract=charged)
    entry = ledger.charge(contract.account(month.year), amount, contract_id=contract.contract_id, month=month)
    return Step(contract=charged, entries=(entry,))


def months_charged(contract: ContractLife, months: Iterable[date]) -> Step:
    """Charge the plan of those of the months that are open."""
    step = Step(contract=contract)
    for month in months:
        if step.contract.is_open(month):
            step = step.then(month_charged(step.contract, month, contract.planned(month)))
    return step


def months_released(contract: ContractLife, months: Iterable[date]) -> Step:
    """Free what is held for these months: one entry a year, named after the first month that holds anything."""
    listed = sorted(set(months) - contract.released)
    entries = []
    for year in sorted({month.year for month in listed}):
        holding = [month for month in listed if month.year == year and contract.held(month)]
        if holding:
            entry = ledger.release(
                contract.account(year),
                sum(contract.held(month) for month in holding),
                contract_id=contract.contract_id,
                month=holding[0],
            )
            entries.append(entry)
    return Step(contract=replace(contract, released=contract.released.union(listed)), entries=tuple(entries))
