"""What the portal says to a notice of ours, and what becomes of the changes in it.

Orders of a batch are judged one by one (portal message dictionary, 3, 4 trap 1, 7.1, 15 invariant 16).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select, update

from socert.contracts.portal.elk_status import CODE_ALL_DONE, CODE_SOME_FAILED
from socert.gateway.exchange import changes, outbox, outcome
from socert.gateway.mapping.elk_status import order_number
from socert.gateway.store.tables import ChangeState, Kind, MessageState, change
from socert.gateway.store.tables_life import elk_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from socert.contracts.portal import elk_status, order_event


def take_event(
    connection: Connection, message_id: str, answer: order_event.Response, now: datetime
) -> Mapping[str, int]:
    """The portal took an event on an order, or did not; the values of its code besides 0 are not published."""
    ids = list(changes.packed(connection, message_id).values())
    text = f"{answer.code}: {answer.message}"
    if answer.accepted:
        changes.deliver(connection, ids, now=now)
        outbox.settle(connection, message_id, MessageState.DONE, now=now, outcome=text, even_dead=True)
        return {"delivered": len(ids)}
    changes.reject(connection, ids, reason=text, now=now)
    outbox.settle(connection, message_id, MessageState.REJECTED, now=now, outcome=text, even_dead=True)
    return {"rejected": len(ids)}


def take_orders(
    connection: Connection, message_id: str, answer: elk_status.Response, now: datetime
) -> Mapping[str, int]:
    """Judge each order of a batch: done ones are never sent again, whatever became of the others."""
    text = f"{answer.code}: {answer.message}"
    if answer.code not in (CODE_ALL_DONE, CODE_SOME_FAILED):
        outcome.split(connection, message_id, text, now, even_dead=True)
        return {"whole batch refused": 1}
    waiting = _by_number(connection, message_id)
    done: list[tuple[int, str, str, str, str | None]] = []
    ends = {"delivered": 0, "rejected": 0, "sent again": 0}
    for result in answer.results:
        found = waiting.pop(result.order_number, None)
        if found is None:
            continue
        if result.done:
            done.append((*found, result.order_number, result.elk_order_number))
        else:
            reason = f"{result.status}: {result.message}"
            changes.reject(connection, [found[0]], reason=reason, now=now)
            ends["rejected"] += 1
    if answer.code == CODE_ALL_DONE:
        done += [(*found, number, None) for number, found in waiting.items()]
    else:
        rest = [found[0] for found in waiting.values()]
        changes.restore(connection, rest, alone=True)
        ends["sent again"] = len(rest)
    changes.deliver(connection, [one[0] for one in done], now=now)
    _remember(connection, done)
    ends["delivered"] = len(done)
    outbox.settle(connection, message_id, MessageState.DONE, now=now, outcome=text, even_dead=True)
    return ends


def _by_number(connection: Connection, message_id: str) -> dict[str, tuple[int, str, str]]:
    row = change.c
    chosen = select(row.id, row.kind, row.object_id, row.certificate_guid).where(
        row.message_id == message_id, row.state == ChangeState.PACKED
    )
    return {
        order_number(Kind(found.kind), found.object_id): (found.id, found.object_id, found.certificate_guid)
        for found in connection.execute(chosen)
    }


def _remember(connection: Connection, done: Sequence[tuple[int, str, str, str, str | None]]) -> None:
    """Keep which orders of ours the portal has, and its own numbers of them."""
    for _, object_id, guid, number, elk_number in done:
        same = elk_order.c.object_id == object_id
        if connection.scalar(select(elk_order.c.object_id).where(same)) is None:
            row = {"object_id": object_id, "order_number": number, "certificate_guid": guid, "elk_number": elk_number}
            connection.execute(insert(elk_order).values(row))
        elif elk_number is not None:
            connection.execute(update(elk_order).where(same).values(elk_number=elk_number))
