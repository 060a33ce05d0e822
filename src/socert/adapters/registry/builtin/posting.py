"""Writing what the rules decided: entries with the balances that they move, and contracts with their months.

Nothing is decided here: what is written is what the domain's book and contracts say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert

from socert.adapters.registry.builtin import life_rows, tables
from socert.adapters.registry.builtin.sql import update_each
from socert.gateway.domain.ledger import Holding
from socert.gateway.domain.rules_errors import LedgerRefused, RuleCode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import RowMapping

    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.ledger import Account, Book, Entry, HoldingKey
    from socert.gateway.domain.records import Certificate
    from socert.gateway.ports.life import Terms

RULES = "rules"
"""Under this name the rules make ledger entries."""
Periods = dict[tuple[str, int], tuple["date", "date"]]
"""(register, year) -> first and last day of the balance that is kept there."""
Stored = dict[str, "tuple[RowMapping, ContractLife]"]
"""Contracts by id as they are stored: the row, and the life that it tells."""


def period_of(account: Account, periods: Periods) -> tuple[date, date]:
    """Return the period of an account's balance: the kept one, else the whole year that it opens with."""
    return periods.get((account.key.register.value, account.key.year), account.period)


def holdings_of(lives: Iterable[ContractLife], posted: Iterable[Entry] = ()) -> dict[HoldingKey, Holding]:
    """Return what contracts hold and have spent, by account: the sums of their months.

    One that holds nothing any more is there with nothing, where entries say that it once did.
    """
    sums: dict[HoldingKey, list[int]] = {
        (entry.contract_id, entry.account): [0, 0] for entry in posted if entry.contract_id is not None
    }
    for life in lives:
        for month in life.months:
            held, spent = life.held(month), life.charged.get(month, 0) - life.refunded.get(month, 0)
            if life.planned(month):
                total = sums.setdefault((life.contract_id, life.account(month.year)), [0, 0])
                total[0] += held
                total[1] += spent
    return {place: Holding(reserved=reserved, spent=spent) for place, (reserved, spent) in sums.items()}


def check_explained(before: Book, after: Book, contracts: Sequence[ContractLife]) -> None:
    """Refuse to store entries without the contracts that they move, or contracts that hold anything else (BAD_ENTRY).

    The sum of the entries is the balance, and the contracts explain it: here is the one place where both are at hand.
    """
    ids = {life.contract_id for life in contracts}
    for key, entry in after.entries.items():
        if entry.contract_id is not None and key not in before.entries and entry.contract_id not in ids:
            raise LedgerRefused(RuleCode.BAD_ENTRY, key=key, what="its contract is not stored with it")
    told = holdings_of(contracts)
    posted = {place: holding for place, holding in after.holdings.items() if place[0] in ids}
    for place in {*told, *posted}:
        if told.get(place, Holding()) != posted.get(place, Holding()):
            raise LedgerRefused(RuleCode.BAD_ENTRY, key=place[0], what="the contract's months hold something else")


class Posting:
    """The rows that new entries come to: balances that they open or move, and the entries themselves."""

    def __init__(self) -> None:
        """Start with nothing to write."""
        self._opened: list[dict[str, Any]] = []
        self._moved: list[dict[str, Any]] = []
        self._entries: list[dict[str, Any]] = []

    def add(self, guid: str, before: Book, after: Book, periods: Periods, now: datetime) -> None:
        """Add what leads one certificate's book from `before` to `after`."""
        fresh = [entry for key, entry in after.entries.items() if key not in before.entries]
        for key in dict.fromkeys(entry.account for entry in fresh):
            account = after.accounts[key]
            row = life_rows.account_row(guid, account, period_of(account, periods))
            (self._moved if (key.register.value, key.year) in periods else self._opened).append(row)
        for entry in fresh:
            since = period_of(after.accounts[entry.account], periods)[0]
            self._entries.append(
                life_rows.entry_row(guid, entry, period_from=since, version=after.version, source=RULES, now=now)
            )

    def write(self, connection: Connection) -> None:
        """Write all of it, of however many certificates."""
        if self._opened:
            connection.execute(insert(tables.balance), self._opened)
        update_each(connection, tables.balance, ("certificate_guid", "register", "period_from"), self._moved)
        if self._entries:
            connection.execute(insert(tables.ledger_entry), self._entries)


def post(connection: Connection, guid: str, before: Book, after: Book, periods: Periods, now: datetime) -> None:
    """Write the entries that are new in `after`, and the balances that they moved or opened."""
    posting = Posting()
    posting.add(guid, before, after, periods, now)
    posting.write(connection)


def store(
    connection: Connection,
    lives: Sequence[ContractLife],
    stored: Stored,
    certificate: Certificate,
    terms: Mapping[str, Terms],
) -> None:
    """Write contracts and those of their months that changed. One that is not stored yet needs its terms."""
    new: list[dict[str, Any]] = []
    for life in lives:
        if life.contract_id in stored:
            continue
        if life.contract_id not in terms:
            raise ValueError(f"Contract {life.contract_id} is new: save it with its terms.")
        made = life_rows.new_contract_row(life, certificate.unit)
        new.append(made | life_rows.terms_row(terms[life.contract_id]))
    if new:
        connection.execute(insert(tables.contract), new)
    renewed = [life_rows.life_row(life) for life in lives if life.contract_id in stored]
    update_each(connection, tables.contract, ("contract_id",), renewed)
    written = {one: life for one, (row, life) in stored.items() if row["kept"]}
    _write_months(connection, [(written.get(life.contract_id), life) for life in lives])


def _write_months(connection: Connection, pairs: Iterable[tuple[ContractLife | None, ContractLife]]) -> None:
    table = tables.contract_month
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for before, after in pairs:
        known = dict(_months(before)) if before is not None else {}
        told = dict(_months(after))
        for month in known.keys() - told.keys():
            gone = delete(table).where(table.c.contract_id == after.contract_id, table.c.month == month)
            connection.execute(gone)
        fresh += [row for month, row in told.items() if month not in known]
        changed += [row for month, row in told.items() if month in known and known[month] != row]
    if fresh:
        connection.execute(insert(table), fresh)
    update_each(connection, table, ("contract_id", "month"), changed)


def _months(life: ContractLife) -> Iterator[tuple[date, dict[str, Any]]]:
    return ((row["month"], row) for row in life_rows.month_rows(life))
