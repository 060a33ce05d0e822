"""Accounts and their entries: a balance moves by entries only, and no entry can break it.

A certificate has one account per calendar year and register. Each entry says what it adds to nominal, reserved and
spent; an account is the sum of its entries, and a contract's holding is the sum of the entries that name it. An entry's
key (contract + month + kind) makes a repeat harmless: the same entry again changes nothing.
Source: portal message dictionary, 11.7-11.10 and 15, invariants 1, 2, 3, 5, 6.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from socert.gateway.domain.policy import Register
from socert.gateway.domain.rules_errors import LedgerRefused, RuleCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class EntryKind(StrEnum):
    """Kinds of ledger entries."""

    ISSUE = "issue"  # nominal put on an account
    RESERVE = "reserve"  # free becomes held for a contract
    CHARGE = "charge"  # held becomes spent
    RELEASE = "release"  # held becomes free again
    EXPIRE = "expire"  # what is free at the end of the year goes
    ADJUST = "adjust"  # an explicit correction: nominal up or down, or spent back to free


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountKey:
    """Which account of a certificate: calendar year and register."""

    year: int
    register: Register


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One movement. Amounts are hundredths (whole programmes on count registers), signed: what it adds.

    `contract_id` is None for movements of the nominal; `month` is the first day of the month that a charge is for, or
    the first month that a reserve or release covers. `key` is unique for a certificate for good.
    """

    key: str
    kind: EntryKind
    account: AccountKey
    nominal: int = 0
    reserved: int = 0
    spent: int = 0
    contract_id: str | None = None
    month: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """What one account holds. Never negative in any part, and `available` neither (invariant 1)."""

    key: AccountKey
    nominal: int = 0
    reserved: int = 0
    spent: int = 0

    @property
    def available(self) -> int:
        """What is free: nominal - reserved - spent."""
        return self.nominal - self.reserved - self.spent

    @property
    def period(self) -> tuple[date, date]:
        """First and last day of the account's year."""
        return date(self.key.year, 1, 1), date(self.key.year, 12, 31)


@dataclass(frozen=True, kw_only=True, slots=True)
class Holding:
    """What one contract holds and has spent on one account."""

    reserved: int = 0
    spent: int = 0


# Making entries


def issue(account: AccountKey, amount: int, *, key: str) -> Entry:
    """Put a nominal on an account; `key` says where it comes from, such as "2027:RUB:issue"."""
    return Entry(key=key, kind=EntryKind.ISSUE, account=account, nominal=amount)


def reserve(account: AccountKey, amount: int, *, contract_id: str, month: date, change: int = 0) -> Entry:
    """Hold an amount for a contract, for its months of the account's year from `month` on.

    `change` is the number of the change of terms that asks for it, 0 for the request itself.
    """
    kind = EntryKind.RESERVE
    key = entry_key(contract_id, month, kind, change)
    return Entry(key=key, kind=kind, account=account, reserved=amount, contract_id=contract_id, month=month)


def charge(account: AccountKey, amount: int, *, contract_id: str, month: date) -> Entry:
    """Turn what is held for a month into spent. A month is charged once, however often the terms change."""
    kind = EntryKind.CHARGE
    key = entry_key(contract_id, month, kind)
    return Entry(
        key=key, kind=kind, account=account, reserved=-amount, spent=amount, contract_id=contract_id, month=month
    )


def release(account: AccountKey, amount: int, *, contract_id: str, month: date, change: int = 0) -> Entry:
    """Free what is still held for a contract, from `month` on; `change` as for `reserve`, 0 where months end."""
    kind = EntryKind.RELEASE
    key = entry_key(contract_id, month, kind, change)
    return Entry(key=key, kind=kind, account=account, reserved=-amount, contract_id=contract_id, month=month)


def expire(account: AccountKey, amount: int, *, number: int = 1) -> Entry:
    """Take what is free off an account whose year is over.

    `number` tells expiries of one account apart: a correction of a closed year frees something that must go too.
    """
    key = f"{account.year}:{account.register.value}:{EntryKind.EXPIRE.value}:{number}"
    return Entry(key=key, kind=EntryKind.EXPIRE, account=account, nominal=-amount)


def adjust(account: AccountKey, nominal: int, *, key: str) -> Entry:
    """Correct the nominal up or down, never below what is reserved and spent."""
    return Entry(key=key, kind=EntryKind.ADJUST, account=account, nominal=nominal)


def refund(account: AccountKey, amount: int, *, contract_id: str, month: date, number: int = 1) -> Entry:
    """Give back what was spent on a month by an explicit correction (11.8); `number` counts them."""
    key = f"{entry_key(contract_id, month, EntryKind.ADJUST)}:{number}"
    kind = EntryKind.ADJUST
    return Entry(key=key, kind=kind, account=account, spent=-amount, contract_id=contract_id, month=month)


def entry_key(contract_id: str, month: date, kind: EntryKind, change: int = 0) -> str:
    """Return the key of a contract's entry: contract, month, kind, and which change of terms made it, if one did.

    A month is reserved, charged and released once each; only a change of terms moves its reserve besides. The two must
    not share keys: a release after a change would pass for a repeat of the change's own.
    """
    key = f"{contract_id}:{month:%Y-%m}:{kind.value}"
    return f"{key}:change{change}" if change else key


# Applying entries


def apply(account: Account, entry: Entry) -> Account:
    """Return the account after an entry; LedgerRefused when it would break it or is malformed.

    A reserve takes no more than what is available, a charge or release no more than what is reserved, an expiry no more
    than what is available, and a correction leaves the nominal at least at reserved + spent.
    """
    if entry.account != account.key:
        raise LedgerRefused(RuleCode.WRONG_ACCOUNT, key=entry.key, register=account.key.register, year=account.key.year)
    _check_shape(entry)
    _check_room(account, entry)
    return replace(
        account,
        nominal=account.nominal + entry.nominal,
        reserved=account.reserved + entry.reserved,
        spent=account.spent + entry.spent,
    )


def apply_to_holding(holding: Holding, entry: Entry) -> Holding:
    """Return what the entry's contract holds after it; LedgerRefused when it takes more than the contract has.

    The account may have enough for a charge because other contracts hold it: this is where one contract is kept from
    spending another's reserve (invariant 3).
    """
    if entry.reserved < 0 and -entry.reserved > holding.reserved:
        code = RuleCode.RESERVE_EXCEEDED if entry.kind is EntryKind.CHARGE else RuleCode.RELEASE_EXCEEDED
        raise LedgerRefused(code, amount=-entry.reserved, reserved=holding.reserved)
    if entry.spent < 0 and -entry.spent > holding.spent:
        raise LedgerRefused(RuleCode.SPENT_EXCEEDED, amount=-entry.spent, spent=holding.spent)
    return Holding(reserved=holding.reserved + entry.reserved, spent=holding.spent + entry.spent)


_SHAPES: Mapping[EntryKind, tuple[int, int, int]] = MappingProxyType(
    {  # sign of nominal, reserved, spent; an adjust is judged by itself
        EntryKind.ISSUE: (1, 0, 0),
        EntryKind.RESERVE: (0, 1, 0),
        EntryKind.CHARGE: (0, -1, 1),
        EntryKind.RELEASE: (0, -1, 0),
        EntryKind.EXPIRE: (-1, 0, 0),
    }
)


def _check_shape(entry: Entry) -> None:
    """A kind moves what it is named after, in its own direction; a movement of nothing is no entry, but an issue is."""
    deltas = (entry.nominal, entry.reserved, entry.spent)
    if entry.kind is EntryKind.ADJUST:
        right = (entry.spent == 0) != (entry.nominal == 0) and entry.reserved == 0 and entry.spent <= 0
        of_contract = entry.spent != 0
    else:
        signs = tuple((delta > 0) - (delta < 0) for delta in deltas)
        empty_issue = entry.kind is EntryKind.ISSUE and deltas == (0, 0, 0)
        right = empty_issue or signs == _SHAPES[entry.kind]
        right = right and (entry.kind is not EntryKind.CHARGE or entry.reserved == -entry.spent)
        of_contract = entry.kind in {EntryKind.RESERVE, EntryKind.CHARGE, EntryKind.RELEASE}
    if not right:
        raise LedgerRefused(RuleCode.BAD_ENTRY, key=entry.key, what=f"amounts of {entry.kind.value}")
    if of_contract != (entry.contract_id is not None and entry.month is not None):
        raise LedgerRefused(RuleCode.BAD_ENTRY, key=entry.key, what=f"contract and month of {entry.kind.value}")
    if entry.month is not None and entry.month.year != entry.account.year:
        raise LedgerRefused(RuleCode.BAD_ENTRY, key=entry.key, what="month of another year")


def _check_room(account: Account, entry: Entry) -> None:
    if entry.kind is EntryKind.RESERVE and entry.reserved > account.available:
        raise LedgerRefused(
            RuleCode.AVAILABLE_EXCEEDED,
            amount=entry.reserved,
            available=account.available,
            register=account.key.register,
            year=account.key.year,
        )
    if entry.reserved < 0 and -entry.reserved > account.reserved:
        code = RuleCode.RESERVE_EXCEEDED if entry.kind is EntryKind.CHARGE else RuleCode.RELEASE_EXCEEDED
        raise LedgerRefused(code, amount=-entry.reserved, reserved=account.reserved)
    if entry.spent < 0 and -entry.spent > account.spent:
        raise LedgerRefused(RuleCode.SPENT_EXCEEDED, amount=-entry.spent, spent=account.spent)
    if entry.nominal < 0 and -entry.nominal > account.available:
        used = account.reserved + account.spent
        raise LedgerRefused(RuleCode.NOMINAL_BELOW_USED, nominal=account.nominal + entry.nominal, used=used)


# The book of one certificate


HoldingKey = tuple[str, AccountKey]
"""(contract id, account): which contract's holding."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Book:
    """All accounts of one certificate, what each contract holds, and the version of the balance.

    `version` grows by one with each posting that changes anything; a quote is bound to it (invariant 10). `entries`
    are all that were posted, by key; a store that keeps them itself may hand in only those that a posting could repeat.
    """

    version: int = 0
    accounts: Mapping[AccountKey, Account] = field(default_factory=lambda: MappingProxyType({}))
    holdings: Mapping[HoldingKey, Holding] = field(default_factory=lambda: MappingProxyType({}))
    entries: Mapping[str, Entry] = field(default_factory=lambda: MappingProxyType({}))

    def account(self, year: int, register: Register) -> Account | None:
        """Return an account, None when it was never opened."""
        return self.accounts.get(AccountKey(year=year, register=register))

    def available(self, year: int, register: Register) -> int:
        """Return what is free on an account, 0 when it was never opened."""
        found = self.account(year, register)
        return 0 if found is None else found.available

    def holding(self, contract_id: str, account: AccountKey) -> Holding:
        """Return what a contract holds on an account."""
        return self.holdings.get((contract_id, account), Holding())

    def post(self, entries: Iterable[Entry]) -> Book:
        """Return the book after these entries: all of them or, with LedgerRefused, none.

        Entries posted before are passed over; a known key with other contents is refused (KEY_REUSED). Only an issue
        opens an account, and a certificate counts either roubles or hours in a year, not both (UNIT_MIXED).
        """
        accounts, holdings, known = dict(self.accounts), dict(self.holdings), dict(self.entries)
        moved = False
        for entry in entries:
            if (before := known.get(entry.key)) is not None:
                if before != entry:
                    raise LedgerRefused(RuleCode.KEY_REUSED, key=entry.key)
                continue
            accounts[entry.account] = apply(_opened(accounts, entry), entry)
            if entry.contract_id is not None:
                place = (entry.contract_id, entry.account)
                holdings[place] = apply_to_holding(holdings.get(place, Holding()), entry)
            known[entry.key] = entry
            moved = True
        if not moved:
            return self
        return Book(
            version=self.version + 1,
            accounts=MappingProxyType(accounts),
            holdings=MappingProxyType(holdings),
            entries=MappingProxyType(known),
        )


def _opened(accounts: Mapping[AccountKey, Account], entry: Entry) -> Account:
    """Return the entry's account, a new one for an issue."""
    found = accounts.get(entry.account)
    if found is not None:
        return found
    year, register = entry.account.year, entry.account.register
    if entry.kind is not EntryKind.ISSUE:
        raise LedgerRefused(RuleCode.NO_FUTURE_NOMINAL, register=register, year=year)
    other = {Register.RUB: Register.HOUR, Register.HOUR: Register.RUB}.get(register)
    if other is not None and AccountKey(year=year, register=other) in accounts:
        raise LedgerRefused(RuleCode.UNIT_MIXED, register=register, other=other, year=year)
    return Account(key=entry.account)


def lowering(account: Account, *, month: date) -> Entry | None:
    """Return the entry that lowers an unused account by a twelfth of its year at the end of `month`, or None.

    Only where the policy's `monthly_lowering` is set (11.10): the part of a month in which nothing is reserved or spent
    is lost. What goes is the nominal divided by the months left with this one, rounded down, so that December takes
    the rest and the nominal never falls below reserved + spent.
    """
    if account.reserved or account.spent or account.nominal == 0 or account.key.register.counts:
        return None
    amount = account.nominal // (13 - month.month)
    key = f"{account.key.year}:{account.key.register.value}:{month:%m}:lower"
    return adjust(account.key, -amount, key=key) if amount else None


def differences(book: Book) -> Iterator[str]:
    """Say in English what of a book is not the sum of its entries (invariants 1 and 2); nothing when all is well."""
    try:
        again = Book().post(book.entries.values())
    except LedgerRefused as broken:
        yield f"the entries break a rule: {broken.log_text}"
        return
    for key in sorted({*book.accounts, *again.accounts}, key=lambda key: (key.year, key.register)):
        kept, summed = book.accounts.get(key), again.accounts.get(key)
        place = f"{key.register.value} of {key.year}"
        if kept != summed:
            yield f"account {place} is not the sum of its entries"
            continue
        held = sum(one.reserved + one.spent for (_, account), one in book.holdings.items() if account == key)
        if kept is not None and kept.nominal != kept.available + held:
            yield f"account {place} holds something for no contract"
    for place_of_contract in {*book.holdings, *again.holdings}:
        if book.holdings.get(place_of_contract) != again.holdings.get(place_of_contract):
            yield f"holding of contract {place_of_contract[0]} is not the sum of its entries"
