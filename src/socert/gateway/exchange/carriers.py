"""What carries a batch of changes: the objects themselves, an event on the parent's order, or orders of ours.

The packer asks; what is read here is read in its transaction. A change that its carrier has nothing to say of ends
without a message (portal message dictionary, 7.2 and 12).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from socert.contracts.portal import elk_status, order_event
from socert.contracts.portal.account import Operation
from socert.gateway.mapping import elk_status as orders
from socert.gateway.mapping.account import read_update
from socert.gateway.mapping.notice import event_of, notice_of
from socert.gateway.store.tables import Way
from socert.gateway.store.tables_life import elk_order, portal_order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from socert.contracts.message import BusinessMessage
    from socert.contracts.portal import account
    from socert.contracts.schema import Schema
    from socert.gateway.domain.channel import Elk
    from socert.gateway.exchange.changes import Pending
    from socert.gateway.mapping.notice import Notice

NO_ORDER = "NO_ORDER: the parent has no order at the portal that could carry a notice"
NOTHING = "NOTHING_TO_SAY"


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What goes in one message: its changes, and a notice's content with its schema; None is the objects themselves.

    `untold` are changes that end without a message, each with why.
    """

    batch: Sequence[Pending] = ()
    content: BusinessMessage | None = None
    schema: Schema | None = None
    untold: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    row: Pending
    update: account.Update
    notice: Notice
    number: str
    known: bool


class Carriers:
    """Loads batches by the way that their changes go."""

    def __init__(
        self,
        *,
        zone: tzinfo = UTC,
        elk: Elk | None = None,
        environment: order_event.Environment = order_event.Environment.SVCDEV,
    ) -> None:
        """Take the region's zone, what orders of ours are written with (None: there are none), and which portal."""
        self._zone = zone
        self._elk = elk
        self._environment = environment

    def load(self, connection: Connection, batch: Sequence[Pending]) -> Load:
        """Return what goes in the next message of a batch, whose changes all go one way; the rest waits."""
        match batch[0].way:
            case Way.ORDER_EVENT:
                return self._event(connection, batch)
            case Way.ELK:
                return self._orders(connection, batch)
            case _:
                return Load(batch=batch)

    def _event(self, connection: Connection, batch: Sequence[Pending]) -> Load:
        row = batch[0]
        update = read_update(row.body)
        notice = notice_of(update, self._zone)
        if notice is None or notice.code is None:
            return Load(untold=[(row.id, NOTHING)])
        order_id = update.order_id or _order_of(connection, row)
        if order_id is None:
            return self._orders(connection, batch) if self._elk else Load(untold=[(row.id, NO_ORDER)])
        event = event_of(update, notice, order_id, self._environment)
        return Load(batch=batch[:1], content=event, schema=order_event.schema())

    def _orders(self, connection: Connection, batch: Sequence[Pending]) -> Load:
        if self._elk is None:
            return Load(untold=[(row.id, NO_ORDER) for row in batch])
        known = _known(connection, [row.object_id for row in batch])
        told: list[_Told] = []
        untold: list[tuple[int, str]] = []
        for row in batch:
            update = read_update(row.body)
            notice, is_known = notice_of(update, self._zone), row.object_id in known
            if notice is None or (update.operation is Operation.CLOSE and not is_known):
                untold.append((row.id, NOTHING))
                continue
            number = orders.order_number(row.kind, row.object_id)
            told.append(_Told(row=row, update=update, notice=notice, number=number, known=is_known))
        if not told:
            return Load(untold=untold)
        # New orders and statuses of known ones cannot stand in one message.
        chosen = [one for one in told if one.known is told[0].known]
        content = orders.request_of(
            [(one.number, one.update, one.notice) for one in chosen], self._elk, known=told[0].known
        )
        return Load(batch=[one.row for one in chosen], content=content, schema=elk_status.schema(), untold=untold)


def _order_of(connection: Connection, row: Pending) -> int | None:
    """Return the portal's number of the order that led to a contract, else the latest about its certificate."""
    order = portal_order.c
    chosen = select(order.order_id).order_by(order.changed_at.desc(), order.order_id.desc()).limit(1)
    found = connection.scalar(chosen.where(order.contract_id == row.object_id))
    if found is None:
        found = connection.scalar(chosen.where(order.certificate_guid == row.guid))
    return None if found is None else int(found)


def _known(connection: Connection, ids: Sequence[str]) -> frozenset[str]:
    return frozenset(connection.scalars(select(elk_order.c.object_id).where(elk_order.c.object_id.in_(ids))))
