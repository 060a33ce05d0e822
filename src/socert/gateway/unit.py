"""One unit of work: what a registry writes, and the projection of it, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from socert.gateway.store.turns import Turn, take_turn

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy import Connection

    from socert.gateway.domain.order import OrderEvent
    from socert.gateway.exchange.orders import Orders
    from socert.gateway.ports import UnitOfWork
    from socert.gateway.projection import Projector
    from socert.gateway.store.writer import Store

T = TypeVar("T")


class Unit:
    """A transaction that remembers what was touched in it."""

    def __init__(self, connection: Connection) -> None:
        """Take the connection that is inside the transaction."""
        self._connection = connection
        self.certificates: dict[str, None] = {}
        self.contracts: dict[str, None] = {}
        self.offers: dict[str, None] = {}
        self.events: list[OrderEvent] = []

    @property
    def connection(self) -> Connection:
        """The SQLAlchemy connection that is inside the transaction."""
        return self._connection

    def touch(
        self, certificates: Collection[str], contracts: Collection[str] = (), offers: Collection[str] = ()
    ) -> None:
        """Note what was written; it is projected before the transaction commits."""
        self.certificates.update(dict.fromkeys(certificates))
        self.contracts.update(dict.fromkeys(contracts))
        self.offers.update(dict.fromkeys(offers))

    def tell(self, event: OrderEvent) -> None:
        """Note what happened to an order; it is written down before the transaction commits."""
        self.events.append(event)


class ProjectedUnits:
    """Runs work in units: whatever it touched is projected before its transaction commits."""

    def __init__(self, store: Store, projector: Projector, orders: Orders | None = None) -> None:
        """Take where to write, who projects, and who answers orders; without them nobody is told of any."""
        self._store = store
        self._projector = projector
        self._orders = orders

    def run(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run work in one transaction on the calling thread; commits its result or rolls all of it back."""
        return self._store.run(self._whole(work))

    async def write(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run work on the store's writer thread; returns when it is committed, raises when it was rolled back."""
        return await self._store.write(self._whole(work))

    def _whole(self, work: Callable[[UnitOfWork], T]) -> Callable[[Connection], T]:
        """Return work with everything that belongs into its transaction."""

        def whole(connection: Connection) -> T:
            take_turn(connection, Turn.REGISTRY)
            unit = Unit(connection)
            result = work(unit)
            self._projector.refresh(connection, unit.certificates, unit.contracts, unit.offers)
            if self._orders is not None:
                self._orders.record(connection, unit.events)
            return result

        return whole
