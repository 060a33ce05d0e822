"""The built-in registry: the default place where certificates and contracts live.

It implements `socert.gateway.ports.Registry` on tables of its own, inside the transaction that it is given. Writing the
same record again changes nothing, whatever order or number of times it comes in.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, insert, or_, select

from socert.adapters.registry.builtin import ledger, rows, tables
from socert.adapters.registry.builtin.sql import chunks, update_each, upsert
from socert.gateway.domain.records import Unit
from socert.gateway.ports import CertificateBrief, CertificateView, ContractView, OfferView, Put, UnitOfWork, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import ColumnElement, Select

    from socert.gateway.domain.records import Balance, Certificate, Contract, Municipality, Programme

MIGRATIONS = str(files("socert.adapters.registry.builtin") / "migrations")
"""Folder of the migrations that make this registry's tables."""
FOUND_AT_MOST = 10


class BuiltinRegistry:
    """Certificates, contracts and their ledger in SQL tables."""

    def __init__(self, *, clock: Callable[[], datetime], source: str = "import") -> None:
        """Take the clock that dates ledger entries and the name under which they are made."""
        self._clock = clock
        self._source = source

    # --- writing ------------------------------------------------------------------------------------------------

    def put_municipalities(self, unit: UnitOfWork, items: Sequence[Municipality]) -> Put:
        """Add or renew municipalities; certificates that waited for one are touched, so that they may leave now."""
        table = tables.municipality
        written = [
            {
                "oktmo": item.oktmo,
                "name": item.name,
                "guid": item.guid,
                "region_name": item.region_name,
                "region_guid": item.region_guid,
            }
            for item in items
        ]
        result, changed = upsert(unit.connection, table, "oktmo", written)
        if changed:
            chosen = select(tables.certificate.c.guid).where(tables.certificate.c.oktmo.in_(changed))
            unit.touch(unit.connection.scalars(chosen).all(), ())
        return result

    def put_programmes(self, unit: UnitOfWork, items: Sequence[Programme]) -> Put:
        """Add or renew programmes and their organisations; contracts that show them are touched."""
        organisations = {
            item.organisation.inn: {
                "inn": item.organisation.inn,
                "name": item.organisation.name,
                "kind": item.organisation.kind.value,
                "ogrn": item.organisation.ogrn,
                "kpp": item.organisation.kpp,
            }
            for item in items
        }
        _, renewed = upsert(unit.connection, tables.organisation, "inn", list(organisations.values()))
        written = [
            {
                "group_guid": item.group_guid,
                "programme_guid": item.programme_guid,
                "name": item.name,
                "direction": item.direction,
                "years": item.years,
                "organisation_inn": item.organisation.inn,
                "hours": item.hours,
                "price": item.price,
                "certificate_accepted": int(item.certificate_accepted),
            }
            for item in items
        ]
        result, changed = upsert(unit.connection, tables.programme, "group_guid", written)
        shown = {row["group_guid"] for row in written if row["organisation_inn"] in renewed} - set(changed)
        self._touch_contracts(unit, changed, renewed)
        return Put(new=result.new, changed=result.changed + len(shown), same=result.same - len(shown))

    def put_certificates(self, unit: UnitOfWork, items: Sequence[Certificate]) -> Put:
        """Add or renew certificates by number; balances move by the ledger entries that explain the difference.

        A known number keeps its GUID, whatever the record says: the portal knows the certificate by it. A record of a
        period before the latest corrects that period's balance and nothing else: the rest of it is out of date.
        """
        known = self._known(unit.connection, [item.number for item in items])
        new: list[Certificate] = []
        changed: list[tuple[Certificate, Mapping[str, Any]]] = []
        past: list[tuple[Certificate, Mapping[str, Any]]] = []
        for item in items:
            row = known.get(item.number)
            if row is None:
                new.append(item)
            elif item.balance.period_from < row["period_from"]:
                past.append((item, row))
            elif row["digest"] != rows.digest(item):
                changed.append((item, row))
        self._add(unit.connection, new)
        self._renew(unit.connection, changed)
        touched = [item.guid for item in new] + [row["guid"] for _, row in changed]
        touched += self._correct(unit.connection, past)
        unit.touch(touched, ())
        return Put(new=len(new), changed=len(touched) - len(new), same=len(items) - len(touched))

    def put_contracts(self, unit: UnitOfWork, items: Sequence[Contract]) -> Put:
        """Add or renew contracts by id; each must name a certificate that is there."""
        table = tables.contract
        payers = self.certificates_by_number(unit, {item.certificate_number for item in items})
        written = [rows.contract_row(item, payers[item.certificate_number].guid) for item in items]
        result, changed = upsert(unit.connection, table, "contract_id", written, compare=("digest", "certificate_guid"))
        unit.touch((), changed)
        return result

    # --- reading ------------------------------------------------------------------------------------------------

    def certificates_by_number(self, unit: UnitOfWork, numbers: Collection[str]) -> Mapping[str, CertificateBrief]:
        """Those of the numbers that are known, with id, unit and nominal of the latest period."""
        return {
            number: CertificateBrief(guid=row["guid"], unit=Unit(row["unit"]), nominal=row["nominal"])
            for number, row in self._known(unit.connection, numbers).items()
        }

    def count(self, unit: UnitOfWork) -> tuple[int, int]:
        """How many certificates and contracts are kept."""
        return (
            unit.connection.scalar(select(func.count()).select_from(tables.certificate)) or 0,
            unit.connection.scalar(select(func.count()).select_from(tables.contract)) or 0,
        )

    def certificates(self, connection: Connection, guids: Collection[str]) -> Mapping[str, CertificateView]:
        """The certificates of these ids that are known."""
        found: dict[str, CertificateView] = {}
        for chunk in chunks(guids):
            for view in self._views(connection, tables.certificate.c.guid.in_(chunk)):
                found[view.certificate.guid] = view
        return found

    def contracts(self, connection: Connection, ids: Collection[str]) -> Mapping[str, ContractView]:
        """The contracts of these ids that are known, with programme and paying certificate."""
        contract, certificate = tables.contract, tables.certificate
        found: dict[str, ContractView] = {}
        for chunk in chunks(ids):
            chosen = (
                select(contract, certificate.c.number.label("certificate_number"))
                .join(certificate, certificate.c.guid == contract.c.certificate_guid)
                .where(contract.c.contract_id.in_(chunk))
            )
            listed = connection.execute(chosen).mappings().all()
            programmes = self._programmes(connection, {row["group_guid"] for row in listed})
            for row in listed:
                found[row["contract_id"]] = ContractView(
                    contract=rows.contract_of(row, row["certificate_number"]),
                    programme=programmes.get(row["group_guid"]),
                    certificate_guid=row["certificate_guid"],
                )
        return found

    def contracts_of(self, connection: Connection, guids: Collection[str]) -> Sequence[str]:
        """The ids of all contracts that these certificates pay, by number."""
        table = tables.contract
        found: list[str] = []
        for chunk in chunks(guids):
            chosen = (
                select(table.c.contract_id)
                .where(table.c.certificate_guid.in_(chunk))
                .order_by(table.c.certificate_guid, table.c.number)
            )
            found.extend(connection.scalars(chosen))
        return found

    def find(self, connection: Connection, wanted: Wanted) -> Sequence[CertificateView]:
        """Certificates that fit any of what is given, at most ten."""
        table = tables.certificate
        conditions = []
        if wanted.guid is not None:
            conditions.append(func.lower(table.c.guid) == wanted.guid.lower())
        if wanted.snils is not None:
            conditions.append(table.c.child_snils == wanted.snils)
        if wanted.birth_certificate is not None:
            conditions.append(table.c.child_birth_certificate == wanted.birth_certificate)
        if not conditions:
            return ()
        return list(self._views(connection, or_(*conditions), limit=FOUND_AT_MOST))

    def offers(self, connection: Connection, keys: Collection[str]) -> Mapping[str, OfferView]:
        """No offers are kept yet."""
        return {}

    def unbalanced(self, connection: Connection) -> Sequence[str]:
        """Numbers of certificates whose balance is not the sum of its ledger entries; none when all is well."""
        entry, balance, certificate = tables.ledger_entry, tables.balance, tables.certificate
        sums = (
            select(
                entry.c.certificate_guid,
                entry.c.period_from,
                func.sum(entry.c.nominal).label("nominal"),
                func.sum(entry.c.reserved).label("reserved"),
                func.sum(entry.c.spent).label("spent"),
            )
            .group_by(entry.c.certificate_guid, entry.c.period_from)
            .subquery()
        )
        same_period = (sums.c.certificate_guid == balance.c.certificate_guid) & (
            sums.c.period_from == balance.c.period_from
        )
        fits = (
            (sums.c.nominal == balance.c.nominal)
            & (sums.c.reserved == balance.c.reserved)
            & (sums.c.spent == balance.c.spent)
        )
        chosen = (
            select(certificate.c.number)
            .join(balance, balance.c.certificate_guid == certificate.c.guid)
            .outerjoin(sums, same_period)
            .where(or_(sums.c.nominal.is_(None), ~fits))
            .order_by(certificate.c.number)
        )
        return connection.scalars(chosen).all()

    # --- inside -------------------------------------------------------------------------------------------------

    def _known(self, connection: Connection, numbers: Collection[str]) -> dict[str, Mapping[str, Any]]:
        table, balance = tables.certificate, _latest_balance()
        known: dict[str, Mapping[str, Any]] = {}
        for chunk in chunks(numbers):
            chosen = select(
                table.c.number,
                table.c.guid,
                table.c.digest,
                table.c.version,
                table.c.unit,
                balance.c.period_from,
                balance.c.period_to,
                balance.c.nominal,
                balance.c.reserved,
                balance.c.spent,
            ).join(balance, balance.c.certificate_guid == table.c.guid)
            for row in connection.execute(chosen.where(table.c.number.in_(chunk))).mappings():
                known[row["number"]] = dict(row)
        return known

    def _add(self, connection: Connection, items: Sequence[Certificate]) -> None:
        if not items:
            return
        connection.execute(insert(tables.certificate), [{**rows.certificate_row(item), "version": 1} for item in items])
        connection.execute(insert(tables.balance), [rows.balance_row(item.guid, item) for item in items])
        now = self._clock()
        entries = [
            self._entry(item.guid, item, 1, entry, now) for item in items for entry in ledger.opening(item.balance)
        ]
        connection.execute(insert(tables.ledger_entry), entries)

    def _renew(self, connection: Connection, items: Sequence[tuple[Certificate, Mapping[str, Any]]]) -> None:
        if not items:
            return
        now = self._clock()
        certificates: list[dict[str, Any]] = []
        balances: list[dict[str, Any]] = []
        periods: list[dict[str, Any]] = []
        entries: list[dict[str, Any]] = []
        for item, row in items:
            guid, before = row["guid"], rows.balance_of(row)
            same_period = before.period_from == item.balance.period_from
            moves = list(ledger.difference(before, item.balance) if same_period else ledger.opening(item.balance))
            version = row["version"] + bool(moves)
            certificates.append({**rows.certificate_row(item), "guid": guid, "version": version})
            (balances if same_period else periods).append(rows.balance_row(guid, item))
            entries += [self._entry(guid, item, version, entry, now) for entry in moves]
        update_each(connection, tables.certificate, ("guid",), certificates)
        update_each(connection, tables.balance, ("certificate_guid", "period_from"), balances)
        if periods:
            connection.execute(insert(tables.balance), periods)
        if entries:
            connection.execute(insert(tables.ledger_entry), entries)

    def _correct(self, connection: Connection, items: Sequence[tuple[Certificate, Mapping[str, Any]]]) -> list[str]:
        """Move balances of periods that are over; return the GUIDs of those that moved."""
        if not items:
            return []
        table, now = tables.balance, self._clock()
        kept: dict[tuple[str, date], Balance] = {}
        for chunk in chunks([row["guid"] for _, row in items]):
            for found in connection.execute(select(table).where(table.c.certificate_guid.in_(chunk))).mappings():
                kept[found["certificate_guid"], found["period_from"]] = rows.balance_of(found)
        certificates: list[dict[str, Any]] = []
        for item, row in items:
            guid, after = row["guid"], item.balance
            before = kept.get((guid, after.period_from))
            moves = list(ledger.opening(after) if before is None else ledger.difference(before, after))
            if not moves:
                continue
            version = row["version"] + 1
            if before is None:
                connection.execute(insert(table), [rows.balance_row(guid, item)])
            else:
                update_each(connection, table, ("certificate_guid", "period_from"), [rows.balance_row(guid, item)])
            connection.execute(
                insert(tables.ledger_entry), [self._entry(guid, item, version, entry, now) for entry in moves]
            )
            certificates.append({"guid": guid, "version": version})
        update_each(connection, tables.certificate, ("guid",), certificates)
        return [row["guid"] for row in certificates]

    def _touch_contracts(self, unit: UnitOfWork, groups: Sequence[str], organisations: Sequence[str]) -> None:
        """Touch the contracts whose cards show these groups, or groups of these organisations."""
        programme, contract = tables.programme, tables.contract
        for chunk in chunks(organisations):
            own = select(programme.c.group_guid).where(programme.c.organisation_inn.in_(chunk))
            unit.touch(
                (), unit.connection.scalars(select(contract.c.contract_id).where(contract.c.group_guid.in_(own))).all()
            )
        for chunk in chunks(groups):
            chosen = select(contract.c.contract_id).where(contract.c.group_guid.in_(chunk))
            unit.touch((), unit.connection.scalars(chosen).all())

    def _entry(self, guid: str, item: Certificate, version: int, entry: ledger.Entry, now: datetime) -> dict[str, Any]:
        return {
            "certificate_guid": guid,
            "period_from": item.balance.period_from,
            "version": version,
            "kind": entry.kind.value,
            "nominal": entry.nominal,
            "reserved": entry.reserved,
            "spent": entry.spent,
            "source": self._source,
            "at": int(now.timestamp() * 1_000_000),
        }

    def _views(
        self, connection: Connection, condition: ColumnElement[bool], limit: int | None = None
    ) -> Iterator[CertificateView]:
        table, balance, place = tables.certificate, _latest_balance(), tables.municipality
        chosen: Select[Any] = (
            select(
                table,
                balance.c.period_from,
                balance.c.period_to,
                balance.c.nominal,
                balance.c.reserved,
                balance.c.spent,
            )
            .join(balance, balance.c.certificate_guid == table.c.guid)
            .where(condition)
            .order_by(table.c.number)
        )
        listed = connection.execute(chosen.limit(limit) if limit else chosen).mappings().all()
        places = {
            row["oktmo"]: rows.municipality_of(row)
            for row in connection.execute(
                select(place).where(place.c.oktmo.in_({row["oktmo"] for row in listed}))
            ).mappings()
        }
        for row in listed:
            yield CertificateView(
                certificate=rows.certificate_of(row), version=row["version"], municipality=places.get(row["oktmo"])
            )

    def _programmes(self, connection: Connection, groups: Collection[str]) -> dict[str, Programme]:
        programme, organisation = tables.programme, tables.organisation
        chosen = (
            select(
                programme,
                organisation.c.name.label("organisation_name"),
                organisation.c.kind.label("organisation_kind"),
                organisation.c.ogrn.label("organisation_ogrn"),
                organisation.c.kpp.label("organisation_kpp"),
            )
            .join(organisation, organisation.c.inn == programme.c.organisation_inn)
            .where(programme.c.group_guid.in_(groups))
        )
        return {row["group_guid"]: rows.programme_of(row) for row in connection.execute(chosen).mappings()}


def _latest_balance() -> Any:
    """The balance of each certificate's latest period, as something to join."""
    table, other = tables.balance, tables.balance.alias("other")
    newer = select(other.c.period_from).where(
        other.c.certificate_guid == table.c.certificate_guid, other.c.period_from > table.c.period_from
    )
    return select(table).where(~newer.exists()).subquery("latest")
