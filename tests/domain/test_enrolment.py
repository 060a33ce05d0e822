"""What stands before a contract: the group's conditions, and orders that were answered before (invariant 8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.domain.making import funded, requested

from socert.gateway.domain.enrolment import Conditions, answered_before, check_conditions
from socert.gateway.domain.records import ContractState
from socert.gateway.domain.rules_errors import Refused, RuleCode

OPEN = Conditions(certificate_accepted=True)
MINE = requested(funded()).contract


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        (replace(OPEN, certificate_accepted=False), RuleCode.PROGRAMME_NOT_ELIGIBLE),
        (replace(OPEN, provider_agreement=False), RuleCode.NO_AGREEMENT),
        (replace(OPEN, registration_open=False), RuleCode.REGISTRATION_CLOSED),
        (replace(OPEN, free_places=0), RuleCode.NO_PLACE),
    ],
)
def test_a_group_that_cannot_be_taken_is_refused(conditions: Conditions, code: RuleCode) -> None:
    with pytest.raises(Refused) as refused:
        check_conditions(conditions)

    assert refused.value.rule is code


def test_a_group_that_is_open_is_taken() -> None:
    check_conditions(OPEN)
    check_conditions(replace(OPEN, free_places=1))


@pytest.mark.parametrize("state", ContractState)
def test_invariant_8_the_same_order_gets_its_first_answer(state: ContractState) -> None:
    mine = replace(MINE, state=state)

    assert answered_before(order_id="1", group_guid="other", start=MINE.start, end=MINE.end, mine=[mine]) is mine


@pytest.mark.parametrize("order", ["2", None])
@pytest.mark.parametrize(
    ("start", "end", "meets"),
    [
        (MINE.start, MINE.end, True),
        (MINE.end, date(2027, 5, 31), True),
        (date(2026, 9, 1), MINE.start, True),
        (date(2027, 1, 1), date(2027, 5, 31), False),
        (date(2026, 9, 1), date(2026, 9, 14), False),
    ],
)
def test_invariant_8_another_order_for_the_same_group_and_days_is_refused(
    order: str | None, start: date, end: date, meets: bool
) -> None:
    if not meets:
        assert answered_before(order_id=order, group_guid="group-1", start=start, end=end, mine=[MINE]) is None
        return
    with pytest.raises(Refused) as refused:
        answered_before(order_id=order, group_guid="group-1", start=start, end=end, mine=[MINE])
    assert refused.value.rule is RuleCode.DUPLICATE_ENROLMENT


@pytest.mark.parametrize("state", [ContractState.REFUSED, ContractState.TERMINATED, ContractState.COMPLETED])
def test_an_ended_contract_is_no_obstacle(state: ContractState) -> None:
    mine = replace(MINE, state=state)

    assert answered_before(order_id="2", group_guid="group-1", start=MINE.start, end=MINE.end, mine=[mine]) is None


def test_another_group_is_no_obstacle() -> None:
    assert answered_before(order_id="2", group_guid="group-2", start=MINE.start, end=MINE.end, mine=[MINE]) is None


def test_who_pays_without_a_certificate_asks_for_a_place_only() -> None:
    closed = Conditions(certificate_accepted=False, provider_agreement=False, registration_open=False, free_places=0)
    left = closed.without_certificate()
    assert (left.certificate_accepted, left.provider_agreement) == (True, True)
    assert (left.registration_open, left.free_places) == (False, 0)
