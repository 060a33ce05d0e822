"""1 January for one certificate: past <- current <- future, all of it or nothing.

The year that ended is closed: its months of study are charged, what contracts still hold of it is freed, what is free
is carried over as far as the policy allows, and the rest expires. Then the next years' nominals are put on.
Sources: portal message dictionary, 11.7, 11.9 (December closes in December), 11.10; 15, invariant 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.gateway.domain import ledger
from socert.gateway.domain.certificate import goes_on, settled
from socert.gateway.domain.charging import close_year
from socert.gateway.domain.contract import LIVE
from socert.gateway.domain.ledger import AccountKey, EntryKind
from socert.gateway.domain.months import year_end
from socert.gateway.domain.rules_errors import Refused, RuleCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.ledger import Account, Book, Entry
    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.records import CertificateStatus


@dataclass(frozen=True, kw_only=True, slots=True)
class Shifted:
    """A certificate after 1 January: book, status, those of its contracts that changed, and the entries of it all.

    `expired` and `carried` are sums by account of the year that ended. Store everything in one transaction.
    """

    book: Book
    status: CertificateStatus
    contracts: tuple[ContractLife, ...]
    entries: tuple[Entry, ...]
    expired: Mapping[AccountKey, int]
    carried: Mapping[AccountKey, int]


def shift(
    book: Book,
    contracts: Iterable[ContractLife],
    *,
    year: int,
    today: date,
    nominals: Mapping[AccountKey, int],
    status: CertificateStatus,
    policy: Policy,
) -> Shifted:
    """Close `year` and open what follows; the same again changes nothing.

    `nominals` are the nominals that accounts of later years shall have, in hundredths (or programmes): an account is
    topped up to its nominal and never lowered, so that volume that came by the priority right is part of it. `book`
    brings the entries that touch nominals (issue, expire, adjust): they are how a repeat is known.
    Errors: YEAR_NOT_OVER (Refused); whatever breaks the ledger (LedgerRefused) leaves the certificate as it was.
    """
    if today <= year_end(year):
        raise Refused(RuleCode.YEAR_NOT_OVER, year=year)
    before = book
    closed: list[Entry] = []
    changed: list[ContractLife] = []
    for contract in contracts:
        if contract.state in LIVE:
            step = close_year(contract, year, pays=goes_on(status, policy))
            closed.extend(step.entries)
            if step.contract != contract:
                changed.append(step.contract)
    book = book.post(closed)
    expired, carried, ended = _ended(book, year, policy)
    opened = tuple(_opened(book, nominals, carried, year))
    entries = (*closed, *ended, *opened)
    book = before.post(entries)
    return Shifted(
        book=book,
        status=settled(status, book),
        contracts=tuple(changed),
        entries=entries,
        expired=expired,
        carried=carried,
    )


def _ended(book: Book, year: int, policy: Policy) -> tuple[dict[AccountKey, int], dict[AccountKey, int], list[Entry]]:
    """Take everything free off the accounts of the year; of roubles and hours, some may be carried over.

    What a later correction of the closed year frees goes the same way, as if it had been free in time: the policy looks
    at all that was ever left of the year.
    """
    expired: dict[AccountKey, int] = {}
    carried: dict[AccountKey, int] = {}
    entries: list[Entry] = []
    for account in _accounts_of(book, year):
        left = account.available
        if not left:
            continue
        gone = [entry for entry in book.entries.values() if _expires(entry, account.key)]
        entries.append(ledger.expire(account.key, left, number=len(gone) + 1))
        before = sum(-entry.nominal for entry in gone)
        carry = 0
        if not account.key.register.counts:
            carry = policy.carried(before + left) - policy.carried(before)
        if carry:
            carried[account.key] = carry
        expired[account.key] = left - carry
    return expired, carried, entries


def _expires(entry: Entry, account: AccountKey) -> bool:
    return entry.kind is EntryKind.EXPIRE and entry.account == account


def _opened(
    book: Book, nominals: Mapping[AccountKey, int], carried: Mapping[AccountKey, int], year: int
) -> Iterator[Entry]:
    """Top later accounts up to their nominals, then add what was carried over on top of the next year's."""
    keys = {key for key in nominals if key.year > year}
    keys |= {AccountKey(year=year + 1, register=key.register) for key in carried}
    for key in sorted(keys, key=lambda key: (key.year, key.register)):
        found = book.accounts.get(key)
        nominal = 0 if found is None else found.nominal
        more = max(0, nominals.get(key, 0) - nominal)
        issue_key = f"{key.year}:{key.register.value}:{EntryKind.ISSUE.value}:{year}"
        if (more or found is None) and issue_key not in book.entries:
            yield ledger.issue(key, more, key=issue_key)
        ended = AccountKey(year=year, register=key.register)
        if key.year == year + 1 and ended in carried:
            number = 1 + sum(_expires(entry, ended) for entry in book.entries.values())
            yield ledger.adjust(key, carried[ended], key=f"{key.year}:{key.register.value}:carry:{number}")


def _accounts_of(book: Book, year: int) -> list[Account]:
    found = [account for account in book.accounts.values() if account.key.year == year]
    return sorted(found, key=lambda account: account.key.register)


def lower(book: Book, *, month: date, policy: Policy) -> tuple[Entry, ...]:
    """Return the entries that lower an unused certificate's nominal at the end of `month`, once (11.10)."""
    if not policy.monthly_lowering:
        return ()
    lowered = (ledger.lowering(account, month=month) for account in _accounts_of(book, month.year))
    return tuple(entry for entry in lowered if entry is not None and entry.key not in book.entries)


@dataclass(frozen=True, kw_only=True, slots=True)
class Periods:
    """A certificate's accounts as they stand in a year: past, current and future (11.10)."""

    past: tuple[Account, ...]
    current: tuple[Account, ...]
    future: tuple[Account, ...]


def periods(book: Book, *, today: date) -> Periods:
    """Sort a certificate's accounts by what they are today."""
    return Periods(
        past=tuple(_accounts_of(book, today.year - 1)),
        current=tuple(_accounts_of(book, today.year)),
        future=tuple(_accounts_of(book, today.year + 1)),
    )
