"""Who pays what, as the portal keeps it: one shape for a calculation, a contract and an offer, whatever the unit.

Amounts are integer hundredths of `unit`; of a count register they are hundredths of a programme (`unit` "count"), so
that one arithmetic and one set of words serve all three.
"""

# ruff: noqa: TC003 - pydantic reads the annotations while the module runs

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from socert.contracts.portal.blocks import CountSplit, MonthPart, Register, Split, Unit, YearPart

if TYPE_CHECKING:
    from socert.contracts.portal.blocks import AnySplit

COUNT = "count"


@dataclass(frozen=True, kw_only=True, slots=True)
class YearDivision:
    """What falls on one calendar year."""

    year: int
    certificate_part: int
    own_part: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthDivision:
    """What falls on one month, named by its first day."""

    month: date
    certificate_part: int
    own_part: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Division:
    """A price, the certificate's part and the family's own part.

    `unit`: "rub", "hour", "count"; `register` is the count register, None beside funds; `payable`, only with hours: the
    price of the family's hours in kopecks.
    """

    unit: str
    register: Register | None = None
    total: int
    certificate_part: int
    own_part: int
    payable: int | None = None
    years: tuple[YearDivision, ...] = ()
    months: tuple[MonthDivision, ...] = ()

    def split(self) -> AnySplit:
        """Return the split as messages have it."""
        if self.register is not None:
            return CountSplit(register=self.register, programmes=self.certificate_part // 100)
        return Split(
            unit=Unit(self.unit),
            total=self.total,
            certificate_part=self.certificate_part,
            applicant_part=self.own_part,
            year_parts=tuple(
                YearPart(year=one.year, certificate_part=one.certificate_part, applicant_part=one.own_part)
                for one in self.years
            ),
            month_parts=tuple(
                MonthPart(month=one.month, certificate_part=one.certificate_part, applicant_part=one.own_part)
                for one in self.months
            ),
            applicant_payable=self.payable,
        )


def division(split: AnySplit) -> Division:
    """Return a message's split as the portal keeps it."""
    if isinstance(split, CountSplit):
        amount = split.programmes * 100
        return Division(unit=COUNT, register=split.register, total=amount, certificate_part=amount, own_part=0)
    return Division(
        unit=split.unit.value,
        total=split.total,
        certificate_part=split.certificate_part,
        own_part=split.applicant_part,
        payable=split.applicant_payable,
        years=tuple(
            YearDivision(year=one.year, certificate_part=one.certificate_part, own_part=one.applicant_part)
            for one in split.year_parts
        ),
        months=tuple(
            MonthDivision(month=one.month, certificate_part=one.certificate_part, own_part=one.applicant_part)
            for one in split.month_parts
        ),
    )
