"""Entries move balances, and none can break one: invariants 1, 2, 3, 5, 6."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.making import RUB_2026, RUB_2027, book, funded

from socert.gateway.domain import ledger
from socert.gateway.domain.ledger import Account, AccountKey, Book, Entry, EntryKind, Holding, apply, apply_to_holding
from socert.gateway.domain.policy import Register
from socert.gateway.domain.rules_errors import LedgerRefused, RuleCode

SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)


def account(nominal: int, reserved: int = 0, spent: int = 0) -> Account:
    return Account(key=RUB_2026, nominal=nominal, reserved=reserved, spent=spent)


def reserve(amount: int, contract_id: str = "a") -> Entry:
    return ledger.reserve(RUB_2026, amount, contract_id=contract_id, month=SEPTEMBER)


def charge(amount: int, contract_id: str = "a", month: date = SEPTEMBER) -> Entry:
    return ledger.charge(RUB_2026, amount, contract_id=contract_id, month=month)


def release(amount: int, contract_id: str = "a", month: date = SEPTEMBER) -> Entry:
    return ledger.release(RUB_2026, amount, contract_id=contract_id, month=month)


@pytest.mark.parametrize(
    ("before", "entry", "after"),
    [
        (account(0), ledger.issue(RUB_2026, 100, key="k"), account(100)),
        (account(100), ledger.issue(RUB_2026, 0, key="k"), account(100)),
        (account(100), reserve(100), account(100, 100)),
        (account(100, 60), charge(60), account(100, 0, 60)),
        (account(100, 60, 10), release(60), account(100, 0, 10)),
        (account(100, 60, 10), ledger.expire(RUB_2026, 30), account(70, 60, 10)),
        (account(100, 60, 10), ledger.adjust(RUB_2026, -30, key="k"), account(70, 60, 10)),
        (account(100, 60, 10), ledger.adjust(RUB_2026, 5, key="k"), account(105, 60, 10)),
        (
            account(100, 60, 10),
            ledger.refund(RUB_2026, 10, contract_id="a", month=SEPTEMBER),
            account(100, 60, 0),
        ),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Entry) else "",
)
def test_an_entry_moves_what_it_is_named_after(before: Account, entry: Entry, after: Account) -> None:
    assert apply(before, entry) == after


@pytest.mark.parametrize(
    ("before", "entry", "code"),
    [
        (account(100, 60, 10), reserve(31), RuleCode.AVAILABLE_EXCEEDED),
        (account(100, 60, 10), charge(61), RuleCode.RESERVE_EXCEEDED),
        (account(100, 60, 10), release(61), RuleCode.RELEASE_EXCEEDED),
        (account(100, 60, 10), ledger.expire(RUB_2026, 31), RuleCode.NOMINAL_BELOW_USED),
        (account(100, 60, 10), ledger.adjust(RUB_2026, -31, key="k"), RuleCode.NOMINAL_BELOW_USED),
        (
            account(100, 60, 10),
            ledger.refund(RUB_2026, 11, contract_id="a", month=SEPTEMBER),
            RuleCode.SPENT_EXCEEDED,
        ),
    ],
)
def test_invariant_1_no_entry_takes_more_than_there_is(before: Account, entry: Entry, code: RuleCode) -> None:
    with pytest.raises(LedgerRefused) as refused:
        apply(before, entry)

    assert refused.value.rule is code


@pytest.mark.parametrize(
    "entry",
    [
        ledger.issue(RUB_2026, -1, key="k"),
        reserve(0),
        reserve(-5),
        charge(0),
        charge(-5),
        release(0),
        release(-1),
        ledger.expire(RUB_2026, 0),
        ledger.expire(RUB_2026, -1),
        ledger.adjust(RUB_2026, 0, key="k"),
        ledger.refund(RUB_2026, -1, contract_id="a", month=SEPTEMBER),
        replace(charge(5), spent=4),
        replace(reserve(5), nominal=5),
        replace(reserve(5), contract_id=None),
        replace(charge(5), month=None),
        replace(ledger.issue(RUB_2026, 5, key="k"), contract_id="a", month=SEPTEMBER),
        replace(ledger.refund(RUB_2026, 1, contract_id="a", month=SEPTEMBER), contract_id=None),
        Entry(key="k", kind=EntryKind.ADJUST, account=RUB_2026, nominal=1, spent=-1),
        Entry(key="k", kind=EntryKind.ADJUST, account=RUB_2026, reserved=-1),
        Entry(key="k", kind=EntryKind.ADJUST, account=RUB_2026, spent=1),
    ],
    ids=repr,
)
def test_an_entry_that_is_not_what_its_kind_says_is_refused(entry: Entry) -> None:
    with pytest.raises(LedgerRefused) as refused:
        apply(account(100, 50, 50), entry)

    assert refused.value.rule is RuleCode.BAD_ENTRY


def test_invariant_6_a_month_of_next_year_is_never_on_this_years_account() -> None:
    entry = ledger.reserve(RUB_2026, 5, contract_id="a", month=date(2027, 1, 1))

    with pytest.raises(LedgerRefused) as refused:
        apply(account(100), entry)

    assert refused.value.rule is RuleCode.BAD_ENTRY
    with pytest.raises(LedgerRefused) as refused:
        apply(account(100), replace(entry, account=RUB_2027))
    assert refused.value.rule is RuleCode.WRONG_ACCOUNT


def test_invariant_3_a_contract_cannot_spend_or_free_what_another_holds() -> None:
    held = funded(100).post([reserve(40, "a"), reserve(50, "b")])

    for entry, code in ((charge(41), RuleCode.RESERVE_EXCEEDED), (release(41), RuleCode.RELEASE_EXCEEDED)):
        with pytest.raises(LedgerRefused) as refused:
            held.post([entry])
        assert refused.value.rule is code
    again = ledger.refund(RUB_2026, 1, contract_id="a", month=SEPTEMBER)
    with pytest.raises(LedgerRefused):
        held.post([charge(50, "b")]).post([again])


def test_invariant_3_the_same_entry_again_changes_nothing() -> None:
    once = funded(100).post([reserve(40)]).post([charge(10)])

    assert once.post([reserve(40), charge(10)]) is once
    assert once.version == 3
    with pytest.raises(LedgerRefused) as refused:
        once.post([charge(11)])
    assert refused.value.rule is RuleCode.KEY_REUSED


def test_entries_are_posted_all_or_none() -> None:
    held = funded(100)

    with pytest.raises(LedgerRefused):
        held.post([reserve(40, "a"), reserve(61, "b")])

    assert held.available(2026, Register.RUB) == 100
    assert held.version == 1


def test_known_and_new_entries_mix() -> None:
    held = funded(100).post([reserve(40)])

    after = held.post([reserve(40), charge(40)])

    assert after.holding("a", RUB_2026) == Holding(spent=40)
    assert after.version == held.version + 1


def test_keys_are_contract_month_and_kind() -> None:
    assert charge(1).key == "a:2026-09:charge"
    assert ledger.release(RUB_2026, 1, contract_id="a", month=OCTOBER, change=2).key == "a:2026-10:release:change2"
    assert ledger.refund(RUB_2026, 1, contract_id="a", month=OCTOBER, number=3).key == "a:2026-10:adjust:3"


def test_invariant_6_only_an_issue_opens_an_account() -> None:
    with pytest.raises(LedgerRefused) as refused:
        funded(100).post([ledger.reserve(RUB_2027, 5, contract_id="a", month=date(2027, 1, 1))])

    assert refused.value.rule is RuleCode.NO_FUTURE_NOMINAL


def test_invariant_5_hours_and_roubles_do_not_meet_in_one_year() -> None:
    hours = AccountKey(year=2026, register=Register.HOUR)

    with pytest.raises(LedgerRefused) as refused:
        funded(100).post([ledger.issue(hours, 10, key="h")])

    assert refused.value.rule is RuleCode.UNIT_MIXED
    other_year = replace(hours, year=2027)
    assert funded(100).post([ledger.issue(other_year, 10, key="h")]).available(2027, Register.HOUR) == 10
    counts = replace(hours, register=Register.OTHER)
    assert funded(100).post([ledger.issue(counts, 2, key="o")]).available(2026, Register.OTHER) == 2


@pytest.mark.parametrize(("months", "left"), [(1, 1100), (6, 600), (11, 100), (12, 0)])
def test_an_unused_nominal_is_lowered_by_a_twelfth_a_month(months: int, left: int) -> None:
    held = account(1200)
    for month in range(1, months + 1):
        entry = ledger.lowering(held, month=date(2026, month, 1))
        assert entry is not None
        held = apply(held, entry)

    assert held.nominal == left


@pytest.mark.parametrize("held", [account(100, 1), account(100, 0, 1), account(0)])
def test_a_used_or_empty_nominal_is_not_lowered(held: Account) -> None:
    assert ledger.lowering(held, month=date(2026, 1, 1)) is None


def test_a_month_whose_twelfth_is_nothing_has_no_entry() -> None:
    assert ledger.lowering(account(5), month=date(2026, 1, 1)) is None
    assert ledger.lowering(account(5), month=date(2026, 12, 1)) is not None


def test_invariant_2_differences_are_found() -> None:
    held = funded(100).post([reserve(40)])
    assert list(ledger.differences(held)) == []

    wrong = account(101, 40)
    tampered = replace(held, accounts={RUB_2026: wrong})
    assert list(ledger.differences(tampered)) == ["account RUB of 2026 is not the sum of its entries"]
    lost = replace(held, holdings={})
    assert list(ledger.differences(lost)) == [
        "account RUB of 2026 holds something for no contract",
        "holding of contract a is not the sum of its entries",
    ]
    broken = replace(held, entries={**held.entries, "x": replace(reserve(999), key="x")})
    assert [text.split(":")[0] for text in ledger.differences(broken)] == ["the entries break a rule"]
    assert list(ledger.differences(replace(held, accounts={}))) == ["account RUB of 2026 is not the sum of its entries"]


AMOUNTS = st.integers(min_value=-30, max_value=60)
CONTRACTS = st.sampled_from(["a", "b", "c"])
MONTHS = st.sampled_from([date(2026, month, 1) for month in (9, 10, 11)])


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Any entry whatever, sensible or not."""
    amount, contract_id, month = draw(AMOUNTS), draw(CONTRACTS), draw(MONTHS)
    return draw(
        st.sampled_from(
            [
                ledger.issue(RUB_2026, amount, key=f"issue:{amount}"),
                ledger.reserve(RUB_2026, amount, contract_id=contract_id, month=month),
                ledger.charge(RUB_2026, amount, contract_id=contract_id, month=month),
                ledger.release(RUB_2026, amount, contract_id=contract_id, month=month),
                ledger.refund(RUB_2026, amount, contract_id=contract_id, month=month),
                ledger.adjust(RUB_2026, amount, key=f"adjust:{amount}"),
                ledger.expire(RUB_2026, amount),
            ]
        )
    )


@given(st.lists(entries(), max_size=40))
def test_invariants_1_and_2_hold_whatever_is_posted(asked: list[Entry]) -> None:
    held = Book()
    for entry in asked:
        version = held.version
        try:
            held = held.post([entry])
        except LedgerRefused:
            assert held.version == version
            continue
        assert held.post([entry]) is held
    for found in held.accounts.values():
        assert min(found.nominal, found.reserved, found.spent, found.available) >= 0
    for holding in held.holdings.values():
        assert min(holding.reserved, holding.spent) >= 0
    assert list(ledger.differences(held)) == []


@given(reserved=st.integers(0, 100), spent=st.integers(0, 100), entry=entries())
def test_invariant_3_a_holding_is_never_negative(reserved: int, spent: int, entry: Entry) -> None:
    try:
        after = apply_to_holding(Holding(reserved=reserved, spent=spent), entry)
    except LedgerRefused:
        return
    assert min(after.reserved, after.spent) >= 0


def test_a_book_lists_accounts_by_year_and_register() -> None:
    held = book((2026, Register.RUB, 5), (2027, Register.HOUR, 7))

    assert held.account(2026, Register.HOUR) is None
    assert held.available(2026, Register.HOUR) == 0
    found = held.account(2027, Register.HOUR)
    assert found is not None
    assert found.period == (date(2027, 1, 1), date(2027, 12, 31))
