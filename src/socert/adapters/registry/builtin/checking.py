"""Whether balances, entries and contracts tell the same (portal message dictionary, 15, invariant 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Subquery, and_, case, extract, func, or_, select

from socert.adapters.registry.builtin import life_rows, tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Select


class Checking:
    """Looks for what does not add up, by the database alone, whatever the number of certificates."""

    def unbalanced(self, connection: Connection) -> Sequence[str]:
        """Numbers of certificates whose books do not add up, in order; none when all is well.

        Looked for: a balance that is not the sum of its ledger entries; of certificates that are kept here, an account
        whose reserved and spent are not those of its contracts' months; a contract that is not the sum of its months,
        or of its entries where it was made here; and a contract that an import brought after the rules had begun to
        keep its certificate, as long as it holds or has spent anything.
        """
        wrong: set[str] = set()
        for chosen in (_not_of_entries(), _not_of_contracts(), _not_of_months(), _not_posted(), _brought_later()):
            wrong.update(connection.scalars(chosen))
        return sorted(wrong)


_AMOUNTS = ("nominal", "reserved", "spent")


def _not_of_entries() -> Select[Any]:
    """Balances that their entries do not explain, and entries that sum up to something where no balance is."""
    entry, balance, certificate = tables.ledger_entry, tables.balance, tables.certificate
    keys = (entry.c.certificate_guid, entry.c.register, entry.c.period_from)
    sums = (
        select(*keys, *(func.sum(entry.c[name]).label(name) for name in _AMOUNTS)).group_by(*keys).subquery("entries")
    )
    same = and_(*(sums.c[column.name] == balance.c[column.name] for column in keys))
    differs = or_(*(func.coalesce(sums.c[name], 0) != func.coalesce(balance.c[name], 0) for name in _AMOUNTS))
    joined = sums.join(balance, same, full=True)
    guid = func.coalesce(balance.c.certificate_guid, sums.c.certificate_guid)
    unexplained = balance.c.certificate_guid.is_not(None) & sums.c.certificate_guid.is_(None)
    chosen = select(certificate.c.number).select_from(joined.join(certificate, certificate.c.guid == guid))
    return chosen.where(or_(unexplained, differs))


def _by_month() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """What a month holds and has spent."""
    month = tables.contract_month.c
    charged = func.coalesce(month.charged, 0)
    return case((month.released == 1, 0), else_=month.certificate_part - charged), charged - month.refunded


def _not_of_contracts() -> Select[Any]:
    """Accounts that contracts do not explain, and contracts of no account, of certificates that are kept here."""
    contract, month, balance, certificate = (
        tables.contract,
        tables.contract_month,
        tables.balance,
        tables.certificate,
    )
    held, spent = _by_month()
    year = extract("year", month.c.month)
    sums = (
        select(
            contract.c.certificate_guid,
            contract.c.register,
            year.label("year"),
            func.sum(held).label("reserved"),
            func.sum(spent).label("spent"),
        )
        .join(month, month.c.contract_id == contract.c.contract_id)
        .group_by(contract.c.certificate_guid, contract.c.register, year)
        .subquery("months")
    )
    same = and_(
        sums.c.certificate_guid == balance.c.certificate_guid,
        sums.c.register == balance.c.register,
        sums.c.year == extract("year", balance.c.period_from),
    )
    differs = or_(
        *(func.coalesce(sums.c[name], 0) != func.coalesce(balance.c[name], 0) for name in ("reserved", "spent"))
    )
    joined = sums.join(balance, same, full=True)
    guid = func.coalesce(balance.c.certificate_guid, sums.c.certificate_guid)
    chosen = select(certificate.c.number).select_from(joined.join(certificate, certificate.c.guid == guid))
    return chosen.where(certificate.c.kept_here == 1, differs)


def _contracts_unlike(sums: Subquery, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Certificates of contracts that the rules keep whose sums are not these."""
    contract, certificate = tables.contract, tables.certificate
    differs = or_(*(func.coalesce(sums.c[name], 0) != contract.c[name] for name in ("reserved", "spent")))
    return (
        select(certificate.c.number)
        .join(contract, contract.c.certificate_guid == certificate.c.guid)
        .outerjoin(sums, sums.c.contract_id == contract.c.contract_id)
        .where(contract.c.kept == 1, differs, *conditions)
    )


def _not_of_months() -> Select[Any]:
    month = tables.contract_month.c
    held, spent = _by_month()
    sums = select(month.contract_id, func.sum(held).label("reserved"), func.sum(spent).label("spent"))
    return _contracts_unlike(sums.group_by(month.contract_id).subquery("months"))


def _not_posted() -> Select[Any]:
    entry = tables.ledger_entry.c
    sums = select(entry.contract_id, func.sum(entry.reserved).label("reserved"), func.sum(entry.spent).label("spent"))
    posted = sums.where(entry.contract_id.is_not(None)).group_by(entry.contract_id).subquery("posted")
    return _contracts_unlike(posted, tables.contract.c.digest == life_rows.NOT_IMPORTED)


def _brought_later() -> Select[Any]:
    contract, certificate = tables.contract, tables.certificate
    chosen = select(certificate.c.number).join(contract, contract.c.certificate_guid == certificate.c.guid)
    return chosen.where(
        certificate.c.kept_here == 1, contract.c.kept == 0, or_(contract.c.reserved > 0, contract.c.spent > 0)
    )
