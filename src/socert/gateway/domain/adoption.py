"""An imported contract as the rules see it: a plan by months that fits the sums it came with.

An export tells of a contract what the certificate and the parent pay, what was spent and what is held, but not by
month. The plan made here explains exactly these sums: its charged months sum to what was spent, its open months hold
what is held, and what is in neither was freed. Which month had how much is a guess, evenly spread and in order.
Source: portal message dictionary, 6.3, 11.6 (months), 11.8.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from types import MappingProxyType
from typing import TYPE_CHECKING

from socert.gateway.domain.contract import LIVE, ContractLife
from socert.gateway.domain.months import months_of
from socert.gateway.domain.quote import MonthPart, Split, YearPart

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from socert.gateway.domain.records import Contract, Register


def adopt(
    contract: Contract, *, certificate_guid: str, register: Register, today: date, years: Collection[int]
) -> ContractLife:
    """Return an imported contract with a plan that fits its sums, as of `today`.

    `years` are those in which the certificate has an account of the register: what the certificate paid and holds was
    taken from these, so other months of the period have no certificate part, unless none of its years is among them.

    Of what the certificate pays (in hundredths): what is held lies on the open months, the current one and those after
    it; what was spent and what was freed lies on the months before, charged one after another. With nothing held every
    month is closed. Where a single month has all of it, what was freed counts as charged and given back. An export that
    spends and holds more than the certificate's part (the import refuses it) makes the plan that much larger.
    """
    months = tuple(months_of(contract.start, max(contract.start, contract.end)))
    payable = tuple(month for month in months if month.year in years) or months
    spent, held = contract.spent, contract.reserved
    freed = max(0, contract.certificate_part - spent - held)
    plan = dict.fromkeys(months, 0)
    if len(payable) == 1 and held:
        month = payable[0]
        plan[month] = spent + freed + held
        charged = {month: spent + freed} if spent + freed else {}
        refunded = {month: freed} if freed else {}
        released = frozenset[date]()
    else:
        cut = _closed_months(payable, today, closes=spent + freed > 0, holds=held > 0)
        plan.update(_spread(spent + freed, payable[:cut]))
        plan.update(_spread(held, payable[cut:]))
        charged, refunded = _charged(plan, payable[:cut], spent), {}
        released = frozenset(payable[:cut])
    if contract.state not in LIVE:
        released |= {month for month in months if plan[month] == charged.get(month, 0)}
    return ContractLife(
        contract_id=contract.contract_id,
        certificate_guid=certificate_guid,
        group_guid=contract.group_guid,
        start=contract.start,
        end=contract.end,
        split=_split(register, plan, _spread(contract.own_part, months)),
        since=datetime.combine(contract.concluded_on or contract.start, time(), UTC),
        state=contract.state,
        order_id=contract.order_id,
        previous_contract_id=contract.previous_contract_id,
        number=contract.number,
        concluded_on=contract.concluded_on,
        charged=MappingProxyType(charged),
        refunded=MappingProxyType(refunded),
        released=released,
    )


def _closed_months(months: Sequence[date], today: date, *, closes: bool, holds: bool) -> int:
    """Return how many of the months, from the first on, are closed."""
    if not holds:
        return len(months)
    if not closes:
        return 0
    before = sum(month < today.replace(day=1) for month in months)
    return min(max(before, 1), len(months) - 1)


def _spread(amount: int, months: Sequence[date]) -> dict[date, int]:
    """Spread an amount evenly over months; what rounding down leaves goes to the first."""
    spread = dict.fromkeys(months, amount // max(1, len(months)))
    if months:
        spread[months[0]] += amount % len(months)
    return spread


def _charged(plan: Mapping[date, int], closed: Sequence[date], spent: int) -> dict[date, int]:
    """Charge the closed months one after another until all that was spent is charged."""
    charged: dict[date, int] = {}
    for month in closed:
        taken = min(spent, plan[month])
        if taken:
            charged[month] = taken
            spent -= taken
    return charged


def _split(register: Register, plan: Mapping[date, int], own: Mapping[date, int]) -> Split:
    months = tuple(MonthPart(month=month, certificate_part=plan[month], own_part=own[month]) for month in sorted(plan))
    years = tuple(
        YearPart(
            year=year,
            certificate_part=sum(part.certificate_part for part in months if part.month.year == year),
            own_part=sum(part.own_part for part in months if part.month.year == year),
        )
        for year in sorted({part.month.year for part in months})
    )
    certificate_part, own_part = sum(plan.values()), sum(own.values())
    return Split(
        register=register,
        total=certificate_part + own_part,
        certificate_part=certificate_part,
        own_part=own_part,
        years=years,
        months=months,
    )
