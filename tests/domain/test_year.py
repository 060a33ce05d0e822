"""1 January for one certificate: closed, carried, expired, opened, and the same again changes nothing (invariant 6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from tests.domain.making import POLICY, RUB_2026, RUB_2027, SCHOOL_YEAR, active, book, funded, requested

from socert.gateway.domain import charging, ledger
from socert.gateway.domain.ledger import AccountKey, Book, Holding, differences
from socert.gateway.domain.policy import Carry, Policy, Register
from socert.gateway.domain.records import CertificateStatus
from socert.gateway.domain.rules_errors import LedgerRefused, Refused, RuleCode
from socert.gateway.domain.year import Shifted, lower, periods, shift

if TYPE_CHECKING:
    from socert.gateway.domain.contract import ContractLife

NEW_YEAR = date(2027, 1, 1)
RUB_2028 = AccountKey(year=2028, register=Register.RUB)
NOMINALS = {RUB_2027: 10000_00, RUB_2028: 10000_00}


def shifted(
    held: Book,
    *contracts: ContractLife,
    policy: Policy = POLICY,
    status: CertificateStatus = CertificateStatus.ACTIVE,
    nominals: dict[AccountKey, int] = NOMINALS,
) -> Shifted:
    return shift(held, contracts, year=2026, today=NEW_YEAR, nominals=nominals, status=status, policy=policy)


def test_past_current_and_future_move_by_a_year() -> None:
    held = funded(5000_00, next_year=9000_00)
    before = periods(held, today=date(2026, 12, 31))

    after = periods(shifted(held).book, today=NEW_YEAR)

    assert [account.key.year for account in (*before.past, *before.current, *before.future)] == [2026, 2027]
    assert [account.key.year for account in (*after.past, *after.current, *after.future)] == [2026, 2027, 2028]
    assert [account.nominal for account in (*after.past, *after.current, *after.future)] == [0, 10000_00, 10000_00]


def test_invariant_6_the_years_studies_are_charged_and_the_rest_is_freed_and_expires() -> None:
    contract, held = active(funded(6000_00, next_year=9000_00), SCHOOL_YEAR)
    part = charging.charge(contract, date(2026, 9, 1), today=date(2026, 10, 1), policy=POLICY, amount=500_00)
    held = held.post(part.entries)

    done = shifted(held, part.contract)

    account = done.book.accounts[RUB_2026]
    assert (account.nominal, account.reserved, account.spent, account.available) == (5000_00, 0, 5000_00, 0)
    assert done.expired == {RUB_2026: 1000_00}
    assert done.book.holding("c-1", RUB_2027) == Holding(reserved=9000_00)
    assert done.contracts[0].reserved == 9000_00
    assert done.book.version == held.version + 1
    assert list(differences(done.book)) == []


@pytest.mark.parametrize(
    ("policy", "carried"),
    [
        (POLICY, 0),
        (Policy(carry=Carry.ALL), 3000_00),
        (Policy(carry=Carry.UP_TO, carry_limit=1000_00), 1000_00),
        (Policy(carry=Carry.UP_TO, carry_limit=9999_00), 3000_00),
    ],
)
def test_invariant_6_what_is_carried_over_is_the_policys(policy: Policy, carried: int) -> None:
    done = shifted(funded(3000_00), policy=policy)

    assert done.book.accounts[RUB_2027].nominal == 10000_00 + carried
    assert done.carried == ({RUB_2026: carried} if carried else {})
    assert done.expired == {RUB_2026: 3000_00 - carried}
    assert done.book.accounts[RUB_2026].nominal == 0


def test_programmes_of_count_registers_are_not_carried_over() -> None:
    done = shifted(book((2026, Register.OTHER, 2)), policy=Policy(carry=Carry.ALL), nominals={})

    assert done.carried == {}
    assert done.book.available(2027, Register.OTHER) == 0


def test_what_is_carried_opens_the_next_year_where_nothing_else_does() -> None:
    done = shifted(funded(300), policy=Policy(carry=Carry.ALL), nominals={})

    assert done.book.available(2027, Register.RUB) == 300


def test_the_same_again_changes_nothing() -> None:
    contract, held = active(funded(6000_00, next_year=9000_00), SCHOOL_YEAR)
    policy = Policy(carry=Carry.ALL)
    first = shifted(held, contract, policy=policy)

    again = shifted(first.book, *first.contracts, policy=policy)
    stale = shift(
        first.book, [contract], year=2026, today=NEW_YEAR, nominals=NOMINALS, status=first.status, policy=policy
    )

    assert again.book is first.book
    assert (again.entries, again.contracts) == ((), ())
    assert stale.book is first.book


def test_a_repeat_after_a_correction_of_the_nominal_does_not_undo_it() -> None:
    first = shifted(funded(100))
    corrected = first.book.post([ledger.adjust(RUB_2027, -4000_00, key="by hand")])

    assert shifted(corrected).book is corrected


@pytest.mark.parametrize(
    ("nominal", "limit", "carried", "corrected"),
    [
        (6000_00, 0, 0, 0),
        (6000_00, 500_00, 0, 200_00),  # nothing was left in time: all of the correction is within the limit
        (6400_00, 500_00, 400_00, 500_00),
        (7000_00, 500_00, 500_00, 500_00),
    ],
)
def test_what_a_correction_of_the_closed_year_frees_goes_as_if_it_had_been_free_in_time(
    nominal: int, limit: int, carried: int, corrected: int
) -> None:
    policy = Policy(carry=Carry.UP_TO, carry_limit=limit)
    contract, held = active(funded(6000_00, next_year=9000_00), SCHOOL_YEAR)
    more = ledger.adjust(RUB_2026, nominal - 6000_00, key="by hand")
    first = shifted(held.post([more] if more.nominal else []), contract, policy=policy)
    assert first.book.accounts[RUB_2027].nominal == 10000_00 + carried
    back = charging.refund(first.contracts[0], date(2026, 9, 1), 200_00)

    again = shifted(first.book.post(back.entries), back.contract, policy=policy)

    assert again.book.available(2026, Register.RUB) == 0
    assert again.book.accounts[RUB_2027].nominal == 10000_00 + corrected
    assert list(differences(again.book)) == []
    assert shifted(again.book, back.contract, policy=policy).book is again.book


def test_volume_of_the_priority_right_is_part_of_the_nominal() -> None:
    held = funded(100).post([ledger.issue(RUB_2027, 6000_00, key="2027:cert-1:dance:issue")])

    done = shifted(held)

    assert done.book.accounts[RUB_2027].nominal == 10000_00
    more = held.post([ledger.issue(RUB_2027, 9000_00, key="2027:cert-1:chess:issue")])
    assert shifted(more).book.accounts[RUB_2027].nominal == 15000_00


def test_a_year_is_not_closed_before_it_is_over() -> None:
    with pytest.raises(Refused) as refused:
        shift(
            funded(),
            [],
            year=2026,
            today=date(2026, 12, 31),
            nominals={},
            status=CertificateStatus.ACTIVE,
            policy=POLICY,
        )

    assert refused.value.rule is RuleCode.YEAR_NOT_OVER


def test_invariant_6_the_shift_happens_whole_or_not_at_all() -> None:
    contract, held = active(funded(6000_00, next_year=9000_00), SCHOOL_YEAR)
    robbed = replace(held, holdings={})

    with pytest.raises(LedgerRefused):
        shifted(robbed, contract)

    assert robbed.available(2028, Register.RUB) == 0
    hours = {AccountKey(year=2027, register=Register.HOUR): 10}
    with pytest.raises(LedgerRefused) as refused:
        shifted(held, contract, nominals=hours)
    assert refused.value.rule is RuleCode.UNIT_MIXED


def test_a_contract_that_was_not_concluded_frees_its_old_year_and_keeps_the_new() -> None:
    held = funded(6000_00, next_year=9000_00)
    step = requested(held, SCHOOL_YEAR)

    done = shifted(held.post(step.entries), step.contract)

    assert done.expired == {RUB_2026: 6000_00}
    assert done.book.holding("c-1", RUB_2027) == Holding(reserved=9000_00)


@pytest.mark.parametrize(
    ("status", "spent"),
    [(CertificateStatus.SUSPENDED, 6000_00), (CertificateStatus.ANNULLED, 0)],
)
def test_invariant_13_closing_the_year_charges_by_the_regions_rule(status: CertificateStatus, spent: int) -> None:
    contract, held = active(funded(6000_00, next_year=9000_00), SCHOOL_YEAR)

    done = shifted(held, contract, status=status)

    assert done.book.accounts[RUB_2026].spent == spent
    assert done.status is status


@pytest.mark.parametrize(
    ("nominals", "status"), [(NOMINALS, CertificateStatus.ACTIVE), ({}, CertificateStatus.EXHAUSTED)]
)
def test_the_status_follows_the_new_balance(nominals: dict[AccountKey, int], status: CertificateStatus) -> None:
    assert shifted(funded(100), status=CertificateStatus.EXHAUSTED, nominals=nominals).status is status


def test_an_unused_nominal_is_lowered_only_where_the_region_does_so() -> None:
    held, month = funded(1200), date(2026, 1, 1)

    assert lower(held, month=month, policy=POLICY) == ()
    entries = lower(held, month=month, policy=Policy(monthly_lowering=True))
    lowered = held.post(entries)
    assert lowered.available(2026, Register.RUB) == 1100
    assert lower(lowered, month=month, policy=Policy(monthly_lowering=True)) == ()
    assert lower(book((2026, Register.OTHER, 12)), month=month, policy=Policy(monthly_lowering=True)) == ()
