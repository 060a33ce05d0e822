"""The turn of the year in any order, with races, repeats and deaths, beside the simplest model of it.

A few children of two municipalities go on with a programme. Offers are made again and again, answered by parents who
saw the latest card or an older one, lose their ground, lapse; volume is given to others in between; days pass; and
1 January is run, killed between its commits, and run again. After each step the invariants of the portal message
dictionary, 15, hold, and the pools are what the offers say.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, event
from tests.gateway import records
from tests.gateway.life.years import SECOND, VOLUME, YEAR, Town

from socert.adapters.registry.builtin.tables import metadata as registry_metadata
from socert.gateway.domain import contract_steps
from socert.gateway.domain.consent import Channel
from socert.gateway.domain.contract import Initiator
from socert.gateway.domain.policy import Register, Short, Silence
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.domain.renewal import OfferState
from socert.gateway.domain.rules_errors import Refused, RuleBroken, RuleCode
from socert.gateway.life.turn_plan import Made
from socert.gateway.store.engine import open_engine
from socert.gateway.store.tables import metadata
from socert.gateway.store.writer import Store

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, ClassVar

    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.ports import UnitOfWork

PLACES = (records.OKTMO, SECOND)
FIRST_DAY, LAST_DAY = date(2026, 11, 29), date(2027, 1, 3)
NOMINAL = 12000_00
PICK = st.integers(0, 99)


@dataclass(kw_only=True)
class Child:
    """What the model knows of a child: its municipality, and what its offer has come to."""

    guid: str
    number: int
    oktmo: str
    state: OfferState | None = None
    volume: int = 0


class Year(RuleBasedStateMachine):
    """Children of two municipalities around New Year."""

    store: ClassVar[Store]

    def __init__(self) -> None:
        super().__init__()
        self.store.run(_empty)

    @initialize(
        limit=st.sampled_from([None, 0, VOLUME, 2 * VOLUME + 5, 3 * VOLUME, NOMINAL + VOLUME]),
        silence=st.sampled_from(Silence),
        short=st.sampled_from(Short),
    )
    def begin(self, limit: int | None, silence: Silence, short: Short) -> None:
        self.town = Town(self.store)
        self.today = FIRST_DAY
        self.town.at(self.today)
        self.town.limit(limit, silence=silence, short=short)
        self.most = limit
        self.children: list[Child] = []
        self.given: Counter[str] = Counter()
        self.turned = False
        for place in (0, 0, 1):
            self.enrol(place)

    # --- what happens ---------------------------------------------------------------------------------------------

    @rule(place=st.integers(0, 1))
    def enrol(self, place: int) -> None:
        """A child is in the first year of the programme; 1 January once begun, nobody joins the old year."""
        if len(self.children) == 6 or self.today.year == YEAR:
            return
        number = len(self.children) + 1
        guid = self.town.enrol(number, payer={"oktmo": PLACES[place]})
        self.children.append(Child(guid=guid, number=number, oktmo=PLACES[place]))

    @rule(days=st.sampled_from([1, 1, 3, 9, 20]))
    def days_pass(self, days: int) -> None:
        self.today = min(LAST_DAY, self.today + timedelta(days=days))
        self.town.at(self.today)

    @rule(batch=st.integers(1, 3), after=st.none() | st.integers(0, 3), race=st.booleans())
    def offers_are_made(self, batch: int, after: int | None, race: bool) -> None:
        """All that fit are offered, in their order; a run that dies has offered the first ones only.

        In a race another run comes in between two commits of this one.
        """
        if not self._window:
            with pytest.raises(Refused) as closed:
                self.town.offering.make(year=YEAR)
            assert closed.value.rule is RuleCode.WINDOW_CLOSED
            return
        others: list[Made] = []

        def between(_done: Made) -> None:
            if race and not others:
                others.append(Made())
                self.town.offering.make(year=YEAR, batch=1)

        def make() -> None:
            self.town.offering.make(year=YEAR, batch=batch, progress=between)

        if after is None:
            make()
        else:
            self.town.killed(after, make)
        for child in self.children:
            if child.state is None and (found := self.town.offers(child.guid)):
                child.state, child.volume = OfferState.OFFERED, found[0].volume
                assert 0 < child.volume <= VOLUME
        if after is None:
            self._nobody_waits_for_what_is_free()

    def _nobody_waits_for_what_is_free(self) -> None:
        part = self.town.policy.renewal.short is Short.PART
        for place in PLACES:
            if any(one.oktmo == place and one.state is None and not self._lost(one) for one in self.children):
                assert not self.town.pool(oktmo=place).fits(1 if part else VOLUME)

    @rule(pick=PICK, accepts=st.booleans(), stale=st.booleans())
    def a_parent_answers(self, pick: int, accepts: bool, stale: bool) -> None:
        child = self.children[pick % len(self.children)]
        if child.state is None:
            return
        offer = self.town.offer(child.guid)
        answer = self.town.renewals.accept if accepts else self.town.renewals.decline
        seen = offer.version + stale
        good = child.state is OfferState.OFFERED and self._window and not stale
        good = good and not (accepts and self._lost(child))
        try:
            self.town.run(lambda unit: answer(unit, offer.key, seen=seen))
        except RuleBroken:
            assert not good
        else:
            assert good
            child.state = OfferState.ACCEPTED if accepts else OfferState.DECLINED

    @rule(pick=PICK, consent=st.booleans(), told=st.booleans())
    def ground_is_lost(self, pick: int, consent: bool, told: bool) -> None:
        """A contract ends early, and the offer is taken back if somebody says so; a withdrawal does it itself."""
        child = self.children[pick % len(self.children)]
        if self.today.year == YEAR or self._lost(child):
            return
        if consent:
            certificate = self.town.kept(child.guid).certificate
            self.town.run(
                lambda unit: self.town.consents.withdraw(unit, certificate, form=None, channel=Channel.PORTAL)
            )
            if child.state is OfferState.OFFERED:
                child.state = OfferState.WITHDRAWN
        else:
            self._end_contract(child)
        if told:
            taken = self.town.run(lambda unit: self.town.renewals.take_back_lost(unit, child.guid))
            assert taken == (child.state is OfferState.OFFERED)
            if taken:
                child.state = OfferState.WITHDRAWN

    def _end_contract(self, child: Child) -> None:
        """The region's export says so of a certificate that is only imported; of one that is kept here, a person."""
        kept = self.town.kept(child.guid)
        if kept.book.version == 1:
            freed = replace(kept.certificate, balance=records.balance(nominal=100_000))
            gone = records.contract(child.number, child.number, state=ContractState.TERMINATED, reserved=0)
            self.town.run(lambda unit: self.town.registry.put_certificates(unit, [freed]))
            self.town.run(lambda unit: self.town.registry.put_contracts(unit, [gone]))
            return
        step = contract_steps.terminate(
            self._life(child),
            initiator=Initiator.PARENT,
            reason=RuleCode.CANCELLED_BY_PARENT,
            today=self.today,
            now=self.town.clock(),
        )
        self.town.run(lambda unit: self.town.registry.save(unit, kept, entries=step.entries, contracts=[step.contract]))

    @rule(place=st.sampled_from(PLACES), amount=st.sampled_from([1, VOLUME // 2, VOLUME]))
    def others_are_given_volume(self, place: str, amount: int) -> None:

        def give(unit: UnitOfWork) -> None:
            self.town.renewals.give(unit, place, YEAR, Register.RUB, amount)

        if self.town.pool(oktmo=place).fits(amount):
            self.town.run(give)
            self.given[place] += amount
        else:
            with pytest.raises(Refused) as refused:
                self.town.run(give)
            assert refused.value.rule is RuleCode.POOL_EXCEEDED

    @rule()
    def offers_lapse(self) -> None:
        self.town.lapse()
        if self.today > self.town.policy.renewal.window(YEAR)[1]:
            for child in self._offered():
                child.state = self._silent_end(child)

    @precondition(lambda self: self.today.year == YEAR)
    @rule(batch=st.integers(1, 3), after=st.none() | st.integers(0, 5))
    def january_comes(self, batch: int, after: int | None) -> None:
        """1 January is run, or dies between two commits; a run that ends has turned everybody."""
        if after is None:
            done = self.town.turn.run(year=YEAR, batch=batch)
            assert done.finished_at is not None
            assert (done.tally.certificates, done.tally.failed) == (len(self.children), 0)
            self.turned = True
        elif not self.town.killed(after, lambda: self.town.turn.run(year=YEAR, batch=batch)):
            self.turned = True
        for child in self._offered():
            child.state = self._silent_end(child) if self.turned else self._ended_so_far(child)

    @precondition(lambda self: self.turned)
    @rule()
    def a_repeat_of_january_changes_nothing(self) -> None:
        versions = [self.town.kept(child.guid).book.version for child in self.children]
        pools = [self.town.pool(oktmo=place) for place in PLACES]
        assert self.town.turn.run(year=YEAR).tally.changed == 0
        assert [self.town.kept(child.guid).book.version for child in self.children] == versions
        assert [self.town.pool(oktmo=place) for place in PLACES] == pools

    # --- what holds -----------------------------------------------------------------------------------------------

    @invariant()
    def invariant_14_a_child_is_offered_once_and_its_answer_is_final(self) -> None:
        for child in self.children:
            offers = self.town.offers(child.guid)
            assert len(offers) == (child.state is not None)
            for offer in offers:
                assert offer.state is child.state
                assert offer.volume == child.volume

    @invariant()
    def invariant_14_pools_are_what_the_offers_say_and_within_the_limit(self) -> None:
        for place in PLACES:
            mine = [child for child in self.children if child.oktmo == place]
            pool = self.town.pool(oktmo=place)
            assert pool.held == sum(child.volume for child in mine if child.state is OfferState.OFFERED)
            accepted = sum(child.volume for child in mine if child.state is OfferState.ACCEPTED)
            # Where there is a limit, what an account was topped up by comes out of the pool too.
            topped = sum(self._opened(child) for child in mine) - accepted if self.most is not None else 0
            assert pool.taken == accepted + self.given[place] + topped
            assert self.most is None or pool.held + pool.taken <= self.most

    @invariant()
    def invariant_14_what_was_accepted_is_on_the_account(self) -> None:
        for child in self.children:
            opened = self._opened(child)
            assert opened >= (child.volume if child.state is OfferState.ACCEPTED else 0)
            if not self.turned and self.today.year < YEAR:
                assert opened == (child.volume if child.state is OfferState.ACCEPTED else 0)

    @invariant()
    def invariant_6_the_old_year_is_open_or_closed_whole(self) -> None:
        for child in self.children:
            kept = self.town.kept(child.guid)
            account = kept.book.account(2026, Register.RUB)
            assert account is not None
            closed = account.available == 0 and account.reserved == 0
            assert closed or (account.nominal == 100_000 and not self.turned)
            if self.turned and self.most is None:
                assert self._opened(child) == NOMINAL
                assert kept.certificate.status is CertificateStatus.ACTIVE

    @invariant()
    def invariant_2_every_balance_is_the_sum_of_its_entries(self) -> None:
        assert list(self.town.look(self.town.registry.unbalanced)) == []

    # --- tools ----------------------------------------------------------------------------------------------------

    @property
    def _window(self) -> bool:
        opens, closes = self.town.policy.renewal.window(YEAR)
        return opens <= self.today <= closes

    def _offered(self) -> list[Child]:
        return [child for child in self.children if child.state is OfferState.OFFERED]

    def _life(self, child: Child) -> ContractLife:
        (life,) = self.town.look(lambda connection: self.town.registry.lives(connection, child.guid))
        return life

    def _lost(self, child: Child) -> bool:
        certificate = self.town.kept(child.guid).certificate
        may_leave = self.town.look(lambda connection: self.town.consents.may_leave(connection, certificate))
        return not may_leave or self._life(child).state not in {ContractState.ACTIVE, ContractState.COMPLETED}

    def _silent_end(self, child: Child) -> OfferState:
        """What silence has made of an open offer."""
        if self.town.policy.renewal.silence is Silence.DECLINE:
            return OfferState.EXPIRED
        return OfferState.WITHDRAWN if self._lost(child) else OfferState.ACCEPTED

    def _ended_so_far(self, child: Child) -> OfferState:
        """Where an open offer stands after a run that died: as it was, or ended by silence."""
        state = self.town.offer(child.guid).state
        assert state in {OfferState.OFFERED, self._silent_end(child)}
        return state

    def _opened(self, child: Child) -> int:
        account = self.town.kept(child.guid).book.account(YEAR, Register.RUB)
        return 0 if account is None else account.nominal


def _empty(connection: Any) -> None:
    for tables in (metadata, registry_metadata):
        for table in reversed(tables.sorted_tables):
            connection.execute(delete(table))


def _in_no_hurry_to_the_disk(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous = OFF")


def test_the_turn_of_the_year(tmp_path: Path, sqlite_template: Path) -> None:
    place = tmp_path / "socert.db"
    shutil.copy(sqlite_template, place)
    engine = open_engine(f"sqlite:///{place}")
    event.listen(engine, "connect", _in_no_hurry_to_the_disk)
    opened = Store(engine)

    class Here(Year):
        store = opened

    try:
        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=20,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )
    finally:
        opened.close()
