"""Taking what a region's export tells: the same record again changes nothing, whatever order or number of times.

A certificate that the rules keep (`kept_here`) is its own authority: an import renews who the child and the parent are,
where they live and what the mechanism is called, and nothing else. Its balance, its status and the contracts that the
rules keep stay as they are, so that nothing done here is lost to an export that does not know of it. A contract that
such an export newly names is stored and shown, but holds nothing of the balance kept here; `unbalanced` names its
certificate until somebody has looked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, func, insert, select, text

from socert.adapters.registry.builtin import ledger, life_rows, rows, tables
from socert.adapters.registry.builtin.reading import Reading
from socert.adapters.registry.builtin.sql import chunks, update_each, upsert
from socert.gateway.domain.certificate import child_keys
from socert.gateway.domain.records import Balance, Unit
from socert.gateway.ports import CertificateBrief, Put, UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import RowMapping

    from socert.gateway.domain.records import Certificate, Contract, Municipality, Programme

_PUT_KEYS = text(
    "INSERT INTO registry_child_key (key, certificate_guid) VALUES (:key, :certificate_guid) ON CONFLICT DO NOTHING"
)
"""Of two certificates of one child the first has the key; whoever enrols the child meets both and asks a person."""
_RENEWED = tuple(
    column.name
    for column in tables.certificate.c
    if column.name.startswith(("child_", "applicant_", "category_"))
    or column.name in {"oktmo", "scheme", "consent_form"}
)
"""What an import renews of a certificate that is kept here."""
_Known = tuple["Certificate", "Mapping[str, Any]"]
"""A record with what is stored of it."""


@dataclass(kw_only=True, slots=True)
class _Sorted:
    """A batch of certificates by what is to be done with each."""

    new: list[Certificate]
    changed: list[_Known]
    past: list[_Known]
    here: list[_Known]


class Importing(Reading):
    """The writing half of the registry's port."""

    def put_municipalities(self, unit: UnitOfWork, items: Sequence[Municipality]) -> Put:
        """Add or renew municipalities; certificates that waited for one are touched, so that they may leave now."""
        written = [rows.municipality_row(item) for item in items]
        result, changed = upsert(unit.connection, tables.municipality, "oktmo", written)
        if changed:
            chosen = select(tables.certificate.c.guid).where(tables.certificate.c.oktmo.in_(changed))
            unit.touch(unit.connection.scalars(chosen).all(), ())
        return result

    def put_programmes(self, unit: UnitOfWork, items: Sequence[Programme]) -> Put:
        """Add or renew programmes and their organisations; contracts that show them are touched."""
        organisations = {item.organisation.inn: rows.organisation_row(item.organisation) for item in items}
        _, renewed = upsert(unit.connection, tables.organisation, "inn", list(organisations.values()))
        written = [rows.programme_row(item) for item in items]
        result, changed = upsert(unit.connection, tables.programme, "group_guid", written)
        shown = {row["group_guid"] for row in written if row["organisation_inn"] in renewed} - set(changed)
        _touch_contracts(unit, changed, renewed)
        return Put(new=result.new, changed=result.changed + len(shown), same=result.same - len(shown))

    def put_certificates(self, unit: UnitOfWork, items: Sequence[Certificate]) -> Put:
        """Add or renew certificates by number; balances move by the ledger entries that explain the difference.

        A known number keeps its GUID, whatever the record says: the portal knows the certificate by it. A record of a
        period before the latest corrects that period's balance and nothing else: the rest of it is out of date. Of a
        certificate that is kept here only the people, the place and the mechanism's name are renewed (see above); it
        counts as the same unless one of these changed.
        """
        connection = unit.connection
        found = self._sorted(connection, items)
        self._add(connection, found.new)
        self._renew(connection, found.changed)
        touched = [item.guid for item in found.new] + [row["guid"] for _, row in found.changed]
        touched += self._correct(connection, found.past)
        touched += _renew_kept(connection, found.here)
        unit.touch(touched, ())
        new = len(found.new)
        return Put(new=new, changed=len(touched) - new, same=len(items) - len(touched))

    def put_contracts(self, unit: UnitOfWork, items: Sequence[Contract]) -> Put:
        """Add or renew contracts by id; each must name a certificate that is there.

        Contracts that the rules keep are left as they are and count as the same.
        """
        payers = self.certificates_by_number(unit, {item.certificate_number for item in items})
        written = [rows.contract_row(item, payers[item.certificate_number].guid) for item in items]
        result, changed = upsert(
            unit.connection,
            tables.contract,
            "contract_id",
            written,
            compare=("digest", "certificate_guid"),
            leave="kept",
        )
        unit.touch((), changed)
        return result

    def certificates_by_number(self, unit: UnitOfWork, numbers: Collection[str]) -> Mapping[str, CertificateBrief]:
        """Those of the numbers that are known, with id, unit and nominal of the latest period."""
        return {
            number: CertificateBrief(guid=row["guid"], unit=Unit(row["unit"]), nominal=row["nominal"])
            for number, row in _known(unit.connection, numbers).items()
        }

    # --- inside -------------------------------------------------------------------------------------------------

    def _sorted(self, connection: Connection, items: Sequence[Certificate]) -> _Sorted:
        known = _known(connection, [item.number for item in items])
        found = _Sorted(new=[], changed=[], past=[], here=[])
        for item in items:
            row = known.get(item.number)
            if row is None:
                found.new.append(item)
            elif row["kept_here"]:
                if row["digest"] != rows.digest(item):
                    found.here.append((item, row))
            elif item.balance.period_from < row["period_from"]:
                found.past.append((item, row))
            elif row["digest"] != rows.digest(item):
                found.changed.append((item, row))
        return found

    def _add(self, connection: Connection, items: Sequence[Certificate]) -> None:
        if not items:
            return
        connection.execute(insert(tables.certificate), [{**rows.certificate_row(item), "version": 1} for item in items])
        connection.execute(insert(tables.balance), [rows.balance_row(item.guid, item) for item in items])
        _put_keys(connection, ((item.guid, item) for item in items))
        now = self._clock()
        entries = [
            self._entry(item.guid, item, 1, entry, now) for item in items for entry in ledger.opening(item.balance)
        ]
        connection.execute(insert(tables.ledger_entry), entries)

    def _renew(self, connection: Connection, items: Sequence[_Known]) -> None:
        if not items:
            return
        now = self._clock()
        _renew_keys(connection, items)
        certificates: list[dict[str, Any]] = []
        balances: list[dict[str, Any]] = []
        periods: list[dict[str, Any]] = []
        entries: list[dict[str, Any]] = []
        for item, row in items:
            guid, before = row["guid"], rows.balance_of(row)
            same_period = before.period_from == item.balance.period_from
            left: list[ledger.Entry] = []
            if same_period and row["unit"] != item.unit.value:  # counted in the other unit from now on
                left = list(ledger.difference(before, replace(before, nominal=0, reserved=0, spent=0)))
                _drop(connection, guid, Unit(row["unit"]), before)
                same_period = False
            moves = list(ledger.difference(before, item.balance) if same_period else ledger.opening(item.balance))
            version = row["version"] + bool(left or moves)
            certificates.append({**rows.certificate_row(item), "guid": guid, "version": version})
            (balances if same_period else periods).append(rows.balance_row(guid, item))
            was = replace(item, unit=Unit(row["unit"]))
            entries += [self._entry(guid, was, version, entry, now) for entry in left]
            entries += [self._entry(guid, item, version, entry, now) for entry in moves]
        update_each(connection, tables.certificate, ("guid",), certificates)
        update_each(connection, tables.balance, _BALANCE_KEY, balances)
        if periods:
            connection.execute(insert(tables.balance), periods)
        if entries:
            connection.execute(insert(tables.ledger_entry), entries)

    def _correct(self, connection: Connection, items: Sequence[_Known]) -> list[str]:
        """Move balances of periods that are over; return the GUIDs of those that moved.

        A record in the other unit than the certificate counts now is as out of date as can be: it moves nothing.
        """
        items = [(item, row) for item, row in items if item.unit.value == row["unit"]]
        if not items:
            return []
        table, now = tables.balance, self._clock()
        kept: dict[tuple[str, str, date], Balance] = {}
        for chunk in chunks([row["guid"] for _, row in items]):
            for found in connection.execute(select(table).where(table.c.certificate_guid.in_(chunk))).mappings():
                kept[found["certificate_guid"], found["register"], found["period_from"]] = rows.balance_of(found)
        certificates: list[dict[str, Any]] = []
        for item, row in items:
            guid, after, written = row["guid"], item.balance, rows.balance_row(row["guid"], item)
            before = kept.get((guid, written["register"], after.period_from))
            moves = list(ledger.opening(after) if before is None else ledger.difference(before, after))
            if not moves:
                continue
            version = row["version"] + 1
            if before is None:
                connection.execute(insert(table), [written])
            else:
                update_each(connection, table, _BALANCE_KEY, [written])
            connection.execute(
                insert(tables.ledger_entry), [self._entry(guid, item, version, entry, now) for entry in moves]
            )
            certificates.append({"guid": guid, "version": version})
        update_each(connection, tables.certificate, ("guid",), certificates)
        return [row["guid"] for row in certificates]

    def _entry(self, guid: str, item: Certificate, version: int, entry: ledger.Entry, now: datetime) -> dict[str, Any]:
        return {
            "certificate_guid": guid,
            "register": rows.own_register(item.unit).value,
            "period_from": item.balance.period_from,
            "version": version,
            "kind": entry.kind.value,
            "nominal": entry.nominal,
            "reserved": entry.reserved,
            "spent": entry.spent,
            "source": self._source,
            "at": life_rows.micros(now),
        }


_BALANCE_KEY = ("certificate_guid", "register", "period_from")


def _known(connection: Connection, numbers: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """Certificates by number with their latest own balance, as far as an import compares them."""
    table, balance = tables.certificate, tables.balance
    newer = balance.alias("newer")
    later = select(newer.c.period_from).where(
        newer.c.certificate_guid == balance.c.certificate_guid,
        newer.c.register == balance.c.register,
        newer.c.period_from > balance.c.period_from,
    )
    own = (balance.c.certificate_guid == table.c.guid) & (balance.c.register == func.upper(table.c.unit))
    columns = (table.c.number, table.c.guid, table.c.digest, table.c.version, table.c.unit, table.c.kept_here)
    known: dict[str, Mapping[str, Any]] = {}
    for chunk in chunks(numbers):
        chosen = select(*columns, *(column for column in balance.c if column.name != "certificate_guid"))
        chosen = chosen.join(balance, own).where(~later.exists(), table.c.number.in_(chunk))
        for row in connection.execute(chosen).mappings():
            known[row["number"]] = dict(row)
    return known


def _drop(connection: Connection, guid: str, unit: Unit, balance: Balance) -> None:
    """Take away the balance of a register that its certificate counts no more; its entries have emptied it."""
    table, register = tables.balance, rows.own_register(unit).value
    same = (table.c.certificate_guid == guid) & (table.c.register == register)
    connection.execute(delete(table).where(same, table.c.period_from == balance.period_from))


def _put_keys(connection: Connection, owners: Iterable[tuple[str, Certificate]]) -> None:
    """Write the keys of children, each for the certificate that has it first."""
    made = [
        {"key": key, "certificate_guid": guid} for guid, item in owners for key in child_keys(rows.identity(item.child))
    ]
    if made:
        connection.execute(_PUT_KEYS, made)


def _renew_keys(connection: Connection, items: Sequence[_Known]) -> None:
    """Let go of the keys of who a child was said to be, so that they are free for whom they belong to."""
    gone: list[tuple[str, str]] = []
    renewed: list[tuple[str, Certificate]] = []
    stored = _rows(connection, [row["guid"] for _, row in items])
    for item, row in items:
        guid = row["guid"]
        before, after = child_keys(rows.identity(rows.child_of(stored[guid]))), child_keys(rows.identity(item.child))
        if before != after:
            gone += [(key, guid) for key in before if key not in after]
            renewed.append((guid, item))
    table = tables.child_key
    for key, guid in gone:
        connection.execute(delete(table).where(table.c.key == key, table.c.certificate_guid == guid))
    _put_keys(connection, renewed)


def _renew_kept(connection: Connection, items: Sequence[_Known]) -> list[str]:
    """Renew people, place and the mechanism's name of certificates that are kept here; return the changed GUIDs."""
    if not items:
        return []
    stored = _rows(connection, [row["guid"] for _, row in items])
    changed: list[_Known] = []
    written: list[dict[str, Any]] = []
    for item, row in items:
        before, told = stored[row["guid"]], rows.certificate_row(item)
        if any(before[name] != told[name] for name in _RENEWED):
            changed.append((item, row))
            written.append({name: told[name] for name in (*_RENEWED, "digest")} | {"guid": row["guid"]})
    _renew_keys(connection, changed)
    update_each(connection, tables.certificate, ("guid",), written)
    return [row["guid"] for _, row in changed]


def _rows(connection: Connection, guids: Collection[str]) -> dict[str, RowMapping]:
    """Certificates' rows by GUID."""
    table = tables.certificate
    return {
        row["guid"]: row
        for chunk in chunks(guids)
        for row in connection.execute(select(table).where(table.c.guid.in_(chunk))).mappings()
    }


def _touch_contracts(unit: UnitOfWork, groups: Sequence[str], organisations: Sequence[str]) -> None:
    """Touch the contracts whose cards show these groups, or groups of these organisations."""
    programme, contract = tables.programme, tables.contract
    for chunk in chunks(organisations):
        own = select(programme.c.group_guid).where(programme.c.organisation_inn.in_(chunk))
        chosen = select(contract.c.contract_id).where(contract.c.group_guid.in_(own))
        unit.touch((), unit.connection.scalars(chosen).all())
    for chunk in chunks(groups):
        chosen = select(contract.c.contract_id).where(contract.c.group_guid.in_(chunk))
        unit.touch((), unit.connection.scalars(chosen).all())
