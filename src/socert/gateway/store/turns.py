"""Taking turns over all processes on one database.

SQLite lets one transaction write at a time. PostgreSQL lets many, and some of our work reads what it is about to
change: two imports, or two gateways that start together, would each count from what the other is just replacing.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

OURS = 0x50CE27
"""Tells our locks from those of other programs on the same database."""


class Turn(IntEnum):
    """What is done by one transaction at a time."""

    MIGRATION = 1
    REGISTRY = 2  # the registry's changes and the projection of them


def take_turn(connection: Connection, turn: Turn) -> None:
    """Wait until no other transaction has this turn; it is given back when the connection's transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s, %s)", (OURS, turn.value))
