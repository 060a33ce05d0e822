"""How a decided step is stored: entries, status and contract at once, and the portal's order told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.gateway.domain.certificate import settled
from socert.gateway.domain.contract import Initiator
from socert.gateway.domain.order import OrderEvent, stages_of
from socert.gateway.domain.rules_codes import plain
from socert.gateway.domain.rules_errors import Refused, RuleCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from socert.gateway.domain.contract import ContractLife, Step
    from socert.gateway.domain.ledger import Entry
    from socert.gateway.domain.records import CertificateStatus
    from socert.gateway.ports import UnitOfWork
    from socert.gateway.ports.life import Kept, LifeRegistry, Terms


def kept_of(registry: LifeRegistry, connection: Connection, guid: str) -> Kept:
    """Return a certificate; Refused (NOT_FOUND) when it is not known."""
    found = registry.kept(connection, guid)
    if found is None:
        raise Refused(RuleCode.NOT_FOUND, what=guid)
    return found


def life_of(registry: LifeRegistry, connection: Connection, contract_id: str) -> ContractLife:
    """Return a contract; Refused (NOT_FOUND) when it is not known."""
    found = registry.life(connection, contract_id)
    if found is None:
        raise Refused(RuleCode.NOT_FOUND, what=contract_id)
    return found


def post(
    registry: LifeRegistry,
    unit: UnitOfWork,
    kept: Kept,
    entries: Sequence[Entry],
    *,
    status: CertificateStatus | None = None,
) -> Kept:
    """Post entries that belong to no contract, with the status (None: the one there is) that the balance asks for."""
    book = kept.book.post(entries)
    after = settled(kept.certificate.status if status is None else status, book)
    return registry.save(unit, kept, entries=entries, status=after)


def store(registry: LifeRegistry, unit: UnitOfWork, step: Step, *, at: datetime, terms: Terms | None = None) -> Kept:
    """Store a contract's step with its entries and the certificate's status, and tell the order it came by.

    LedgerRefused when an entry breaks the balance: nothing is stored then. `terms` for a contract that is new.
    """
    contract = step.contract
    kept = kept_of(registry, unit.connection, contract.certificate_guid)
    saved = registry.save(
        unit,
        kept,
        entries=step.entries,
        status=settled(kept.certificate.status, kept.book.post(step.entries)),
        contracts=[contract],
        terms=None if terms is None else {contract.contract_id: terms},
    )
    if contract.order_id is not None:
        _tell(unit, contract.order_id, step, at)
    return saved


def _tell(unit: UnitOfWork, order_id: str, step: Step, at: datetime) -> None:
    ending = step.contract.ending
    by_parent = ending is not None and ending.initiator is Initiator.PARENT
    reason = None if ending is None else ending.reason
    text = "" if ending is None else ending.text or plain(ending.reason)
    for state in step.passed:
        for stage in stages_of(state, by_parent=by_parent):
            unit.tell(
                OrderEvent(
                    order_id=order_id,
                    stage=stage,
                    at=at,
                    contract_id=step.contract.contract_id,
                    reason=reason,
                    text=text,
                )
            )
