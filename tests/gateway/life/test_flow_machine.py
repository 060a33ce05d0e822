"""Families, organisations and days in any order, on the real registry, beside the simplest model of it.

Hypothesis makes up what happens to three children: certificates asked for again and again, quotes fresh and stale,
orders repeated, steps of every kind, suspensions, days that pass, jump or are worked through twice, and processes that
die before they commit. After each step registry and model agree, and the invariants of the portal message dictionary,
15, hold.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant
from tests.gateway.life.flow import GROUPS, Steps

from socert.gateway.domain.contract import LIVE
from socert.gateway.domain.order import ENDINGS
from socert.gateway.domain.policy import Register
from socert.gateway.domain.quote import check_sums
from socert.gateway.domain.records import CertificateStatus

if TYPE_CHECKING:
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.ports.life import Kept


class Flow(Steps):
    """Three children of one municipality, and what holds whatever happens to them."""

    lives: list[ContractLife]
    kept: dict[str, Kept]

    @invariant()
    def everything_is_looked_at_once_a_step(self) -> None:
        """Read what the others check; they run in the order in which they stand here."""
        self.lives = self._lives()
        self.kept = {child.guid: self.world.kept(child.guid) for child in self.children.values()}

    @invariant()
    def invariant_1_nothing_is_ever_below_zero_and_all_is_as_in_the_model(self) -> None:
        for child in self.children.values():
            accounts = self.kept[child.guid].book.accounts
            assert {key.year for key in accounts} == set(child.figures.nominal)
            for key, account in accounts.items():
                figures = child.figures
                expected = (figures.nominal[key.year], figures.reserved(key.year), figures.spent(key.year))
                assert (account.nominal, account.reserved, account.spent) == expected
                assert account.available >= 0

    @invariant()
    def invariant_2_every_balance_is_the_sum_of_its_entries(self) -> None:
        assert list(self.world.look(self.world.registry.unbalanced)) == []

    @invariant()
    def invariant_3_a_contract_holds_and_spends_within_its_part(self) -> None:
        for life in self.lives:
            months = self._child_of(life).figures.months[life.contract_id]
            assert life.reserved == sum(month.held for month in months)
            assert life.spent == sum(month.spent for month in months)
            assert life.reserved + life.spent <= life.split.certificate_part
            book = self.kept[life.certificate_guid].book
            held = [holding for (one, _), holding in book.holdings.items() if one == life.contract_id]
            assert sum(holding.reserved for holding in held) == life.reserved
            assert life.state in LIVE or life.reserved == 0

    @invariant()
    def invariant_4_every_split_adds_up(self) -> None:
        for life in self.lives:
            check_sums(life.split, start=life.start, end=life.end)

    @invariant()
    def invariant_5_everything_is_in_roubles(self) -> None:
        for life in self.lives:
            assert life.split.register is Register.RUB
        for child in self.children.values():
            assert {key.register for key in self.kept[child.guid].book.accounts} == {Register.RUB}

    @invariant()
    def invariant_6_a_year_pays_from_its_own_nominal(self) -> None:
        for life in self.lives:
            book = self.kept[life.certificate_guid].book
            for part in life.split.years:
                holding = book.holding(life.contract_id, life.account(part.year))
                assert holding.reserved + holding.spent <= part.certificate_part

    @invariant()
    def invariant_7_nothing_follows_an_ending(self) -> None:
        for life in self.lives:
            assert life.state is self.states[life.contract_id]
        for order in self.orders:
            told = [one.stage for one in self.world.units.told if one.order_id == order]
            assert not set(told[:-1]) & ENDINGS
            assert len(set(told)) == len(told)

    @invariant()
    def invariant_8_one_certificate_a_child_and_one_live_contract_a_group(self) -> None:
        certificates, contracts = self.world.run(self.world.registry.count)
        assert (certificates, contracts) == (len(self.children), len(self.states))
        assert len(set(self.orders.values())) == len(self.orders)
        live = [life for life in self.lives if life.state in LIVE]
        for one in live:
            for other in live:
                same = (one.certificate_guid, one.group_guid) == (other.certificate_guid, other.group_guid)
                meets = one.start <= other.last_day and other.start <= one.last_day
                assert one is other or not (same and meets)
        taken = Counter(life.group_guid for life in live)
        assert all(taken[guid] <= given.get("places", 99) for guid, given in GROUPS.items())

    @invariant()
    def invariant_10_every_contract_was_agreed_to_at_the_balance_it_was_made_from(self) -> None:
        for request in self.requests.values():
            assert request.agreed == request.version

    @invariant()
    def invariant_11_what_ended_before_it_began_took_nothing(self) -> None:
        for life in self.lives:
            if life.ending is None or life.state in LIVE:
                continue
            assert life.reserved == 0
            if life.ending.last_day < life.start or life.concluded_on is None:
                assert life.spent == 0

    @invariant()
    def invariant_13_no_reserve_where_none_may_be(self) -> None:
        for request in self.requests.values():
            assert request.status in {CertificateStatus.ISSUED, CertificateStatus.ACTIVE}
            assert 5 <= request.age <= 17
        for child in self.children.values():
            kept = self.kept[child.guid]
            left = any(account.available for account in kept.book.accounts.values())
            if kept.certificate.status is CertificateStatus.EXHAUSTED:
                assert not left
            if kept.certificate.status is CertificateStatus.ACTIVE:
                assert left


Flow.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestFlow = Flow.TestCase
