"""Short ways to make what the rules of a certificate's life work on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from socert.gateway.domain import contract_steps, ledger
from socert.gateway.domain.ledger import AccountKey, Book
from socert.gateway.domain.policy import Policy, Register
from socert.gateway.domain.quote import Priced, Quote, quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socert.gateway.domain.contract import ContractLife, Step
    from socert.gateway.domain.ledger import Entry

NOW = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
POLICY = Policy()
RUB_2026 = AccountKey(year=2026, register=Register.RUB)
RUB_2027 = AccountKey(year=2027, register=Register.RUB)
AUTUMN = Priced(start=date(2026, 9, 15), end=date(2026, 12, 31), register=Register.RUB, price=12000_00)
"""The group of the documented example: 12000 roubles for four months."""
SCHOOL_YEAR = Priced(start=date(2026, 9, 1), end=date(2027, 5, 31), register=Register.RUB, price=27300_00)


def book(*nominals: tuple[int, Register, int]) -> Book:
    """A book with these nominals (year, register, hundredths), posted at once: version 1."""
    return Book().post(
        ledger.issue(AccountKey(year=year, register=register), amount, key=f"{year}:{register}:issue")
        for year, register, amount in nominals
    )


def funded(nominal: int = 8000_00, *, next_year: int | None = None) -> Book:
    """A book of roubles for 2026, and for 2027 where wanted."""
    later = () if next_year is None else ((2027, Register.RUB, next_year),)
    return book((2026, Register.RUB, nominal), *later)


def quoted(group: Priced, held: Book, *, policy: Policy = POLICY) -> Quote:
    """A quote for the whole period of a group."""
    return quote(group, start=group.start, end=group.end, book=held, policy=policy)


def requested(held: Book, group: Priced = AUTUMN, *, contract_id: str = "c-1", order_id: str = "1") -> Step:
    """The request of a contract for the whole period of a group."""
    return contract_steps.request(
        contract_id=contract_id,
        certificate_guid="cert-1",
        group_guid="group-1",
        start=group.start,
        end=group.end,
        quote=quoted(group, held),
        now=NOW,
        order_id=order_id,
    )


def active(held: Book, group: Priced = AUTUMN) -> tuple[ContractLife, Book]:
    """A concluded contract and the book that holds its part."""
    step = requested(held, group)
    accepted = contract_steps.accept(step.contract, now=NOW)
    concluded = contract_steps.conclude(accepted.contract, number="15", day=date(2026, 9, 5), now=NOW)
    return concluded.contract, held.post(step.entries)


def with_start(group: Priced, start: date, end: date) -> Priced:
    """The same group with another period."""
    return replace(group, start=start, end=end)


def moves(entries: Iterable[Entry]) -> list[tuple[str, int, int, int, int]]:
    """Entries as (kind, year, nominal, reserved, spent), for comparing."""
    return [(entry.kind.value, entry.account.year, entry.nominal, entry.reserved, entry.spent) for entry in entries]
