"""What the turn of the year asks of a registry that we keep: many certificates read at once, and stored at once.

Source: portal message dictionary, 11.10, 15 (invariants 6, 14; sizing: half a million certificates).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from socert.gateway.ports import Registry
from socert.gateway.ports.life import LifeRegistry

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.ledger import Entry
    from socert.gateway.domain.records import CertificateStatus
    from socert.gateway.domain.renewal import Offer
    from socert.gateway.ports import UnitOfWork
    from socert.gateway.ports.life import Kept


class Loaded(Protocol):
    """Certificates that were read together, to be changed and stored together in the same unit of work."""

    def kept(self, guid: str) -> Kept:
        """Return a certificate with its book, as `LifeRegistry.kept`; Refused (NOT_FOUND) when it is not known."""
        ...

    def lives(self, guid: str) -> Sequence[ContractLife]:
        """Return all contracts that a certificate pays, by id."""
        ...

    def save(
        self, kept: Kept, *, entries: Sequence[Entry], status: CertificateStatus, contracts: Sequence[ContractLife]
    ) -> None:
        """Note what `LifeRegistry.save` would store, with its errors; its contracts are stored ones."""
        ...

    def write(self, unit: UnitOfWork) -> None:
        """Store everything that was noted, and touch it."""
        ...


class TurnRegistry(LifeRegistry, Registry, Protocol):
    """A registry that we keep, with all that it shows, and many certificates of it at once."""

    def oktmos(self, connection: Connection) -> Sequence[str]:
        """Return the OKTMO of every municipality that has certificates, in order."""
        ...

    def offered(self, connection: Connection, keys: Collection[str]) -> Collection[str]:
        """Return those of the keys under which an offer is stored."""
        ...

    def save_offers(self, unit: UnitOfWork, offers: Sequence[Offer]) -> None:
        """Put offers in or renew them, as `LifeRegistry.save_offer` does one."""
        ...

    def load(self, connection: Connection, guids: Sequence[str]) -> Loaded:
        """Read certificates with all that belongs to them; what is to be written needs the unit's connection."""
        ...
