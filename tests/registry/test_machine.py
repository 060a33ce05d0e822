"""Certificates live in the registry through anything in any order, beside the simplest model of them.

Two children are issued certificates, a third one's is imported. Contracts are requested, charged, given back and ended,
years are opened, nominals corrected, units of work repeated or decided on what was true before, and imports come in
between. After each step the registry must tell what the model tells, and the database must add up.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.domain.naive import Month, Naive
from tests.gateway.records import balance, certificate, child, contract
from tests.registry.keeper import NOW, RUB_2026, RUB_2027, TERMS, Keeper, opening
from tests.registry.test_ledger_properties import check_sums, empty

from socert.gateway.domain import charging, ledger
from socert.gateway.domain import contract_steps as steps
from socert.gateway.domain.contract import LIVE, RUNNING, WAITING
from socert.gateway.domain.ledger import AccountKey, Entry
from socert.gateway.domain.records import CertificateStatus, ContractState, Register
from socert.gateway.domain.rules_errors import LedgerRefused, Refused, RuleCode
from socert.gateway.ports import KeyTakenError

if TYPE_CHECKING:
    from tests.registry.book import Book

    from socert.gateway.domain.contract import ContractLife, Step
    from socert.gateway.ports.life import Kept

IMPORTED = 3
NUMBERS = st.sampled_from([1, 1, 2, IMPORTED])
PICK = st.integers(0, 99)
TODAY = date(2026, 9, 7)
LATER = date(2028, 12, 31)
CHILDREN = {
    number: child(snils=f"{number}0000000000", birth_certificate=f"II-ЖД 70011{number}") for number in (1, 2, IMPORTED)
}


@dataclass(kw_only=True)
class Model:
    """One certificate: its figures, whether the rules keep it, and everything that was ever saved for it."""

    naive: Naive = field(default_factory=Naive)
    here: bool = True
    version: int = 1
    surname: str = "Журавлёв"
    saved: list[Step] = field(default_factory=list)
    before: list[ContractLife] = field(default_factory=list)
    seen: list[Kept] = field(default_factory=list)


class Machine(RuleBasedStateMachine):
    """Three certificates in a registry."""

    book: ClassVar[Book]

    def __init__(self) -> None:
        super().__init__()
        empty(self.book)
        self.keeper = Keeper(book=self.book)
        self.models: dict[int, Model] = {}
        self.count = 0

    # Beginnings

    @initialize(free=st.integers(0, 90_000), reserved=st.integers(0, 9_000), spent=st.integers(0, 9_000))
    def begin(self, free: int, reserved: int, spent: int) -> None:
        self.issue(1, twin=False)
        self.take_an_export(IMPORTED, free, reserved, spent, "Журавлёв")
        for price in (20_000, 30_000):
            self.request(1, price, 6)
            self.go_on(1, 1)

    @rule(number=st.sampled_from([1, 2]), twin=st.booleans())
    def issue(self, number: int, twin: bool) -> None:
        """A child has one certificate, whoever asks for another under whatever number."""
        accounts = ((RUB_2026, 100_000), (RUB_2027, 50_000))
        if number in self.models:
            before, asked = self.keeper.book.everything(), CHILDREN[number]
            with pytest.raises(KeyTakenError):
                self.keeper.issue(number + 10, child=replace(asked, birth_certificate=None) if twin else asked)
            assert self.keeper.book.everything() == before
            return
        self.keeper.issue(number, accounts=accounts, child=CHILDREN[number])
        self.models[number] = Model()
        self.models[number].naive.nominal.update({2026: 100_000, 2027: 50_000})

    @rule(
        number=NUMBERS,
        free=st.integers(0, 90_000),
        reserved=st.integers(0, 9_000),
        spent=st.integers(0, 9_000),
        surname=st.sampled_from(["Журавлёв", "Соколенко"]),
    )
    def take_an_export(self, number: int, free: int, reserved: int, spent: int, surname: str) -> None:
        """An import brings a certificate's figures, or only its people's names where the rules keep it."""
        model = self.models.get(number)
        if model is None and number != IMPORTED:
            return
        if model is None:
            model = self.models[number] = Model(here=False, version=0)
        told = certificate(
            number,
            balance=balance(free + reserved + spent, reserved=reserved, spent=spent),
            child=replace(CHILDREN[number], last_name=surname),
            consent_form=None,
        )
        self.keeper.book.certificates(told)
        model.surname = surname
        if number == IMPORTED:
            paid = {"certificate_part": spent + reserved, "spent": spent, "reserved": reserved}
            self.keeper.book.contracts(contract(9, payer=number, **paid))
        if model.here:
            return
        before = dict(model.naive.nominal), [(month.held, month.spent) for month in model.naive.months.get("РД-9", [])]
        model.naive.nominal[2026] = free + reserved + spent
        model.naive.months["РД-9"] = [Month(day=date(2026, 9, 1), planned=spent + reserved, held=reserved, spent=spent)]
        model.version += before != ({2026: free + reserved + spent}, [(reserved, spent)])

    # What the rules decide

    @rule(number=NUMBERS, price=st.integers(1, 60_000), months=st.integers(0, 8))
    def request(self, number: int, price: int, months: int) -> None:
        model = self.models.get(number)
        if model is None:
            return
        self.count += 1
        months = months if 2027 in model.naive.nominal else min(months, 3)
        end = date(2026 + (8 + months) // 12, (8 + months) % 12 + 1, 28)
        step = self.keeper.request(f"c-{self.count}", payer=number, price=price, end=end)
        for part in step.contract.split.years:
            assert part.certificate_part <= model.naive.available(part.year)
        self._save(number, step)
        model.naive.enrol(step.contract.contract_id, step.contract.split)

    @rule(number=NUMBERS, pick=PICK)
    def go_on(self, number: int, pick: int) -> None:
        life = self._one(number, pick, WAITING)
        if life is None:
            return
        if life.state is ContractState.REQUESTED:
            step = steps.accept(life, now=NOW)
            self._save(number, step)
            life = step.contract
        if pick % 3:
            self._save(number, steps.conclude(life, number=f"Д-{life.contract_id}", day=TODAY, now=NOW))

    @rule(number=NUMBERS, pick=PICK, share=st.integers(0, 4))
    def charge(self, number: int, pick: int, share: int) -> None:
        life = self._one(number, pick, RUNNING)
        due = [] if life is None else list(charging.due_months(life, today=LATER, policy=self.keeper.policy))
        if life is None or not due:
            return
        amount = life.planned(due[0]) * share // 4
        step = charging.charge(life, due[0], today=LATER, policy=self.keeper.policy, amount=amount)
        self._save(number, step)
        self.models[number].naive.month(life.contract_id, due[0]).pay(amount)

    @rule(number=NUMBERS, pick=PICK)
    def give_back(self, number: int, pick: int) -> None:
        """A correction: half of what was charged for a month, once."""
        life = self._one(number, pick, frozenset(ContractState))
        found = [] if life is None else [m for m, paid in life.charged.items() if paid > 1 and m not in life.refunded]
        if life is None or not found:
            return
        amount = life.charged[found[0]] // 2
        self._save(number, charging.refund(life, found[0], amount))
        self.models[number].naive.month(life.contract_id, found[0]).spent -= amount

    @rule(number=NUMBERS, pick=PICK)
    def end(self, number: int, pick: int) -> None:
        life = self._one(number, pick, LIVE - {ContractState.TERMINATING})
        if life is None:
            return
        waits = life.state in WAITING
        self._save(number, steps.cancel(life, today=TODAY, now=NOW))
        after = date.min if waits or life.start > TODAY else date(2026, 9, 30)
        self.models[number].naive.free_all(life.contract_id, after)

    @rule(number=NUMBERS, pick=PICK)
    def finish(self, number: int, pick: int) -> None:
        life = self._one(number, pick, RUNNING)
        if life is not None:
            self._save(number, steps.finish(life, today=LATER, now=NOW))
            self.models[number].naive.close(life.contract_id, pays=True, until=life.last_day)

    @rule(number=NUMBERS, year=st.sampled_from([2026, 2027, 2028]), amount=st.integers(-60_000, 60_000))
    def correct(self, number: int, year: int, amount: int) -> None:
        """A nominal moves, or a year is opened; never below what is held and spent."""
        model = self.models.get(number)
        if model is None or not amount:
            return
        self.count += 1
        account, naive = AccountKey(year=year, register=Register.RUB), model.naive
        if year in naive.nominal:
            entry = ledger.adjust(account, amount, key=f"by hand {self.count}")
        else:
            entry, amount = opening((account, abs(amount)))[0], abs(amount)
        if year in naive.nominal and naive.available(year) + amount < 0:
            before = self.keeper.book.everything()
            with pytest.raises(LedgerRefused):
                self._post(number, entry)
            assert self.keeper.book.everything() == before
            return
        self._post(number, entry)
        naive.nominal[year] += amount

    @rule(number=NUMBERS, status=st.sampled_from([CertificateStatus.SUSPENDED, CertificateStatus.ACTIVE]))
    def change_the_status(self, number: int, status: CertificateStatus) -> None:
        if number not in self.models:
            return
        kept = self._kept(number)
        if kept.certificate.status is status:
            return
        self.keeper.book.run(lambda unit: self.keeper.book.registry.save(unit, kept, status=status))
        self._taken_over(number)
        assert self.keeper.kept(number).certificate.status is status

    # Faults

    @rule(number=NUMBERS, pick=PICK)
    def repeat(self, number: int, pick: int) -> None:
        """Invariant 3: entries that come a second time move nothing."""
        model = self.models.get(number)
        if model is None or not model.saved:
            return
        step = model.saved[pick % len(model.saved)]
        kept, now = self.keeper.kept(number), self.keeper.life(step.contract.contract_id)
        before = self.keeper.book.everything()
        save = partial(self.keeper.book.registry.save, kept=kept, entries=step.entries, contracts=[now])
        assert self.keeper.book.run(save) == kept
        assert self.keeper.book.everything() == before

    @rule(number=NUMBERS, pick=PICK, price=st.integers(1, 60_000))
    def decide_on_what_was_true(self, number: int, pick: int, price: int) -> None:
        """Invariant 10: what was decided on an older balance is refused, whole."""
        model = self.models.get(number)
        if model is None or not model.seen:
            return
        old = model.seen[pick % len(model.seen)]
        step = self.keeper.request("stale", payer=number, price=price, end=date(2026, 12, 28), kept=old)
        if old.book.version == model.version:
            return
        before = self.keeper.book.everything()
        with pytest.raises(Refused) as refused:
            self.keeper.save(step, kept=old)
        assert refused.value.rule is RuleCode.STALE_BALANCE
        assert self.keeper.book.everything() == before

    # Tools

    def _kept(self, number: int) -> Kept:
        kept, model = self.keeper.kept(number), self.models[number]
        model.seen.append(kept)
        model.before = self.keeper.lives(number)
        return kept

    def _one(self, number: int, pick: int, states: frozenset[ContractState]) -> ContractLife | None:
        if number not in self.models:
            return None
        found = [life for life in self.keeper.lives(number) if life.state in states]
        return found[pick % len(found)] if found else None

    def _save(self, number: int, step: Step) -> None:
        kept = self._kept(number)
        self.keeper.save(step, kept=kept, terms=TERMS if step.contract.number is None else None)
        model = self.models[number]
        model.saved.append(step)
        model.version += bool(step.entries)
        self._taken_over(number)

    def _post(self, number: int, entry: Entry) -> None:
        kept = self._kept(number)
        self.keeper.book.run(lambda unit: self.keeper.book.registry.save(unit, kept, entries=[entry]))
        self.models[number].version += 1
        self._taken_over(number)

    def _taken_over(self, number: int) -> None:
        """The rules keep the certificate from now on, with the months that its imported contract was given."""
        model = self.models[number]
        if model.here:
            return
        model.here = True
        for life in model.before:
            model.naive.months[life.contract_id] = [
                Month(
                    day=month,
                    planned=life.planned(month),
                    held=life.held(month),
                    spent=life.charged.get(month, 0) - life.refunded.get(month, 0),
                    over=not life.is_open(month),
                )
                for month in life.months
            ]

    # What holds whatever happens

    @invariant()
    def invariant_1_the_balance_is_what_the_model_says(self) -> None:
        for number, model in self.models.items():
            kept = self.keeper.kept(number)
            assert kept.book.version == model.version
            assert kept.certificate.child.last_name == model.surname
            assert {key.year for key in kept.book.accounts} == set(model.naive.nominal)
            for key, account in kept.book.accounts.items():
                naive = model.naive
                expected = (naive.nominal[key.year], naive.reserved(key.year), naive.spent(key.year))
                assert (account.nominal, account.reserved, account.spent) == expected
                assert account.available >= 0

    @invariant()
    def invariant_2_everything_adds_up(self) -> None:
        check_sums(self.keeper.book)

    @invariant()
    def invariant_3_contracts_hold_and_spent_what_the_model_says(self) -> None:
        for number, model in self.models.items():
            for life in self.keeper.lives(number):
                months = model.naive.months[life.contract_id]
                assert (life.reserved, life.spent) == (sum(m.held for m in months), sum(m.spent for m in months))
                assert life.reserved + life.spent <= life.split.certificate_part


@pytest.mark.invariant(1, 2, 3, 8, 10)
def test_certificates_live_in_the_registry_as_in_the_model(book: Book) -> None:
    class Here(Machine):
        pass

    Here.book = book
    few = book.store.engine.dialect.name == "postgresql"
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=6 if few else 30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
