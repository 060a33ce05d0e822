"""The objects of one child as they were told last: what a question is answered from while the registry is slow.

Such an answer is never a ground to allow an order (portal message dictionary, 7.1, rule 7, and 12).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection, or_, select

from socert.contracts.portal import account
from socert.gateway.mapping.account import read_update
from socert.gateway.mapping.recipient import same_recipient
from socert.gateway.projection.book import child_digest
from socert.gateway.projection.holds import Hold
from socert.gateway.store.tables import ChangeState, Kind, change, projection

if TYPE_CHECKING:
    from datetime import datetime

_ORDER = (account.CertificateCard, account.ContractCard, account.RenewalOffer, account.ConsentState)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What is known of a certificate without the registry: objects with the cause RECONCILE, its own card first.

    Each has its own `as_of`; `as_of` here is that of the latest.
    """

    guid: str
    as_of: datetime
    objects: tuple[account.Update, ...]


def shown_to(connection: Connection, recipient: account.Recipient) -> Shown | None:
    """Return what was told to this recipient about this child, None where nothing is known of both together.

    The registry is not asked: who it was told to says whose account it is (invariant 9).
    """
    row = projection.c
    digest = child_digest(recipient.child.snils)
    if digest is None or recipient.applicant.snils is None:
        return None
    chosen = select(row.certificate_guid).where(row.child == digest, row.kind == Kind.CERTIFICATE.value)
    for guid in connection.scalars(chosen.order_by(row.open.desc(), row.seq.desc())):
        found = shown(connection, guid)
        if found is not None and same_recipient(found.objects[0].recipient, recipient):
            return found
    return None


def shown(connection: Connection, guid: str) -> Shown | None:
    """Return the objects of a certificate as they were told last, or would have been where nothing is pushed.

    None where there is nothing: it was never drawn, or everything is closed, as after a consent was withdrawn.
    """
    row = change.c
    chosen = (
        select(row.object_id, row.body)
        .join(projection, projection.c.object_id == row.object_id)
        .where(
            row.certificate_guid == guid,
            row.body.is_not(None),
            or_(
                (projection.c.open == 1)
                & row.state.in_((ChangeState.PENDING, ChangeState.PACKED, ChangeState.DELIVERED)),
                (row.state == ChangeState.HELD) & (row.reason == Hold.NOTHING_PUSHED.value),
            ),
        )
        .order_by(row.id)
    )
    last = {found.object_id: found.body for found in connection.execute(chosen)}
    updates = [replace(read_update(body), cause=account.Cause.RECONCILE) for body in last.values()]
    told = [update for update in updates if update.body is not None and update.operation is not account.Operation.CLOSE]
    if not told:
        return None
    told.sort(key=lambda update: _ORDER.index(type(update.body)))
    return Shown(guid=guid, as_of=max(update.as_of for update in told), objects=tuple(told))
