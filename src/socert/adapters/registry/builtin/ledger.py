"""Balances move by ledger entries only; this module finds the entries that lead from one balance to another.

Each entry carries what it adds to nominal, reserved and spent (hundredths, signed). Their sum over a certificate and
period is its balance (portal message dictionary, 11.8 and 15, invariant 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socert.gateway.domain.records import Balance


class EntryKind(StrEnum):
    """Kinds of ledger entries."""

    ISSUE = "issue"  # first nominal of a period
    ADJUST = "adjust"  # a correction that no other kind explains
    RESERVE = "reserve"  # held for a contract
    CHARGE = "charge"  # held becomes spent
    RELEASE = "release"  # held becomes free again
    EXPIRE = "expire"  # what is left at the end of the period


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One movement, in hundredths: what it adds to each part of a balance."""

    kind: EntryKind
    nominal: int = 0
    reserved: int = 0
    spent: int = 0


def opening(balance: Balance) -> Iterator[Entry]:
    """Yield the entries that make a balance out of nothing."""
    yield Entry(kind=EntryKind.ISSUE, nominal=balance.nominal)
    yield from _moves(balance.reserved, balance.spent)


def difference(before: Balance, after: Balance) -> Iterator[Entry]:
    """Yield the entries that lead from one balance of a period to another; nothing when they are equal.

    Spent sums that shrink have no movement of their own: they are an `adjust`, with the nominal's change if any.
    """
    nominal = after.nominal - before.nominal
    spent = after.spent - before.spent
    correction = min(spent, 0)
    if nominal or correction:
        yield Entry(kind=EntryKind.ADJUST, nominal=nominal, spent=correction)
    yield from _moves(after.reserved - before.reserved, spent - correction)


def _moves(reserved: int, spent: int) -> Iterator[Entry]:
    """Yield reserve, charge and release that add `reserved` (any sign) and `spent` (never negative)."""
    held = reserved + spent
    if held > 0:
        yield Entry(kind=EntryKind.RESERVE, reserved=held)
    if spent:
        yield Entry(kind=EntryKind.CHARGE, reserved=-spent, spent=spent)
    if held < 0:
        yield Entry(kind=EntryKind.RELEASE, reserved=held)
