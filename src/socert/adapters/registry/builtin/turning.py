"""Many certificates read at once and stored at once: what makes the turn of the year fit into an hour.

A certificate by itself costs a score of statements, and half a million of them hours of nothing but statements. Here a
batch costs as many as one does. The arithmetic is the domain's, the checks are those of `keeping`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from socert.adapters.registry.builtin import life_rows, tables
from socert.adapters.registry.builtin.keeping import check_contracts, kept_in
from socert.adapters.registry.builtin.lives import Lives
from socert.adapters.registry.builtin.posting import Posting, check_explained, store
from socert.adapters.registry.builtin.sql import chunks, update_each
from socert.gateway.domain.rules_errors import Refused, RuleCode

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime

    from sqlalchemy import Column, Connection, RowMapping, Table

    from socert.adapters.registry.builtin.posting import Stored
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.ledger import Entry
    from socert.gateway.domain.records import CertificateStatus
    from socert.gateway.domain.renewal import Offer
    from socert.gateway.ports import UnitOfWork
    from socert.gateway.ports.life import Kept


class Loaded:
    """Certificates that were read together, to be changed and stored together in the same unit of work."""

    def __init__(
        self,
        *,
        certificates: dict[str, RowMapping],
        balances: dict[str, list[RowMapping]],
        entries: dict[str, list[RowMapping]],
        lives: dict[str, list[tuple[RowMapping, ContractLife]]],
        today: date,
        now: datetime,
    ) -> None:
        """Take the rows by GUID."""
        self._certificates = certificates
        self._balances = balances
        self._entries = entries
        self._lives = lives
        self._today = today
        self._now = now
        self._changed: list[dict[str, Any]] = []
        self._posting = Posting()
        self._contracts: list[ContractLife] = []
        self._stored: Stored = {}
        self._payers: list[Kept] = []
        self._touched: list[str] = []

    def kept(self, guid: str) -> Kept:
        """Return a certificate with its book, as `Keeping.kept`; Refused (NOT_FOUND) when it is not known."""
        row = self._certificates.get(guid)
        if row is None:
            raise Refused(RuleCode.NOT_FOUND, what=guid)
        return kept_in(
            row, self._balances.get(guid, ()), self._lives.get(guid, ()), self._entries.get(guid, ()), self._today
        )

    def lives(self, guid: str) -> Sequence[ContractLife]:
        """Return all contracts that a certificate pays, by id."""
        return [life for _, life in self._lives.get(guid, ())]

    def save(
        self, kept: Kept, *, entries: Sequence[Entry], status: CertificateStatus, contracts: Sequence[ContractLife]
    ) -> None:
        """Note what `Keeping.save` would store, with its checks and errors; `write` stores it."""
        guid = kept.certificate.guid
        row = self._certificates[guid]
        book = kept.book.post(entries)
        check_contracts(guid, contracts)
        check_explained(kept.book, book, contracts)
        stored = {found["contract_id"]: (found, life) for found, life in self._lives.get(guid, ())}
        changed = {life.contract_id: life for life in contracts if stored[life.contract_id][1] != life}
        if book is kept.book and status is kept.certificate.status and not changed:
            return
        if not row["kept_here"]:
            changed = {one: life for one, (found, life) in stored.items() if not found["kept"]} | changed
        self._changed.append({"guid": guid, "version": book.version, "status": status.value, "kept_here": 1})
        periods = {
            (one["register"], one["period_from"].year): (one["period_from"], one["period_to"])
            for one in self._balances[guid]
        }
        self._posting.add(guid, kept.book, book, periods, self._now)
        self._stored.update({one: stored[one] for one in changed})
        self._contracts += changed.values()
        self._payers.append(kept)

    def write(self, unit: UnitOfWork) -> None:
        """Store everything that was noted."""
        if not self._changed:
            return
        connection = unit.connection
        update_each(connection, tables.certificate, ("guid",), self._changed)
        self._posting.write(connection)
        store(connection, self._contracts, self._stored, self._payers[0].certificate, {})
        unit.touch([row["guid"] for row in self._changed], [life.contract_id for life in self._contracts])


class Turning(Lives):
    """What the turn of the year asks for besides what any life does."""

    def oktmos(self, connection: Connection) -> Sequence[str]:
        """Return the OKTMO of every municipality that has certificates, in order."""
        column = tables.certificate.c.oktmo
        return connection.scalars(select(column).distinct().order_by(column)).all()

    def offered(self, connection: Connection, keys: Collection[str]) -> Collection[str]:
        """Return those of the keys under which an offer is stored."""
        table = tables.offer
        found: set[str] = set()
        for chunk in chunks(keys):
            found.update(connection.scalars(select(table.c.key).where(table.c.key.in_(chunk))))
        return found

    def save_offers(self, unit: UnitOfWork, offers: Sequence[Offer]) -> None:
        """Put offers in or renew them, and touch those that are new or changed."""
        table, connection, now = tables.offer, unit.connection, self._clock()
        stored: dict[str, Offer] = {}
        for chunk in chunks([offer.key for offer in offers]):
            for row in connection.execute(select(table).where(table.c.key.in_(chunk))).mappings():
                stored[row["key"]] = life_rows.offer_of(row)
        new = [offer for offer in offers if offer.key not in stored]
        changed = [offer for offer in offers if stored.get(offer.key, offer) != offer]
        if new:
            written = [life_rows.offer_row(offer) | life_rows.offer_made(offer, now) for offer in new]
            connection.execute(insert(table), written)
        update_each(connection, table, ("key",), [life_rows.offer_row(offer) for offer in changed])
        unit.touch((), (), [offer.key for offer in (*new, *changed)])

    def load(self, connection: Connection, guids: Sequence[str]) -> Loaded:
        """Read certificates with all that belongs to them."""
        certificate, balance, entry = tables.certificate, tables.balance, tables.ledger_entry
        lives: dict[str, list[tuple[RowMapping, ContractLife]]] = {}
        for chunk in chunks(guids):
            for row, life in self._lives(connection, tables.contract.c.certificate_guid.in_(chunk)):
                lives.setdefault(row["certificate_guid"], []).append((row, life))
        found = _rows(connection, certificate, certificate.c.guid, guids)
        posted = _rows(connection, entry, entry.c.certificate_guid, guids)
        return Loaded(
            certificates={guid: listed[0] for guid, listed in found.items()},
            balances=_rows(connection, balance, balance.c.certificate_guid, guids),
            entries={guid: [row for row in listed if row["key"] is not None] for guid, listed in posted.items()},
            lives=lives,
            today=self._today(),
            now=self._clock(),
        )


def _rows(
    connection: Connection, table: Table, column: Column[Any], guids: Sequence[str]
) -> dict[str, list[RowMapping]]:
    """Return a table's rows by certificate, in the order of their keys."""
    found: dict[str, list[RowMapping]] = {}
    for chunk in chunks(guids):
        chosen = select(table).where(column.in_(chunk)).order_by(*table.primary_key.columns)
        for row in connection.execute(chosen).mappings():
            found.setdefault(row[column.name], []).append(row)
    return found
