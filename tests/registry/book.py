"""A registry by itself: what is put in, what it touches, what its tables hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import select

from socert.adapters.registry.builtin import tables
from socert.gateway.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy import Connection, RowMapping, Table

    from socert.adapters.registry.builtin.registry import BuiltinRegistry
    from socert.gateway.domain.records import Certificate, Contract, Municipality, Programme
    from socert.gateway.ports import CertificateView, ContractView, Put, Wanted
    from socert.gateway.store.writer import Store

T = TypeVar("T")


@dataclass(kw_only=True)
class Book:
    """Puts records in, each call one transaction; `touched` is what the last one touched."""

    store: Store
    registry: BuiltinRegistry
    touched: tuple[list[str], list[str]] = field(default_factory=lambda: ([], []))
    touched_offers: list[str] = field(default_factory=list)

    def municipalities(self, *items: Municipality) -> Put:
        return self.run(lambda unit: self.registry.put_municipalities(unit, items))

    def programmes(self, *items: Programme) -> Put:
        return self.run(lambda unit: self.registry.put_programmes(unit, items))

    def certificates(self, *items: Certificate) -> Put:
        return self.run(lambda unit: self.registry.put_certificates(unit, items))

    def contracts(self, *items: Contract) -> Put:
        return self.run(lambda unit: self.registry.put_contracts(unit, items))

    def see(self, *guids: str) -> Mapping[str, CertificateView]:
        return self.store.look(lambda connection: self.registry.certificates(connection, guids))

    def see_contracts(self, *ids: str) -> Mapping[str, ContractView]:
        return self.store.look(lambda connection: self.registry.contracts(connection, ids))

    def contracts_of(self, guids: Collection[str]) -> Sequence[str]:
        return self.store.look(lambda connection: self.registry.contracts_of(connection, guids))

    def find(self, wanted: Wanted) -> list[str]:
        found = self.store.look(lambda connection: self.registry.find(connection, wanted))
        return [view.certificate.number for view in found]

    def unbalanced(self) -> list[str]:
        return list(self.store.look(self.registry.unbalanced))

    def rows(self, table: Table, *order: Any) -> list[RowMapping]:
        chosen = select(table).order_by(*(order or table.primary_key.columns))
        return self.store.look(lambda connection: list(connection.execute(chosen).mappings()))

    def everything(self) -> dict[str, list[RowMapping]]:
        """Return all rows of all tables."""
        return {table.name: self.rows(table) for table in tables.metadata.sorted_tables}

    def run(self, work: Callable[[Unit], T]) -> T:
        def both(connection: Connection) -> T:
            unit = Unit(connection)
            result = work(unit)
            self.touched = (list(unit.certificates), list(unit.contracts))
            self.touched_offers = list(unit.offers)
            return result

        return self.store.run(both)
