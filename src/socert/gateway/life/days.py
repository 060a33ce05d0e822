"""One day's work: what falls due by the calendar and waits for nobody.

Every piece is done in a unit of work of its own and only where it is due, so the run may be stopped and repeated at any
moment: what was done is not done again, and what a rule or a fault stops is one case and one line of the log.
Sources: portal message dictionary, 6.3 (timers), 11.8-11.10 (charges, lowering), 15 (invariants 3, 13, 18).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from socert.gateway.domain import charging, contract_steps
from socert.gateway.domain.certificate import FINAL, CertificateStep, goes_on
from socert.gateway.domain.contract import RUNNING
from socert.gateway.domain.months import add_months
from socert.gateway.domain.rules_errors import RuleBroken
from socert.gateway.domain.year import lower
from socert.gateway.life.cases import CaseKind
from socert.gateway.life.storing import kept_of, life_of, post
from socert.gateway.ports import UnitOfWork
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime

    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.policy import Policy
    from socert.gateway.life.cases import Cases
    from socert.gateway.life.contracts import Contracts
    from socert.gateway.life.issuing import Issuing
    from socert.gateway.ports import Units
    from socert.gateway.ports.life import LifeRegistry

log = get_logger("days")
Piece = Callable[[UnitOfWork], Counter[str]]
"""Work of one unit; what it returns is counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DayDone:
    """What a day's work came to.

    `charged` counts months, `stopped` contracts that are not charged because of their certificate's status, `failed`
    what was left for a person or for the next run.
    """

    charged: int
    lapsed: int
    finished: int
    expired: int
    lowered: int
    stopped: int
    failed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Subject:
    """What a piece of work is about."""

    contract_id: str | None = None
    certificate_guid: str | None = None

    @property
    def name(self) -> str | None:
        return self.contract_id or self.certificate_guid


class Days:
    """Does the day's work."""

    def __init__(
        self,
        *,
        registry: LifeRegistry,
        issuing: Issuing,
        contracts: Contracts,
        cases: Cases,
        policy_of: Callable[[str], Policy],
        policies: Collection[Policy],
        clock: Callable[[], datetime],
        today: Callable[[], date],
        batch: int = 500,
    ) -> None:
        """Take the parts.

        `policies` are all that `policy_of` ever returns: what is due by none of them is passed over quickly. `batch`
        bounds how many contracts or certificates are read at once.
        """
        self._registry = registry
        self._issuing = issuing
        self._contracts = contracts
        self._cases = cases
        self._policy_of = policy_of
        self._policies = tuple(policies)
        self._clock = clock
        self._today = today
        self._batch = batch

    def run(self, units: Units) -> DayDone:
        """Do what is due today: charges, timers, ends, expiries and, where any policy has it, lowering.

        A certificate expires after its contracts of the day were charged: it paid for what is behind.
        """
        done: Counter[str] = Counter()
        self._go_through_contracts(units, done)
        self._go_through_expiries(units, done)
        if any(policy.monthly_lowering for policy in self._policies):
            self._go_through_nominals(units, done)
        return DayDone(**{name: done[name] for name in DayDone.__slots__})

    def _piece(self, units: Units, done: Counter[str], subject: _Subject, work: Piece) -> bool:
        """Do one piece in its own unit; say whether it was done. What stops it is told and never stops the others."""
        try:
            done.update(units.run(work))
        except RuleBroken as broken:
            log.warning("the day's work was refused", about=subject.name, rule=broken.rule.value, why=broken.log_text)
            units.run(partial(self._open_case, subject=subject, broken=broken))
        except Exception as error:  # noqa: BLE001  one certificate's trouble must not be all others'
            # Not its text: an error of the database may quote what was to be written.
            log.error("the day's work failed", about=subject.name, error=type(error).__name__)
        else:
            return True
        done["failed"] += 1
        return False

    def _open_case(self, unit: UnitOfWork, *, subject: _Subject, broken: RuleBroken) -> None:
        self._cases.open(
            unit,
            kind=CaseKind.DAY_FAILED,
            contract_id=subject.contract_id,
            certificate_guid=subject.certificate_guid,
            broken=broken,
        )

    # --- contracts --------------------------------------------------------------------------------------------------

    def _go_through_contracts(self, units: Units, done: Counter[str]) -> None:
        after: str | None = ""
        while after is not None:
            due, after = units.run(partial(self._due_contracts, after=after))
            for contract_id in due:
                work = partial(self._contract, contract_id=contract_id)
                self._piece(units, done, _Subject(contract_id=contract_id), work)

    def _due_contracts(self, unit: UnitOfWork, *, after: str) -> tuple[list[str], str | None]:
        """Return those of the next batch of live contracts that something is due for, and where the batch ended."""
        batch = self._registry.live_contracts(unit.connection, after=after, limit=self._batch)
        due = [life.contract_id for life in batch if self._may_be_due(life)]
        return due, batch[-1].contract_id if len(batch) == self._batch else None

    def _may_be_due(self, life: ContractLife) -> bool:
        """Say whether anything is due by any policy of the region; the contract's own unit asks its own policy."""
        today, now = self._today(), self._clock()
        if life.state in RUNNING and today > life.last_day:
            return True
        return any(
            contract_steps.overdue(life, now=now, today=today, policy=policy)
            or any(charging.due_months(life, today=today, policy=policy))
            for policy in self._policies
        )

    def _contract(self, unit: UnitOfWork, *, contract_id: str) -> Counter[str]:
        life = life_of(self._registry, unit.connection, contract_id)
        certificate = kept_of(self._registry, unit.connection, life.certificate_guid).certificate
        policy, today = self._policy_of(certificate.oktmo), self._today()
        if contract_steps.overdue(life, now=self._clock(), today=today, policy=policy):
            self._contracts.lapse(unit, contract_id)
            return Counter(lapsed=1)
        done: Counter[str] = Counter()
        if goes_on(certificate.status, policy):
            life, done["charged"] = self._contracts.charge_due(unit, contract_id)
        elif any(charging.due_months(life, today=today, policy=policy)):
            done["stopped"] += 1
        if life.state in RUNNING and today > life.last_day:
            self._contracts.finish(unit, contract_id)
            done["finished"] += 1
        return done

    # --- certificates -----------------------------------------------------------------------------------------------

    def _go_through_expiries(self, units: Units, done: Counter[str]) -> None:
        failed: set[str] = set()
        while True:
            # Those that failed stay in the list, so it is read past them.
            found = units.run(partial(self._to_expire, limit=self._batch + len(failed)))
            new = [guid for guid in found if guid not in failed]
            if not new:
                return
            for guid in new:
                if not self._piece(units, done, _Subject(certificate_guid=guid), partial(self._expire, guid=guid)):
                    failed.add(guid)

    def _to_expire(self, unit: UnitOfWork, *, limit: int) -> Sequence[str]:
        return self._registry.certificates_to_expire(unit.connection, self._today(), limit=limit)

    def _expire(self, unit: UnitOfWork, *, guid: str) -> Counter[str]:
        self._issuing.step(unit, guid, CertificateStep.EXPIRE)
        return Counter(expired=1)

    def _go_through_nominals(self, units: Units, done: Counter[str]) -> None:
        month, after = add_months(self._today(), -1), ""
        while True:
            found = units.run(partial(self._of_year, year=month.year, after=after))
            for guid in found:
                work = partial(self._lower, guid=guid, month=month)
                self._piece(units, done, _Subject(certificate_guid=guid), work)
            if len(found) < self._batch:
                return
            after = found[-1]

    def _of_year(self, unit: UnitOfWork, *, year: int, after: str) -> Sequence[str]:
        return self._registry.certificates_of_year(unit.connection, year=year, after=after, limit=self._batch)

    def _lower(self, unit: UnitOfWork, *, guid: str, month: date) -> Counter[str]:
        kept = kept_of(self._registry, unit.connection, guid)
        entries = lower(kept.book, month=month, policy=self._policy_of(kept.certificate.oktmo))
        if not entries or kept.certificate.status in FINAL:
            return Counter()
        post(self._registry, unit, kept, entries)
        return Counter(lowered=1)
