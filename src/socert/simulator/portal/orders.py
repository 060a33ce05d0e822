"""The orders of all accounts, in the state, and what the region's answers do to them.

A status is applied once: by `seq`, lower or equal is ignored; after 3, 4, 10 nothing is. What is ignored stays in the
order's list of ignored entries and in the journal. Source: portal message dictionary, 6.2, 6.3 and 15 (invariant 7).
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from socert.contracts.portal import enrolment as messages
from socert.contracts.portal.statuses import PortalStatus
from socert.host.log import get_logger
from socert.simulator.control.journal import Entry
from socert.simulator.errors import OrderRefused
from socert.simulator.portal.consumer import expect_no_more
from socert.simulator.portal.division import division
from socert.simulator.portal.order import (
    HistoryEntry,
    Message,
    Order,
    OrderContract,
    closing,
    dump_entry,
    dump_order,
    load_entry,
    load_order,
)
from socert.simulator.portal.query import FIRST_ORDER
from socert.simulator.smev.participants import PORTAL

if TYPE_CHECKING:
    from datetime import timedelta
    from sqlite3 import Row

    from socert.simulator.clock import SimulatorClock
    from socert.simulator.control.journal import Journal
    from socert.simulator.portal.consumer import Answered
    from socert.simulator.state import State

#: Kinds of the messages whose answers belong to orders.
APPLICATION, CANCELLATION, TEXT = "application", "cancellation", "text"
KINDS = (APPLICATION, CANCELLATION, TEXT)

log = get_logger("orders")


class Orders:
    """All orders. Methods that write are called inside a transaction, unless they say otherwise."""

    def __init__(self, state: State, clock: SimulatorClock, journal: Journal) -> None:
        self._state = state
        self._clock = clock
        self._journal = journal
        self._changed: dict[int, asyncio.Event] = {}

    # Reading

    def get(self, order_id: int, owner: int | None = None) -> Order | None:
        """Return an order; of one owner only, when given."""
        row = self._state.one("SELECT * FROM portal_order WHERE id = ? AND owner = coalesce(?, owner)", order_id, owner)
        return None if row is None else self._load(row)

    def of(self, owner: int | None = None, child: int | None = None) -> list[Order]:
        """Return orders, the latest first; of one owner and one child only, when given."""
        rows = self._state.all(
            "SELECT * FROM portal_order WHERE owner = coalesce(?, owner) AND child = coalesce(?, child)"
            " ORDER BY id DESC",
            owner,
            child,
        )
        return [self._load(row) for row in rows]

    def need(self, order_id: int, *, unfinished: bool = True) -> Order:
        """Return an order that is there and, if so wanted, not over. Raises `OrderRefused`."""
        order = self.get(order_id)
        if order is None:
            raise OrderRefused("Такого заявления нет.")
        if unfinished and order.closed:
            raise OrderRefused(f"Заявление завершено: {order.said.lower()}. Подайте новое заявление.")
        return order

    async def wait(self, order_id: int, changes: int, limit: timedelta) -> Order:
        """Return the order once it was written more than `changes` times, or as it is when time is up.

        Raises `OrderRefused` for one that is not there. Call outside a transaction.
        """
        try:
            async with asyncio.timeout(limit.total_seconds()):
                while (order := self.need(order_id, unfinished=False)).changes <= changes:
                    await self._changed.setdefault(order_id, asyncio.Event()).wait()
        except TimeoutError:
            return self.need(order_id, unfinished=False)
        return order

    # Writing

    def new_number(self) -> int:
        """Return a number that no order has, whoever files it."""
        return self._state.next_number("order", FIRST_ORDER)

    def put(self, order: Order) -> Order:
        """Keep an order as it is now, and tell who waits for a change; its history and messages are not touched."""
        self._state.run(
            "INSERT INTO portal_order VALUES (?, ?, ?, 1, ?) ON CONFLICT (id) DO UPDATE SET changes = changes + 1,"
            " document = excluded.document",
            order.id,
            order.owner,
            order.child,
            dump_order(order),
        )
        if order.closed:  # nothing more is expected at the addresses for answers
            for kind in KINDS:
                expect_no_more(self._state, kind, str(order.id))
        self._tell(order.id)
        return self.need(order.id, unfinished=False)

    def note(self, order_id: int, entry: HistoryEntry) -> None:
        """Add to the history of an order."""
        self._state.run("INSERT INTO order_entry (order_id, document) VALUES (?, ?)", order_id, dump_entry(entry))

    def move(self, order: Order, status: PortalStatus, comment: str = "", *, source: str = "portal") -> Order:
        """Change the status by the portal's own doing."""
        self.note(order.id, HistoryEntry(at=self._clock(), status=int(status), source=source, comment=comment))
        return self.put(replace(order, status=int(status), closed=closing(status)))

    def add_message(self, order_id: int, message: Message) -> None:
        """Add a text to an order; one that is there already stays as it is."""
        self._state.run(
            "INSERT OR IGNORE INTO order_message (order_id, id, outgoing, author, text, at, result, comment)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            order_id,
            message.id,
            message.outgoing,
            message.author,
            message.text,
            message.at.isoformat(),
            message.result,
            message.comment,
        )
        self._touch(order_id)

    def apply_event(self, order: Order, entry: HistoryEntry) -> bool:
        """Apply a status that has no `seq`, from an event on the order; False where the order is over."""
        if not self._fits(order, entry):
            return False
        self._apply(order, entry)
        return True

    def heard(self, kind: str, ref: str, answered: Answered) -> None:
        """Take an answer to a message of an order: for each of `KINDS` a listener of the portal's consumer."""
        order = self.get(int(ref))
        assert order is not None
        if answered.content is None:
            self._refused(order, kind, answered)
            return
        answer = messages.read_response(answered.content).answer
        if answer.order_id != order.id:
            self._ignore(order, HistoryEntry(at=self._clock(), status=order.status, source="status"), "another order")
            return
        problems = messages.check_response(messages.Response(answer=answer))
        if problems:
            entry = HistoryEntry(at=self._clock(), status=order.status, source="status")
            self._ignore(order, entry, "; ".join(map(str, problems)))
            return
        match answer:
            case messages.StatusChange():
                self._status(order, answer)
            case messages.CancellationAnswer():
                self._cancelled(order, answer)
            case messages.TextReceipt():
                self._state.run(
                    "UPDATE order_message SET result = ?, comment = ? WHERE order_id = ? AND id = ? AND outgoing",
                    answer.result.value,
                    answer.comment or "",
                    order.id,
                    answer.message_id,
                )
                self._touch(order.id)

    # What answers do

    def _refused(self, order: Order, kind: str, answered: Answered) -> None:
        """The exchange or the region did not take a message: what the region has not taken may be sent again."""
        failed = replace(order, failure=answered.refused)
        if kind == APPLICATION and order.status == PortalStatus.SENT:
            status = PortalStatus.SENDING_ERROR if answered.by_exchange else PortalStatus.RECEIVING_ERROR
            self.move(failed, status, answered.refused)
        elif kind == CANCELLATION and order.status == PortalStatus.CANCELLING:
            self.move(failed, PortalStatus.CANCEL_FAILED, answered.refused)
        else:
            self.put(failed)

    def _status(self, order: Order, change: messages.StatusChange) -> None:
        contract = None if change.contract is None else _contract(change.contract)
        entry = HistoryEntry(
            at=change.status_date,
            status=int(change.status) if isinstance(change.status, int) else change.status,
            source="status",
            seq=change.seq,
            comment=change.comment or "",
            reason_code=change.reason_code or "",
            cancel_allowed=change.cancel_allowed,
            send_message_allowed=change.send_message_allowed,
            contract=contract,
        )
        if self._fits(order, entry):
            self._apply(order, entry)

    def _fits(self, order: Order, entry: HistoryEntry) -> bool:
        """Say whether a status may be applied; keep why not."""
        if entry.seq is not None and entry.seq <= order.seq:
            self._ignore(order, entry, "seq is not higher than the last one")
            return False
        # The answer to a cancellation ends the order; the status that says the same may come after it, once.
        confirms = entry.status == PortalStatus.CANCELLED and _ended_by_answer(order)
        if order.closed and not confirms:
            self._ignore(order, entry, f"after the final status {order.status}")
            return False
        return True

    def _apply(self, order: Order, entry: HistoryEntry) -> None:
        self.note(order.id, entry)
        over = closing(entry.status)
        cancel = order.cancel_allowed if entry.cancel_allowed is None else entry.cancel_allowed
        write = order.send_message_allowed if entry.send_message_allowed is None else entry.send_message_allowed
        self.put(
            replace(
                order,
                status=entry.status,
                seq=order.seq if entry.seq is None else entry.seq,
                closed=over,
                cancel_allowed=cancel and not over,
                send_message_allowed=write,
                contract=entry.contract or order.contract,
                failure="",
            )
        )

    def _cancelled(self, order: Order, answer: messages.CancellationAnswer) -> None:
        status = {
            messages.CancellationResult.CANCELLED: PortalStatus.CANCELLED,
            messages.CancellationResult.IN_PROGRESS: PortalStatus.CANCELLING,
            messages.CancellationResult.REJECTED: PortalStatus.CANCEL_FAILED,
        }[answer.result]
        entry = HistoryEntry(at=self._clock(), status=int(status), source="cancel", comment=answer.comment or "")
        if order.closed:
            # The order ended while the cancellation was on its way: the first end counts, in agreement or not.
            self._ignore(order, entry, f"after the final status {order.status}")
            return
        self.note(order.id, entry)
        over = closing(status)
        self.put(
            replace(
                order,
                status=int(status),
                closed=over,
                cancel_allowed=order.cancel_allowed and not over,
                cancelled_from=answer.effective_date or order.cancelled_from,
                failure="",
            )
        )

    def _ignore(self, order: Order, entry: HistoryEntry, reason: str) -> None:
        """Keep what was not applied, and why, where testers look."""
        self.note(order.id, replace(entry, ignored=reason))
        self._touch(order.id)
        log.info("a status was not applied", order_id=order.id, seq=entry.seq, reason=reason)
        self._journal.add(
            Entry(
                time=self._clock(),
                operation="status",
                participant=PORTAL,
                message_id=str(order.id),
                outcome="ignored",
                fault=reason,
                milliseconds=0.0,
            )
        )

    def _touch(self, order_id: int) -> None:
        self._state.run("UPDATE portal_order SET changes = changes + 1 WHERE id = ?", order_id)
        self._tell(order_id)

    def _tell(self, order_id: int) -> None:
        event = self._changed.pop(order_id, None)
        if event is not None:
            event.set()

    def _load(self, row: Row) -> Order:
        entries = self._state.all("SELECT document FROM order_entry WHERE order_id = ? ORDER BY id", row["id"])
        texts = self._state.all("SELECT * FROM order_message WHERE order_id = ? ORDER BY number", row["id"])
        return load_order(
            row["document"],
            changes=row["changes"],
            history=tuple(load_entry(one["document"]) for one in entries),
            messages=tuple(_message(one) for one in texts),
        )


def _ended_by_answer(order: Order) -> bool:
    last = next((one for one in reversed(order.history) if closing(one.status) and one.source != "info"), None)
    return last is not None and last.source == "cancel"


def _message(row: Row) -> Message:
    return Message(
        id=row["id"],
        outgoing=bool(row["outgoing"]),
        author=row["author"],
        text=row["text"],
        at=datetime.fromisoformat(row["at"]),
        result=row["result"],
        comment=row["comment"],
    )


def _contract(info: messages.ContractInfo) -> OrderContract:
    return OrderContract(
        id=info.contract_id,
        number=info.contract_number or "",
        signed=info.contract_date,
        state=info.contract_state.value,
        start=info.start_date,
        end=info.end_date,
        division=division(info.split),
        agreement_number=info.agreement_number or "",
        sign_deadline=info.sign_deadline,
    )
