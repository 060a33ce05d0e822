"""Imported contracts as the rules see them: their sums are kept to the hundredth, and the rules go on from there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socert.gateway.domain import charging
from socert.gateway.domain import contract_steps as steps
from socert.gateway.domain.adoption import adopt
from socert.gateway.domain.contract import LIVE, RUNNING, ContractLife, Initiator, Step
from socert.gateway.domain.policy import Policy
from socert.gateway.domain.quote import check_sums
from socert.gateway.domain.records import Contract, ContractState, Register, Unit
from socert.gateway.domain.rules_errors import RuleCode

AMOUNTS = st.integers(0, 3) | st.integers(0, 10**9)
DAYS = st.dates(date(2025, 1, 1), date(2028, 12, 31))


def imported(**changes: Any) -> Contract:
    """Return an imported contract of September to December, a quarter of it spent."""
    fields: dict[str, Any] = {
        "contract_id": "c-1",
        "number": "Д-1",
        "certificate_number": "7700000001",
        "concluded_on": date(2026, 9, 1),
        "group_guid": "group",
        "programme_name": "Резьба по дереву",
        "study_year": 1,
        "organisation_inn": "0001234562",
        "organisation_name": "ООО «Стружка»",
        "start": date(2026, 9, 1),
        "end": date(2026, 12, 31),
        "unit": Unit.RUB,
        "certificate_part": 400_00,
        "own_part": 0,
        "spent": 100_00,
        "reserved": 300_00,
        "state": ContractState.ACTIVE,
    }
    return Contract(**(fields | changes))


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """Any contract that an import lets in: it spends and holds no more than its part."""
    start, spent, reserved = draw(DAYS), draw(AMOUNTS), draw(AMOUNTS)
    return imported(
        start=start,
        end=start + timedelta(days=draw(st.integers(0, 20) | st.integers(0, 700))),
        concluded_on=draw(st.none() | DAYS),
        spent=spent,
        reserved=reserved,
        certificate_part=spent + reserved + draw(AMOUNTS),
        own_part=draw(AMOUNTS),
        state=draw(st.sampled_from(ContractState)),
    )


def adopted(contract: Contract, today: date = date(2026, 10, 15), years: frozenset[int] = frozenset()) -> ContractLife:
    """Adopt a contract on a certificate that counts roubles."""
    return adopt(contract, certificate_guid="guid", register=Register.RUB, today=today, years=years)


def parts(life: ContractLife) -> list[tuple[int, int | None, bool]]:
    """Return each month's plan, charge, and whether its rest was freed."""
    return [(life.planned(month), life.charged.get(month), month in life.released) for month in life.months]


@pytest.mark.invariant(2, 3, 4)
@given(contracts(), DAYS, st.frozensets(st.integers(2025, 2030)))
def test_the_plan_explains_the_sums_to_the_hundredth(contract: Contract, today: date, years: frozenset[int]) -> None:
    life = adopted(contract, today, years)

    check_sums(life.split, start=contract.start, end=contract.end)
    assert (life.spent, life.reserved) == (contract.spent, contract.reserved)
    assert (life.split.certificate_part, life.split.own_part) == (contract.certificate_part, contract.own_part)
    assert life.spent == sum(life.charged.values()) - sum(life.refunded.values())
    for month in life.months:
        charged = life.charged.get(month, 0)
        assert 0 <= life.refunded.get(month, 0) <= charged <= life.planned(month)
        assert life.held(month) >= 0
    assert (life.state, life.number, life.concluded_on) == (contract.state, contract.number, contract.concluded_on)


@given(contracts(), DAYS, st.frozensets(st.integers(2025, 2030)))
def test_months_of_years_without_an_account_have_no_certificate_part(
    contract: Contract, today: date, years: frozenset[int]
) -> None:
    """What a year's account holds was taken from that account."""
    life = adopted(contract, today, years)
    own = {month.year for month in life.months} & years
    for month in life.months:
        assert month.year in own or not own or life.planned(month) == 0


@pytest.mark.invariant(3)
@given(contracts(), DAYS)
def test_the_rules_go_on_from_it_until_nothing_is_held(contract: Contract, today: date) -> None:
    """Every open month is charged, the rest is freed at the end, and nothing is left or lost."""
    life = adopted(contract, today)
    if life.state not in RUNNING:
        return
    last = max(life.end, life.months[-1]) + timedelta(days=40)
    step = Step(contract=life)
    for month in charging.due_months(life, today=last, policy=Policy()):
        step = step.then(charging.charge(step.contract, month, today=last, policy=Policy()))
    step = step.then(steps.finish(step.contract, today=last, now=datetime(2030, 1, 1, tzinfo=UTC)))
    assert step.contract.reserved == 0
    assert step.contract.spent + step.freed == contract.spent + contract.reserved
    assert sum(entry.reserved for entry in step.entries) == -contract.reserved


@given(contracts(), DAYS)
def test_what_ended_holds_its_months_closed(contract: Contract, today: date) -> None:
    life = adopted(contract, today)
    if life.state not in LIVE and not contract.reserved:
        assert not any(life.is_open(month) for month in life.months)


def test_what_is_held_lies_ahead_and_what_was_spent_behind() -> None:
    life = adopted(imported())
    assert parts(life) == [(100_00, 100_00, True), (100_00, None, False), (100_00, None, False), (100_00, None, False)]


def test_remainders_go_to_the_first_month() -> None:
    life = adopted(imported(certificate_part=200_01, spent=100_00, reserved=100_01))
    assert [life.held(month) for month in life.months] == [0, 33_35, 33_33, 33_33]


def test_nothing_charged_yet_is_all_open_so_that_what_is_due_is_charged() -> None:
    life = adopted(imported(spent=0, reserved=400_00))
    assert [life.held(month) for month in life.months] == [100_00] * 4
    assert list(charging.due_months(life, today=date(2026, 10, 15), policy=Policy())) == [date(2026, 9, 1)]


def test_an_early_end_frees_the_later_months() -> None:
    ended = imported(state=ContractState.TERMINATED, spent=150_00, reserved=0)
    assert parts(adopted(ended)) == [
        (100_00, 100_00, True),
        (100_00, 50_00, True),
        (100_00, None, True),
        (100_00, None, True),
    ]


def test_one_month_for_everything_gives_back_what_was_freed() -> None:
    """A month cannot hold something and have its rest freed: what was freed was charged and given back."""
    life = adopted(imported(end=date(2026, 9, 30), spent=100_00, reserved=200_00))
    (month,) = life.months
    assert (life.planned(month), life.charged[month], life.refunded[month]) == (400_00, 200_00, 100_00)
    assert (life.spent, life.reserved) == (100_00, 200_00)


def test_a_sum_over_the_part_makes_the_plan_larger() -> None:
    life = adopted(imported(certificate_part=100_00, spent=100_00, reserved=300_00))
    assert (life.split.certificate_part, life.spent, life.reserved) == (400_00, 100_00, 300_00)


def test_a_contract_over_new_year_holds_on_the_year_that_has_an_account() -> None:
    """Invariant 6: next year's nominal is not what an export of this year took from."""
    life = adopted(imported(end=date(2027, 5, 31)), years=frozenset({2026}))
    assert {month.year for month in life.months if life.held(month)} == {2026}
    ended = steps.terminate(
        life,
        initiator=Initiator.PARENT,
        reason=RuleCode.CANCELLED_BY_PARENT,
        today=date(2026, 10, 15),
        now=datetime(2026, 10, 15, tzinfo=UTC),
    )
    assert {entry.account.year for entry in ended.entries} == {2026}
