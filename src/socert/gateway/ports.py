"""What the gateway asks of the world, as protocols. Adapters implement them; `app` chooses which.

Sources: the design's "way of the data". Every port that takes a `UnitOfWork` does all its writing on that unit's
connection, so that a registry's change and the record of it commit together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from socert.gateway.domain.records import Certificate, Contract, Municipality, Programme, Unit

T = TypeVar("T")


class Clock(Protocol):
    """Tells the time: an aware datetime in UTC."""

    def __call__(self) -> datetime:
        """Return now."""
        ...


class Ids(Protocol):
    """Makes identifiers; which kind is the maker's business (MessageID: UUID v1; everything else: UUID v4)."""

    def __call__(self) -> str:
        """Return a new identifier, never returned before."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Put:
    """What happened to a batch of records: how many were new, changed, and already the same."""

    new: int = 0
    changed: int = 0
    same: int = 0

    def __add__(self, other: Put) -> Put:
        """Sum of two batches."""
        return Put(new=self.new + other.new, changed=self.changed + other.changed, same=self.same + other.same)


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateBrief:
    """What a contract's checks need to know of the certificate that pays: its id, unit and nominal (hundredths)."""

    guid: str
    unit: Unit
    nominal: int


class UnitOfWork(Protocol):
    """One transaction. What is written on `connection` and noted by `touch` commits together or not at all."""

    @property
    def connection(self) -> Connection:
        """The SQLAlchemy connection that is inside the transaction."""
        ...

    def touch(self, certificates: Collection[str], contracts: Collection[str]) -> None:
        """Say which certificates (guid) and contracts (id) were written, so that the portal learns of them."""
        ...


class Registry(Protocol):
    """Where certificates and contracts live. `put_*` is idempotent: the same record again changes nothing."""

    def put_municipalities(self, unit: UnitOfWork, items: Sequence[Municipality]) -> Put:
        """Add or renew municipalities by OKTMO."""
        ...

    def put_programmes(self, unit: UnitOfWork, items: Sequence[Programme]) -> Put:
        """Add or renew programmes by group GUID, and their organisations by INN."""
        ...

    def put_certificates(self, unit: UnitOfWork, items: Sequence[Certificate]) -> Put:
        """Add or renew certificates by number; balances move by ledger entries that explain the difference."""
        ...

    def put_contracts(self, unit: UnitOfWork, items: Sequence[Contract]) -> Put:
        """Add or renew contracts by id; the certificate named by each must be there."""
        ...

    def certificates_by_number(self, unit: UnitOfWork, numbers: Collection[str]) -> Mapping[str, CertificateBrief]:
        """Those of the numbers that are known."""
        ...

    def count(self, unit: UnitOfWork) -> tuple[int, int]:
        """How many certificates and contracts are kept."""
        ...


class Units(Protocol):
    """Runs work in a transaction: `run(work)` commits what `work(unit)` did and returns its result, or rolls back."""

    def run(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run in one transaction on the calling thread."""
        ...
