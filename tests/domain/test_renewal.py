"""The priority right: pools, offers and their answers (invariant 14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.making import AUTUMN, POLICY, RUB_2027, book, quoted, with_start

from socert.gateway.domain import renewal
from socert.gateway.domain.policy import Register, Silence
from socert.gateway.domain.renewal import Answered, Offer, OfferState, Pool
from socert.gateway.domain.rules_errors import Refused, RuleBroken, RuleCode, StepForbidden

POOL = Pool(oktmo="1", year=2027, register=Register.RUB, limit=10000_00, held=6000_00, taken=1000_00)
OFFER = Offer(
    key="2027:cert-1:programme-1",
    certificate_guid="cert-1",
    previous_contract_id="c-1",
    programme_guid="programme-1",
    study_year=2,
    oktmo="1",
    year=2027,
    register=Register.RUB,
    volume=6000_00,
    rank=1,
    since=date(2026, 12, 1),
    respond_by=date(2026, 12, 20),
    silence=Silence.DECLINE,
)
IN_TIME = date(2026, 12, 10)
SPRING = with_start(AUTUMN, date(2027, 1, 11), date(2027, 4, 30))


# Pools


def test_a_pool_counts_what_is_held_and_taken() -> None:
    assert POOL.free == 3000_00
    assert POOL.hold(3000_00).free == 0
    assert POOL.take(3000_00).taken == 4000_00
    assert POOL.give_back(6000_00) == replace(POOL, held=0)
    assert POOL.take_held(6000_00) == replace(POOL, held=0, taken=7000_00)


def test_a_pool_without_limit_takes_everything() -> None:
    endless = replace(POOL, limit=None)

    assert endless.free is None
    assert endless.hold(10**12).held == 6000_00 + 10**12


@pytest.mark.parametrize(
    "move",
    [
        lambda pool: pool.hold(3000_01),
        lambda pool: pool.take(3000_01),
        lambda pool: pool.hold(-1),
        lambda pool: pool.take(-1),
        lambda pool: pool.give_back(6000_01),
        lambda pool: pool.give_back(-1),
        lambda pool: pool.take_held(6000_01),
    ],
)
def test_invariant_14_the_total_never_passes_the_limit(move: object) -> None:
    assert callable(move)
    with pytest.raises(Refused) as refused:
        move(POOL)

    assert refused.value.rule is RuleCode.POOL_EXCEEDED


@given(
    st.integers(0, 200),
    st.lists(st.tuples(st.sampled_from(["hold", "take", "take_held", "give_back"]), st.integers(-5, 80)), max_size=30),
)
def test_invariant_14_no_sequence_of_moves_passes_the_limit(limit: int, moves: list[tuple[str, int]]) -> None:
    pool = Pool(oktmo="1", year=2027, register=Register.RUB, limit=limit)

    for name, amount in moves:
        try:
            pool = getattr(pool, name)(amount)
        except Refused:
            continue
        assert min(pool.held, pool.taken) >= 0
        assert pool.held + pool.taken <= limit


# Answers


def test_an_accepted_offer_takes_its_volume() -> None:
    answered = renewal.accept(OFFER, POOL, seen=1, today=IN_TIME)

    assert answered.offer.state is OfferState.ACCEPTED
    assert answered.pool == replace(POOL, held=0, taken=7000_00)


def test_an_acceptance_that_needs_less_gives_the_rest_back() -> None:
    quote = quoted(SPRING, book((2027, Register.RUB, 2500_00)))

    answered = renewal.accept(OFFER, POOL, seen=1, today=IN_TIME, quote=quote)

    assert (answered.offer.volume, answered.pool.taken, answered.pool.held) == (2500_00, 3500_00, 0)
    assert answered.pool.free == 6500_00


def test_an_acceptance_cannot_take_more_than_was_offered() -> None:
    quote = quoted(SPRING, book((2027, Register.RUB, 6000_01)))

    with pytest.raises(Refused) as refused:
        renewal.accept(OFFER, POOL, seen=1, today=IN_TIME, quote=quote)

    assert refused.value.rule is RuleCode.POOL_EXCEEDED


def test_invariant_14_what_is_declined_returns_to_the_pool() -> None:
    answered = renewal.decline(OFFER, POOL, seen=1, today=OFFER.respond_by)

    assert (answered.offer.state, answered.pool) == (OfferState.DECLINED, replace(POOL, held=0))


@pytest.mark.parametrize("today", [date(2026, 11, 30), date(2026, 12, 21)])
def test_an_answer_outside_the_window_is_refused(today: date) -> None:
    for answer in (renewal.accept, renewal.decline):
        with pytest.raises(Refused) as refused:
            answer(OFFER, POOL, seen=1, today=today)
        assert refused.value.rule is RuleCode.WINDOW_CLOSED
        assert refused.value.wire_code == "OFFER_EXPIRED"


def test_an_answer_to_an_older_offer_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        renewal.accept(replace(OFFER, version=2), POOL, seen=1, today=IN_TIME)

    assert refused.value.rule is RuleCode.STALE_OFFER


def test_invariant_14_silence_returns_the_volume_unless_it_means_yes() -> None:
    after = date(2026, 12, 21)

    lapsed = renewal.lapse(OFFER, POOL, today=after)
    assert (lapsed.offer.state, lapsed.pool) == (OfferState.EXPIRED, replace(POOL, held=0))
    agreed = renewal.lapse(replace(OFFER, silence=Silence.ACCEPT), POOL, today=after)
    assert (agreed.offer.state, agreed.pool.taken) == (OfferState.ACCEPTED, 7000_00)
    with pytest.raises(StepForbidden):
        renewal.lapse(OFFER, POOL, today=OFFER.respond_by)


def test_an_offer_that_lost_its_ground_is_taken_back() -> None:
    answered = renewal.take_back(OFFER, POOL)

    assert (answered.offer.state, answered.pool) == (OfferState.WITHDRAWN, replace(POOL, held=0))


def accept(offer: Offer) -> Answered:
    return renewal.accept(offer, POOL, seen=1, today=IN_TIME)


def decline(offer: Offer) -> Answered:
    return renewal.decline(offer, POOL, seen=1, today=IN_TIME)


def lapse(offer: Offer) -> Answered:
    return renewal.lapse(offer, POOL, today=date(2027, 1, 1))


def take_back(offer: Offer) -> Answered:
    return renewal.take_back(offer, POOL)


@pytest.mark.parametrize("state", sorted(set(OfferState) - {OfferState.OFFERED}))
@pytest.mark.parametrize("answer", [accept, decline, lapse, take_back])
def test_an_answered_offer_is_never_answered_again(answer: object, state: OfferState) -> None:
    assert callable(answer)
    with pytest.raises(StepForbidden) as refused:
        answer(replace(OFFER, state=state))

    assert refused.value.rule is RuleCode.OFFER_STEP


@pytest.mark.parametrize(
    "pool", [replace(POOL, oktmo="2"), replace(POOL, year=2026), replace(POOL, register=Register.HOUR)]
)
def test_an_answer_moves_no_other_pool(pool: Pool) -> None:
    with pytest.raises(RuleBroken):
        renewal.accept(OFFER, pool, seen=1, today=IN_TIME)
    with pytest.raises(RuleBroken):
        renewal.decline(OFFER, pool, seen=1, today=IN_TIME)
    with pytest.raises(RuleBroken):
        renewal.take_back(OFFER, pool)
    with pytest.raises(RuleBroken):
        renewal.lapse(replace(OFFER, silence=Silence.ACCEPT), pool, today=date(2027, 1, 1))


def test_an_accepted_volume_is_put_on_next_years_account_once() -> None:
    held = book((2026, Register.RUB, 1))

    after = held.post([renewal.granted(OFFER)])

    assert after.available(2027, Register.RUB) == 6000_00
    assert after.accounts[RUB_2027].nominal == 6000_00
    assert after.post([renewal.granted(OFFER)]) is after


@pytest.mark.parametrize(
    ("today", "window", "others"),
    [
        (date(2026, 11, 30), False, False),
        (date(2026, 12, 1), True, False),
        (date(2026, 12, 20), True, False),
        (date(2026, 12, 21), False, True),
    ],
)
def test_invariant_14_those_with_priority_come_first(today: date, window: bool, others: bool) -> None:
    assert renewal.window_open(today, year=2027, policy=POLICY) is window
    assert renewal.others_may_enrol(today, year=2027, policy=POLICY) is others
