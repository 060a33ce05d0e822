"""Orders that the region puts into accounts by itself, shown as text cards (ELK).

Each order of a batch is judged by itself, and its result says so. Statuses are of a classifier (7212) whose values are
not public: 1 to 999 are taken for known here. Source: portal message dictionary, 4 (traps 1-3 and 8).
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from socert.contracts.portal import elk_status as elk
from socert.contracts.portal.errors import ValueRefused
from socert.host.log import get_logger
from socert.simulator.portal.people import Identity
from socert.simulator.portal.query import FIRST_ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

    from socert.simulator.portal.people import People
    from socert.simulator.state import State

STATUSES = range(1, 1000)
"""Statuses that the portal knows."""

STATUS, EVENT, TEXT = "status", "event", "text"
_NS = f"{{{elk.NAMESPACE}}}"
_WRONG = "Неверные параметры заявления"
_UNKNOWN_STATUS = "Статус не найден"
_UNKNOWN_ORDER = "Заявление не найдено"
_NOT_A_PERSON = "Личного кабинета этого заявителя нет"

log = get_logger("elk")


@dataclass(frozen=True, kw_only=True, slots=True)
class ElkEntry:
    """A line of a text card: `kind` is "status", "event" (information) or "text" (a message); `code` its code."""

    at: datetime
    kind: str
    code: str
    comment: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ElkOrder:
    """An order in the account that no parent filed.

    `number` is the portal's (elkOrderNumber), `order_number` the sender's; `status` is of classifier 7212; `entries`
    oldest first, the last one's comment is what the card says.
    """

    number: int
    order_number: str
    sender_inn: str
    owner: int
    service: str
    status: int
    created: datetime
    entries: tuple[ElkEntry, ...]

    @property
    def text(self) -> str:
        """What the card says now."""
        return next((one.comment for one in reversed(self.entries) if one.comment), "")

    def as_json(self) -> dict[str, Any]:
        """Return the order for testers."""
        return {
            "number": self.number,
            "order_number": self.order_number,
            "service": self.service,
            "status": self.status,
            "text": self.text,
            "entries": [
                {"at": one.at.isoformat(), "kind": one.kind, "code": one.code, "comment": one.comment}
                for one in self.entries
            ],
        }


class _Refused(Exception):
    """An order is not taken: its status of the answer, and a text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class ElkOrders:
    """The text cards, in the state."""

    def __init__(self, state: State, people: People) -> None:
        self._state = state
        self._people = people

    def of(self, owner: int) -> list[ElkOrder]:
        """Return the text cards of an account, the latest first."""
        return [self._load(row) for row in self._rows("owner = ?", owner)]

    def get(self, number: int) -> ElkOrder | None:
        """Return a text card by the portal's number."""
        return next((self._load(row) for row in self._rows("number = ?", number)), None)

    def add(self, number: int, entry: ElkEntry) -> None:
        """Add a line to a card; one that is there already is not doubled. Call inside a transaction."""
        self._state.run(
            "INSERT OR IGNORE INTO elk_entry (number, at, kind, code, comment) VALUES (?, ?, ?, ?, ?)",
            number,
            entry.at.isoformat(),
            entry.kind,
            entry.code,
            entry.comment,
        )

    def answer(self, content: _Element) -> elk.Response:
        """Take a batch, order by order: a handler of the portal's consumer."""
        element = elk.alike(content)
        creates = element.find(f"{_NS}CreateOrdersRequest") is not None
        results = tuple(self._result(number, one) for number, one in _one_by_one(element))
        failed = any(not result.done for result in results)
        return elk.Response(
            batch=elk.Batch.CREATED if creates else elk.Batch.UPDATED,
            code=elk.CODE_SOME_FAILED if failed else elk.CODE_ALL_DONE,
            message="Completed with errors" if failed else "OK",
            results=results,
        )

    def _result(self, order_number: str, element: _Element) -> elk.OrderResult:
        """Judge one order; what it breaks leaves nothing behind, because it is looked at before anything is written."""
        try:
            request = elk.read_request(element)
            problems = elk.check_request(request)
            if problems:
                log.info("an order of a batch breaks a rule", problems="; ".join(map(str, problems)))
                raise _Refused(elk.STATUS_WRONG_PARAMETERS, _WRONG)
            number = self._create(request.new_orders[0]) if request.new_orders else self._update(request.updates[0])
        except ValueRefused as error:
            log.info("an order of a batch cannot be read", reason=str(error))
            return elk.OrderResult(order_number=order_number, status=elk.STATUS_WRONG_PARAMETERS, message=_WRONG)
        except _Refused as refused:
            return elk.OrderResult(order_number=order_number, status=refused.status, message=str(refused))
        return elk.OrderResult(
            order_number=order_number, elk_order_number=f"{number:010}", status=elk.STATUS_DONE, message="OK"
        )

    def _create(self, order: elk.NewOrder) -> int:
        """Put an order into an account; a repeat of its number is the same order."""
        _check_statuses(order.history)
        known = self._number(order.sender_inn, order.order_number)
        if known is not None:
            return known
        owner = self._owner(order.owner)
        number = self._state.next_number("order", FIRST_ORDER)
        self._state.run(
            "INSERT INTO elk_order VALUES (?, ?, ?, ?, ?, ?)",
            number,
            order.sender_inn,
            order.order_number,
            owner,
            order.service_target_code,
            order.request_date.isoformat(),
        )
        self._add_statuses(number, order.history)
        return number

    def _update(self, order: elk.OrderUpdate) -> int:
        _check_statuses(order.history)
        number = self._number(order.sender_inn, order.order_number)
        if number is None:
            raise _Refused(elk.STATUS_WRONG_PARAMETERS, _UNKNOWN_ORDER)
        self._add_statuses(number, order.history)
        return number

    def _add_statuses(self, number: int, history: tuple[elk.StatusEntry, ...]) -> None:
        for one in history:
            self.add(
                number,
                ElkEntry(at=one.status_date, kind=STATUS, code=str(one.status), comment=one.comment or ""),
            )

    def _number(self, sender_inn: str, order_number: str) -> int | None:
        row = self._state.one(
            "SELECT number FROM elk_order WHERE sender_inn = ? AND order_number = ?", sender_inn, order_number
        )
        return None if row is None else int(row["number"])

    def _owner(self, owner: elk.Owner) -> int:
        """Return whose account it is; one who is not known yet gets one, as the portal finds people by their marks."""
        match owner:
            case elk.PersonBySnils():
                identity = Identity.snils(owner.snils)
            case elk.PersonByDocument():
                identity = Identity("document", (owner.document_type, owner.series or "", owner.number))
            case elk.PersonByInn():
                identity = Identity("inn", (owner.inn,))
            case elk.PersonBySnilsAndBirthDate():
                found = self._people.owner_by(Identity.snils(owner.snils))
                if found is None:  # without a name there is nobody to show
                    raise _Refused(elk.STATUS_WRONG_PARAMETERS, _NOT_A_PERSON)
                return found.id
            case _:
                raise _Refused(elk.STATUS_WRONG_PARAMETERS, _NOT_A_PERSON)
        return self._people.put_owner(identity, owner.last_name, owner.first_name, owner.middle_name)

    def _rows(self, where: str, value: int) -> list[Any]:
        return self._state.all(f"SELECT * FROM elk_order WHERE {where} ORDER BY number DESC", value)  # noqa: S608 - a constant

    def _load(self, row: Any) -> ElkOrder:
        entries = tuple(
            ElkEntry(at=datetime.fromisoformat(one["at"]), kind=one["kind"], code=one["code"], comment=one["comment"])
            for one in self._state.all("SELECT * FROM elk_entry WHERE number = ? ORDER BY id", row["number"])
        )
        return ElkOrder(
            number=row["number"],
            order_number=row["order_number"],
            sender_inn=row["sender_inn"],
            owner=row["owner"],
            service=row["service"],
            status=next(int(one.code) for one in reversed(entries) if one.kind == STATUS),
            created=datetime.fromisoformat(row["created"]),
            entries=entries,
        )


def _check_statuses(history: tuple[elk.StatusEntry, ...]) -> None:
    if any(one.status not in STATUSES for one in history):
        raise _Refused(elk.STATUS_UNKNOWN_STATUS, _UNKNOWN_STATUS)


def _one_by_one(element: _Element) -> Iterator[tuple[str, _Element]]:
    """Return each order of a batch with its number, as a batch of its own: so one that cannot be read stands alone."""
    orders = list(element.iterfind(f"*/{_NS}orders/{_NS}order"))
    bare = deepcopy(element)
    for holder in bare.iterfind(f"*/{_NS}orders"):
        for order in holder.findall(f"{_NS}order"):
            holder.remove(order)
    for order in orders:
        alone = deepcopy(bare)
        holder_ = alone.find(f"*/{_NS}orders")
        assert holder_ is not None
        holder_.append(deepcopy(order))
        yield order.findtext(f"{_NS}orderNumber") or "", alone
