"""One certificate lives through anything in any order, beside the simplest model of it.

Hypothesis makes up the lives: quotes and enrolments, fresh and stale, repeated; acceptances, refusals, cancellations,
terminations, changes, charges, corrections; New Years; suspensions; consents; renewal offers. After each step the rules
and the model must agree, and the invariants of the portal message dictionary, 15, must hold.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant
from tests.domain.life_around import Around

from socert.gateway.domain import consent as consents
from socert.gateway.domain import ledger
from socert.gateway.domain.contract import LIVE
from socert.gateway.domain.ledger import EntryKind
from socert.gateway.domain.policy import FormCode, Register
from socert.gateway.domain.quote import check_sums
from socert.gateway.domain.records import CertificateStatus


class Life(Around):
    """One child's certificate in roubles, its contracts, consents and offers, and what holds whatever happens."""

    @invariant()
    def invariant_1_available_is_never_negative_and_is_what_the_model_says(self) -> None:
        for key, account in self.book.accounts.items():
            assert account.available == account.nominal - account.reserved - account.spent >= 0
            assert min(account.nominal, account.reserved, account.spent) >= 0
            naive = self.naive
            expected = (naive.nominal[key.year], naive.reserved(key.year), naive.spent(key.year))
            assert (account.nominal, account.reserved, account.spent) == expected

    @invariant()
    def invariant_2_the_ledger_adds_up_to_the_balance_and_to_the_contracts(self) -> None:
        assert list(ledger.differences(self.book)) == []
        held = [entry for entries in self.posted for entry in entries]
        for key, account in self.book.accounts.items():
            mine = {entry.key: entry for entry in held if entry.account == key}.values()
            assert sum(entry.nominal for entry in mine) == account.nominal
            assert sum(entry.reserved for entry in mine) == account.reserved
            assert sum(entry.spent for entry in mine) == account.spent

    @invariant()
    def invariant_3_each_contract_holds_and_spends_within_its_part_each_key_once(self) -> None:
        assert len(self.book.entries) == len(set(self.book.entries))
        for contract in self.contracts.values():
            for part in contract.split.years:
                holding = self.book.holding(contract.contract_id, contract.account(part.year))
                assert holding.reserved + holding.spent <= part.certificate_part
                months = [month for month in self.naive.months[contract.contract_id] if month.day.year == part.year]
                assert holding.reserved == sum(month.held for month in months)
                assert holding.spent == sum(month.spent for month in months)
            charges = Counter(
                entry.month
                for entry in self.book.entries.values()
                if entry.kind is EntryKind.CHARGE and entry.contract_id == contract.contract_id
            )
            assert all(count == 1 for count in charges.values())

    @invariant()
    def invariant_3_contract_and_ledger_say_the_same(self) -> None:
        for contract in self.contracts.values():
            holdings = [one for (name, _), one in self.book.holdings.items() if name == contract.contract_id]
            assert contract.reserved == sum(one.reserved for one in holdings)
            assert contract.spent == sum(one.spent for one in holdings)
            if contract.state not in LIVE:
                assert contract.reserved == 0

    @invariant()
    def invariant_4_every_split_adds_up(self) -> None:
        for contract in self.contracts.values():
            check_sums(contract.split, start=contract.start, end=contract.end)

    @invariant()
    def invariant_5_everything_is_in_one_unit(self) -> None:
        assert {key.register for key in self.book.accounts} <= {Register.RUB}
        assert {contract.split.register for contract in self.contracts.values()} <= {Register.RUB}

    @invariant()
    def invariant_6_a_month_is_only_ever_on_its_own_years_account(self) -> None:
        for entry in self.book.entries.values():
            assert entry.month is None or entry.month.year == entry.account.year
        for key, account in self.book.accounts.items():
            if key.year < self.today.year:
                assert (account.reserved, account.available) == (0, 0)

    @invariant()
    def invariant_8_one_live_contract_for_a_group_and_period(self) -> None:
        live = [contract for contract in self.contracts.values() if contract.state in LIVE]
        for one in live:
            for other in live:
                meets = one.start <= other.last_day and other.start <= one.last_day
                assert one is other or one.group_guid != other.group_guid or not meets
        orders = Counter(contract.order_id for contract in self.contracts.values())
        assert all(count == 1 for count in orders.values())

    @invariant()
    def invariant_12_nothing_leaves_without_a_whole_set_of_consents(self) -> None:
        allowed = self._missing({FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION}) is None
        assert consents.may_leave(self.consents.values(), self.policy) is allowed

    @invariant()
    def invariant_13_the_status_tells_what_is_left(self) -> None:
        left = any(self.naive.available(key.year) for key in self.book.accounts)
        if self.status is CertificateStatus.EXHAUSTED:
            assert not left
        if self.status is CertificateStatus.ACTIVE:
            assert left

    @invariant()
    def invariant_14_the_pool_holds_what_is_offered_and_never_more_than_its_limit(self) -> None:
        self._check_pool()


Life.TestCase.settings = settings(
    max_examples=300, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestOneCertificatesLife = Life.TestCase
