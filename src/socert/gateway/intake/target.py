"""What the intake asks of a registry: the taking half of `Registry`, so that less is enough to import into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from socert.gateway.domain.records import Certificate, Contract, Municipality, Programme
    from socert.gateway.ports import CertificateBrief, Put, UnitOfWork


class Target(Protocol):
    """Takes records; every `put_*` is idempotent. Each method is described at `Registry`."""

    def put_municipalities(self, unit: UnitOfWork, items: Sequence[Municipality]) -> Put:
        """Add or renew municipalities by OKTMO."""
        ...

    def put_programmes(self, unit: UnitOfWork, items: Sequence[Programme]) -> Put:
        """Add or renew programmes by group GUID."""
        ...

    def put_certificates(self, unit: UnitOfWork, items: Sequence[Certificate]) -> Put:
        """Add or renew certificates by number."""
        ...

    def put_contracts(self, unit: UnitOfWork, items: Sequence[Contract]) -> Put:
        """Add or renew contracts by id."""
        ...

    def certificates_by_number(self, unit: UnitOfWork, numbers: Collection[str]) -> Mapping[str, CertificateBrief]:
        """Those of the numbers that are known."""
        ...

    def count(self, unit: UnitOfWork) -> tuple[int, int]:
        """How many certificates and contracts are kept."""
        ...
