"""Enrolments, contracts and charges in the machine of a certificate's life."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.domain.life_state import PICK, STOPPED, TAKES_RESERVE, State
from tests.domain.naive import last_of_month

from socert.gateway.domain import charging, ledger
from socert.gateway.domain import consent as consents
from socert.gateway.domain import contract_steps as steps
from socert.gateway.domain.certificate import check_live, check_reserve, goes_on
from socert.gateway.domain.contract import LIVE, RUNNING, WAITING, ContractLife, Initiator, Step
from socert.gateway.domain.enrolment import answered_before
from socert.gateway.domain.policy import ChargeDay, FormCode, Register
from socert.gateway.domain.quote import Agreed, Priced, Quote, YearPart, check_agreed, quote
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import LedgerRefused, Refused, RuleBroken, RuleCode, StepForbidden


class Contracts(State):
    """What parents and providers do."""

    # Quotes and enrolments

    def _quoted(self, group: str, priced: Priced) -> Quote:
        made = quote(priced, start=priced.start, end=priced.end, book=self.book, policy=self.policy)
        assert made.split.total == priced.price
        for part in made.split.years:
            assert part.certificate_part <= self.naive.available(part.year)
        self.quotes.append((group, priced, made))
        return made

    def _enrol(self, order_id: str, group: str, priced: Priced, agreed: Agreed) -> Step | ContractLife:
        """What a registry does with an application, by the rules alone."""
        known = answered_before(
            order_id=order_id,
            group_guid=group,
            start=priced.start,
            end=priced.end,
            mine=self.contracts.values(),
        )
        if known is not None:
            return known
        given = tuple(self.consents.values())
        consents.check_consents(given, self.policy)
        check_reserve(self.status, birth_date=self.born, start=priced.start, policy=self.policy)
        fresh = quote(priced, start=priced.start, end=priced.end, book=self.book, policy=self.policy)
        split_consent = not consents.missing_forms(given, self.policy, split=True)
        check_agreed(agreed, fresh, split_consent=split_consent)
        return steps.request(
            contract_id=f"c-{order_id}",
            certificate_guid="cert-1",
            group_guid=group,
            start=priced.start,
            end=priced.end,
            quote=fresh,
            now=self.now,
            order_id=order_id,
        )

    def _expected(self, group: str, priced: Priced, made: Quote, *, accepted: bool) -> RuleCode | None:
        """Why the model would refuse this enrolment, in the order in which the rules look; None if it would not."""
        for other in self.contracts.values():
            meets = priced.start <= other.last_day and other.start <= priced.end
            if other.group_guid == group and meets and other.state in LIVE:
                return RuleCode.DUPLICATE_ENROLMENT
        if missing := self._missing({FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION}):
            return missing
        if self.status not in TAKES_RESERVE:
            return STOPPED[self.status]
        years = priced.start.year - self.born.year
        age = years - (priced.start < self.born.replace(year=priced.start.year))
        if not 5 <= age <= 17:
            return RuleCode.AGE_OUT_OF_RANGE
        if made.balance_version != self.book.version:
            return RuleCode.STALE_BALANCE
        if made.split.own_part and (not accepted or self._missing({FormCode.SPLIT_PAYMENT})):
            return RuleCode.OWN_PART_NOT_AGREED
        return None

    @rule(
        group=st.sampled_from(["dance", "chess", "maths", "choir"]),
        begins=st.sampled_from([0, 5, 40, 90]),
        days=st.integers(1, 100) | st.integers(1, 400),
        price=st.integers(0, 800_00) | st.integers(700_00, 900_00),
        normative=st.none() | st.integers(0, 800_00),
        stale=st.sampled_from([None, None, None, 0, 1, 7]),
        accepted=st.sampled_from([True, True, True, False]),
    )
    def enrol(
        self,
        group: str,
        begins: int,
        days: int,
        price: int,
        normative: int | None,
        stale: int | None,
        accepted: bool,
    ) -> None:
        """Invariants 8, 10, 13: what is stale, stopped, double or not agreed to is refused, and reserves nothing."""
        start = self.today + timedelta(days=begins)
        end = min(start + timedelta(days=days - 1), date(self.today.year + 1, 12, 31))
        priced = Priced(start=start, end=end, register=Register.RUB, price=price, normative=normative)
        made = self._quoted(group, priced)
        if stale is not None:
            group, priced, made = self.quotes[stale % len(self.quotes)]
        order_id = str(self._number())
        agreed = Agreed(split=made.split, balance_version=made.balance_version, own_part_accepted=accepted)
        expected = self._expected(group, priced, made, accepted=accepted)
        before = self.book

        if expected is not None:
            with pytest.raises(RuleBroken) as refused:
                self._enrol(order_id, group, priced, agreed)
            assert refused.value.rule is expected
            assert self.book is before
            return
        step = self._enrol(order_id, group, priced, agreed)
        assert isinstance(step, Step)
        contract = self._take(step)
        self.naive.enrol(contract.contract_id, contract.split)
        self.enrolled.append((order_id, group, priced, contract))

    @precondition(lambda self: self.enrolled)
    @rule(pick=PICK)
    def repeat_an_order(self, pick: int) -> None:
        """Invariant 8: the same order gets the same contract, whatever became of it, and nothing moves."""
        order_id, group, priced, first = self.enrolled[pick % len(self.enrolled)]
        agreed = Agreed(split=first.split, balance_version=0, own_part_accepted=False)

        again = self._enrol(order_id, group, priced, agreed)

        assert again is self.contracts[first.contract_id]

    @precondition(lambda self: self.posted)
    @rule(pick=PICK)
    def repeat_a_posting(self, pick: int) -> None:
        """Invariant 3: entries that come a second time change nothing."""
        before = self.book

        assert before.post(self.posted[pick % len(self.posted)]) is before

    # A contract's way

    @rule(pick=PICK, signs=st.sampled_from([True, True, False]))
    def go_on(self, pick: int, signs: bool) -> None:
        """The provider accepts, and mostly both sides sign."""
        contract = self._one(pick, WAITING)
        if contract is None:
            return
        if contract.state is ContractState.REQUESTED:
            contract = self._take(steps.accept(contract, now=self.now))
        if signs:
            self._take(steps.conclude(contract, number="1", day=self.today, now=self.now))

    @rule(pick=PICK, how=st.sampled_from(["cancel", "terminate", "refuse", "lapse", "finish", "finish"]))
    def end(self, pick: int, how: str) -> None:
        {
            "refuse": self._refuse,
            "lapse": self._lapse,
            "cancel": lambda pick: self._end_early(pick, by_parent=True),
            "terminate": lambda pick: self._end_early(pick, by_parent=False),
            "finish": self._finish,
        }[how](pick)

    def _refuse(self, pick: int) -> None:
        """Invariant 11: what was never concluded gives everything back."""
        contract = self._one(pick, WAITING)
        if contract is not None:
            why = RuleCode.REFUSED_BY_PROVIDER
            step = steps.refuse(contract, initiator=Initiator.ORGANISATION, reason=why, today=self.today, now=self.now)
            assert step.freed == self.naive.free_all(contract.contract_id)
            self._take(step)

    def _end_early(self, pick: int, *, by_parent: bool) -> None:
        """Invariant 11: before the first day the whole reserve is freed, afterwards only unused months."""
        contract = self._one(pick, frozenset({ContractState.ACTIVE}))
        if contract is None:
            return
        if by_parent:
            step = steps.cancel(contract, today=self.today, now=self.now)
        else:
            who, why = Initiator.ORGANISATION, RuleCode.REFUSED_BY_PROVIDER
            step = steps.terminate(contract, initiator=who, reason=why, today=self.today, now=self.now)
        begun = self.today >= contract.start
        freed = self.naive.free_all(contract.contract_id, last_of_month(self.today) if begun else date.min)
        assert step.freed == freed
        assert step.contract.state is (ContractState.TERMINATING if begun else ContractState.TERMINATED)
        self._take(step)

    def _finish(self, pick: int) -> None:
        contract = self._one(pick, RUNNING)
        if contract is None:
            return
        pays = goes_on(self.status, self.policy)
        if self.today <= contract.last_day:
            with pytest.raises(StepForbidden):
                steps.finish(contract, today=self.today, now=self.now, pays=pays)
            return
        step = steps.finish(contract, today=self.today, now=self.now, pays=pays)
        self.naive.close(contract.contract_id, pays=pays, until=contract.last_day)
        self._take(step)

    def _lapse(self, pick: int) -> None:
        contract = self._one(pick, WAITING)
        if contract is None:
            return
        if steps.overdue(contract, now=self.now, today=self.today, policy=self.policy):
            self.naive.free_all(contract.contract_id)
            self._take(steps.lapse(contract, now=self.now, today=self.today, policy=self.policy))
        else:
            limit = 5 if contract.state is ContractState.REQUESTED else 10
            assert self.now - contract.since <= timedelta(days=limit)

    @rule(pick=PICK, numerator=st.integers(0, 4))
    def change_the_terms(self, pick: int, numerator: int) -> None:
        """Open months cost the certificate another amount; closed ones stay."""
        contract = self._one(pick, WAITING | {ContractState.ACTIVE})
        if contract is None:
            return
        months = tuple(
            replace(part, certificate_part=part.certificate_part * numerator // 3)
            if contract.is_open(part.month)
            else part
            for part in contract.split.months
        )
        years = tuple(
            YearPart(
                year=part.year,
                certificate_part=sum(one.certificate_part for one in months if one.month.year == part.year),
                own_part=part.own_part,
            )
            for part in contract.split.years
        )
        certificate_part = sum(part.certificate_part for part in years)
        split = replace(
            contract.split,
            months=months,
            years=years,
            certificate_part=certificate_part,
            total=certificate_part + contract.split.own_part,
        )
        step = steps.change(contract, split=split, end=contract.end)
        more = {
            part.year: part.certificate_part - old.certificate_part
            for part, old in zip(years, contract.split.years, strict=True)
        }
        if any(amount > self.naive.available(year) for year, amount in more.items() if amount > 0):
            before = self.book
            with pytest.raises(LedgerRefused):
                before.post(step.entries)
            return
        self.naive.replan(contract.contract_id, split)
        self._take(step)

    # Charges

    @rule(pick=PICK, share=st.sampled_from([4, 4, 4, 3, 1, 0]))
    def charge(self, pick: int, share: int) -> None:
        """Invariants 3, 13: a due month is charged once, at most its plan, and only where the certificate lets it."""
        contract = self._one(pick, RUNNING)
        if contract is None:
            return
        due = list(charging.due_months(contract, today=self.today, policy=self.policy))
        if not due:
            return
        kept = self.naive.month(contract.contract_id, due[0])
        over = min(last_of_month(due[0]), date(due[0].year, 12, 30), contract.last_day)
        assert self.today > over or self.policy.charge_day is ChargeDay.AHEAD
        if not goes_on(self.status, self.policy):
            with pytest.raises(Refused):
                check_live(self.status, self.policy)
            return
        amount = kept.planned * share // 4
        step = charging.charge(contract, due[0], today=self.today, policy=self.policy, amount=amount)
        kept.pay(amount)
        again = self._take(step)
        with pytest.raises(StepForbidden):
            charging.charge(again, due[0], today=self.today, policy=self.policy)

    @rule(pick=PICK, frees=st.booleans())
    def take_from_another_contract(self, pick: int, frees: bool) -> None:
        """Invariant 3: whatever else the account holds, a contract's entry takes no more than the contract has."""
        contract = self._one(pick, frozenset(ContractState))
        if contract is None:
            return
        account = contract.account(contract.start.year)
        held = self.book.holding(contract.contract_id, account).reserved
        make = ledger.release if frees else ledger.charge
        entry = make(account, held + 1, contract_id=contract.contract_id, month=contract.months[0])
        with pytest.raises(LedgerRefused):
            self.book.post([replace(entry, key=f"theft {self._number()}")])

    @rule(pick=PICK, share=st.integers(1, 5))
    def refund(self, pick: int, share: int) -> None:
        """A correction gives back at most what was spent, and what it gives back is free, not held again."""
        contract = self._one(pick, frozenset(ContractState))
        if contract is None or not contract.charged:
            return
        month = sorted(contract.charged)[pick % len(contract.charged)]
        kept = self.naive.month(contract.contract_id, month)
        number = self._number()
        amount = max(1, kept.spent * share // 4)
        if amount > kept.spent:
            with pytest.raises(Refused):
                charging.refund(contract, month, amount, number=number)
            return
        if month.year < self.today.year:
            return  # corrections of a closed year expire at once; the tests of the year show that
        kept.spent -= amount
        self._take(charging.refund(contract, month, amount, number=number))
