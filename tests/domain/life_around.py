"""Status, time, consents and renewal offers in the machine of a certificate's life."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from tests.domain.life_contracts import Contracts
from tests.domain.life_state import PICK, STANDARD

from socert.gateway.domain import consent as consents
from socert.gateway.domain import ledger, renewal
from socert.gateway.domain.certificate import FINAL, CertificateStep, expired, goes_on, next_status
from socert.gateway.domain.consent import Channel, DutyKind
from socert.gateway.domain.contract import LIVE, RUNNING
from socert.gateway.domain.ledger import AccountKey
from socert.gateway.domain.policy import Carry, FormCode, Register, Silence
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.domain.renewal import Offer, OfferState, offer_key
from socert.gateway.domain.rules_errors import LedgerRefused, Refused, RuleCode, StepForbidden
from socert.gateway.domain.year import shift


class Around(Contracts):
    """What happens around the contracts."""

    # The certificate

    @rule(step=st.sampled_from([CertificateStep.RESUME] * 2 + [CertificateStep.SUSPEND] * 2 + [CertificateStep.ANNUL]))
    def change_the_status(self, step: CertificateStep) -> None:
        if step is CertificateStep.ANNUL and self.count < 40:
            return  # few lives end by this, or too little would happen in them
        try:
            self.status = next_status(self.status, step, self.book)
        except StepForbidden:
            suspended = self.status is CertificateStatus.SUSPENDED
            assert self.status in FINAL or suspended is (step is CertificateStep.SUSPEND)

    @rule(year=st.sampled_from([0, 1]), amount=st.none() | st.integers(-500_00, 200_00))
    def correct_the_nominal(self, year: int, amount: int | None) -> None:
        """A later correction never goes below what is reserved and spent; None takes all that is free."""
        year += self.today.year
        amount = -self.naive.available(year) if amount is None else amount
        if not amount:
            return
        key = AccountKey(year=year, register=Register.RUB)
        entry = ledger.adjust(key, amount, key=f"by hand {self._number()}")
        if self.naive.available(year) + amount < 0:
            before = self.book
            with pytest.raises(LedgerRefused) as refused:
                before.post([entry])
            assert refused.value.rule is RuleCode.NOMINAL_BELOW_USED
            return
        self.naive.nominal[year] += amount
        self._post([entry])

    # Time

    @rule(days=st.sampled_from([3, 12, 31, 61, 122, 200]))
    def let_time_pass(self, days: int) -> None:
        later = self.today + timedelta(days=days)
        if later.year > self.today.year:
            self.today = date(later.year, 1, 1)
            self._new_year(later.year - 1)
        self.today = later
        if expired(self.status, birth_date=self.born, today=self.today, policy=self.policy):
            self.status = next_status(self.status, CertificateStep.EXPIRE, self.book)
            assert self.today >= self.born.replace(year=self.born.year + 18)

    def _new_year(self, ended: int) -> None:
        """Invariant 6: the year is closed on its own account, whole, and a repeat changes nothing."""
        for offer in [offer for offer in self.offers.values() if offer.state is OfferState.OFFERED]:
            answered = renewal.lapse(offer, self.pool, today=self.today)
            self.offers[offer.key], self.pool = answered.offer, answered.pool
        self._check_pool()
        self.pool, self.others, self.offers = self._new_pool(ended + 2), 0, {}
        nominals = {AccountKey(year=year, register=Register.RUB): STANDARD for year in (ended + 1, ended + 2)}
        pays = goes_on(self.status, self.policy)
        done = shift(
            self.book,
            self.contracts.values(),
            year=ended,
            today=self.today,
            nominals=nominals,
            status=self.status,
            policy=self.policy,
        )
        for contract in self.contracts.values():
            if contract.state in LIVE:
                running = contract.state in RUNNING
                self.naive.close(contract.contract_id, pays=pays and running, year=ended)
        carry = {Carry.NONE: 0, Carry.ALL: None, Carry.UP_TO: 100_00}[self.policy.carry]
        self.naive.new_year(ended, standard=STANDARD, carry=carry)
        assert done.book.version == self.book.version + 1
        self.posted.append(done.entries)
        self.book, self.status = done.book, done.status
        self.contracts.update({contract.contract_id: contract for contract in done.contracts})
        account = self.book.accounts[AccountKey(year=ended, register=Register.RUB)]
        assert (account.reserved, account.available) == (0, 0)
        again = shift(
            self.book,
            self.contracts.values(),
            year=ended,
            today=self.today,
            nominals=nominals,
            status=self.status,
            policy=self.policy,
        )
        assert again.book is self.book

    # Consents

    @rule(pick=PICK, withdraws=st.sampled_from([False, False, False, True]))
    def consent(self, pick: int, withdraws: bool) -> None:
        if withdraws:
            self._withdraw_consent(pick)
            return
        forms = (FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION, FormCode.SPLIT_PAYMENT)
        gone = [form for form in forms if self._missing({form})]
        self.give_consent((gone or forms)[pick % len(gone or forms)])

    def _withdraw_consent(self, pick: int) -> None:
        """Invariant 12: a withdrawal that leaves a hole orders all to stop, and ends no contract."""
        standing = [one for one in self.consents.values() if one.withdrawn_at is None]
        if not standing:
            return
        one = standing[pick % len(standing)]
        others = [other for other in self.consents.values() if other is not one]
        contracts = dict(self.contracts)
        ordered = consents.withdraw(
            one,
            others,
            channel=Channel.PORTAL,
            now=self.now,
            today=self.today,
            policy=self.policy,
            live_contracts=any(contract.state in LIVE for contract in contracts.values()),
        )
        self.consents[one.consent_id] = ordered.consent
        stops = self._missing({FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION}) is not None
        kinds = {duty.kind for duty in ordered.duties}
        if one.form is not FormCode.SPLIT_PAYMENT:
            assert (DutyKind.STOP_QUEUED in kinds) is (DutyKind.ERASE in kinds) is stops
        assert self.contracts == contracts

    # The priority right

    @rule(pick=PICK, volume=st.integers(0, 900_00))
    def offer_next_year(self, pick: int, volume: int) -> None:
        """Invariant 14: an offer holds its volume, and is made once for a child, a programme and a year."""
        contract = self._one(pick, frozenset({ContractState.ACTIVE}))
        if contract is None:
            return
        key = offer_key("cert-1", contract.group_guid, self.pool.year)
        if key in self.offers:
            return
        if not self.pool.fits(volume):
            with pytest.raises(Refused):
                self.pool.hold(volume)
            return
        self.pool = self.pool.hold(volume)
        self.offers[key] = Offer(
            key=key,
            certificate_guid="cert-1",
            previous_contract_id=contract.contract_id,
            programme_guid=contract.group_guid,
            study_year=2,
            oktmo="1",
            year=self.pool.year,
            register=Register.RUB,
            volume=volume,
            rank=1,
            since=date(self.pool.year - 1, 1, 1),
            respond_by=date(self.pool.year - 1, 12, 31),
            silence=Silence.DECLINE,
        )

    @precondition(lambda self: self.offers)
    @rule(pick=PICK, accepts=st.booleans())
    def answer_an_offer(self, pick: int, accepts: bool) -> None:
        """Invariant 14: an accepted volume is put on next year's account, a declined one returns to the pool."""
        offer = list(self.offers.values())[pick % len(self.offers)]
        answer = renewal.accept if accepts else renewal.decline
        if offer.state is not OfferState.OFFERED:
            with pytest.raises(StepForbidden):
                answer(offer, self.pool, seen=1, today=self.today)
            return
        answered = answer(offer, self.pool, seen=1, today=self.today)
        self.offers[offer.key], self.pool = answered.offer, answered.pool
        if accepts:
            self._post([renewal.granted(answered.offer)])
            self.naive.nominal[offer.year] += offer.volume

    @rule(amount=st.integers(0, 900_00))
    def give_others_their_volume(self, amount: int) -> None:
        if self.pool.fits(amount):
            self.pool = self.pool.take(amount)
            self.others += amount

    def _check_pool(self) -> None:
        held = sum(offer.volume for offer in self.offers.values() if offer.state is OfferState.OFFERED)
        taken = sum(offer.volume for offer in self.offers.values() if offer.state is OfferState.ACCEPTED)
        assert (self.pool.held, self.pool.taken) == (held, taken + self.others)
        assert self.pool.held + self.pool.taken <= self.limit
