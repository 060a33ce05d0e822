"""What the gateway asks of the world, as protocols. Adapters implement them; `app` chooses which.

Sources: the design's "way of the data". Every port that takes a `UnitOfWork` does all its writing on that unit's
connection, so that a registry's change and the record of it commit together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

# Adapters raise these and may import ports only.
from socert.gateway.errors import DeliveryError as DeliveryError
from socert.gateway.errors import KeyTakenError as KeyTakenError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.order import OrderEvent
    from socert.gateway.domain.records import Balance, Certificate, Contract, Municipality, Programme, Unit
    from socert.gateway.domain.renewal import Offer

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


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateView:
    """A certificate as the registry holds it now; `version` grows with each change of its balance.

    `municipality` is None when the portal's code of its OKTMO is not known. `balances` are those of all registers and
    periods that an account shows; `certificate.balance` is the one of today, or the latest.
    """

    certificate: Certificate
    version: int
    municipality: Municipality | None
    balances: tuple[Balance, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractView:
    """A contract with what its card needs: the programme (None if unknown) and the certificate that pays.

    `life` has the plan by months and the ending of a contract that the rules keep; None where it was only imported.
    """

    contract: Contract
    programme: Programme | None
    certificate_guid: str
    life: ContractLife | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferView:
    """A renewal offer with what its card needs: the contract that it continues, and the group that would follow.

    `group` is None where the registry knows no group of the next study year: the card then names the programme only.
    """

    offer: Offer
    previous: ContractView
    group: Programme | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """How a certificate is looked for: by its GUID, the child's SNILS or birth certificate; None means not given."""

    guid: str | None = None
    snils: str | None = None
    birth_certificate: str | None = None


class UnitOfWork(Protocol):
    """One transaction. What is written on `connection` and noted by `touch` commits together or not at all."""

    @property
    def connection(self) -> Connection:
        """The SQLAlchemy connection that is inside the transaction."""
        ...

    def touch(
        self, certificates: Collection[str], contracts: Collection[str] = (), offers: Collection[str] = ()
    ) -> None:
        """Say which certificates (guid), contracts (id) and offers (key) were written, so that the portal learns."""
        ...

    def tell(self, event: OrderEvent) -> None:
        """Say what happened to an order of the portal; it is told in this order, and committed with everything else."""
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

    def guids(self, connection: Connection, *, after: str, limit: int) -> Sequence[str]:
        """The next certificates' GUIDs in their order, an empty sequence after the last."""
        ...

    def certificates(self, connection: Connection, guids: Collection[str]) -> Mapping[str, CertificateView]:
        """The certificates of these ids that are known."""
        ...

    def contracts(self, connection: Connection, ids: Collection[str]) -> Mapping[str, ContractView]:
        """The contracts of these ids that are known."""
        ...

    def contracts_of(self, connection: Connection, guids: Collection[str]) -> Sequence[str]:
        """The ids of all contracts that these certificates pay, in a stable order."""
        ...

    def offers(self, connection: Connection, keys: Collection[str]) -> Mapping[str, OfferView]:
        """The renewal offers of these keys that are known."""
        ...

    def find(self, connection: Connection, wanted: Wanted) -> Sequence[CertificateView]:
        """Certificates that fit any of what is given, at most ten; who may see them is the caller's question."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """What the exchange said to one envelope: the raw HTTP body and its content type, whatever the status."""

    status: int
    content_type: str
    body: bytes


class PortalTransport(Protocol):
    """Carries an envelope to the exchange."""

    async def send(self, operation: str, envelope: bytes, content_type: str | None = None) -> Sent:
        """POST the bytes as they are, XML unless their type is given; `DeliveryError` when no answer came back."""
        ...


class Units(Protocol):
    """Runs work in a transaction: `run(work)` commits what `work(unit)` did and returns its result, or rolls back."""

    def run(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run in one transaction on the calling thread."""
        ...
