"""Charges of a contract's months: each once, when due, at most its plan; years closed on their own account."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.domain.making import AUTUMN, NOW, POLICY, RUB_2026, SCHOOL_YEAR, active, funded, moves, requested

from socert.gateway.domain import charging
from socert.gateway.domain import contract_steps as steps
from socert.gateway.domain.contract import Initiator
from socert.gateway.domain.ledger import Holding
from socert.gateway.domain.policy import ChargeDay, Policy, Register
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import RuleBroken, RuleCode, StepForbidden

SEPTEMBER, OCTOBER, DECEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 12, 1)
AHEAD = Policy(charge_day=ChargeDay.AHEAD)


@pytest.mark.parametrize(
    ("policy", "month", "due"),
    [
        (POLICY, SEPTEMBER, date(2026, 10, 1)),
        (POLICY, OCTOBER, date(2026, 11, 1)),
        (POLICY, DECEMBER, date(2026, 12, 31)),  # December closes in December
        (AHEAD, SEPTEMBER, date(2026, 10, 1)),  # begun after the 1st
        (AHEAD, OCTOBER, date(2026, 10, 1)),
        (AHEAD, DECEMBER, date(2026, 12, 1)),
    ],
)
def test_a_month_is_due_on_its_day(policy: Policy, month: date, due: date) -> None:
    contract, _ = active(funded())

    assert charging.due_on(contract, month, policy) == due


def test_the_last_month_is_due_when_study_is_over() -> None:
    short = replace(AUTUMN, end=date(2026, 11, 20))
    contract, _ = active(funded(), short)

    assert charging.due_on(contract, date(2026, 11, 1), POLICY) == date(2026, 11, 21)


def test_due_months_are_those_of_running_contracts() -> None:
    contract, _ = active(funded())

    assert list(charging.due_months(contract, today=date(2026, 9, 30), policy=POLICY)) == []
    assert list(charging.due_months(contract, today=date(2026, 11, 1), policy=POLICY)) == [SEPTEMBER, OCTOBER]
    waiting = replace(contract, state=ContractState.ACCEPTED)
    assert list(charging.due_months(waiting, today=date(2026, 11, 1), policy=POLICY)) == []
    charged = charging.charge(contract, SEPTEMBER, today=OCTOBER, policy=POLICY).contract
    assert list(charging.due_months(charged, today=date(2026, 11, 1), policy=POLICY)) == [OCTOBER]


def test_a_charge_turns_the_months_reserve_into_spent() -> None:
    contract, held = active(funded())

    step = charging.charge(contract, SEPTEMBER, today=OCTOBER, policy=POLICY)

    assert moves(step.entries) == [("charge", 2026, 0, -2000_00, 2000_00)]
    assert held.post(step.entries).holding("c-1", RUB_2026) == Holding(reserved=6000_00, spent=2000_00)
    assert (step.contract.reserved, step.contract.spent) == (6000_00, 2000_00)


@pytest.mark.parametrize(
    ("month", "today", "amount", "code"),
    [
        (SEPTEMBER, date(2026, 9, 30), None, RuleCode.MONTH_NOT_DUE),
        (date(2026, 8, 1), OCTOBER, None, RuleCode.MONTH_NOT_PLANNED),
        (SEPTEMBER, OCTOBER, 2000_01, RuleCode.RESERVE_EXCEEDED),
        (SEPTEMBER, OCTOBER, -1, RuleCode.RESERVE_EXCEEDED),
    ],
)
def test_a_charge_that_is_not_due_or_too_much_is_refused(
    month: date, today: date, amount: int | None, code: RuleCode
) -> None:
    contract, _ = active(funded())

    with pytest.raises(RuleBroken) as refused:
        charging.charge(contract, month, today=today, policy=POLICY, amount=amount)

    assert refused.value.rule is code


def test_invariant_3_a_month_is_charged_once() -> None:
    contract, _ = active(funded())
    charged = charging.charge(contract, SEPTEMBER, today=OCTOBER, policy=POLICY).contract

    with pytest.raises(StepForbidden) as refused:
        charging.charge(charged, SEPTEMBER, today=OCTOBER, policy=POLICY)

    assert refused.value.rule is RuleCode.MONTH_CLOSED


def test_a_released_month_is_never_charged() -> None:
    contract, _ = active(funded())
    ending = steps.terminate(
        contract, initiator=Initiator.PARENT, reason=RuleCode.CANCELLED_BY_PARENT, today=OCTOBER, now=NOW
    )

    with pytest.raises(StepForbidden) as refused:
        charging.charge(ending.contract, DECEMBER, today=date(2027, 1, 1), policy=POLICY)

    assert refused.value.rule is RuleCode.MONTH_CLOSED


@pytest.mark.parametrize("state", sorted(set(ContractState) - {ContractState.ACTIVE, ContractState.TERMINATING}))
def test_only_running_contracts_are_charged(state: ContractState) -> None:
    contract = replace(active(funded())[0], state=state)

    with pytest.raises(StepForbidden) as refused:
        charging.charge(contract, SEPTEMBER, today=OCTOBER, policy=POLICY)

    assert refused.value.rule is RuleCode.CONTRACT_STEP


def test_what_a_month_did_not_need_is_freed_at_the_end() -> None:
    contract, held = active(funded())
    part = charging.charge(contract, SEPTEMBER, today=OCTOBER, policy=POLICY, amount=500_00)
    nothing = charging.charge(part.contract, OCTOBER, today=date(2026, 11, 1), policy=POLICY, amount=0)

    assert nothing.entries == ()
    assert nothing.contract.reserved == 7500_00
    done = steps.finish(nothing.contract, today=date(2027, 1, 1), now=NOW)

    after = held.post((*part.entries, *done.entries))
    assert after.holding("c-1", RUB_2026) == Holding(spent=4500_00)
    assert after.available(2026, Register.RUB) == 3500_00
    assert done.contract.reserved == 0


def test_a_refund_is_an_explicit_correction_that_frees() -> None:
    contract, held = active(funded())
    charge = charging.charge(contract, SEPTEMBER, today=OCTOBER, policy=POLICY)

    back = charging.refund(charge.contract, SEPTEMBER, 300_00)
    more = charging.refund(back.contract, SEPTEMBER, 1700_00, number=2)

    after = held.post((*charge.entries, *back.entries, *more.entries))
    assert after.available(2026, Register.RUB) == 2000_00
    assert (more.contract.spent, more.contract.reserved) == (0, 6000_00)
    with pytest.raises(RuleBroken) as refused:
        charging.refund(more.contract, SEPTEMBER, 1, number=3)
    assert refused.value.rule is RuleCode.SPENT_EXCEEDED


def test_invariant_6_a_year_closes_on_its_own_account() -> None:
    contract, held = active(funded(5000_00, next_year=9000_00), SCHOOL_YEAR)
    part = charging.charge(contract, SEPTEMBER, today=OCTOBER, policy=POLICY, amount=1000_00)

    step = charging.close_year(part.contract, 2026)

    assert moves(step.entries) == [("charge", 2026, 0, -1250_00, 1250_00)] * 3 + [("release", 2026, 0, -250_00, 0)]
    after = held.post((*part.entries, *step.entries))
    assert after.holding("c-1", RUB_2026) == Holding(spent=4750_00)
    assert step.contract.reserved == 9000_00
    assert step.contract.state is ContractState.ACTIVE
    again = charging.close_year(step.contract, 2026)
    assert (again.entries, again.contract) == ((), step.contract)


@pytest.mark.parametrize("pays", [True, False])
def test_a_year_of_a_contract_that_was_not_concluded_is_freed(pays: bool) -> None:
    held = funded(5000_00, next_year=9000_00)

    step = charging.close_year(requested(held, SCHOOL_YEAR).contract, 2026, pays=pays)

    assert moves(step.entries) == [("release", 2026, 0, -5000_00, 0)]


def test_invariant_13_a_stopped_contracts_year_is_freed() -> None:
    contract, _ = active(funded())

    assert moves(charging.close_year(contract, 2026, pays=False).entries) == [("release", 2026, 0, -8000_00, 0)]
