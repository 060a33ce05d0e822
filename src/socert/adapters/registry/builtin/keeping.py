"""Certificates whose life the rules keep: found, issued, and changed by entries and contracts.

The arithmetic is the domain's (`Book.post`); this module stores what it came to, all of it or nothing. A certificate
that came by import becomes one that is kept here with its first change: its contracts are taken over with it, since
what they hold is what its balance holds.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from socert.adapters.registry.builtin import life_rows, rows, tables
from socert.adapters.registry.builtin.lives import Lives
from socert.adapters.registry.builtin.posting import Periods, check_explained, holdings_of, period_of, post, store
from socert.adapters.registry.builtin.sql import update_each
from socert.gateway.domain.certificate import Known, child_keys
from socert.gateway.domain.ledger import Book, Entry
from socert.gateway.domain.quote import check_sums
from socert.gateway.domain.records import Balance, CertificateStatus
from socert.gateway.domain.rules_errors import LedgerRefused, Refused, RuleCode
from socert.gateway.ports import KeyTakenError, UnitOfWork
from socert.gateway.ports.life import Kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from sqlalchemy import ColumnElement, RowMapping

    from socert.adapters.registry.builtin.posting import Stored
    from socert.gateway.domain.certificate import Identity
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.records import Certificate, Register
    from socert.gateway.ports.life import Terms


class Keeping(Lives):
    """Finding, issuing and changing certificates."""

    def known(self, connection: Connection, child: Identity) -> Sequence[Known]:
        """Return every certificate under any of the child's keys, its SNILS or its document, by number.

        One found by the key of a document that its record does not show (a passport) is known by that document.
        """
        certificate, key = tables.certificate, tables.child_key
        keys = connection.execute(select(key).where(key.c.key.in_(child_keys(child)))).all()
        conditions: list[ColumnElement[bool]] = [certificate.c.guid.in_([row.certificate_guid for row in keys])]
        if child.snils is not None:
            conditions.append(certificate.c.child_snils == child.snils)
        if child.document is not None:
            conditions.append(certificate.c.child_birth_certificate == child.document)
        by_document = {row.certificate_guid for row in keys if row.key.startswith("document:")}
        found: list[Known] = []
        chosen = select(certificate).where(or_(*conditions)).order_by(certificate.c.number)
        for row in connection.execute(chosen).mappings():
            identity = rows.identity(rows.child_of(row))
            if row["guid"] in by_document:
                identity = replace(identity, document=child.document)
            status, order_id = CertificateStatus(row["status"]), row["issued_by_order"]
            found.append(Known(guid=row["guid"], status=status, identity=identity, issued_by_order=order_id))
        return found

    def kept(self, connection: Connection, guid: str) -> Kept | None:
        """Return a certificate with its book, None when it is not known.

        Entries that imports made are not in the book: they have no contract and no key, so nothing repeats them. A
        contract that an import brought to a certificate after the rules had begun to keep it holds nothing here: its
        sums are none of this balance, and no charge or release of it can take what other contracts hold.
        NeedsPerson (PERIOD_NOT_A_YEAR) where a balance is not one calendar year's.
        """
        certificate, balance, entry = tables.certificate, tables.balance, tables.ledger_entry
        row = connection.execute(select(certificate).where(certificate.c.guid == guid)).mappings().first()
        if row is None:
            return None
        balances = connection.execute(select(balance).where(balance.c.certificate_guid == guid)).mappings().all()
        lives = self._lives(connection, tables.contract.c.certificate_guid == guid)
        posted = select(entry).where(entry.c.certificate_guid == guid, entry.c.key.is_not(None)).order_by(entry.c.id)
        return kept_in(row, balances, lives, connection.execute(posted).mappings(), self._today())

    def issue(
        self,
        unit: UnitOfWork,
        certificate: Certificate,
        *,
        keys: Sequence[str],
        order_id: str | None,
        entries: Sequence[Entry],
    ) -> Kept:
        """Put a new certificate in with its child's keys and opening entries; its `balance` is made from them.

        `KeyTakenError` when a key is there already; a key of an annulled certificate goes over to the new one, which
        the rules only ask for where the region issues again. LedgerRefused when no entry opens an account of the
        certificate's own register.
        """
        connection, guid = unit.connection, certificate.guid
        register = rows.own_register(certificate.unit)
        book = Book().post(entries)
        if not any(account.register is register for account in book.accounts):
            raise LedgerRefused(RuleCode.NO_FUTURE_NOMINAL, register=register, year=certificate.valid_from.year)
        made = {"version": book.version, "digest": life_rows.NOT_IMPORTED, "issued_by_order": order_id, "kept_here": 1}
        with connection.begin_nested():  # a key that is taken takes the certificate back with it
            connection.execute(insert(tables.certificate), [rows.certificate_row(certificate) | made])
            _take_keys(connection, guid, keys)
        post(connection, guid, Book(), book, {}, self._clock())
        unit.touch([guid], ())
        shown = replace(certificate, balance=self._balance(book, register, {}))
        return Kept(certificate=shown, register=register, book=book, issued_by_order=order_id)

    def save(
        self,
        unit: UnitOfWork,
        kept: Kept,
        *,
        entries: Sequence[Entry] = (),
        status: CertificateStatus | None = None,
        contracts: Sequence[ContractLife] = (),
        terms: Mapping[str, Terms] | None = None,
    ) -> Kept:
        """Post entries, store status and contracts, all of it or (with error) nothing; a repeat changes nothing.

        Terms given for a contract that is stored already renew what its papers say. Errors: Refused (STALE_BALANCE)
        when the certificate is stored at another version or status than `kept` has; LedgerRefused for what breaks the
        book, and (BAD_ENTRY) when a contract's months and its entries do not tell the same, so that balance and
        contracts cannot drift apart (invariant 2); Refused (SPLIT_BROKEN) for a plan that does not add up. ValueError
        for a contract that is paid by another certificate, or is new and has no terms.
        """
        connection, certificate, told = unit.connection, kept.certificate, terms or {}
        guid, status = certificate.guid, kept.certificate.status if status is None else status
        kept_here, periods = _current(connection, kept)
        book = kept.book.post(entries)
        check_contracts(guid, contracts)
        check_explained(kept.book, book, contracts)
        stored = self._stored(connection, guid, [life.contract_id for life in contracts], whole=not kept_here)
        changed = {life.contract_id: life for life in contracts if _life(stored, life.contract_id) != life}
        papers = _papers_changed(stored, told)
        if book is kept.book and status is certificate.status and not changed and not papers:
            return kept
        if not kept_here:
            changed = {one: life for one, (row, life) in stored.items() if not row["kept"]} | changed
        chosen = update(tables.certificate).where(tables.certificate.c.guid == guid)
        connection.execute(chosen.values(version=book.version, status=status.value, kept_here=1))
        post(connection, guid, kept.book, book, periods, self._clock())
        store(connection, list(changed.values()), stored, certificate, told)
        update_each(connection, tables.contract, ("contract_id",), papers)
        unit.touch([guid], [*changed, *(row["contract_id"] for row in papers)])
        shown = replace(certificate, status=status, balance=self._balance(book, kept.register, periods))
        return replace(kept, certificate=shown, book=book)

    def identify(self, unit: UnitOfWork, guid: str, *, applicant_snils: str) -> None:
        """Store the SNILS of a certificate's applicant where none is known yet, and touch the certificate."""
        table = tables.certificate
        chosen = update(table).where(table.c.guid == guid, table.c.applicant_snils.is_(None))
        unit.connection.execute(chosen.values(applicant_snils=applicant_snils))
        unit.touch([guid])

    # --- inside -------------------------------------------------------------------------------------------------

    def _stored(self, connection: Connection, guid: str, ids: Sequence[str], *, whole: bool) -> Stored:
        """Return contracts as they are stored: these, and `whole` all of the certificate's."""
        table = tables.contract
        if not ids and not whole:
            return {}
        wanted = table.c.contract_id.in_(ids)
        found = self._lives(connection, or_(wanted, table.c.certificate_guid == guid) if whole else wanted)
        return {row["contract_id"]: (row, life) for row, life in found}

    def _balance(self, book: Book, register: Register, periods: Periods) -> Balance:
        """Return the balance to show today, as the views do."""
        own = [account for key, account in book.accounts.items() if key.register is register]
        balances = []
        for account in own:
            since, until = period_of(account, periods)
            balances.append(
                Balance(
                    period_from=since,
                    period_to=until,
                    nominal=account.nominal,
                    reserved=account.reserved,
                    spent=account.spent,
                )
            )
        return rows.balance_on(self._today(), balances)


def kept_in(
    row: RowMapping,
    balances: Sequence[RowMapping],
    lives: Sequence[tuple[RowMapping, ContractLife]],
    posted: Iterable[RowMapping],
    today: date,
) -> Kept:
    """Return the certificate in a row with the book that its balances, contracts and entries with a key make.

    NeedsPerson (PERIOD_NOT_A_YEAR) where a balance is not one calendar year's.
    """
    accounts = life_rows.accounts_of(balances)
    own = [life for found, life in lives if found["kept"] or not row["kept_here"]]
    entries = [life_rows.entry_of(found) for found in posted]
    shown = rows.certificate_of(row, rows.balance_on(today, [rows.balance_of(one) for one in balances]))
    return Kept(
        certificate=shown,
        register=rows.own_register(shown.unit),
        book=Book(
            version=row["version"],
            accounts=MappingProxyType(accounts),
            holdings=MappingProxyType(holdings_of(own, entries)),
            entries=MappingProxyType({one.key: one for one in entries}),
        ),
        issued_by_order=row["issued_by_order"],
    )


def _take_keys(connection: Connection, guid: str, keys: Sequence[str]) -> None:
    """Write a child's keys for a new certificate; `KeyTakenError` when another one has any of them."""
    key, certificate = tables.child_key, tables.certificate
    chosen = (
        select(key.c.key, key.c.certificate_guid, certificate.c.status)
        .join(certificate, certificate.c.guid == key.c.certificate_guid)
        .where(key.c.key.in_(keys))
    )
    found = connection.execute(chosen).all()
    if any(row.status != CertificateStatus.ANNULLED for row in found):
        raise _taken()
    for row in found:
        moved = update(key).where(key.c.key == row.key, key.c.certificate_guid == row.certificate_guid)
        if connection.execute(moved.values(certificate_guid=guid)).rowcount != 1:
            raise _taken()
    had = {row.key for row in found}
    fresh = [{"key": one, "certificate_guid": guid} for one in keys if one not in had]
    if not fresh:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(key), fresh)
    except IntegrityError:
        raise _taken() from None  # what the database says of it may quote the key


def _taken() -> KeyTakenError:
    return KeyTakenError("Another certificate stands for this child already: find it and use that one.")


def _current(connection: Connection, kept: Kept) -> tuple[bool, Periods]:
    """Return whether the certificate is kept here and its balances' periods; its row stays locked till the end."""
    table, balance, guid = tables.certificate, tables.balance, kept.certificate.guid
    chosen = select(table.c.version, table.c.status, table.c.kept_here).where(table.c.guid == guid)
    row = connection.execute(chosen.with_for_update()).one()
    if (row.version, row.status) != (kept.book.version, kept.certificate.status.value):
        raise Refused(RuleCode.STALE_BALANCE, agreed=kept.book.version, current=row.version)
    periods = select(balance.c.register, balance.c.period_from, balance.c.period_to)
    listed = connection.execute(periods.where(balance.c.certificate_guid == guid))
    return bool(row.kept_here), {
        (one.register, one.period_from.year): (one.period_from, one.period_to) for one in listed
    }


def check_contracts(guid: str, contracts: Sequence[ContractLife]) -> None:
    """Refuse contracts that a certificate cannot be saved with; see `Keeping.save`."""
    for life in contracts:
        if life.certificate_guid != guid:
            raise ValueError(f"Contract {life.contract_id} is paid by another certificate than it is saved with.")
        check_sums(life.split)
        if not life.split.months:
            raise Refused(RuleCode.SPLIT_BROKEN, what="a plan without months")


def _life(stored: Stored, contract_id: str) -> ContractLife | None:
    return stored[contract_id][1] if contract_id in stored else None


def _papers_changed(stored: Stored, terms: Mapping[str, Terms]) -> list[dict[str, Any]]:
    """Return what papers say now of those stored contracts of which they say something else than before."""
    told = [(stored[one][0], life_rows.terms_row(said)) for one, said in terms.items() if one in stored]
    return [
        {"contract_id": row["contract_id"], **said}
        for row, said in told
        if any(row[name] != value for name, value in said.items())
    ]
