"""A contract's steps and the entries that they mean: invariants 3, 6, 11, and the transitions of the dictionary."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.domain.making import (
    AUTUMN,
    NOW,
    POLICY,
    RUB_2026,
    RUB_2027,
    SCHOOL_YEAR,
    TODAY,
    active,
    book,
    funded,
    moves,
    quoted,
    requested,
)

from socert.gateway.domain import contract_steps as steps
from socert.gateway.domain.contract import TRANSITIONS, ContractLife, Initiator
from socert.gateway.domain.ledger import Holding
from socert.gateway.domain.policy import Policy, Register
from socert.gateway.domain.quote import Split, YearPart, quote
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import Refused, RuleBroken, RuleCode, StepForbidden

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from socert.gateway.domain.contract import Step

PARENT = Initiator.PARENT


def in_state(state: ContractState) -> ContractLife:
    """A contract of the documented example in a state, whatever way it came there."""
    return replace(requested(funded()).contract, state=state)


def refuse(contract: ContractLife) -> Step:
    return steps.refuse(
        contract, initiator=Initiator.ORGANISATION, reason=RuleCode.REFUSED_BY_PROVIDER, today=TODAY, now=NOW
    )


def terminate(contract: ContractLife, today: date = TODAY) -> Step:
    return steps.terminate(
        contract, initiator=PARENT, reason=RuleCode.CANCELLED_BY_PARENT, today=today, now=NOW, text="Переезд."
    )


def finish(contract: ContractLife, today: date = date(2027, 1, 1)) -> Step:
    return steps.finish(contract, today=today, now=NOW)


# Transitions


def test_transitions_are_those_of_the_dictionary(oracles: Path) -> None:
    text = (oracles / "portal" / "PORTAL-MESSAGES.md").read_text(encoding="utf-8")
    line = text.split("Allowed transitions:")[1].split(". ")[0].replace("\n", " ")

    documented = {
        ContractState(start): frozenset(map(ContractState, re.findall("[A-Z]+", ends)))
        for start, ends in (one.split("→") for one in line.replace(" ", "").split(";"))
    }

    assert documented == {state: to for state, to in TRANSITIONS.items() if to}


ALLOWED: dict[str, tuple[Callable[[ContractLife], Step], dict[ContractState, ContractState]]] = {
    "accept": (lambda one: steps.accept(one, now=NOW), {ContractState.REQUESTED: ContractState.ACCEPTED}),
    "conclude": (
        lambda one: steps.conclude(one, number="15", day=TODAY, now=NOW),
        {ContractState.ACCEPTED: ContractState.ACTIVE},
    ),
    "refuse": (
        refuse,
        {ContractState.REQUESTED: ContractState.REFUSED, ContractState.ACCEPTED: ContractState.REFUSED},
    ),
    "cancel": (
        lambda one: steps.cancel(one, today=date(2026, 10, 5), now=NOW),
        {
            ContractState.REQUESTED: ContractState.REFUSED,
            ContractState.ACCEPTED: ContractState.REFUSED,
            ContractState.ACTIVE: ContractState.TERMINATING,
        },
    ),
    "terminate": (
        lambda one: terminate(one, date(2026, 10, 5)),
        {ContractState.ACTIVE: ContractState.TERMINATING},
    ),
    "finish": (
        finish,
        {ContractState.ACTIVE: ContractState.COMPLETED, ContractState.TERMINATING: ContractState.TERMINATED},
    ),
    "lapse": (
        lambda one: steps.lapse(one, now=NOW + timedelta(days=400), today=date(2027, 10, 1), policy=POLICY),
        {ContractState.REQUESTED: ContractState.REFUSED, ContractState.ACCEPTED: ContractState.REFUSED},
    ),
}


@pytest.mark.parametrize("state", ContractState)
@pytest.mark.parametrize("name", ALLOWED)
def test_each_step_leads_where_the_table_says_and_nowhere_else(name: str, state: ContractState) -> None:
    step, leads = ALLOWED[name]
    contract = in_state(state)

    if state not in leads:
        with pytest.raises(StepForbidden):
            step(contract)
        return
    after = step(contract)
    assert after.contract.state is leads[state]
    assert after.passed == (leads[state],)
    assert leads[state] in TRANSITIONS[state]


def test_a_forbidden_step_names_contract_state_and_step() -> None:
    with pytest.raises(StepForbidden) as refused:
        steps.accept(in_state(ContractState.REFUSED), now=NOW)

    assert refused.value.log_text == "contract c-1 in state REFUSED cannot become ACCEPTED"


# Reserve at request


@pytest.mark.seed("volume")
def test_a_request_holds_the_certificates_part_at_once() -> None:
    step = requested(funded())

    assert moves(step.entries) == [("reserve", 2026, 0, 8000_00, 0)]
    assert [entry.key for entry in step.entries] == ["c-1:2026-09:reserve"]
    assert (step.contract.reserved, step.contract.spent) == (8000_00, 0)
    assert step.passed == (ContractState.REQUESTED,)


def test_invariant_6_a_contract_over_new_year_holds_two_parts() -> None:
    held = funded(5000_00, next_year=9000_00)
    step = requested(held, SCHOOL_YEAR)
    after = held.post(step.entries)

    assert moves(step.entries) == [("reserve", 2026, 0, 5000_00, 0), ("reserve", 2027, 0, 9000_00, 0)]
    assert [entry.key for entry in step.entries] == ["c-1:2026-09:reserve", "c-1:2027-01:reserve"]
    assert after.holding("c-1", RUB_2026) == Holding(reserved=5000_00)
    assert after.holding("c-1", RUB_2027) == Holding(reserved=9000_00)


def test_a_year_without_a_certificate_part_has_no_entry() -> None:
    assert moves(requested(funded(0, next_year=100), SCHOOL_YEAR).entries) == [("reserve", 2027, 0, 100, 0)]
    assert requested(funded(0)).entries == ()


def test_a_count_register_holds_one_programme() -> None:
    held = book((2026, Register.PREPROF, 2))

    step = requested(held, replace(AUTUMN, register=Register.PREPROF, price=1))

    assert moves(step.entries) == [("reserve", 2026, 0, 1, 0)]


# Refusal and cancellation


@pytest.mark.parametrize("state", [ContractState.REQUESTED, ContractState.ACCEPTED])
def test_invariant_11_what_was_never_concluded_frees_the_whole_reserve(state: ContractState) -> None:
    held = funded(5000_00, next_year=9000_00)
    step = requested(held, SCHOOL_YEAR)
    after = held.post(step.entries)

    cancelled = steps.cancel(replace(step.contract, state=state), today=date(2026, 12, 5), now=NOW, text="Передумали.")
    freed = after.post(cancelled.entries)

    assert moves(cancelled.entries) == [("release", 2026, 0, -5000_00, 0), ("release", 2027, 0, -9000_00, 0)]
    assert freed.available(2026, Register.RUB) == 5000_00
    assert freed.available(2027, Register.RUB) == 9000_00
    ending = cancelled.contract.ending
    assert ending is not None
    assert (ending.initiator, ending.reason, ending.text) == (PARENT, RuleCode.CANCELLED_BY_PARENT, "Передумали.")
    assert (ending.last_day, ending.released) == (date(2026, 12, 5), 14000_00)
    assert cancelled.contract.reserved == 0


def test_a_refusal_keeps_who_and_why() -> None:
    ending = refuse(in_state(ContractState.REQUESTED)).contract.ending

    assert ending is not None
    assert (ending.initiator, ending.reason) == (Initiator.ORGANISATION, RuleCode.REFUSED_BY_PROVIDER)


# Termination


def test_invariant_11_termination_before_the_start_frees_everything() -> None:
    contract, held = active(funded())

    step = terminate(contract, date(2026, 9, 14))

    assert step.passed == (ContractState.TERMINATING, ContractState.TERMINATED)
    assert moves(step.entries) == [("release", 2026, 0, -8000_00, 0)]
    assert held.post(step.entries).available(2026, Register.RUB) == 8000_00


@pytest.mark.parametrize(
    ("today", "last_day", "released"),
    [
        (date(2026, 9, 15), date(2026, 9, 30), 6000_00),
        (date(2026, 10, 31), date(2026, 10, 31), 4000_00),
        (date(2026, 11, 1), date(2026, 11, 30), 2000_00),
        (date(2026, 12, 20), date(2026, 12, 31), 0),
    ],
)
def test_invariant_11_termination_after_the_start_frees_only_unused_months(
    today: date, last_day: date, released: int
) -> None:
    contract, held = active(funded())

    step = terminate(contract, today)

    ending = step.contract.ending
    assert ending is not None
    assert step.contract.state is ContractState.TERMINATING
    assert (ending.last_day, ending.released, step.contract.last_day) == (last_day, released, last_day)
    assert held.post(step.entries).available(2026, Register.RUB) == released
    assert step.contract.reserved == 8000_00 - released


def test_the_documented_termination_ends_as_documented() -> None:
    contract, held = active(funded())
    step = terminate(contract, date(2026, 10, 20))

    ended = steps.finish(step.contract, today=date(2026, 11, 1), now=NOW)
    after = held.post((*step.entries, *ended.entries))

    assert (ended.contract.reserved, ended.contract.spent) == (0, 4000_00)
    ending = ended.contract.ending
    assert ending is not None
    assert (ending.last_day, ending.released) == (date(2026, 10, 31), 4000_00)
    assert after.holding("c-1", RUB_2026) == Holding(spent=4000_00)
    assert ended.contract.state is ContractState.TERMINATED


def test_termination_over_new_year_frees_each_year_on_its_account() -> None:
    contract, held = active(funded(5000_00, next_year=9000_00), SCHOOL_YEAR)

    step = terminate(contract, date(2026, 11, 3))

    assert moves(step.entries) == [("release", 2026, 0, -1250_00, 0), ("release", 2027, 0, -9000_00, 0)]
    assert held.post(step.entries).available(2027, Register.RUB) == 9000_00


def test_a_programme_of_a_count_register_is_used_once_begun() -> None:
    held = book((2026, Register.PREPROF, 2))
    step = requested(held, replace(AUTUMN, register=Register.PREPROF, price=1))
    contract = replace(step.contract, state=ContractState.ACTIVE)

    assert moves(terminate(contract, date(2026, 9, 14)).entries) == [("release", 2026, 0, -1, 0)]
    begun = terminate(contract, date(2026, 11, 3))
    assert begun.entries == ()
    assert moves(finish(begun.contract).entries) == [("charge", 2026, 0, -1, 1)]


# Ends


def test_a_contract_that_ran_to_its_end_is_completed() -> None:
    contract, held = active(funded())

    step = finish(contract)

    assert step.contract.state is ContractState.COMPLETED
    assert step.contract.ending is None
    assert held.post(step.entries).holding("c-1", RUB_2026) == Holding(spent=8000_00)
    assert [entry.key for entry in step.entries] == [f"c-1:2026-{month:02}:charge" for month in (9, 10, 11, 12)]


def test_a_contract_that_still_runs_is_not_finished() -> None:
    contract, _ = active(funded())

    with pytest.raises(StepForbidden) as refused:
        finish(contract, contract.end)

    assert refused.value.rule is RuleCode.NOT_ENDED


def test_invariant_13_a_contract_that_its_certificate_stops_is_freed_and_not_charged() -> None:
    contract, held = active(funded())

    step = steps.finish(contract, today=date(2027, 1, 1), now=NOW, pays=False)

    assert held.post(step.entries).available(2026, Register.RUB) == 8000_00


# Timers


@pytest.mark.parametrize(
    ("state", "days", "late"),
    [
        (ContractState.REQUESTED, 5, False),
        (ContractState.REQUESTED, 6, True),
        (ContractState.ACCEPTED, 10, False),
        (ContractState.ACCEPTED, 11, True),
        (ContractState.ACTIVE, 99, False),
        (ContractState.REFUSED, 99, False),
    ],
)
def test_a_contract_waits_as_long_as_the_policy_says(state: ContractState, days: int, late: bool) -> None:
    contract = in_state(state)

    assert steps.overdue(contract, now=NOW + timedelta(days=days), today=TODAY, policy=POLICY) is late


def test_an_application_whose_start_is_two_months_back_is_withdrawn() -> None:
    contract, policy = in_state(ContractState.REQUESTED), Policy(requested_days=999)

    assert not steps.overdue(contract, now=NOW, today=date(2026, 11, 14), policy=policy)
    assert steps.overdue(contract, now=NOW, today=date(2026, 11, 15), policy=policy)


def test_a_lapse_frees_the_reserve_as_the_system() -> None:
    step = steps.lapse(in_state(ContractState.ACCEPTED), now=NOW + timedelta(days=11), today=TODAY, policy=POLICY)

    ending = step.contract.ending
    assert ending is not None
    assert (ending.initiator, ending.reason) == (Initiator.SYSTEM, RuleCode.OFFER_EXPIRED)
    assert moves(step.entries) == [("release", 2026, 0, -8000_00, 0)]
    with pytest.raises(StepForbidden) as refused:
        steps.lapse(in_state(ContractState.REQUESTED), now=NOW, today=TODAY, policy=POLICY)
    assert refused.value.rule is RuleCode.NOT_LATE


# Changes


def of_months(split: Split, shares: dict[date, int]) -> Split:
    """The split with other certificate parts in some months, its sums made to fit."""
    months = tuple(
        replace(part, certificate_part=shares.get(part.month, part.certificate_part)) for part in split.months
    )
    years = tuple(
        YearPart(
            year=part.year,
            certificate_part=sum(one.certificate_part for one in months if one.month.year == part.year),
            own_part=part.own_part,
        )
        for part in split.years
    )
    certificate_part = sum(part.certificate_part for part in years)
    return replace(
        split, months=months, years=years, certificate_part=certificate_part, total=certificate_part + split.own_part
    )


def test_a_change_holds_more_or_frees_the_rest_year_by_year() -> None:
    contract, held = active(funded(6000_00, next_year=9000_00), SCHOOL_YEAR)
    split = of_months(contract.split, {date(2026, 12, 1): 1000_00, date(2027, 5, 1): 1700_00})

    step = steps.change(contract, split=split, end=contract.end, group_guid="group-2")

    assert moves(step.entries) == [("release", 2026, 0, -500_00, 0), ("release", 2027, 0, -100_00, 0)]
    assert held.post(step.entries).holding("c-1", RUB_2026) == Holding(reserved=5500_00)
    assert (step.contract.revision, step.contract.group_guid) == (1, "group-2")
    assert step.contract.since == contract.since
    back = steps.change(step.contract, split=contract.split, end=contract.end)
    assert [entry.key for entry in back.entries] == ["c-1:2026-09:reserve:change2", "c-1:2027-01:reserve:change2"]
    assert held.post(step.entries).post(back.entries).accounts == held.accounts


@pytest.mark.parametrize("freed", [100_00, 4000_00])
def test_invariant_3_a_release_after_a_change_is_not_taken_for_the_changes_own(freed: int) -> None:
    contract, held = active(funded())
    split = of_months(contract.split, {date(2026, 9, 1): 2000_00 - freed // 2, date(2026, 10, 1): 2000_00 - freed // 2})
    step = steps.change(contract, split=split, end=contract.end)
    held = held.post(step.entries)

    ended = terminate(step.contract, date(2026, 9, 14))

    assert held.post(ended.entries).available(2026, Register.RUB) == 8000_00
    assert {entry.key for entry in step.entries}.isdisjoint(entry.key for entry in ended.entries)


def test_a_change_leaves_paid_months_alone() -> None:
    contract, _ = active(funded())
    charged = replace(contract, charged={date(2026, 9, 1): 2000_00})
    cheaper = of_months(contract.split, {date(2026, 9, 1): 1})

    with pytest.raises(Refused) as refused:
        steps.change(charged, split=cheaper, end=contract.end)

    assert refused.value.rule is RuleCode.CHANGE_OF_PAST
    later = of_months(contract.split, {date(2026, 10, 1): 1000_00})
    step = steps.change(charged, split=later, end=contract.end)
    assert moves(step.entries) == [("release", 2026, 0, -1000_00, 0)]


def test_a_change_to_an_earlier_end_frees_the_months_after_it() -> None:
    contract, held = active(funded())
    shorter = quote(AUTUMN, start=AUTUMN.start, end=date(2026, 10, 31), book=funded(4000_00), policy=POLICY).split

    step = steps.change(contract, split=shorter, end=date(2026, 10, 31))

    assert step.contract.end == date(2026, 10, 31)
    assert held.post(step.entries).holding("c-1", RUB_2026).reserved == step.contract.reserved == 4000_00


def test_invariant_5_a_change_keeps_the_unit() -> None:
    contract, _ = active(funded())
    hours = replace(contract.split, register=Register.HOUR)

    with pytest.raises(RuleBroken) as refused:
        steps.change(contract, split=hours, end=contract.end)

    assert refused.value.rule is RuleCode.UNIT_MIXED


@pytest.mark.parametrize("state", sorted(set(ContractState) - {ContractState.REQUESTED}))
def test_only_contracts_that_are_not_ending_change(state: ContractState) -> None:
    contract = in_state(state)

    if state in {ContractState.ACCEPTED, ContractState.ACTIVE}:
        assert steps.change(contract, split=contract.split, end=contract.end).entries == ()
        return
    with pytest.raises(StepForbidden):
        steps.change(contract, split=contract.split, end=contract.end)


def test_nothing_agreed_is_lost_on_the_way() -> None:
    made = quoted(SCHOOL_YEAR, funded(5000_00, next_year=9000_00))
    step = requested(funded(5000_00, next_year=9000_00), SCHOOL_YEAR)

    assert step.contract.split == made.split
    assert step.contract.order_id == "1"
    assert step.contract.since == NOW
