"""Planning the turn of the year: order, limits, once a child, stopped and gone on (invariant 14)."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.making import POLICY

from socert.gateway.domain import renewal, turn
from socert.gateway.domain.policy import Policy, RankKey, Register, RenewalPolicy, Short, Silence
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.domain.renewal import Pool, offer_key
from socert.gateway.domain.rules_errors import RuleCode, StepForbidden
from socert.gateway.domain.turn import Continuing, Cursor, TurnLine, TurnOutcome, plan_turn, rank

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PUPIL = Continuing(
    oktmo="1",
    certificate_guid="cert-1",
    contract_id="c-1",
    programme_guid="dance",
    study_year=1,
    programme_years=4,
    start=date(2026, 9, 1),
    concluded_on=date(2026, 8, 25),
    birth_date=date(2016, 2, 20),
    status=CertificateStatus.ACTIVE,
    state=ContractState.ACTIVE,
    register=Register.RUB,
    wanted=100,
)


def pupil(number: int, **changes: object) -> Continuing:
    return replace(PUPIL, certificate_guid=f"cert-{number}", contract_id=f"c-{number}", **changes)  # type: ignore[arg-type]  # fields of a pupil


class Town:
    """What a store keeps of a turn: pools and offers, written line by line."""

    def __init__(self, *, limit: int | None = None, policy: Policy = POLICY) -> None:
        self.limit = limit
        self.policy = policy
        self.pools: dict[tuple[str, Register], Pool] = {}
        self.offers: dict[str, renewal.Offer] = {}
        self.cursor: Cursor | None = None

    def pool(self, oktmo: str, register: Register) -> Pool:
        start = Pool(oktmo=oktmo, year=2027, register=register, limit=self.limit)
        return self.pools.get((oktmo, register), start)

    def plan(self, pupils: Iterable[Continuing], after: Cursor | None = None) -> Iterator[TurnLine]:
        return plan_turn(
            pupils,
            year=2027,
            policy_of=lambda _: self.policy,
            pool_of=self.pool,
            known=self.offers.__contains__,
            after=after,
        )

    def store(self, line: TurnLine) -> None:
        """Write one line as a store does: the hold goes to the pool that is stored now."""
        if line.offer is not None:
            assert line.offer.key not in self.offers
            place = (line.offer.oktmo, line.offer.register)
            self.pools[place] = self.pool(*place).hold(line.offer.volume)
            self.offers[line.offer.key] = line.offer
        self.cursor = line.cursor

    def run(self, pupils: Iterable[Continuing], after: Cursor | None = None) -> list[TurnLine]:
        lines = []
        for line in self.plan(pupils, after):
            self.store(line)
            lines.append(line)
        return lines


def in_order(pupils: Iterable[Continuing], policy: Policy = POLICY) -> list[Continuing]:
    return sorted(pupils, key=lambda one: (one.oktmo, rank(one, policy)))


# Who has the right


@pytest.mark.parametrize(
    ("one", "code"),
    [
        (PUPIL, None),
        (replace(PUPIL, study_year=3), None),
        (replace(PUPIL, study_year=4), RuleCode.PROGRAMME_NOT_ELIGIBLE),
        (replace(PUPIL, programme_years=1), RuleCode.PROGRAMME_NOT_ELIGIBLE),
        (replace(PUPIL, state=ContractState.COMPLETED), None),
        *(
            (replace(PUPIL, state=state), RuleCode.PROGRAMME_NOT_ELIGIBLE)
            for state in sorted(set(ContractState) - {ContractState.ACTIVE, ContractState.COMPLETED})
        ),
        (replace(PUPIL, status=CertificateStatus.EXHAUSTED), None),
        (replace(PUPIL, status=CertificateStatus.SUSPENDED), RuleCode.CERT_SUSPENDED),
        (replace(PUPIL, status=CertificateStatus.ANNULLED), RuleCode.CERT_ANNULLED),
        (replace(PUPIL, birth_date=date(2009, 1, 1)), RuleCode.AGE_OUT_OF_RANGE),
        (replace(PUPIL, birth_date=date(2009, 1, 2)), None),
    ],
)
def test_who_has_the_right(one: Continuing, code: RuleCode | None) -> None:
    assert turn.right_of(one, year=2027, policy=POLICY) is code
    line = Town().run([one])[0]
    assert line.outcome is (TurnOutcome.OFFER if code is None else TurnOutcome.NO_RIGHT)
    assert line.why is code


@pytest.mark.seed("first-year", "four-years", "after-first-year")
def test_the_four_year_programme_of_the_source_document_is_offered_three_times() -> None:
    years = [turn.right_of(replace(PUPIL, study_year=year), year=2027, policy=POLICY) is None for year in (1, 2, 3, 4)]

    assert years == [True, True, True, False]


# The offer


def test_an_offer_names_what_is_continued_until_when_and_what_silence_means() -> None:
    policy = Policy(renewal=RenewalPolicy(silence=Silence.ACCEPT))

    line = Town(policy=policy).run([PUPIL])[0]

    offer = line.offer
    assert offer is not None
    assert (offer.previous_contract_id, offer.study_year, offer.year, offer.volume) == ("c-1", 2, 2027, 100)
    assert (offer.since, offer.respond_by, offer.rank) == (date(2026, 12, 1), date(2026, 12, 20), 1)
    assert offer.silence is Silence.ACCEPT
    assert offer.key == offer_key("cert-1", "dance", 2027)
    assert line.pool is not None
    assert line.pool.held == 100


# Order


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((RankKey.STUDY_YEAR_DESC, RankKey.STARTED), ["cert-2", "cert-3", "cert-1"]),
        ((RankKey.STUDY_YEAR,), ["cert-1", "cert-3", "cert-2"]),
        ((RankKey.STARTED,), ["cert-3", "cert-1", "cert-2"]),
        ((RankKey.CONCLUDED,), ["cert-2", "cert-1", "cert-3"]),
        ((RankKey.BIRTH_DATE,), ["cert-1", "cert-2", "cert-3"]),
        ((), ["cert-1", "cert-2", "cert-3"]),
    ],
)
def test_the_order_is_the_policys(order: tuple[RankKey, ...], expected: list[str]) -> None:
    policy = Policy(renewal=RenewalPolicy(order=order))
    pupils = [
        pupil(1, study_year=1, start=date(2026, 9, 1), birth_date=date(2012, 1, 1)),
        pupil(2, study_year=3, start=date(2026, 9, 2), concluded_on=date(2026, 8, 1), birth_date=date(2013, 1, 1)),
        pupil(3, study_year=2, start=date(2026, 8, 1), concluded_on=date(2026, 8, 30), birth_date=date(2014, 1, 1)),
    ]

    lines = Town(policy=policy).run(in_order(pupils, policy))

    assert [line.pupil.certificate_guid for line in lines] == expected
    assert [line.cursor.position for line in lines] == [1, 2, 3]


@pytest.mark.parametrize("pupils", [[pupil(2), pupil(1)], [pupil(1), pupil(1)], [pupil(1, oktmo="2"), pupil(2)]])
def test_invariant_14_a_stream_out_of_order_or_with_a_child_twice_is_refused(pupils: list[Continuing]) -> None:
    town = Town()

    with pytest.raises(StepForbidden) as refused:
        town.run(pupils)

    assert refused.value.rule is RuleCode.OUT_OF_ORDER
    assert len(town.offers) == 1


def test_invariant_14_of_two_contracts_in_one_programme_the_last_is_offered() -> None:
    first = replace(PUPIL, contract_id="old", study_year=1)
    second = replace(PUPIL, contract_id="new", study_year=2)
    again = replace(PUPIL, contract_id="newest", study_year=2, start=date(2026, 10, 1))
    other = replace(PUPIL, contract_id="chess", programme_guid="chess")

    assert {one.contract_id for one in turn.latest([again, first, second, other])} == {"newest", "chess"}


# Limits


@pytest.mark.seed("priority")
def test_invariant_14_whoever_stands_ahead_is_offered_first_and_nobody_passes_who_waits() -> None:
    town = Town(limit=250)
    pupils = [pupil(1), pupil(2, wanted=200), pupil(3, wanted=50), pupil(4, register=Register.HOUR)]

    lines = town.run(pupils)

    assert [line.outcome.value for line in lines] == ["offer", "wait", "wait", "offer"]
    assert lines[1].why is RuleCode.POOL_EXCEEDED
    assert town.pool("1", Register.RUB).held == 100


def test_where_the_policy_says_so_what_is_left_is_offered() -> None:
    town = Town(limit=250, policy=Policy(renewal=RenewalPolicy(short=Short.PART)))

    lines = town.run([pupil(1), pupil(2, wanted=200), pupil(3)])

    assert [line.offer.volume if line.offer else None for line in lines] == [100, 150, None]


def test_no_more_is_offered_than_a_certificate_gets_for_the_year() -> None:
    policy = Policy(nominals={Register.RUB: 150, Register.SIGNIFICANT: 2}, nominals_of={2027: {Register.RUB: 90}})
    hours = pupil(3, register=Register.HOUR, wanted=400)

    lines = Town(policy=policy).run(in_order([pupil(1, wanted=80), pupil(2), hours], policy))

    assert [line.offer.volume if line.offer else None for line in lines] == [80, 90, 400]


def test_invariant_14_what_returns_goes_to_those_who_wait_in_their_order() -> None:
    town = Town(limit=100)
    pupils = [pupil(1), pupil(2), pupil(3)]
    town.run(pupils)
    offer = town.offers[offer_key("cert-1", "dance", 2027)]

    declined = renewal.decline(offer, town.pool("1", Register.RUB), seen=1, today=date(2026, 12, 5))
    town.offers[offer.key], town.pools["1", Register.RUB] = declined.offer, declined.pool
    lines = town.run(pupils)

    assert [line.outcome.value for line in lines] == ["known", "offer", "wait"]
    assert town.offers[offer.key].state is renewal.OfferState.DECLINED


def test_municipalities_have_their_own_pools_and_places() -> None:
    town = Town(limit=100)

    lines = town.run([pupil(1), pupil(2), pupil(3, oktmo="2"), pupil(4, oktmo="2")])

    assert [line.outcome.value for line in lines] == ["offer", "wait", "offer", "wait"]
    assert [line.cursor.position for line in lines] == [1, 2, 1, 2]


# Stopped and gone on


PUPILS = st.lists(
    st.builds(
        pupil,
        st.integers(1, 40),
        oktmo=st.sampled_from(["1", "2"]),
        study_year=st.integers(1, 4),
        wanted=st.integers(0, 60),
        register=st.sampled_from([Register.RUB, Register.HOUR]),
        programme_guid=st.sampled_from(["dance", "chess"]),
        state=st.sampled_from([ContractState.ACTIVE, ContractState.COMPLETED, ContractState.TERMINATED]),
    ),
    max_size=30,
    unique_by=lambda one: (one.certificate_guid, one.programme_guid),
)


@given(PUPILS, st.integers(0, 30), st.none() | st.integers(0, 400), st.sampled_from(Short), st.booleans())
def test_invariant_14_stopped_anywhere_the_turn_ends_the_same(
    pupils: list[Continuing], stop: int, limit: int | None, short: Short, from_the_start: bool
) -> None:
    policy = Policy(renewal=RenewalPolicy(short=short))
    stream = in_order(pupils, policy)
    whole, halves = Town(limit=limit, policy=policy), Town(limit=limit, policy=policy)
    lines = whole.run(stream)

    for line in halves.plan(stream):
        if stop == 0:
            break
        halves.store(line)
        stop -= 1
    halves.run(stream, None if from_the_start else halves.cursor)

    assert halves.offers == whole.offers
    assert halves.pools == whole.pools
    assert [line.pupil for line in lines] == stream
    again = whole.run(stream)
    assert {line.outcome for line in again} <= {TurnOutcome.KNOWN, TurnOutcome.NO_RIGHT, TurnOutcome.WAIT}
    for pool in whole.pools.values():
        held = [one.volume for one in whole.offers.values() if (one.oktmo, one.register) == (pool.oktmo, pool.register)]
        assert sum(held) == pool.held
        assert limit is None or pool.held <= limit


def test_a_run_may_be_given_only_what_comes_after_its_cursor() -> None:
    pupils = [pupil(1, wanted=200), pupil(2), pupil(3)]
    town = Town(limit=150)
    first = next(town.plan(pupils))
    assert first.outcome is TurnOutcome.WAIT

    rest = town.run(pupils[1:], first.cursor)

    assert [(line.outcome.value, line.cursor.position) for line in rest] == [("wait", 2), ("wait", 3)]


def test_a_cursor_of_another_municipality_leaves_nobody_waiting() -> None:
    town = Town(limit=100)
    stop = town.run([pupil(1, wanted=101)])[0].cursor

    line = town.run([pupil(1, oktmo="2")], stop)[0]

    assert (line.outcome, line.cursor.position, stop.waiting) == (TurnOutcome.OFFER, 1, frozenset({Register.RUB}))


def test_memory_does_not_grow_with_the_number_of_pupils() -> None:
    def stream(count: int) -> Iterator[Continuing]:
        for number in range(count):
            yield pupil(0, start=PUPIL.start + timedelta(days=number))

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            lines = plan_turn(
                stream(count),
                year=2027,
                policy_of=lambda _: POLICY,
                pool_of=lambda oktmo, register: Pool(oktmo=oktmo, year=2027, register=register, limit=None),
                known=lambda _: False,
            )
            assert sum(line.outcome is TurnOutcome.OFFER for line in lines) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    assert peak(4000) < 2 * peak(400) + 20_000
