"""A contract's way after the application: accepted, concluded, charged, changed, ended by either side.

Each step is the domain's; here it is read, decided and stored with its entries in one unit of work, and the portal's
order, if there is one, is told. Sources: portal message dictionary, 6.3 (states), 6.4 (reasons), 11.7-11.9, 13 (M07,
M08, M12), 15 (invariants 3, 6, 11, 13).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from socert.gateway.domain import charging, contract_steps
from socert.gateway.domain.certificate import check_live, goes_on
from socert.gateway.domain.consent import missing_forms
from socert.gateway.domain.contract import Initiator
from socert.gateway.domain.contract_change import requote
from socert.gateway.domain.policy import Register
from socert.gateway.domain.quote import check_agreed
from socert.gateway.domain.rules_errors import Refused, RuleCode
from socert.gateway.life.groups import priced
from socert.gateway.life.storing import kept_of, life_of, store

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from sqlalchemy import Connection

    from socert.gateway.domain.contract import ContractLife, Step
    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.quote import Agreed, Quote
    from socert.gateway.life.consents import Consents
    from socert.gateway.life.renewals import Renewals
    from socert.gateway.ports import UnitOfWork
    from socert.gateway.ports.life import Kept, LifeRegistry


class Contracts:
    """The steps of contracts. Each returns the contract as it is stored.

    Errors of all: NOT_FOUND (Refused) for an unknown contract, CONTRACT_STEP (StepForbidden) where its state does not
    allow the step; then nothing is stored.
    """

    def __init__(
        self,
        *,
        registry: LifeRegistry,
        consents: Consents,
        renewals: Renewals,
        policy_of: Callable[[str], Policy],
        clock: Callable[[], datetime],
        today: Callable[[], date],
    ) -> None:
        """Take the parts."""
        self._registry = registry
        self._consents = consents
        self._renewals = renewals
        self._policy_of = policy_of
        self._clock = clock
        self._today = today

    # --- beginning --------------------------------------------------------------------------------------------------

    def accept(self, unit: UnitOfWork, contract_id: str) -> ContractLife:
        """Take the provider's yes: the contract waits to be signed."""
        life = self._life(unit, contract_id)
        return self._store(unit, contract_steps.accept(life, now=self._clock()))

    def conclude(self, unit: UnitOfWork, contract_id: str, *, number: str, day: date | None = None) -> ContractLife:
        """Take both signatures: number and day (None: today) of the contract on paper."""
        life = self._life(unit, contract_id)
        step = contract_steps.conclude(life, number=number, day=day or self._today(), now=self._clock())
        return self._store(unit, step)

    # --- ending -----------------------------------------------------------------------------------------------------

    def refuse(
        self,
        unit: UnitOfWork,
        contract_id: str,
        *,
        initiator: Initiator = Initiator.ORGANISATION,
        reason: RuleCode = RuleCode.REFUSED_BY_PROVIDER,
        text: str | None = None,
    ) -> ContractLife:
        """Refuse a contract that is not concluded: the whole reserve is freed. `text` is Russian, for the parent."""
        life = self._life(unit, contract_id)
        step = contract_steps.refuse(
            life, initiator=initiator, reason=reason, today=self._today(), now=self._clock(), text=text
        )
        return self._store(unit, step)

    def terminate(
        self,
        unit: UnitOfWork,
        contract_id: str,
        *,
        initiator: Initiator,
        reason: RuleCode,
        text: str | None = None,
    ) -> ContractLife:
        """End an active contract early: all is freed before its first day, afterwards the unused months only."""
        life = self._life(unit, contract_id)
        step = contract_steps.terminate(
            life, initiator=initiator, reason=reason, today=self._today(), now=self._clock(), text=text
        )
        return self._store(unit, step)

    def cancel(self, unit: UnitOfWork, contract_id: str, *, text: str | None = None) -> ContractLife:
        """Cancel at the parent's wish, by its state a refusal or a termination; once cancelled, it stays as it is."""
        life = self._life(unit, contract_id)
        ending = life.ending
        if ending is not None and (ending.initiator, ending.reason) == (
            Initiator.PARENT,
            RuleCode.CANCELLED_BY_PARENT,
        ):
            return life
        return self._store(unit, contract_steps.cancel(life, today=self._today(), now=self._clock(), text=text))

    def cancel_order(self, unit: UnitOfWork, order_id: str, *, text: str | None = None) -> ContractLife:
        """Cancel the contract that a portal's order led to; NOT_FOUND (Refused) where it led to none."""
        life = self._registry.life_of_order(unit.connection, order_id)
        if life is None:
            raise Refused(RuleCode.NOT_FOUND, what=order_id)
        return self.cancel(unit, life.contract_id, text=text)

    def finish(self, unit: UnitOfWork, contract_id: str) -> ContractLife:
        """Close a contract whose last day is over; StepForbidden (NOT_ENDED) while it runs."""
        life = self._life(unit, contract_id)
        kept, policy = self._kept(unit.connection, life)
        pays = goes_on(kept.certificate.status, policy)
        return self._store(unit, contract_steps.finish(life, today=self._today(), now=self._clock(), pays=pays))

    def lapse(self, unit: UnitOfWork, contract_id: str) -> ContractLife:
        """Refuse, as the system, a contract that waits longer than the timers allow; NOT_LATE where it does not."""
        life = self._life(unit, contract_id)
        _, policy = self._kept(unit.connection, life)
        return self._store(unit, contract_steps.lapse(life, now=self._clock(), today=self._today(), policy=policy))

    # --- charges ----------------------------------------------------------------------------------------------------

    def charge(self, unit: UnitOfWork, contract_id: str, *, month: date, amount: int | None = None) -> ContractLife:
        """Charge one due month, once; `amount` (hundredths) is what it came to, None charges its plan.

        Errors: those of `charging.charge`, and the certificate's own (CERT_SUSPENDED and others, by the region's rule).
        """
        life = self._life(unit, contract_id)
        kept, policy = self._kept(unit.connection, life)
        check_live(kept.certificate.status, policy)
        step = charging.charge(life, month.replace(day=1), today=self._today(), policy=policy, amount=amount)
        return self._store(unit, step)

    def charge_due(self, unit: UnitOfWork, contract_id: str) -> tuple[ContractLife, int]:
        """Charge every month that is due by its plan; return the contract and how many months that were."""
        life = self._life(unit, contract_id)
        kept, policy = self._kept(unit.connection, life)
        due = list(charging.due_months(life, today=self._today(), policy=policy))
        if not due:
            return life, 0
        check_live(kept.certificate.status, policy)
        step = charging.charge(life, due[0], today=self._today(), policy=policy)
        for month in due[1:]:
            step = step.then(charging.charge(step.contract, month, today=self._today(), policy=policy))
        return self._store(unit, step), len(due)

    def refund(self, unit: UnitOfWork, contract_id: str, *, month: date, amount: int) -> ContractLife:
        """Give back what a month was charged too much: an explicit correction (11.8), each call is one of its own.

        SPENT_EXCEEDED (Refused) for more than what was charged and not given back yet.
        """
        life, month = self._life(unit, contract_id), month.replace(day=1)
        # What was given back before grows with each correction, so it tells their entries apart.
        number = life.refunded.get(month, 0) + 1
        return self._store(unit, charging.refund(life, month, amount, number=number))

    # --- changing the terms -----------------------------------------------------------------------------------------

    def requote(
        self, connection: Connection, contract_id: str, *, end: date | None = None, group_guid: str | None = None
    ) -> Quote:
        """Quote other terms of a contract: its last day, its group, or that group's price of today."""
        life = life_of(self._registry, connection, contract_id)
        return self._requoted(connection, life, end or life.end, group_guid or life.group_guid)

    def change(
        self,
        unit: UnitOfWork,
        contract_id: str,
        *,
        agreed: Agreed,
        end: date | None = None,
        group_guid: str | None = None,
    ) -> ContractLife:
        """Change a contract's terms for its open months, as the parent agreed to a `requote` of the same terms.

        Errors: those of `requote` and `quote.check_agreed` (STALE_BALANCE and others), and the ledger's.
        """
        life = self._life(unit, contract_id)
        end, group_guid = end or life.end, group_guid or life.group_guid
        fresh = self._requoted(unit.connection, life, end, group_guid)
        kept, policy = self._kept(unit.connection, life)
        consents = self._consents.of(unit.connection, kept.certificate)
        split_consent = not missing_forms(consents, policy, split=True)
        # Who pays alone agreed to that with the application itself, so only the sum needs a yes.
        alone = fresh.split.certificate_part == 0 and life.split.certificate_part == 0
        check_agreed(agreed, fresh, split_consent=split_consent or alone)
        return self._store(unit, contract_steps.change(life, split=fresh.split, end=end, group_guid=group_guid))

    def _requoted(self, connection: Connection, life: ContractLife, end: date, group_guid: str) -> Quote:
        group = self._registry.group(connection, group_guid)
        if group is None:
            raise Refused(RuleCode.NOT_FOUND, what=group_guid)
        kept, policy = self._kept(connection, life)
        register, programme = life.split.register, group.programme
        if register is Register.RUB:
            programme = replace(programme, register=None)
        price = priced(programme, register, life.start)
        if price is None:
            raise Refused(RuleCode.NOT_ENOUGH_DATA, what="the group's price")
        if life.split.total == 0:
            price = replace(price, price=0)
        return requote(life, price, end=end, book=kept.book, policy=policy)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _life(self, unit: UnitOfWork, contract_id: str) -> ContractLife:
        return life_of(self._registry, unit.connection, contract_id)

    def _kept(self, connection: Connection, life: ContractLife) -> tuple[Kept, Policy]:
        kept = kept_of(self._registry, connection, life.certificate_guid)
        return kept, self._policy_of(kept.certificate.oktmo)

    def _store(self, unit: UnitOfWork, step: Step) -> ContractLife:
        store(self._registry, unit, step, at=self._clock())
        if step.contract.ending is not None:
            # What ended early is no ground for next year's volume.
            self._renewals.take_back_lost(unit, step.contract.certificate_guid)
        return step.contract
