"""The split of a price: what the certificate pays and what the parent pays, by year and month, to the last hundredth.

A quote is a split bound to the version of the balance it was made from. Everything is integers: hundredths of a rouble
or an hour, whole programmes on the count registers. Sources: portal message dictionary, 11.4-11.7, 6 (blocks E-AGREED,
E-SPLIT-*), 6.5 (rules 2, 3, 7), 15 (invariants 4, 5, 6, 10).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.gateway.domain.ledger import Account, Book
from socert.gateway.domain.months import months_of, year_end
from socert.gateway.domain.policy import Register, RemainderMonth, Rounding
from socert.gateway.domain.rules_errors import Refused, RuleCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from socert.gateway.domain.policy import Policy

LONGEST_YEARS = 3
LONGEST_MONTHS = 36


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What the certificate pays and what the parent pays."""

    certificate_part: int
    own_part: int


@dataclass(frozen=True, kw_only=True, slots=True)
class YearPart(Parts):
    """The parts that fall on one calendar year."""

    year: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthPart(Parts):
    """The parts of one month; `month` is its first day."""

    month: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """Who pays what of a contract's period. total = certificate_part + own_part = sum of years = sum of months.

    `payable` is the price in kopecks of the hours that the parent pays, for information; None for other registers.
    """

    register: Register
    total: int
    certificate_part: int
    own_part: int
    years: tuple[YearPart, ...]
    months: tuple[MonthPart, ...]
    payable: int | None = None

    def month(self, month: date) -> MonthPart | None:
        """Return a month's parts, None when the month is not in the plan."""
        return next((part for part in self.months if part.month == month), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Priced:
    """A group as the catalogue prices it: the full period and what it costs in the register's unit.

    `price` and `normative` are for all of `start`..`end`: kopecks, or hundredths of an hour; 1 on a count register.
    `normative` is the most that a certificate pays for it; None leaves that to the policy and, where that has none,
    to the price. `hour_price` is what an hour costs a parent, in kopecks.
    """

    start: date
    end: date
    register: Register
    price: int
    normative: int | None = None
    hour_price: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """A split and the balance it was made from: version, and how its quotients were rounded (11.4: recorded)."""

    split: Split
    balance_version: int
    rounding: Rounding
    remainder_month: RemainderMonth


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreed:
    """What the parent agreed to: a split seen at a balance version, and an explicit yes to the own part."""

    split: Split
    balance_version: int
    own_part_accepted: bool


# Making a quote


def quote(group: Priced, *, start: date, end: date, book: Book, policy: Policy) -> Quote:
    """Split the price of `start`..`end` of a group between a certificate and the parent.

    Errors (Refused): OUTSIDE_GROUP, BAD_GROUP_DATA, NO_FUTURE_NOMINAL when a year of the period has no account yet,
    UNIT_MIXED when the certificate counts the other unit. Nothing available is no error here: the parent pays all.
    """
    check_period(group, start=start, end=end)
    split = _count_split(group, start, book) if group.register.counts else _funds_split(group, start, end, book, policy)
    return Quote(
        split=split, balance_version=book.version, rounding=policy.rounding, remainder_month=policy.remainder_month
    )


def quote_several(wanted: Sequence[tuple[Priced, date, date]], *, book: Book, policy: Policy) -> tuple[Quote, ...]:
    """Quote several programmes one after another: each sees what those before it have left of the nominal.

    The n-th quote is bound to the version that the balance has once those before it are reserved and nothing else
    happened: if anything else did, it is stale and must be made again, as any other.
    """
    quotes = []
    for group, start, end in wanted:
        made = quote(group, start=start, end=end, book=book, policy=policy)
        quotes.append(made)
        book = _as_if_reserved(book, made.split)
    return tuple(quotes)


def check_period(group: Priced, *, start: date, end: date) -> None:
    """Refuse a group whose data cannot be right, and a period that is not inside the group's own."""
    if group.end < group.start or group.price < 0 or (group.normative or 0) < 0 or (group.hour_price or 0) < 0:
        raise Refused(RuleCode.BAD_GROUP_DATA, what="its days, price or normative")
    if not group.start <= start <= end <= group.end:
        raise Refused(RuleCode.OUTSIDE_GROUP, start=start, end=end, group_start=group.start, group_end=group.end)
    if end.year - start.year >= LONGEST_YEARS:
        raise Refused(RuleCode.BAD_GROUP_DATA, what=f"a period over more than {LONGEST_YEARS} calendar years")


def _funds_split(group: Priced, start: date, end: date, book: Book, policy: Policy) -> Split:
    years: list[YearPart] = []
    months: list[MonthPart] = []
    for year, full, norm in _by_year(group, start, end, policy):
        account = _account(book, year, group.register)
        certificate_part = min(full, norm, account.available)
        part = YearPart(year=year, certificate_part=certificate_part, own_part=full - certificate_part)
        years.append(part)
        months.extend(_month_plan(part, tuple(months_of(start, end, year)), policy.remainder_month))
    own_part = sum(part.own_part for part in years)
    certificate_part = sum(part.certificate_part for part in years)
    payable = None
    if group.register is Register.HOUR and group.hour_price is not None:
        payable = policy.rounding.quotient(own_part * group.hour_price, 100)
    return Split(
        register=group.register,
        total=certificate_part + own_part,
        certificate_part=certificate_part,
        own_part=own_part,
        years=tuple(years),
        months=tuple(months),
        payable=payable,
    )


def _by_year(group: Priced, start: date, end: date, policy: Policy) -> Iterator[tuple[int, int, int]]:
    """Yield (year, full price, norm) so that the years add up to the rounded whole, whatever each would round to.

    A year's amount is the rounded amount up to its last day less the rounded amount up to the last day before it.
    """
    group_days = (group.end - group.start).days + 1
    normative = policy.normatives.get(group.register, group.price) if group.normative is None else group.normative
    full_before = norm_before = 0
    for year in range(start.year, end.year + 1):
        days = (min(end, year_end(year)) - start).days + 1
        full = policy.rounding.quotient(days * group.price, group_days)
        norm = policy.rounding.quotient(days * normative, group_days)
        yield year, full - full_before, norm - norm_before
        full_before, norm_before = full, norm


def _month_plan(part: YearPart, months: Sequence[date], remainder: RemainderMonth) -> Iterator[MonthPart]:
    """Spread a year's parts evenly over its months: each rounded down, what is left goes to the first or last."""
    taker = months[0] if remainder is RemainderMonth.FIRST else months[-1]
    certificate_part, certificate_rest = divmod(part.certificate_part, len(months))
    own_part, own_rest = divmod(part.own_part, len(months))
    for month in months:
        takes = month == taker
        yield MonthPart(
            month=month,
            certificate_part=certificate_part + certificate_rest * takes,
            own_part=own_part + own_rest * takes,
        )


def _count_split(group: Priced, start: date, book: Book) -> Split:
    """One programme of a count register: taken whole in its first month, and nobody pays.

    The account is the one of the year in which study begins. EXHAUSTED when none is left: half a programme is nothing.
    """
    account = _account(book, start.year, group.register)
    if account.available < 1:
        raise Refused(RuleCode.EXHAUSTED, register=group.register, year=start.year)
    month = start.replace(day=1)
    return Split(
        register=group.register,
        total=1,
        certificate_part=1,
        own_part=0,
        years=(YearPart(year=start.year, certificate_part=1, own_part=0),),
        months=(MonthPart(month=month, certificate_part=1, own_part=0),),
    )


def own_split(group: Priced, *, start: date, end: date, policy: Policy) -> Split:
    """Return the split of a programme that the parent pays alone, with no certificate involved."""
    check_period(group, start=start, end=end)
    years = [
        YearPart(year=year, certificate_part=0, own_part=full) for year, full, _ in _by_year(group, start, end, policy)
    ]
    months = [
        month
        for part in years
        for month in _month_plan(part, tuple(months_of(start, end, part.year)), policy.remainder_month)
    ]
    total = sum(part.own_part for part in years)
    return Split(
        register=group.register,
        total=total,
        certificate_part=0,
        own_part=total,
        years=tuple(years),
        months=tuple(months),
    )


def _account(book: Book, year: int, register: Register) -> Account:
    found = book.account(year, register)
    if found is not None:
        return found
    other = {Register.RUB: Register.HOUR, Register.HOUR: Register.RUB}.get(register)
    if other is not None and book.account(year, other) is not None:
        raise Refused(RuleCode.UNIT_MIXED, register=register, other=other, year=year)
    raise Refused(RuleCode.NO_FUTURE_NOMINAL, register=register, year=year)


def _as_if_reserved(book: Book, split: Split) -> Book:
    """Return the book as it would be with this split reserved, to quote what comes after it."""
    accounts = dict(book.accounts)
    for part in split.years:
        for key, account in book.accounts.items():
            if (key.year, key.register) == (part.year, split.register):
                accounts[key] = Account(
                    key=key,
                    nominal=account.nominal,
                    reserved=account.reserved + part.certificate_part,
                    spent=account.spent,
                )
    moved = split.certificate_part > 0
    return Book(version=book.version + moved, accounts=accounts, holdings=book.holdings, entries=book.entries)


# Judging what was agreed


def check_agreed(agreed: Agreed, fresh: Quote, *, split_consent: bool) -> None:
    """Refuse an agreement that is not, to the last hundredth, what is calculated now.

    `fresh` is a quote made just now for the same group and days; `split_consent` says whether the consent to split
    payment is in force. Errors (Refused): STALE_BALANCE when the balance has another version (invariant 10) whatever
    the sums, SPLIT_DIFFERS when the sums are not those of the quote, OWN_PART_NOT_AGREED without the parent's own yes.
    """
    if agreed.balance_version != fresh.balance_version:
        raise Refused(RuleCode.STALE_BALANCE, agreed=agreed.balance_version, current=fresh.balance_version)
    check_sums(agreed.split)
    if not _same_sums(agreed.split, fresh.split):
        raise Refused(RuleCode.SPLIT_DIFFERS)
    check_own_part(agreed.split, accepted=agreed.own_part_accepted, split_consent=split_consent)


def check_own_part(split: Split, *, accepted: bool, split_consent: bool) -> None:
    """Refuse an own part that the parent did not say yes to, or without the consent form for it (6.5, rule 3)."""
    if split.own_part > 0 and not (accepted and split_consent):
        raise Refused(RuleCode.OWN_PART_NOT_AGREED)


def _same_sums(agreed: Split, fresh: Split) -> bool:
    """Compare what both state: a portal may leave the plan by months and the informative price out."""
    stated = (agreed.register, agreed.total, agreed.certificate_part, agreed.own_part, agreed.years)
    if stated != (fresh.register, fresh.total, fresh.certificate_part, fresh.own_part, fresh.years):
        return False
    return not agreed.months or agreed.months == fresh.months


def check_sums(split: Split, *, start: date | None = None, end: date | None = None) -> None:
    """Refuse a split that does not add up (SPLIT_BROKEN), by 6.5 rule 2 and invariant 4.

    Where `start` and `end` are given, every month of the plan lies inside them. No months at all is allowed.
    """
    for what, wrong in (
        ("total", split.total != split.certificate_part + split.own_part),
        ("a negative part", any(part < 0 for part in _amounts(split))),
        ("years", _summed(split.years) != (split.certificate_part, split.own_part)),
        ("years in order", not _ascending(part.year for part in split.years)),
        ("months in order", not _ascending(part.month.toordinal() for part in split.months)),
        ("number of months", len(split.months) > LONGEST_MONTHS),
        ("months of a year", bool(split.months) and not _months_add_up(split)),
        ("months inside the period", not _inside(split.months, start, end)),
    ):
        if wrong:
            raise Refused(RuleCode.SPLIT_BROKEN, what=what)


def _amounts(split: Split) -> Iterator[int]:
    yield from (split.total, split.certificate_part, split.own_part)
    for part in (*split.years, *split.months):
        yield from (part.certificate_part, part.own_part)


def _summed(parts: Iterable[Parts]) -> tuple[int, int]:
    certificate_part = own_part = 0
    for part in parts:
        certificate_part += part.certificate_part
        own_part += part.own_part
    return certificate_part, own_part


def _ascending(keys: Iterable[int]) -> bool:
    listed = list(keys)
    return listed == sorted(set(listed))


def _months_add_up(split: Split) -> bool:
    known = {part.year for part in split.years}
    if any(part.month.year not in known for part in split.months):
        return False
    return all(
        _summed(month for month in split.months if month.month.year == part.year)
        == (part.certificate_part, part.own_part)
        for part in split.years
    )


def _inside(months: Iterable[MonthPart], start: date | None, end: date | None) -> bool:
    if start is None or end is None:
        return True
    return all(start.replace(day=1) <= part.month <= end for part in months)
