"""What the turn of the year asks of a registry that we keep: many certificates at once.

Source: portal message dictionary, 11.10, 15 (invariants 6, 14; sizing: half a million certificates).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection


class TurnRegistry(Protocol):
    """Reading for the turn of the year."""

    def oktmos(self, connection: Connection) -> Sequence[str]:
        """Return the OKTMO of every municipality that has certificates, in order."""
        ...

    def offered(self, connection: Connection, keys: Collection[str]) -> Collection[str]:
        """Return those of the keys under which an offer is stored."""
        ...
