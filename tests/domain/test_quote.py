"""A split adds up to the last hundredth whatever is split, and is bound to its balance: invariants 4, 5, 6, 10."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.domain.making import AUTUMN, POLICY, SCHOOL_YEAR, book, funded, quoted

from socert.gateway.domain.months import months_of
from socert.gateway.domain.policy import Policy, Register, RemainderMonth, Rounding
from socert.gateway.domain.quote import (
    Agreed,
    MonthPart,
    Priced,
    Quote,
    Split,
    YearPart,
    check_agreed,
    check_own_part,
    check_sums,
    own_split,
    quote,
    quote_several,
)
from socert.gateway.domain.rules_errors import Refused, RuleCode

FIRST = date(2026, 9, 1)


def parts(split: Split) -> list[tuple[str, int, int]]:
    return [(f"{part.month:%Y-%m}", part.certificate_part, part.own_part) for part in split.months]


# Documented examples


def test_the_documented_example_is_split_as_documented() -> None:
    made = quoted(AUTUMN, funded(8000_00))

    assert made.split == Split(
        register=Register.RUB,
        total=12000_00,
        certificate_part=8000_00,
        own_part=4000_00,
        years=(YearPart(year=2026, certificate_part=8000_00, own_part=4000_00),),
        months=tuple(
            MonthPart(month=date(2026, month, 1), certificate_part=2000_00, own_part=1000_00)
            for month in (9, 10, 11, 12)
        ),
    )
    assert made.balance_version == 1


@pytest.mark.seed("unit")
def test_hours_are_split_like_roubles_and_their_price_is_only_told() -> None:
    group = Priced(
        start=date(2027, 1, 11), end=date(2027, 5, 31), register=Register.HOUR, price=72_00, hour_price=300_00
    )

    made = quoted(group, book((2027, Register.HOUR, 60_00)))

    assert (made.split.total, made.split.certificate_part, made.split.own_part) == (72_00, 60_00, 12_00)
    assert made.split.payable == 3600_00
    assert made.split.years == (YearPart(year=2027, certificate_part=60_00, own_part=12_00),)


def test_price_is_by_days_of_the_groups_period() -> None:
    group = Priced(start=date(2026, 9, 1), end=date(2026, 9, 30), register=Register.RUB, price=100_00)

    split = quote(group, start=date(2026, 9, 11), end=date(2026, 9, 30), book=funded(), policy=POLICY).split

    assert split.total == 66_67  # 20 of 30 days of 100.00, half a kopeck goes up


@pytest.mark.parametrize(
    ("rounding", "total"), [(Rounding.HALF_UP, 1), (Rounding.DOWN, 0)], ids=lambda value: str(value)
)
def test_half_a_kopeck_goes_the_way_of_the_policy(rounding: Rounding, total: int) -> None:
    group = Priced(start=date(2026, 9, 1), end=date(2026, 9, 2), register=Register.RUB, price=1)

    split = quote(group, start=FIRST, end=FIRST, book=funded(), policy=Policy(rounding=rounding)).split

    assert split.total == total


@pytest.mark.parametrize(
    ("normative", "by_policy", "available", "certificate_part"),
    [
        (None, None, 20000_00, 12000_00),  # nothing limits it: the full price
        (9000_00, None, 20000_00, 9000_00),  # the group's normative
        (9000_00, 7000_00, 20000_00, 9000_00),  # it goes before the policy's
        (None, 7000_00, 20000_00, 7000_00),  # the policy's
        (9000_00, None, 5000_00, 5000_00),  # what is available
        (15000_00, None, 20000_00, 12000_00),  # never more than the price
        (0, None, 20000_00, 0),
    ],
)
@pytest.mark.seed("saving")
def test_certificate_pays_the_least_of_price_norm_and_balance(
    normative: int | None, by_policy: int | None, available: int, certificate_part: int
) -> None:
    policy = Policy(normatives={} if by_policy is None else {Register.RUB: by_policy})

    split = quoted(replace(AUTUMN, normative=normative), funded(available), policy=policy).split

    assert (split.certificate_part, split.own_part) == (certificate_part, 12000_00 - certificate_part)


@pytest.mark.parametrize(
    ("remainder", "first", "last"), [(RemainderMonth.FIRST, 34, 33), (RemainderMonth.LAST, 33, 34)]
)
def test_the_remainder_of_the_months_goes_where_the_policy_says(
    remainder: RemainderMonth, first: int, last: int
) -> None:
    group = Priced(start=date(2026, 9, 1), end=date(2026, 11, 30), register=Register.RUB, price=200)

    split = quoted(group, funded(100), policy=Policy(remainder_month=remainder)).split

    assert parts(split) == [("2026-09", first, first), ("2026-10", 33, 33), ("2026-11", last, last)]


# New Year


def test_invariant_6_each_year_is_paid_from_its_own_nominal() -> None:
    split = quoted(SCHOOL_YEAR, funded(5000_00, next_year=90000_00)).split

    days_2026, days = 122, 273
    full_2026 = (2 * days_2026 * 27300_00 + days) // (2 * days)
    assert split.years == (
        YearPart(year=2026, certificate_part=5000_00, own_part=full_2026 - 5000_00),
        YearPart(year=2027, certificate_part=27300_00 - full_2026, own_part=0),
    )
    assert split.total == 27300_00


def test_invariant_6_the_next_year_needs_its_nominal() -> None:
    with pytest.raises(Refused) as refused:
        quoted(SCHOOL_YEAR, funded(99999_00))

    assert refused.value.rule is RuleCode.NO_FUTURE_NOMINAL
    assert "2027" in refused.value.people_text


def test_a_period_may_touch_three_years_and_no_more() -> None:
    long = Priced(start=date(2026, 12, 1), end=date(2028, 1, 31), register=Register.RUB, price=100)
    held = book(*((year, Register.RUB, 1000) for year in (2026, 2027, 2028)))

    assert [part.year for part in quoted(long, held).split.years] == [2026, 2027, 2028]
    with pytest.raises(Refused) as refused:
        quoted(replace(long, end=date(2029, 1, 1)), held)
    assert refused.value.rule is RuleCode.BAD_GROUP_DATA


# What cannot be split


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 9, 14), date(2026, 12, 31)),
        (date(2026, 9, 15), date(2027, 1, 1)),
        (date(2026, 10, 2), date(2026, 10, 1)),
    ],
)
def test_days_outside_the_group_are_refused(start: date, end: date) -> None:
    with pytest.raises(Refused) as refused:
        quote(AUTUMN, start=start, end=end, book=funded(), policy=POLICY)

    assert refused.value.rule is RuleCode.OUTSIDE_GROUP


@pytest.mark.parametrize(
    "group",
    [
        replace(AUTUMN, price=-1),
        replace(AUTUMN, normative=-1),
        replace(AUTUMN, hour_price=-1),
        replace(AUTUMN, end=date(2026, 9, 14)),
    ],
    ids=["price", "normative", "hour price", "days"],
)
def test_a_group_that_cannot_be_right_is_refused(group: Priced) -> None:
    with pytest.raises(Refused) as refused:
        quote(group, start=AUTUMN.start, end=AUTUMN.start, book=funded(), policy=POLICY)

    assert refused.value.rule is RuleCode.BAD_GROUP_DATA


def test_invariant_5_a_certificate_in_hours_does_not_pay_roubles() -> None:
    with pytest.raises(Refused) as refused:
        quoted(AUTUMN, book((2026, Register.HOUR, 5000_00)))

    assert refused.value.rule is RuleCode.UNIT_MIXED


# Count registers


def test_a_count_register_gives_one_programme_and_nobody_pays() -> None:
    group = replace(AUTUMN, register=Register.SIGNIFICANT, price=1)

    split = quoted(group, book((2026, Register.SIGNIFICANT, 2))).split

    assert (split.total, split.certificate_part, split.own_part) == (1, 1, 0)
    assert parts(split) == [("2026-09", 1, 0)]
    check_sums(split, start=group.start, end=group.end)


def test_a_count_register_without_programmes_left_is_exhausted() -> None:
    with pytest.raises(Refused) as refused:
        quoted(replace(AUTUMN, register=Register.OTHER, price=1), book((2026, Register.OTHER, 0)))

    assert refused.value.rule is RuleCode.EXHAUSTED


# Several programmes


@pytest.mark.seed("split")
def test_several_programmes_over_the_nominal_are_paid_in_their_order() -> None:
    dance = replace(AUTUMN, price=5000_00)
    chess = replace(AUTUMN, price=4000_00)
    wanted = [(group, group.start, group.end) for group in (dance, chess, dance)]

    made = quote_several(wanted, book=funded(8000_00), policy=POLICY)

    assert [(one.split.certificate_part, one.split.own_part) for one in made] == [
        (5000_00, 0),
        (3000_00, 1000_00),
        (0, 5000_00),
    ]
    assert [one.balance_version for one in made] == [1, 2, 3]


def test_a_programme_that_reserves_nothing_does_not_move_the_balance() -> None:
    wanted = [(AUTUMN, AUTUMN.start, AUTUMN.end)] * 2

    made = quote_several(wanted, book=funded(0), policy=POLICY)

    assert [one.balance_version for one in made] == [1, 1]


def test_without_a_certificate_the_parent_pays_all() -> None:
    split = own_split(SCHOOL_YEAR, start=SCHOOL_YEAR.start, end=SCHOOL_YEAR.end, policy=POLICY)

    assert (split.total, split.certificate_part, split.own_part) == (27300_00, 0, 27300_00)
    check_sums(split, start=SCHOOL_YEAR.start, end=SCHOOL_YEAR.end)


# What was agreed


def agreed(made: Quote, *, accepted: bool = True, version: int | None = None) -> Agreed:
    return Agreed(
        split=made.split,
        balance_version=made.balance_version if version is None else version,
        own_part_accepted=accepted,
    )


def test_what_is_agreed_as_it_was_quoted_holds() -> None:
    made = quoted(AUTUMN, funded())

    check_agreed(agreed(made), made, split_consent=True)
    check_agreed(replace(agreed(made), split=replace(made.split, months=())), made, split_consent=True)
    check_agreed(replace(agreed(made), split=replace(made.split, payable=1)), made, split_consent=True)


@pytest.mark.parametrize("version", [0, 2, 17])
def test_invariant_10_a_split_of_another_balance_version_is_refused(version: int) -> None:
    made = quoted(AUTUMN, funded())

    with pytest.raises(Refused) as refused:
        check_agreed(agreed(made, version=version), made, split_consent=True)

    assert refused.value.rule is RuleCode.STALE_BALANCE
    assert refused.value.wire_code == "STALE_BALANCE"


def test_invariant_10_another_version_is_refused_even_for_the_same_sums() -> None:
    held = funded(99999_00)
    made = quoted(AUTUMN, held)
    moved = held.post(book((2026, Register.OTHER, 1)).entries.values())
    fresh = quoted(AUTUMN, moved)

    assert fresh.split == made.split
    with pytest.raises(Refused) as refused:
        check_agreed(agreed(made), fresh, split_consent=True)
    assert refused.value.rule is RuleCode.STALE_BALANCE


def test_sums_that_were_not_quoted_are_refused() -> None:
    made = quoted(AUTUMN, funded())
    cheaper = replace(
        made.split, total=8000_00, own_part=0, years=(replace(made.split.years[0], own_part=0),), months=()
    )

    with pytest.raises(Refused) as refused:
        check_agreed(replace(agreed(made), split=cheaper), made, split_consent=True)

    assert refused.value.rule is RuleCode.SPLIT_DIFFERS


def test_a_plan_by_months_that_was_not_quoted_is_refused() -> None:
    made = quoted(AUTUMN, funded(), policy=POLICY)
    first, second, *rest = made.split.months
    shifted = (
        replace(first, certificate_part=first.certificate_part - 1),
        replace(second, certificate_part=second.certificate_part + 1),
        *rest,
    )

    with pytest.raises(Refused) as refused:
        check_agreed(replace(agreed(made), split=replace(made.split, months=shifted)), made, split_consent=True)

    assert refused.value.rule is RuleCode.SPLIT_DIFFERS


@pytest.mark.parametrize(("accepted", "consent"), [(False, True), (True, False), (False, False)])
def test_the_own_part_needs_an_agreement_of_its_own(accepted: bool, consent: bool) -> None:
    made = quoted(AUTUMN, funded())

    with pytest.raises(Refused) as refused:
        check_agreed(agreed(made, accepted=accepted), made, split_consent=consent)

    assert refused.value.rule is RuleCode.OWN_PART_NOT_AGREED


def test_no_own_part_needs_no_agreement() -> None:
    split = quoted(AUTUMN, funded(12000_00)).split

    check_own_part(split, accepted=False, split_consent=False)


# Sums


GOOD = quoted(AUTUMN, funded()).split
NEXT = MonthPart(month=date(2027, 1, 1), certificate_part=0, own_part=0)


@pytest.mark.parametrize(
    ("split", "what"),
    [
        (replace(GOOD, total=GOOD.total + 1), "total"),
        (replace(GOOD, certificate_part=-1, own_part=GOOD.total + 1), "a negative part"),
        (replace(GOOD, certificate_part=GOOD.certificate_part - 1, own_part=GOOD.own_part + 1), "years"),
        (replace(GOOD, years=(*GOOD.years, YearPart(year=2026, certificate_part=0, own_part=0))), "years in order"),
        (replace(GOOD, months=GOOD.months[::-1]), "months in order"),
        (replace(GOOD, months=GOOD.months[:-1]), "months of a year"),
        (replace(GOOD, months=(*GOOD.months, NEXT)), "months of a year"),
        (
            replace(
                GOOD,
                months=(MonthPart(month=date(2026, 8, 1), certificate_part=0, own_part=0), *GOOD.months),
            ),
            "months inside the period",
        ),
    ],
)
def test_invariant_4_a_split_that_does_not_add_up_is_refused(split: Split, what: str) -> None:
    with pytest.raises(Refused) as refused:
        check_sums(split, start=AUTUMN.start, end=AUTUMN.end)

    assert refused.value.rule is RuleCode.SPLIT_BROKEN
    assert refused.value.facts["what"] == what


def test_a_plan_has_at_most_36_months() -> None:
    months = tuple(months_of(date(2026, 1, 1), date(2029, 1, 31)))
    years = tuple(YearPart(year=year, certificate_part=0, own_part=0) for year in (2026, 2027, 2028, 2029))
    empty = Split(
        register=Register.RUB,
        total=0,
        certificate_part=0,
        own_part=0,
        years=years,
        months=tuple(MonthPart(month=month, certificate_part=0, own_part=0) for month in months),
    )

    with pytest.raises(Refused) as refused:
        check_sums(empty)

    assert refused.value.facts["what"] == "number of months"


@st.composite
def cases(draw: st.DrawFn) -> tuple[Priced, date, date, int, int, Policy]:
    """A group, days inside its period, two years' nominals and a policy."""
    group_start = draw(st.dates(date(2026, 1, 1), date(2027, 12, 31)))
    group_days = draw(st.integers(1, 700))
    group_end = min(group_start + timedelta(days=group_days - 1), date(2028, 12, 31))
    start = draw(st.dates(group_start, group_end))
    end = draw(st.dates(start, group_end))
    amounts = st.integers(0, 5_000_000)
    group = Priced(
        start=group_start,
        end=group_end,
        register=draw(st.sampled_from([Register.RUB, Register.HOUR])),
        price=draw(amounts),
        normative=draw(st.none() | amounts),
        hour_price=draw(st.none() | st.integers(0, 100_000)),
    )
    policy = Policy(
        rounding=draw(st.sampled_from(Rounding)),
        remainder_month=draw(st.sampled_from(RemainderMonth)),
        normatives=draw(st.dictionaries(st.just(group.register), amounts)),
    )
    return group, start, end, draw(amounts), draw(amounts), policy


@given(cases())
@example((SCHOOL_YEAR, SCHOOL_YEAR.start, SCHOOL_YEAR.end, 1, 0, POLICY))
def test_invariant_4_any_split_is_preserved_to_the_last_hundredth(
    case: tuple[Priced, date, date, int, int, Policy],
) -> None:
    group, start, end, first, later, policy = case
    held = book(*((year, group.register, first if year == 2026 else later) for year in (2026, 2027, 2028)))

    made = quote(group, start=start, end=end, book=held, policy=policy)

    split, days = made.split, (end - start).days + 1
    check_sums(split, start=start, end=end)
    group_days = (group.end - group.start).days + 1
    assert split.total == policy.rounding.quotient(days * group.price, group_days)
    assert abs(2 * group_days * split.total - 2 * days * group.price) <= 2 * group_days
    assert [part.month for part in split.months] == list(months_of(start, end))
    assert (made.rounding, made.remainder_month) == (policy.rounding, policy.remainder_month)
    for part in split.years:
        assert 0 <= part.certificate_part <= held.available(part.year, group.register)
        shares = [month for month in split.months if month.month.year == part.year]
        for amounts in ([one.certificate_part for one in shares], [one.own_part for one in shares]):
            usual = min(amounts)
            assert sum(amount != usual for amount in amounts) <= 1
            assert max(amounts) - usual < len(amounts)
            taker = 0 if policy.remainder_month is RemainderMonth.FIRST else -1
            assert amounts[taker] == max(amounts)


@given(cases())
def test_whole_period_costs_its_price_in_any_number_of_years(
    case: tuple[Priced, date, date, int, int, Policy],
) -> None:
    group, *_, policy = case

    split = own_split(group, start=group.start, end=group.end, policy=policy)

    assert split.total == group.price
