"""Notices as orders of ours in the account: one order an object, a status for each notice.

Sources: portal message dictionary, 4 (orders, traps 1-3) and 7.2 (numbers, which object has which).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from socert.contracts.portal import elk_status
from socert.contracts.portal.account import Operation
from socert.gateway.store.tables import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from socert.contracts.portal import account
    from socert.gateway.domain.channel import Elk
    from socert.gateway.mapping.notice import Notice

_NAMES = UUID("0d0fb0d9-3c3f-4b43-9a3e-0d6c7b8f5e21")
_PREFIXES = {Kind.CERTIFICATE: "C-", Kind.CONTRACT: "K-", Kind.OFFER: "R-", Kind.CONSENT: "S-"}


def order_number(kind: Kind, object_id: str) -> str:
    """Return our number of an object's order: a letter for its kind and 32 digits, always the same ones."""
    return f"{_PREFIXES[kind]}{_uuid(object_id).hex}"


def _uuid(object_id: str) -> UUID:
    try:
        return UUID(object_id)
    except ValueError:
        return uuid5(_NAMES, object_id)


def request_of(told: Sequence[tuple[str, account.Update, Notice]], elk: Elk, *, known: bool) -> elk_status.Request:
    """Return a batch: orders that the portal does not know yet, or (`known`) one more status for each that it knows.

    `told` are our order number, the change and what is said of it.
    """
    if known:
        return elk_status.Request(
            environment=elk.environment,
            updates=tuple(
                elk_status.OrderUpdate(
                    order_number=number,
                    sender_kpp=elk.sender_kpp,
                    sender_inn=elk.sender_inn,
                    history=(_status(update, notice, elk),),
                )
                for number, update, notice in told
            ),
        )
    return elk_status.Request(
        environment=elk.environment,
        new_orders=tuple(
            elk_status.NewOrder(
                owner=_owner(update.recipient.applicant, elk),
                sender_kpp=elk.sender_kpp,
                sender_inn=elk.sender_inn,
                service_target_code=elk.service,
                region=elk.region,
                order_number=number,
                request_date=update.as_of,
                office=elk_status.Office(name=elk.office, acceptance=elk.acceptance),
                history=(_status(update, notice, elk),),
            )
            for number, update, notice in told
        ),
    )


def _owner(applicant: account.Applicant, elk: Elk) -> elk_status.PersonBySnils:
    return elk_status.PersonBySnils(
        snils=applicant.snils or "",
        last_name=applicant.last_name,
        first_name=applicant.first_name,
        middle_name=applicant.middle_name,
        citizenship=applicant.citizenship or elk.citizenship,
    )


def _status(update: account.Update, notice: Notice, elk: Elk) -> elk_status.StatusEntry:
    closes = update.operation is Operation.CLOSE
    return elk_status.StatusEntry(
        status=elk.closed if closes else elk.informed, status_date=update.as_of, comment=notice.text
    )
