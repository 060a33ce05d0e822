"""Rules of orders in the account that their schema cannot state. They take a value as built, and never raise.

Source: portal message dictionary, 4, 7.2, 10 and 15 (invariants 15 and 16).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.portal.elk_status.owners import PersonBySnils, PersonBySnilsAndBirthDate
from socert.contracts.portal.problems import Problem
from socert.contracts.portal.rules import text_problems
from socert.contracts.portal.values import is_inn, is_kpp, is_snils

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socert.contracts.portal.elk_status.request import NewOrder, OrderUpdate, Request

LONGEST_ORDER_NUMBER = 36
"""Characters of an order's number."""


def check_request(request: Request) -> list[Problem]:
    """Return what is wrong with a batch; an empty list is a good one.

    Checked: new orders or updates, each number once and not too long, at least one status each, texts not too long,
    SNILS and the sender's numbers.
    """
    return list(_problems(request))


def _problems(request: Request) -> Iterator[Problem]:
    if bool(request.new_orders) is bool(request.updates):
        yield Problem(field="orders", reason="a batch holds either new orders or updates, and at least one")
    orders: tuple[NewOrder | OrderUpdate, ...] = (*request.new_orders, *request.updates)
    for number, order in enumerate(orders, start=1):
        yield from _order_problems(f"order[{number}]", order)
    if len({order.order_number for order in orders}) != len(orders):
        yield Problem(field="orders", reason="each order stands once")
    for number, new in enumerate(request.new_orders, start=1):
        match new.owner:
            case PersonBySnils(snils=snils) | PersonBySnilsAndBirthDate(snils=snils) if not is_snils(snils):
                yield Problem(field=f"order[{number}]/user", reason="the SNILS fails its check number")
            case _:
                pass


def _order_problems(place: str, order: NewOrder | OrderUpdate) -> Iterator[Problem]:
    if not 1 <= len(order.order_number) <= LONGEST_ORDER_NUMBER:
        yield Problem(field=f"{place}/orderNumber", reason=f"1 to {LONGEST_ORDER_NUMBER} characters are expected")
    if not is_inn(order.sender_inn):
        yield Problem(field=f"{place}/senderInn", reason="an INN with right check digits is expected")
    if not is_kpp(order.sender_kpp):
        yield Problem(
            field=f"{place}/senderKpp", reason="a KPP is four digits, two digits or Latin capitals, three digits"
        )
    if not order.history:
        yield Problem(field=f"{place}/statusHistoryList", reason="at least one status is expected")
    for number, entry in enumerate(order.history, start=1):
        yield from text_problems(f"{place}/statusHistoryList/statusHistory[{number}]/statusComment", entry.comment)
