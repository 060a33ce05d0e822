"""Contracts as the rules work with them, groups with their places, and what the day's work goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from socert.adapters.registry.builtin import life_rows, rows, tables
from socert.adapters.registry.builtin.reading import Reading
from socert.adapters.registry.builtin.sql import chunks
from socert.gateway.domain.adoption import adopt
from socert.gateway.domain.certificate import FINAL
from socert.gateway.domain.contract import LIVE
from socert.gateway.domain.records import Register
from socert.gateway.ports.life import Group

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from sqlalchemy import ColumnElement, RowMapping

    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.records import Municipality

_LIVE = tuple(sorted(state.value for state in LIVE))
_FINAL = tuple(sorted(status.value for status in FINAL))


class Lives(Reading):
    """The reading half of what the rules need, the certificate's book left out."""

    def life(self, connection: Connection, contract_id: str) -> ContractLife | None:
        """Return a contract; one that was only imported comes with a plan that fits its sums (`domain.adoption`)."""
        found = self._lives(connection, tables.contract.c.contract_id == contract_id)
        return found[0][1] if found else None

    def lives(self, connection: Connection, guid: str) -> Sequence[ContractLife]:
        """Return all contracts that a certificate pays, by id."""
        return [life for _, life in self._lives(connection, tables.contract.c.certificate_guid == guid)]

    def life_of_order(self, connection: Connection, order_id: str) -> ContractLife | None:
        """Return the contract that a portal's order led to, None when there is none."""
        found = self._lives(connection, tables.contract.c.order_id == order_id)
        return found[0][1] if found else None

    def live_contracts(self, connection: Connection, *, after: str, limit: int) -> Sequence[ContractLife]:
        """Return the next contracts by id that the rules keep and that are neither refused nor over."""
        table = tables.contract
        condition = (table.c.contract_id > after) & table.c.state.in_(_LIVE) & (table.c.kept == 1)
        return [life for _, life in self._lives(connection, condition, limit=limit)]

    def certificates_to_expire(self, connection: Connection, today: date, *, limit: int) -> Sequence[str]:
        """Return GUIDs of certificates kept here, neither annulled nor expired, whose `valid_to` is over."""
        table = tables.certificate
        over = (table.c.valid_to < today) & table.c.status.not_in(_FINAL)
        chosen = select(table.c.guid).where(over, table.c.kept_here == 1)
        return connection.scalars(chosen.order_by(table.c.guid).limit(limit)).all()

    def group(self, connection: Connection, group_guid: str) -> Group | None:
        """Return a group by its GUID with how many places live contracts take, None when it is not known."""
        programme = self._programmes(connection, tables.programme.c.group_guid == group_guid).get(group_guid)
        if programme is None:
            return None
        table = tables.contract
        taken = select(func.count()).where(table.c.group_guid == group_guid, table.c.state.in_(_LIVE))
        return Group(programme=programme, taken=connection.scalar(taken) or 0)

    def municipality(
        self, connection: Connection, *, guid: str | None = None, oktmo: str | None = None
    ) -> Municipality | None:
        """Return a municipality by the portal's code or by OKTMO; codes are compared without case.

        Where both are given both must fit; where one code stands for several, the first by OKTMO is returned.
        """
        table = tables.municipality
        conditions = []
        if guid is not None:
            conditions.append(func.lower(table.c.guid) == guid.lower())
        if oktmo is not None:
            conditions.append(table.c.oktmo == oktmo)
        if not conditions:
            return None
        row = connection.execute(select(table).where(*conditions).order_by(table.c.oktmo).limit(1)).mappings().first()
        return None if row is None else rows.municipality_of(row)

    # --- shared -------------------------------------------------------------------------------------------------

    def _lives(
        self, connection: Connection, condition: ColumnElement[bool], limit: int | None = None
    ) -> list[tuple[RowMapping, ContractLife]]:
        """Contracts by id, each with its row."""
        contract, certificate = tables.contract, tables.certificate
        chosen = (
            select(contract, certificate.c.number.label("certificate_number"))
            .join(certificate, certificate.c.guid == contract.c.certificate_guid)
            .where(condition)
            .order_by(contract.c.contract_id)
            .limit(limit)
        )
        listed = connection.execute(chosen).mappings().all()
        months = self._months(connection, listed)
        years = self._years(connection, {row["certificate_guid"] for row in listed if not row["kept"]})
        return [
            (
                row,
                life_rows.life_of(row, months.get(row["contract_id"], ()))
                if row["kept"]
                else self._adopted(row, years),
            )
            for row in listed
        ]

    def _adopted(self, row: RowMapping, years: dict[tuple[str, str], set[int]]) -> ContractLife:
        return adopt(
            rows.contract_of(row, row["certificate_number"]),
            certificate_guid=row["certificate_guid"],
            register=Register(row["register"]),
            today=self._today(),
            years=years.get((row["certificate_guid"], row["register"]), set()),
        )

    def _years(self, connection: Connection, guids: Collection[str]) -> dict[tuple[str, str], set[int]]:
        """Years that certificates have balances of, by certificate and register."""
        table = tables.balance
        found: dict[tuple[str, str], set[int]] = {}
        for chunk in chunks(guids):
            chosen = select(table.c.certificate_guid, table.c.register, table.c.period_from, table.c.period_to)
            for row in connection.execute(chosen.where(table.c.certificate_guid.in_(chunk))):
                years = found.setdefault((row.certificate_guid, row.register), set())
                years.update(range(row.period_from.year, row.period_to.year + 1))
        return found
