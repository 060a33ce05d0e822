"""What the turn of the year reads of many certificates at once: `socert.gateway.ports.turn` on our tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from socert.adapters.registry.builtin import tables
from socert.adapters.registry.builtin.sql import chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection


class BuiltinTurn:
    """Reads what the turn of the year asks for besides what any life does."""

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
