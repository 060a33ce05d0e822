"""What the operator's pages list of a registry that we keep ourselves: narrow rows, page by page, only reading.

Each list goes on after a key, so that a page costs the same wherever it is, and nothing is shown twice or left out when
rows come and go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import Connection

    from socert.gateway.domain.ledger import EntryKind
    from socert.gateway.domain.records import (
        CertificateStatus,
        ContractState,
        Municipality,
        Programme,
        Register,
        Unit,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractLine:
    """A contract in a list. Amounts are hundredths (whole programmes on count registers).

    `since` is when it entered its state, None where it was only imported. `key` is where the list goes on after it.
    """

    contract_id: str
    number: str | None
    state: ContractState
    since: datetime | None
    programme_name: str
    organisation_name: str
    start: date
    end: date
    register: Register
    certificate_part: int
    own_part: int
    certificate_number: str
    child: str
    oktmo: str
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CertificateLine:
    """A certificate in a list."""

    guid: str
    number: str
    status: CertificateStatus
    unit: Unit
    child: str
    birth_date: date
    oktmo: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryLine:
    """A ledger entry as it was posted: what it added to each part of an account, when, from where.

    `contract_id` and `month` are None for a movement of the nominal and for what an import brought.
    """

    entry_id: int
    at: datetime
    kind: EntryKind
    register: Register
    year: int
    nominal: int
    reserved: int
    spent: int
    source: str
    contract_id: str | None
    month: date | None


class Listing(Protocol):
    """Lists of the built-in registry."""

    def contracts(
        self,
        connection: Connection,
        *,
        states: Collection[ContractState],
        words: str = "",
        oktmo: str | None = None,
        after: str = "",
        limit: int,
    ) -> Sequence[ContractLine]:
        """Return the next contracts in these states by first day of study.

        Each of the words stands in the contract's or certificate's number, the programme or the organisation.
        """
        ...

    def contracts_by_state(self, connection: Connection) -> Mapping[ContractState, int]:
        """Return how many contracts stand in each state."""
        ...

    def contracts_of(self, connection: Connection, guid: str) -> Sequence[ContractLine]:
        """Return all contracts of a certificate, the latest first."""
        ...

    def certificates(
        self,
        connection: Connection,
        *,
        number: str | None = None,
        snils: str | None = None,
        surname: str | None = None,
        after: str = "",
        limit: int,
    ) -> Sequence[CertificateLine]:
        """Return the next certificates by number: of this number, the child's SNILS or a surname that begins so."""
        ...

    def entries(
        self, connection: Connection, guid: str, *, contract_id: str | None = None, limit: int
    ) -> Sequence[EntryLine]:
        """Return the latest entries of a certificate, or of one of its contracts, the newest first."""
        ...

    def municipalities(self, connection: Connection) -> Sequence[Municipality]:
        """Return all municipalities by name."""
        ...

    def groups(self, connection: Connection, *, words: str, limit: int) -> Sequence[Programme]:
        """Return groups payable by certificate, by name: each of the words stands in programme or organisation."""
        ...
