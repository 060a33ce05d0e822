"""The new split of a contract whose terms change: what is closed stays, what is open is quoted anew.

`contract_steps.change` takes the split that is made here, once it was agreed to. Sources: portal message dictionary, 11
(split, months), 15 (invariants 3, 4, 6, 10).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from socert.gateway.domain.months import add_months
from socert.gateway.domain.quote import MonthPart, Quote, Split, YearPart, check_period, own_split, quote
from socert.gateway.domain.rules_errors import Refused, RuleCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.ledger import Book
    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.quote import Priced


def requote(contract: ContractLife, group: Priced, *, end: date, book: Book, policy: Policy) -> Quote:
    """Quote the months of a contract after its last closed one again, by another price, group or last day.

    The months up to that one stay as they are. What the contract holds for the others counts as available, since the
    change frees it first. The quote is bound to the book's version. Errors (Refused): CHANGE_OF_PAST for a last day
    inside the closed months, UNIT_MIXED for a group of another register, and `quote`'s own.

    What the parent pays alone stays the parent's alone; one programme of a count register stays one.
    """
    register = contract.split.register
    if group.register is not register:
        raise Refused(RuleCode.UNIT_MIXED, register=group.register, other=register, year=contract.start.year)
    if register.counts:
        check_period(group, start=contract.start, end=end)
        return _quote(contract.split, book, policy)
    closed = [month for month in contract.months if not contract.is_open(month)]
    begins = max(contract.start, add_months(max(closed), 1)) if closed else contract.start
    if end < begins:
        raise Refused(RuleCode.CHANGE_OF_PAST, contract=contract.contract_id, month=f"{end:%Y-%m}")
    if contract.split.certificate_part:
        freed = _freed(contract, book, begins)
        fresh = quote(group, start=begins, end=end, book=freed, policy=policy).split
    else:
        fresh = own_split(group, start=begins, end=end, policy=policy)
    stays = tuple(part for part in contract.split.months if part.month < begins.replace(day=1))
    return _quote(_joined(stays, fresh), book, policy)


def _quote(split: Split, book: Book, policy: Policy) -> Quote:
    return Quote(
        split=split, balance_version=book.version, rounding=policy.rounding, remainder_month=policy.remainder_month
    )


def _freed(contract: ContractLife, book: Book, begins: date) -> Book:
    """Return the book as it would be with the contract's open months from `begins` on freed."""
    accounts = dict(book.accounts)
    for month in contract.months:
        key = contract.account(month.year)
        if month >= begins.replace(day=1) and key in accounts:
            accounts[key] = replace(accounts[key], reserved=accounts[key].reserved - contract.held(month))
    return replace(book, accounts=accounts)


def _joined(stays: Sequence[MonthPart], fresh: Split) -> Split:
    """Put the months that stay before the new ones, and add the years and totals up again."""
    months = (*stays, *fresh.months)
    years = tuple(
        YearPart(
            year=year,
            certificate_part=sum(part.certificate_part for part in months if part.month.year == year),
            own_part=sum(part.own_part for part in months if part.month.year == year),
        )
        for year in sorted({part.month.year for part in months})
    )
    certificate_part = sum(part.certificate_part for part in years)
    own_part = sum(part.own_part for part in years)
    return Split(
        register=fresh.register,
        total=certificate_part + own_part,
        certificate_part=certificate_part,
        own_part=own_part,
        years=years,
        months=months,
    )
