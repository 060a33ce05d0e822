"""Other terms of a contract: closed months stay as they were agreed to, open ones are quoted anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.making import AUTUMN, POLICY, active, book, funded, quoted

from socert.gateway.domain import contract_steps
from socert.gateway.domain.charging import charge
from socert.gateway.domain.contract_change import requote
from socert.gateway.domain.policy import Register
from socert.gateway.domain.quote import Priced, check_sums, own_split
from socert.gateway.domain.rules_errors import Refused, RuleCode

if TYPE_CHECKING:
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.ledger import Book

NOVEMBER = date(2026, 11, 1)


def charged(months: int = 2) -> tuple[ContractLife, Book]:
    """The active contract of the documented example with its first months charged."""
    contract, held = active(funded())
    for month in contract.months[:months]:
        step = charge(contract, month, today=date(2026, 12, 31), policy=POLICY)
        contract, held = step.contract, held.post(step.entries)
    return contract, held


def test_the_same_terms_come_to_the_same_split() -> None:
    contract, held = active(funded())
    again = requote(contract, AUTUMN, end=contract.end, book=held, policy=POLICY)
    assert again.split == contract.split
    assert again.balance_version == held.version


def test_what_is_charged_stays_and_the_rest_follows_the_new_price() -> None:
    contract, held = charged()
    dearer = replace(AUTUMN, price=24000_00)

    made = requote(contract, dearer, end=contract.end, book=held, policy=POLICY)

    assert made.split.months[:2] == contract.split.months[:2]
    # 61 of 108 days of 24000: 13555.56, of which 4000 of the nominal are left.
    assert made.split.total == 6000_00 + 13555_56
    assert made.split.certificate_part == 8000_00
    step = contract_steps.change(contract, split=made.split, end=contract.end)
    assert held.post(step.entries).available(2026, Register.RUB) == 0


@pytest.mark.invariant(4)
@given(
    price=st.integers(0, 30000_00),
    days=st.integers(0, 60),
    months=st.integers(0, 2),
    nominal=st.integers(8000_00, 20000_00),
)
def test_a_change_always_adds_up_and_can_be_posted(price: int, days: int, months: int, nominal: int) -> None:
    contract, held = charged(months)
    held = held.post(book((2027, Register.RUB, nominal)).entries.values())
    end = date.fromordinal(NOVEMBER.toordinal() + days)

    made = requote(contract, replace(AUTUMN, price=price), end=end, book=held, policy=POLICY)
    step = contract_steps.change(contract, split=made.split, end=end)

    check_sums(made.split, start=contract.start, end=end)
    after = held.post(step.entries).account(2026, Register.RUB)
    assert after is not None
    assert after.reserved == step.contract.reserved


def test_nothing_reaches_back_into_closed_months() -> None:
    contract, held = charged()
    assert requote(contract, AUTUMN, end=NOVEMBER, book=held, policy=POLICY).split.months[-1].month == NOVEMBER
    with pytest.raises(Refused) as refused:
        requote(contract, AUTUMN, end=date(2026, 10, 31), book=held, policy=POLICY)
    assert refused.value.rule is RuleCode.CHANGE_OF_PAST


def test_what_the_parent_pays_alone_stays_the_parents() -> None:
    contract, held = active(funded())
    alone = replace(contract, split=own_split(AUTUMN, start=AUTUMN.start, end=AUTUMN.end, policy=POLICY))
    made = requote(alone, replace(AUTUMN, price=100_00), end=AUTUMN.end, book=held, policy=POLICY)
    assert (made.split.certificate_part, made.split.own_part) == (0, 100_00)


@pytest.mark.invariant(5)
def test_one_programme_of_a_register_stays_one() -> None:
    group = Priced(start=AUTUMN.start, end=AUTUMN.end, register=Register.PREPROF, price=1)
    held = book((2026, Register.PREPROF, 1))
    contract, _ = active(held, group)
    drained = held.post(
        contract_steps.request(
            contract_id="c-1",
            certificate_guid="a",
            group_guid="g",
            start=group.start,
            end=group.end,
            quote=quoted(group, held),
            now=contract.since,
        ).entries
    )
    end = date(2026, 10, 31)

    made = requote(contract, group, end=end, book=drained, policy=POLICY)

    assert made.split == contract.split
    with pytest.raises(Refused) as refused:
        requote(contract, AUTUMN, end=end, book=drained, policy=POLICY)
    assert refused.value.rule is RuleCode.UNIT_MIXED
