"""What the machine of a certificate's life keeps, and how it stores what the rules say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize
from tests.domain.naive import Naive

from socert.gateway.domain import consent as consents
from socert.gateway.domain import ledger
from socert.gateway.domain.certificate import settled
from socert.gateway.domain.consent import Channel, Consent, DutyKind
from socert.gateway.domain.contract import TRANSITIONS, ContractLife, Step
from socert.gateway.domain.ledger import AccountKey, Book, Entry
from socert.gateway.domain.policy import (
    Carry,
    ChargeDay,
    FormCode,
    MonthDay,
    Policy,
    Register,
    RemainderMonth,
    RenewalPolicy,
)
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.domain.renewal import Offer, Pool
from socert.gateway.domain.rules_errors import RuleCode

if TYPE_CHECKING:
    from socert.gateway.domain.quote import Priced, Quote

STANDARD = 400_00
FIRST_DAY = date(2026, 1, 10)
TAKES_RESERVE = {CertificateStatus.ISSUED, CertificateStatus.ACTIVE}
STOPPED = {
    CertificateStatus.SUSPENDED: RuleCode.CERT_SUSPENDED,
    CertificateStatus.EXHAUSTED: RuleCode.EXHAUSTED,
    CertificateStatus.ANNULLED: RuleCode.CERT_ANNULLED,
    CertificateStatus.EXPIRED: RuleCode.CERT_EXPIRED,
}
PICK = st.integers(0, 999)


class State(RuleBasedStateMachine):
    """One child's certificate in roubles, its contracts, consents and offers."""

    @initialize(
        carry=st.sampled_from(Carry),
        charge_day=st.sampled_from(ChargeDay),
        remainder=st.sampled_from(RemainderMonth),
        live_goes_on=st.sampled_from([Policy().live_goes_on, frozenset()]),
        born=st.sampled_from([date(2016, 2, 20), date(2009, 3, 1), date(2016, 2, 20), date(2021, 4, 1)]),
        limit=st.integers(0, 3000_00),
    )
    def begin(
        self,
        carry: Carry,
        charge_day: ChargeDay,
        remainder: RemainderMonth,
        live_goes_on: frozenset[CertificateStatus],
        born: date,
        limit: int,
    ) -> None:
        self.policy = Policy(
            carry=carry,
            carry_limit=100_00,
            charge_day=charge_day,
            remainder_month=remainder,
            live_goes_on=live_goes_on,
            renewal=RenewalPolicy(opens=MonthDay(month=1, day=1), closes=MonthDay(month=12, day=31)),
        )
        self.today, self.born, self.limit = FIRST_DAY, born, limit
        self.naive = Naive()
        self.book = Book()
        self.status = CertificateStatus.ISSUED
        self.contracts: dict[str, ContractLife] = {}
        self.quotes: list[tuple[str, Priced, Quote]] = []
        self.enrolled: list[tuple[str, str, Priced, ContractLife]] = []
        self.posted: list[tuple[Entry, ...]] = []
        self.consents: dict[str, Consent] = {}
        self.pool = self._new_pool(2027)
        self.offers: dict[str, Offer] = {}
        self.others = 0
        self.count = 0
        opened = [
            ledger.issue(AccountKey(year=year, register=Register.RUB), STANDARD, key=f"{year}:issue")
            for year in (2026, 2027)
        ]
        self._post(opened)
        for year in (2026, 2027):
            self.naive.nominal[year] = STANDARD
        for form in (FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION, FormCode.SPLIT_PAYMENT):
            self.give_consent(form)

    # Tools

    @property
    def now(self) -> datetime:
        return datetime.combine(self.today, time(9), tzinfo=UTC)

    def _new_pool(self, year: int) -> Pool:
        return Pool(oktmo="1", year=year, register=Register.RUB, limit=self.limit)

    def _number(self) -> int:
        self.count += 1
        return self.count

    def _post(self, entries: list[Entry] | tuple[Entry, ...]) -> None:
        """Post entries the way a store does: with the certificate's status settled in the same transaction."""
        self.book = self.book.post(entries)
        self.posted.append(tuple(entries))
        self.status = settled(self.status, self.book)

    def _take(self, step: Step) -> ContractLife:
        """Store a step: the contract and its entries together."""
        before = self.contracts.get(step.contract.contract_id)
        for state in step.passed:
            assert before is None or state in TRANSITIONS[before.state]
            before = replace(step.contract, state=state)
        self._post(step.entries)
        self.contracts[step.contract.contract_id] = step.contract
        return step.contract

    def _one(self, pick: int, states: frozenset[ContractState]) -> ContractLife | None:
        found = [contract for contract in self.contracts.values() if contract.state in states]
        return found[pick % len(found)] if found else None

    # Consents

    def _missing(self, forms: set[FormCode]) -> RuleCode | None:
        """What the model says about the forms, the first one that is missing in the order of the forms."""
        for form in FormCode:
            mine = [one for one in self.consents.values() if one.form is form]
            if form in forms and not any(one.withdrawn_at is None for one in mine):
                return RuleCode.CONSENT_WITHDRAWN if mine else RuleCode.NO_CONSENT
        return None

    def give_consent(self, form: FormCode) -> None:
        """Invariant 12: a new consent that makes the set whole lets everything go on, another orders nothing."""
        needed = {FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION}
        before = self._missing(needed)
        given = Consent(
            consent_id=f"consent-{self._number()}",
            form=form,
            version="2026-01",
            given_at=self.now,
            channel=Channel.PORTAL,
        )
        ordered = consents.give(given, tuple(self.consents.values()), today=self.today, policy=self.policy)
        self.consents[given.consent_id] = ordered.consent
        resumes = before is not None and self._missing(needed) is None
        assert (DutyKind.RESUME in {duty.kind for duty in ordered.duties}) is resumes
