"""What families, organisations and days do in the machine of the whole flow, and its model."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import event
from tests.domain.naive import Naive, last_of_month
from tests.gateway import records
from tests.gateway.databases import migrate
from tests.gateway.life.world import NEXT_YEAR, NOMINAL, World, agree, programme

from socert.adapters.registry.builtin.registry import BuiltinRegistry
from socert.gateway.domain.certificate import FINAL, CertificateStep, goes_on
from socert.gateway.domain.contract import LIVE, RUNNING, TRANSITIONS, WAITING, ContractLife, Initiator
from socert.gateway.domain.months import months_later
from socert.gateway.domain.policy import Policy, Register
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.domain.rules_errors import LedgerRefused, RuleBroken, RuleCode, StepForbidden
from socert.gateway.store.engine import open_engine
from socert.gateway.store.writer import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.gateway.domain.quote import Quote
    from socert.gateway.ports import UnitOfWork

PICK = st.integers(0, 9)
GROUPS: dict[str, dict[str, Any]] = {
    f"cccccccc-0000-4000-8000-0000000000{number:02d}": given
    for number, given in enumerate(
        (
            {"start": date(2026, 9, 1), "end": date(2026, 12, 31), "price": 12000_00},
            {"start": date(2026, 9, 1), "end": date(2027, 5, 31), "price": 9100_00, "normative": 8000_00},
            {"start": date(2026, 9, 10), "end": date(2027, 1, 31), "price": 700_03, "places": 2},
            {"start": date(2026, 10, 1), "end": date(2026, 10, 31), "price": 0},
        ),
        start=10,
    )
}
CHILDREN: tuple[dict[str, Any], ...] = (
    {"birth_date": date(2016, 2, 29), "birth_certificate": "II-ЖД 700001", "snils": None},
    {"birth_date": date(2008, 11, 5), "birth_certificate": "II-ЖД 700002", "snils": None},
    {"birth_date": date(2021, 10, 1), "birth_certificate": "II-ЖД 700003", "snils": None},
)
STOPPED = {
    CertificateStatus.SUSPENDED: RuleCode.CERT_SUSPENDED,
    CertificateStatus.ANNULLED: RuleCode.CERT_ANNULLED,
    CertificateStatus.EXPIRED: RuleCode.CERT_EXPIRED,
    CertificateStatus.EXHAUSTED: RuleCode.EXHAUSTED,
}


class Died(BaseException):
    """The process is gone."""


@dataclass
class Child:
    """What the model knows of a child."""

    given: dict[str, Any]
    guid: str
    figures: Naive


@dataclass(frozen=True)
class Asked:
    """A quote that a parent saw."""

    child: int
    group: str
    start: date
    quote: Quote


@dataclass(frozen=True)
class Request:
    """What stood when a contract was made."""

    agreed: int
    version: int
    status: CertificateStatus
    age: int


@cache
def template() -> Path:
    """A migrated database, made once."""
    place = Path(tempfile.mkdtemp(prefix="socert-flow-")) / "template.db"
    migrate(f"sqlite:///{place}")
    return place


class Steps(RuleBasedStateMachine):
    """Three children of one municipality."""

    @initialize(stops=st.booleans())
    def begin(self, stops: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="socert-flow-"))
        shutil.copy(template(), self.folder / "socert.db")
        engine = open_engine(f"sqlite:///{self.folder / 'socert.db'}")
        event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous = OFF"))
        clock = records.Clock()
        policy = Policy(nominals={Register.RUB: NOMINAL}, nominals_of=NEXT_YEAR)
        if stops:
            policy = Policy(nominals=policy.nominals, nominals_of=NEXT_YEAR, live_goes_on=frozenset())
        self.world = World(
            store=Store(engine), registry=BuiltinRegistry(clock=clock), clock=clock, policies={"": policy}
        )
        self.world.offer(*(programme(group_guid=guid, **given) for guid, given in GROUPS.items()))
        self.children: dict[int, Child] = {}
        self.asked: list[Asked] = []
        self.orders: dict[str, str] = {}
        self.states: dict[str, ContractState] = {}
        self.requests: dict[str, Request] = {}
        self.count = 0
        for pick in range(len(CHILDREN)):
            self.ask_for_a_certificate(pick, by_order=pick > 0)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.store.close()
            shutil.rmtree(self.folder)

    # Tools

    @property
    def policy(self) -> Policy:
        return self.world.policies[""]

    def _number(self) -> int:
        self.count += 1
        return self.count

    def _lives(self) -> list[ContractLife]:
        return [self.world.life(one) for one in self.states]

    def _one(self, pick: int, states: frozenset[ContractState]) -> ContractLife | None:
        found = [one for one, state in self.states.items() if state in states]
        return self.world.life(found[pick % len(found)]) if found else None

    def _child_of(self, life: ContractLife) -> Child:
        return next(child for child in self.children.values() if child.guid == life.certificate_guid)

    def _pays(self, child: Child) -> bool:
        return goes_on(self.world.kept(child.guid).certificate.status, self.policy)

    def _do(self, work: Callable[[UnitOfWork], ContractLife], dies: bool) -> ContractLife:
        """Do a step; sometimes the process dies before it commits and the step is done again after the restart."""
        if dies:
            told = list(self.world.units.told)

            def dying(unit: UnitOfWork) -> None:
                work(unit)
                raise Died

            with pytest.raises(Died):
                self.world.run(dying)
            assert self.world.units.told == told
        done = self.world.run(work)
        self._moved(done)
        return done

    def _moved(self, life: ContractLife) -> None:
        """Note the state that a contract has now; it got there by allowed transitions only."""
        before = self.states.get(life.contract_id)
        if before is not None and life.state is not before:
            assert life.state in _reach(before)
        self.states[life.contract_id] = life.state

    # Certificates

    @rule(pick=st.sampled_from(range(len(CHILDREN))), by_order=st.booleans())
    def ask_for_a_certificate(self, pick: int, by_order: bool) -> None:
        """Invariant 8: the first one asked issues it, everybody else finds it."""
        order = str(self._number()) if by_order else None
        known = self.children.get(pick)
        start = max(self.world.today(), date(2026, 10, 1))
        try:
            issued = self.world.issue(order_id=order, start=start, **CHILDREN[pick])
        except RuleBroken as refused:
            status = None if known is None else self.world.kept(known.guid).certificate.status
            if refused.rule is RuleCode.AGE_OUT_OF_RANGE:
                assert not 5 <= _age(CHILDREN[pick]["birth_date"], start) <= 17
            else:
                assert status in FINAL
            return
        if known is None:
            assert issued.fresh
            figures = Naive()
            year = self.world.today().year
            figures.nominal[year] = NOMINAL
            if year == 2026:
                figures.nominal[2027] = NOMINAL
            self.children[pick] = Child(given=CHILDREN[pick], guid=issued.guid, figures=figures)
        else:
            assert (issued.guid, issued.fresh) == (known.guid, False)

    @precondition(lambda self: self.children)
    @rule(
        pick=PICK,
        step=st.sampled_from([CertificateStep.SUSPEND, CertificateStep.RESUME, CertificateStep.RESUME, None]),
    )
    def change_a_status(self, pick: int, step: CertificateStep | None) -> None:
        """None annuls, which happens late in few lives only."""
        if step is None and self.count < 25:
            return
        child = list(self.children.values())[pick % len(self.children)]
        before = self.world.kept(child.guid).certificate.status
        try:
            self.world.run(lambda unit: self.world.issuing.step(unit, child.guid, step or CertificateStep.ANNUL))
        except StepForbidden:
            suspended = before is CertificateStatus.SUSPENDED
            assert before in FINAL or suspended is (step is CertificateStep.SUSPEND)

    @precondition(lambda self: self.children)
    @rule(pick=PICK, year=st.sampled_from([2026, 2027]), nominal=st.integers(0, 16000_00))
    def set_a_nominal(self, pick: int, year: int, nominal: int) -> None:
        child = list(self.children.values())[pick % len(self.children)]
        figures = child.figures
        if year not in figures.nominal:
            return
        used = figures.nominal[year] - figures.available(year)

        def work(unit: UnitOfWork) -> None:
            self.world.issuing.set_nominal(unit, child.guid, year=year, register=Register.RUB, nominal=nominal)

        if nominal < used:
            with pytest.raises(LedgerRefused):
                self.world.run(work)
            return
        self.world.run(work)
        figures.nominal[year] = nominal

    # Enrolments

    @precondition(lambda self: self.children)
    @rule(
        pick=PICK,
        group=st.sampled_from(sorted(GROUPS)),
        late=st.booleans(),
        stale=st.sampled_from([None, None, None, 0, 3, 7]),
        accepted=st.sampled_from([True, True, True, False]),
        dies=st.sampled_from([False, False, True]),
    )
    def enrol(self, pick: int, group: str, late: bool, stale: int | None, accepted: bool, dies: bool) -> None:
        """Invariants 8, 10, 13: what must not be is refused for its own reason, and reserves nothing."""
        number = sorted(self.children)[pick % len(self.children)]
        first, last = GROUPS[group]["start"], GROUPS[group]["end"]
        start = min(max(first, self.world.today()), last) if late else first
        child = self.children[number]
        if not {start.year, last.year} <= set(child.figures.nominal):
            with pytest.raises(RuleBroken) as refused:
                self.world.quote(child.guid, group=group, start=start, end=last)
            assert refused.value.rule is RuleCode.NO_FUTURE_NOMINAL
            return
        made = self.world.quote(child.guid, group=group, start=start, end=last)
        asked = Asked(child=number, group=group, start=start, quote=made)
        self.asked.append(asked)
        if stale is not None:
            asked = self.asked[stale % len(self.asked)]
        self._apply(asked, accepted, dies)

    def _apply(self, asked: Asked, accepted: bool, dies: bool) -> None:
        child = self.children[asked.child]
        order = str(self._number())
        agreed = agree(asked.quote, own_part=accepted)
        application = self.world.application(
            child.guid,
            order,
            child=child.given,
            group_guid=asked.group,
            start=asked.start,
            end=GROUPS[asked.group]["end"],
            agreed=agreed,
        )
        before = self.world.kept(child.guid)
        expected = self._expected(asked, before.certificate.status, before.book.version, accepted=accepted)
        if expected is not None:
            with pytest.raises(RuleBroken) as refused:
                self.world.request(application)
            assert refused.value.rule is expected
            assert self.world.kept(child.guid).book.version == before.book.version
            return
        life = self._do(lambda unit: self.world.enrolments.request(unit, application), dies)
        assert life.split == asked.quote.split
        child.figures.enrol(life.contract_id, life.split)
        self.orders[order] = life.contract_id
        self.requests[life.contract_id] = Request(
            agreed=agreed.balance_version,
            version=before.book.version,
            status=before.certificate.status,
            age=_age(child.given["birth_date"], asked.start),
        )
        assert self.world.request(application) == life, "the same order again"

    def _expected(self, asked: Asked, status: CertificateStatus, version: int, *, accepted: bool) -> RuleCode | None:
        """Why the model would refuse, in the order in which the rules look."""
        child, given = self.children[asked.child], GROUPS[asked.group]
        last, split = given["end"], asked.quote.split
        live = [life for life in self._lives() if life.state in LIVE and life.group_guid == asked.group]
        for life in live:
            if life.certificate_guid == child.guid and asked.start <= life.last_day and life.start <= last:
                return RuleCode.DUPLICATE_ENROLMENT
        if "places" in given and len(live) >= given["places"]:
            return RuleCode.NO_PLACE
        if status in STOPPED:
            return STOPPED[status]
        if not 5 <= _age(child.given["birth_date"], asked.start) <= 17:
            return RuleCode.AGE_OUT_OF_RANGE
        left = any(child.figures.available(part.year) for part in split.years)
        if given["price"] and not left:
            return RuleCode.EXHAUSTED
        if asked.quote.balance_version != version:
            return RuleCode.STALE_BALANCE
        if split.own_part and not accepted:
            return RuleCode.OWN_PART_NOT_AGREED
        return None

    @precondition(lambda self: self.orders)
    @rule(pick=PICK)
    def repeat_an_order(self, pick: int) -> None:
        """Invariant 8: the same order gets its contract as it is now, and nothing moves."""
        order = sorted(self.orders)[pick % len(self.orders)]
        life = self.world.life(self.orders[order])
        child = self._child_of(life)
        told = len(self.world.units.told)
        again = self.world.application(child.guid, order, child=child.given, agreed=agree(self.asked[0].quote))
        assert self.world.request(again) == life
        assert len(self.world.units.told) == told

    # Contracts

    @rule(pick=PICK, signs=st.sampled_from([True, True, False]), dies=st.sampled_from([False, False, True]))
    def go_on(self, pick: int, signs: bool, dies: bool) -> None:
        life = self._one(pick, WAITING)
        if life is None:
            return
        one = life.contract_id
        if life.state is ContractState.REQUESTED:
            self._do(lambda unit: self.world.contracts.accept(unit, one), dies)
        if signs:
            self._do(lambda unit: self.world.contracts.conclude(unit, one, number="1"), dies)

    @rule(
        pick=PICK,
        how=st.sampled_from(["refuse", "cancel", "cancel by order", "terminate"]),
        dies=st.sampled_from([False, False, True]),
    )
    def end(self, pick: int, how: str, dies: bool) -> None:
        """Invariant 11: all goes back before the first day, afterwards the unused months only."""
        waits = how == "refuse" or (how != "terminate" and pick % 2 == 0)
        life = self._one(pick, WAITING if waits else frozenset({ContractState.ACTIVE}))
        if life is None:
            return
        one, order, steps = life.contract_id, life.order_id or "", self.world.contracts
        works: dict[str, Callable[[UnitOfWork], ContractLife]] = {
            "refuse": lambda unit: steps.refuse(unit, one),
            "cancel": lambda unit: steps.cancel(unit, one),
            "cancel by order": lambda unit: steps.cancel_order(unit, order),
            "terminate": lambda unit: steps.terminate(
                unit, one, initiator=Initiator.OPERATOR, reason=RuleCode.REFUSED_BY_OPERATOR
            ),
        }
        today = self.world.today()
        begun = life.state is ContractState.ACTIVE and today >= life.start
        ended = self._do(works[how], dies)
        freed = self._child_of(life).figures.free_all(one, last_of_month(today) if begun else date.min)
        assert ended.ending is not None
        assert ended.ending.released == freed
        if how.startswith("cancel"):
            assert self.world.run(works[how]) == ended, "the same cancellation again"

    @rule(pick=PICK, share=st.sampled_from([4, 3, 0]))
    def charge(self, pick: int, share: int) -> None:
        """Invariants 3, 13: a month is charged when it is due, once, at most its plan, if the certificate lets it."""
        life = self._one(pick, RUNNING)
        if life is None:
            return
        child, open_months = self._child_of(life), [month for month in life.months if life.is_open(month)]
        if not open_months:
            return
        month = open_months[0]
        kept = child.figures.month(life.contract_id, month)
        amount = kept.planned * share // 4

        def work(unit: UnitOfWork) -> ContractLife:
            return self.world.contracts.charge(unit, life.contract_id, month=month, amount=amount)

        if not self._pays(child) or _due(life, month) > self.world.today():
            with pytest.raises(RuleBroken):
                self.world.run(work)
            return
        self._do(work, dies=False)
        kept.pay(amount)
        with pytest.raises(StepForbidden):
            self.world.run(work)

    # Days

    @rule(days=st.sampled_from([1, 3, 6, 11, 30, 30, 45, -2]))
    def let_days_pass(self, days: int) -> None:
        if self.world.today() + timedelta(days=days) < date(2027, 7, 1):
            self.world.clock.now += timedelta(days=days)

    @rule(dies_after=st.none() | st.integers(0, 6))
    def work_through_the_day(self, dies_after: int | None) -> None:
        """Invariant 18: a day's work that dies anywhere is made up by the next run, and nothing is done twice."""
        pays = {child.guid: self._pays(child) for child in self.children.values()}
        if dies_after is not None:
            mortal = Mortal(self.world, dies_after)
            try:
                self.world.days.run(mortal)
            except Died:
                assert mortal.left < 0
        self.world.days.run(self.world.units)
        today = self.world.today()
        for one, state in list(self.states.items()):
            life = self.world.life(one)
            child = self._child_of(life)
            self._model_day(life, state, child, today, pays=pays[child.guid])
            self._moved(life)
        for child in self.children.values():
            born = child.given["birth_date"]
            status = self.world.kept(child.guid).certificate.status
            if _age(born, today) >= 18:
                assert status in FINAL
        assert self.world.days.run(self.world.units).failed == 0

    def _model_day(self, life: ContractLife, state: ContractState, child: Child, today: date, *, pays: bool) -> None:
        """What the day's work did to a contract, by the model."""
        one = life.contract_id
        if state in WAITING:
            late = today >= months_later(life.start, 2)
            if life.state is ContractState.REFUSED:
                limit = 5 if state is ContractState.REQUESTED else 10
                assert late or life.ending is not None
                assert late or self.world.clock.now - self.since(life) > timedelta(days=limit)
                child.figures.free_all(one)
            else:
                assert not late
            return
        if state not in RUNNING:
            assert life.state is state
            return
        over = today > life.last_day
        for month in child.figures.months[one]:
            if pays and not month.over and _due(life, month.day) <= today:
                month.pay(month.held)
        if over:
            child.figures.close(one, pays=pays, until=life.last_day)
        assert (life.state in RUNNING) is not over

    def since(self, life: ContractLife) -> Any:
        """When a contract that has just been refused began to wait: its order's last stage before that."""
        events = [one for one in self.world.units.told if one.contract_id == life.contract_id]
        return events[-2].at


class Mortal:
    """Units of which the process dies in the middle of one, before it commits."""

    def __init__(self, world: World, left: int) -> None:
        self._world = world
        self.left = left

    def run(self, work: Callable[[UnitOfWork], Any]) -> Any:
        self.left -= 1

        def dying(unit: UnitOfWork) -> Any:
            done = work(unit)
            if self.left < 0:
                raise Died
            return done

        return self._world.run(dying)


def _reach(state: ContractState) -> set[ContractState]:
    """Every state that a contract may come to from here."""
    found = set(TRANSITIONS[state])
    return found.union(*(_reach(one) for one in found))


def _age(born: date, day: date) -> int:
    """Full years, counted one by one."""
    years = 0
    while (day.year, day.month, day.day) >= (born.year + years + 1, born.month, born.day):
        years += 1
    return years


def _due(life: ContractLife, month: date) -> date:
    """The day from which a month is charged: the 1st of the next, the end of study, or 31 December."""
    after = last_of_month(month) + timedelta(days=1)
    return min(after, max(life.last_day + timedelta(days=1), month), date(month.year, 12, 31))
