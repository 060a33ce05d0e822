"""Settings of the rules: their defaults are the documented ones, and contradictions are refused."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date

import pytest

from socert.gateway.domain.months import add_months, month_end, months_later, months_of
from socert.gateway.domain.policy import Carry, FormCode, MonthDay, Policy, Register, RenewalPolicy, Rounding, settings
from socert.gateway.domain.rules_errors import RuleBroken, RuleCode


def test_defaults_are_the_documented_ones() -> None:
    policy = Policy()

    assert (policy.youngest, policy.oldest) == (5, 17)
    assert (policy.requested_days, policy.accepted_days, policy.stale_start_months) == (5, 10, 2)
    assert (policy.carry, policy.rounding, policy.erase_days) == (Carry.NONE, Rounding.HALF_UP, 30)
    assert FormCode.PFDO_LEGACY not in policy.accepted_forms
    assert policy.renewal.silence.value == "DECLINE"


def test_a_policy_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Policy().youngest = 3  # type: ignore[misc]  # that it cannot be set is what is tested


@pytest.mark.parametrize(
    "make",
    [
        lambda: Policy(youngest=18),
        lambda: Policy(youngest=-1),
        lambda: Policy(carry_limit=-1),
        lambda: Policy(requested_days=-1),
        lambda: Policy(erase_days=-1),
        lambda: Policy(normatives={Register.RUB: -1}),
        lambda: Policy(renewal=RenewalPolicy(limits={Register.RUB: -1})),
        lambda: Policy(renewal=RenewalPolicy(opens=MonthDay(month=12, day=21))),
    ],
)
def test_settings_that_contradict_each_other_are_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(RuleBroken) as refused:
        make()

    assert refused.value.rule is RuleCode.BAD_POLICY


@pytest.mark.parametrize(
    ("carry", "limit", "carried"),
    [(Carry.NONE, 50, 0), (Carry.ALL, 50, 80), (Carry.UP_TO, 50, 50), (Carry.UP_TO, 99, 80)],
)
def test_what_is_carried_over(carry: Carry, limit: int, carried: int) -> None:
    assert Policy(carry=carry, carry_limit=limit).carried(80) == carried


@pytest.mark.parametrize(
    ("dividend", "half_up", "down"), [(0, 0, 0), (1, 0, 0), (4, 1, 1), (5, 1, 1), (6, 2, 1), (7, 2, 1), (10, 3, 2)]
)
def test_quotients_of_four(dividend: int, half_up: int, down: int) -> None:
    assert Rounding.HALF_UP.quotient(dividend, 4) == half_up
    assert Rounding.DOWN.quotient(dividend, 4) == down


def test_the_window_is_in_the_year_before() -> None:
    assert RenewalPolicy().window(2027) == (date(2026, 12, 1), date(2026, 12, 20))
    leap = MonthDay(month=2, day=29)
    assert (leap.of(2028), leap.of(2027)) == (date(2028, 2, 29), date(2027, 2, 28))


def test_all_settings_are_listed() -> None:
    assert {"youngest", "carry", "renewal.order", "renewal.limits"} <= set(settings())


def test_months_are_counted_by_the_calendar() -> None:
    assert add_months(date(2026, 12, 31), 1) == date(2027, 1, 1)
    assert month_end(date(2028, 2, 3)) == date(2028, 2, 29)
    assert months_later(date(2026, 12, 31), 2) == date(2027, 2, 28)
    assert months_later(date(2026, 9, 15), 2) == date(2026, 11, 15)
    over = list(months_of(date(2026, 11, 30), date(2027, 1, 1)))
    assert over == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)]
    assert list(months_of(date(2026, 11, 30), date(2027, 1, 1), 2027)) == [date(2027, 1, 1)]


def test_a_year_may_have_nominals_of_its_own() -> None:
    policy = Policy(
        unit=Register.HOUR,
        nominals={Register.RUB: 1, Register.HOUR: 2, Register.OTHER: 3},
        nominals_of={2027: {Register.RUB: 4, Register.HOUR: 5}},
    )
    assert policy.nominals_for(2026) == {Register.HOUR: 2, Register.OTHER: 3}
    assert policy.nominals_for(2026, Register.RUB) == {Register.RUB: 1, Register.OTHER: 3}
    assert policy.nominals_for(2027) == {Register.HOUR: 5}


@pytest.mark.parametrize(
    "make",
    [
        lambda: Policy(unit=Register.PREPROF),
        lambda: Policy(nominals={Register.RUB: -1}),
        lambda: Policy(nominals_of={2027: {Register.RUB: -1}}),
    ],
)
def test_nominals_that_cannot_be_are_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(RuleBroken) as refused:
        make()
    assert refused.value.rule is RuleCode.BAD_POLICY
