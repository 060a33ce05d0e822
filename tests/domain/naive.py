"""The simplest thing that could keep a certificate's figures: a list of months, each held, spent or free.

It knows nothing of ledgers, entries or keys; the machine compares it with the rules after every step.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socert.gateway.domain.quote import Split


@dataclass(kw_only=True)
class Month:
    """One month of one contract: what was planned, is held and was spent, and whether it is over with."""

    day: date
    planned: int
    held: int
    spent: int = 0
    over: bool = False

    def pay(self, amount: int) -> None:
        """Spend some of what is held."""
        self.held -= amount
        self.spent += amount
        self.over = True

    def free(self) -> None:
        """Give back what is held."""
        self.held = 0
        self.over = True


class Naive:
    """Nominals by year, and the months of every contract."""

    def __init__(self) -> None:
        self.nominal: dict[int, int] = defaultdict(int)
        self.months: dict[str, list[Month]] = {}

    def enrol(self, contract_id: str, split: Split) -> None:
        self.months[contract_id] = [
            Month(day=part.month, planned=part.certificate_part, held=part.certificate_part) for part in split.months
        ]

    def replan(self, contract_id: str, split: Split) -> None:
        """Other plans for months that are not over."""
        for month, part in zip(self.months[contract_id], split.months, strict=True):
            if not month.over:
                month.planned = month.held = part.certificate_part

    def month(self, contract_id: str, day: date) -> Month:
        return next(month for month in self.months[contract_id] if month.day == day)

    def free_all(self, contract_id: str, after: date = date.min) -> int:
        """Free the months that begin after a day and were not paid; return how much that gives back."""
        months = [month for month in self.months[contract_id] if month.day > after and not month.over]
        given = sum(month.held for month in months)
        for month in months:
            month.free()
        return given

    def close(self, contract_id: str, *, pays: bool, year: int | None = None, until: date = date.max) -> None:
        """Pay what was studied until a day, free the rest; of one year or of all."""
        for month in self.months[contract_id]:
            if year is not None and month.day.year != year:
                continue
            if pays and not month.over and month.day <= until:
                month.pay(month.held)
            month.free()

    def new_year(self, ended: int, *, standard: int, carry: int | None) -> None:
        """Empty the year that ended; `carry` is the most that goes over, None for everything."""
        left = self.available(ended)
        self.nominal[ended] -= left
        self.nominal[ended + 1] = max(self.nominal[ended + 1], standard) + (left if carry is None else min(left, carry))
        self.nominal[ended + 2] = max(self.nominal[ended + 2], standard)

    def reserved(self, year: int) -> int:
        return sum(month.held for month in self._of(year))

    def spent(self, year: int) -> int:
        return sum(month.spent for month in self._of(year))

    def available(self, year: int) -> int:
        return self.nominal[year] - self.reserved(year) - self.spent(year)

    def _of(self, year: int) -> Iterable[Month]:
        return (month for months in self.months.values() for month in months if month.day.year == year)


def last_of_month(day: date) -> date:
    """The last day of a day's month, counted one by one."""
    while (day + timedelta(days=1)).month == day.month:
        day += timedelta(days=1)
    return day
