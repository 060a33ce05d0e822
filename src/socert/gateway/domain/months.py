"""Months and days of the calendar, as the rules count them. A month is named by its first day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def add_months(day: date, months: int) -> date:
    """Return the first day of the month that is `months` after a day's month."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def month_end(day: date) -> date:
    """Return the last day of a day's month."""
    return add_months(day, 1) - timedelta(days=1)


def months_later(day: date, months: int) -> date:
    """Return the same day some months later, the month's last day where it has no such day."""
    month = add_months(day, months)
    return min(month + timedelta(days=day.day - 1), month_end(month))


def months_of(start: date, end: date, year: int | None = None) -> Iterator[date]:
    """Yield all months that `start`..`end` touches, of one year or of all."""
    month = start.replace(day=1)
    while month <= end:
        if year is None or month.year == year:
            yield month
        month = add_months(month, 1)


def year_end(year: int) -> date:
    """Return 31 December."""
    return date(year, 12, 31)
