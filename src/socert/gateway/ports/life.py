"""What the life of a certificate asks of a registry that we keep ourselves: reading and storing what the rules decide.

The rules are pure (`gateway.domain`); `gateway.life` calls them inside a unit of work and stores their result here. A
unit of work has the registry's turn, so nothing changes between what is read in it and what is stored in it.
A foreign registry decides by itself and does not implement this port.
Source: portal message dictionary, 6.3, 11, 12, 15 (invariants 1-3, 8, 14).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection

    from socert.gateway.domain.certificate import Identity, Known
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.ledger import Book, Entry
    from socert.gateway.domain.records import (
        Certificate,
        CertificateStatus,
        Municipality,
        Programme,
        Register,
    )
    from socert.gateway.domain.renewal import Offer, Pool
    from socert.gateway.domain.turn import Continuing
    from socert.gateway.ports import UnitOfWork


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A certificate with its book. `register` is its own: roubles or hours.

    `book` has all accounts, what every contract holds, and the entries that touch nominals or belong to contracts that
    are not over. `issued_by_order` is the portal's order that issued it, None when it came otherwise.
    """

    certificate: Certificate
    register: Register
    book: Book
    issued_by_order: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What a contract's papers say besides its life: the programme, its year of study, the provider, as named then."""

    programme_name: str
    study_year: int
    organisation_inn: str
    organisation_name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A group with how many of its places are taken by live contracts."""

    programme: Programme
    taken: int


class LifeRegistry(Protocol):
    """Certificates, contracts and the ledger, as the rules need them. Ids are texts, days are dates."""

    # certificates

    def known(self, connection: Connection, child: Identity) -> Sequence[Known]:
        """Return every certificate kept under any of the child's keys (`certificate.child_keys`)."""
        ...

    def kept(self, connection: Connection, guid: str) -> Kept | None:
        """Return a certificate with its book, None when it is not known."""
        ...

    def issue(
        self,
        unit: UnitOfWork,
        certificate: Certificate,
        *,
        keys: Sequence[str],
        order_id: str | None,
        entries: Sequence[Entry],
    ) -> Kept:
        """Put a new certificate in with its child's keys and opening entries; its `balance` is made from them.

        `KeyTakenError` when a key is there already: another certificate stands for this child.
        """
        ...

    def save(
        self,
        unit: UnitOfWork,
        kept: Kept,
        *,
        entries: Sequence[Entry] = (),
        status: CertificateStatus | None = None,
        contracts: Sequence[ContractLife] = (),
        terms: Mapping[str, Terms] | None = None,
    ) -> Kept:
        """Post entries to the certificate's book and store its status and contracts, all of it or (with error) nothing.

        Entries go through `Book.post`, which refuses what breaks a rule and passes over what was posted before; the
        version grows when any is new. `status` None keeps the one there is. A contract that is not stored yet needs its
        `terms`. Everything changed is touched. Returns the certificate as it is stored now.
        """
        ...

    def identify(self, unit: UnitOfWork, guid: str, *, applicant_snils: str) -> None:
        """Store the SNILS of a certificate's applicant where none is known yet, and touch the certificate."""
        ...

    # contracts

    def life(self, connection: Connection, contract_id: str) -> ContractLife | None:
        """Return a contract; one that was imported comes with a plan by months that fits what it holds and spent."""
        ...

    def lives(self, connection: Connection, guid: str) -> Sequence[ContractLife]:
        """Return all contracts that a certificate pays, by id."""
        ...

    def life_of_order(self, connection: Connection, order_id: str) -> ContractLife | None:
        """Return the contract that a portal's order led to, None when there is none."""
        ...

    def live_contracts(self, connection: Connection, *, after: str, limit: int) -> Sequence[ContractLife]:
        """Return the next contracts by id that are neither refused nor over: what the day's work goes through.

        Only those that the rules keep. An imported one is somebody else's to charge and to end, until it, or another
        contract of its certificate, is first changed here.
        """
        ...

    def certificates_to_expire(self, connection: Connection, today: date, *, limit: int) -> Sequence[str]:
        """Return GUIDs of certificates that the rules keep, neither annulled nor expired, whose `valid_to` is over."""
        ...

    # groups and places

    def group(self, connection: Connection, group_guid: str) -> Group | None:
        """Return a group by its GUID, None when it is not known."""
        ...

    def municipality(
        self, connection: Connection, *, guid: str | None = None, oktmo: str | None = None
    ) -> Municipality | None:
        """Return a municipality by the portal's code or by OKTMO; codes are compared without case."""
        ...

    # renewal

    def pupils(self, connection: Connection, *, year: int, oktmo: str | None = None) -> Iterator[Continuing]:
        """Yield the continuing pupils for `year`, by municipality, unsorted within it, one municipality in memory."""
        ...

    def offer(self, connection: Connection, key: str) -> Offer | None:
        """Return an offer by its key."""
        ...

    def offers_to_lapse(self, connection: Connection, today: date, *, limit: int) -> Sequence[Offer]:
        """Return open offers whose window is over."""
        ...

    def offers_of(self, connection: Connection, guid: str) -> Sequence[Offer]:
        """Return all offers made to a certificate."""
        ...

    def save_offer(self, unit: UnitOfWork, offer: Offer) -> None:
        """Put an offer in or renew it, and touch it."""
        ...

    def pool(self, connection: Connection, oktmo: str, year: int, register: Register) -> Pool | None:
        """Return a municipality's pool, None when it was never stored."""
        ...

    def save_pool(self, unit: UnitOfWork, pool: Pool) -> None:
        """Store a pool as it is."""
        ...

    def certificates_of_year(self, connection: Connection, *, year: int, after: str, limit: int) -> Sequence[str]:
        """Return the next GUIDs, in order, of certificates with accounts of `year`: what 1 January goes through."""
        ...
