"""What the registry shows: certificates with their balances, contracts with their programmes, and who is looked for."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, or_, select

from socert.adapters.registry.builtin import life_rows, rows, tables
from socert.adapters.registry.builtin.sql import chunks
from socert.gateway.domain.records import Balance
from socert.gateway.ports import CertificateView, ContractView, UnitOfWork, Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime, tzinfo

    from sqlalchemy import ColumnElement, RowMapping

    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.records import Programme

FOUND_AT_MOST = 10
_ONLY_OF_LIVES = frozenset(
    {"digest", "since", "revision", "payable", "last_day", "initiator", "reason", "text", "released"}
)
_SHOWN = tuple(column for column in tables.contract.c if column.name not in _ONLY_OF_LIVES)
"""What a contract's record is made of; what its life needs besides is read where the rules keep it."""
_BALANCE = tuple(
    tables.balance.c[name]
    for name in ("certificate_guid", "register", "period_from", "period_to", "nominal", "reserved", "spent")
)


class Reading:
    """The reading half of the registry's port, and what all its parts share."""

    def __init__(self, *, clock: Callable[[], datetime], source: str = "import", zone: tzinfo = UTC) -> None:
        """Take the clock that dates ledger entries, the name under which imports make them, and the region's zone.

        The zone says which day it is: the balance shown is that of the period that today lies in.
        """
        self._clock = clock
        self._source = source
        self._zone = zone

    def count(self, unit: UnitOfWork) -> tuple[int, int]:
        """How many certificates and contracts are kept."""
        return (
            unit.connection.scalar(select(func.count()).select_from(tables.certificate)) or 0,
            unit.connection.scalar(select(func.count()).select_from(tables.contract)) or 0,
        )

    def guids(self, connection: Connection, *, after: str, limit: int) -> Sequence[str]:
        """The next certificates' GUIDs in their order."""
        guid = tables.certificate.c.guid
        return connection.scalars(select(guid).where(guid > after).order_by(guid).limit(limit)).all()

    def certificates(self, connection: Connection, guids: Collection[str]) -> Mapping[str, CertificateView]:
        """The certificates of these ids that are known."""
        found: dict[str, CertificateView] = {}
        for chunk in chunks(guids):
            for view in self._views(connection, tables.certificate.c.guid.in_(chunk)):
                found[view.certificate.guid] = view
        return found

    def contracts(self, connection: Connection, ids: Collection[str]) -> Mapping[str, ContractView]:
        """The contracts of these ids that are known, with programme, paying certificate and, if kept, their life."""
        contract, certificate = tables.contract, tables.certificate
        found: dict[str, ContractView] = {}
        for chunk in chunks(ids):
            chosen = (
                select(*_SHOWN, certificate.c.number.label("certificate_number"))
                .join(certificate, certificate.c.guid == contract.c.certificate_guid)
                .where(contract.c.contract_id.in_(chunk))
            )
            listed = connection.execute(chosen).mappings().all()
            lives = self._kept_lives(connection, [row["contract_id"] for row in listed if row["kept"]])
            programmes = self._programmes(connection, tables.programme.c.group_guid.in_(_of(listed, "group_guid")))
            for row in listed:
                key = row["contract_id"]
                found[key] = ContractView(
                    contract=rows.contract_of(row, row["certificate_number"]),
                    programme=programmes.get(row["group_guid"]),
                    certificate_guid=row["certificate_guid"],
                    life=lives.get(key),
                )
        return found

    def contracts_of(self, connection: Connection, guids: Collection[str]) -> Sequence[str]:
        """The ids of all contracts that these certificates pay, by number; those without one come by id, first."""
        table = tables.contract
        found: list[str] = []
        for chunk in chunks(guids):
            chosen = (
                select(table.c.contract_id)
                .where(table.c.certificate_guid.in_(chunk))
                .order_by(table.c.certificate_guid, func.coalesce(table.c.number, ""), table.c.contract_id)
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

    # --- shared -------------------------------------------------------------------------------------------------

    def _today(self) -> date:
        return self._clock().astimezone(self._zone).date()

    def _views(
        self, connection: Connection, condition: ColumnElement[bool], limit: int | None = None
    ) -> Iterator[CertificateView]:
        table, place, today = tables.certificate, tables.municipality, self._today()
        chosen = select(table).where(condition).order_by(table.c.number).limit(limit)
        listed = connection.execute(chosen).mappings().all()
        balances = self._balances(connection, [row["guid"] for row in listed])
        places = {
            row["oktmo"]: rows.municipality_of(row)
            for row in connection.execute(select(place).where(place.c.oktmo.in_(_of(listed, "oktmo")))).mappings()
        }
        for row in listed:
            own = balances[row["guid"]]
            yield CertificateView(
                certificate=rows.certificate_of(row, rows.balance_on(today, own)),
                version=row["version"],
                municipality=places.get(row["oktmo"]),
                balances=rows.balances_from(today, own),
            )

    def _balances(self, connection: Connection, guids: Collection[str]) -> dict[str, list[Balance]]:
        """All balances of certificates. An import shows every certificate: rows are taken apart as they come."""
        found: dict[str, list[Balance]] = {}
        for chunk in chunks(guids):
            chosen = select(*_BALANCE).where(tables.balance.c.certificate_guid.in_(chunk))
            for guid, register, since, until, nominal, reserved, spent in connection.execute(chosen):
                one = Balance(
                    period_from=since,
                    period_to=until,
                    nominal=nominal,
                    reserved=reserved,
                    spent=spent,
                    register=rows.count_register(register),
                )
                found.setdefault(guid, []).append(one)
        return found

    def _kept_lives(self, connection: Connection, ids: Collection[str]) -> dict[str, ContractLife]:
        """Contracts that the rules keep, by id."""
        table = tables.contract
        found: dict[str, ContractLife] = {}
        for chunk in chunks(ids):
            listed = connection.execute(select(table).where(table.c.contract_id.in_(chunk))).mappings().all()
            months = self._months(connection, listed)
            for row in listed:
                found[row["contract_id"]] = life_rows.life_of(row, months.get(row["contract_id"], ()))
        return found

    def _months(self, connection: Connection, contracts: Iterable[RowMapping]) -> dict[str, list[RowMapping]]:
        """The months of those contracts that the rules keep, by contract."""
        table = tables.contract_month
        found: dict[str, list[RowMapping]] = {}
        for chunk in chunks([row["contract_id"] for row in contracts if row["kept"]]):
            chosen = select(table).where(table.c.contract_id.in_(chunk)).order_by(table.c.contract_id, table.c.month)
            for row in connection.execute(chosen).mappings():
                found.setdefault(row["contract_id"], []).append(row)
        return found

    def _programmes(self, connection: Connection, condition: ColumnElement[bool]) -> dict[str, Programme]:
        """Programmes with their organisations, by group."""
        programme, organisation = tables.programme, tables.organisation
        chosen = (
            select(
                programme,
                *(shown.label(f"organisation_{shown.name}") for shown in organisation.c if not shown.primary_key),
            )
            .join(organisation, organisation.c.inn == programme.c.organisation_inn)
            .where(condition)
        )
        return {row["group_guid"]: rows.programme_of(row) for row in connection.execute(chosen).mappings()}


def _of(listed: Iterable[RowMapping], name: str) -> set[Any]:
    return {row[name] for row in listed}
