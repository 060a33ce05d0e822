"""Enrolling a child as the parent does it: find or make a certificate, ask the price, agree, file, cancel, write.

Every step works on an order of `Orders` and returns it as it is afterwards. What a parent cannot do is refused with
`OrderRefused`, whose text is for the parent. Answers of the region to an application come later and many times: they
go into the order by themselves, `wait` waits for the next change. Source: portal message dictionary, 1, 2, 6, 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.portal.blocks import FinancialSource

if TYPE_CHECKING:
    from datetime import date, timedelta

    from socert.contracts.portal.blocks import FormCode
    from socert.simulator.portal.order import Order


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """What the parent says yes to when filing.

    `calculation` is that of the cost shown on the screen (`order.cost.calculation`): if it was calculated anew since,
    nothing is sent. `own_part_accepted` is the explicit yes to paying the family's part; `forms` are the forms of
    consent ticked (`forms.FORMS` has their texts; `Enrolment.forms_for` says which are needed).
    """

    calculation: str
    own_part_accepted: bool
    forms: frozenset[FormCode]


class Enrolment:
    """The parent's side of enrolment."""

    def start(
        self,
        *,
        owner: int,
        child: int,
        group: str,
        start_date: date | None = None,
        municipality: str | None = None,
        source: FinancialSource = FinancialSource.CERTIFICATE,
        offer: str | None = None,
    ) -> Order:
        """Begin an order: a draft, nothing is sent yet.

        `group` is the group's GUID in the catalogue; `start_date` is tomorrow unless told; `municipality` is the
        code of the one that pays, needed where the programme does not say and there are several; `offer` is the renewal offer
        that this application answers. Raises `OrderRefused`.
        """
        raise NotImplementedError

    def forms_for(self, order: Order) -> tuple[FormCode, ...]:
        """Return the forms of consent that filing this order needs, in the order they are shown."""
        raise NotImplementedError

    async def find_certificate(self, order_id: int) -> Order:
        """Ask the region for the child's certificate, which it issues if there is none (M02).

        The answer is in `order.certificate`. A repeat, the "Back" button, asks again with the same order id.
        Raises `OrderRefused` for a child without SNILS and an order that is over.
        """
        raise NotImplementedError

    async def ask_cost(self, order_id: int) -> Order:
        """Ask what the group costs (M05); the answer is in `order.cost`. Raises `OrderRefused`."""
        raise NotImplementedError

    async def submit(self, order_id: int, agreement: Agreement, *, checked: bool = True) -> Order:
        """File the application (M06), or file it again with the same order id.

        `checked` False sends also what the portal's own form would stop (bad input for the region, for testers).
        Returns as soon as the exchange has it; an exchange that does not take it is told in `order.failure`.
        Raises `OrderRefused`.
        """
        raise NotImplementedError

    async def cancel(self, order_id: int, reason: str = "", *, checked: bool = True) -> Order:
        """Cancel (M08): `reason` in the parent's words, up to 2048 characters. Raises `OrderRefused`."""
        raise NotImplementedError

    async def write(self, order_id: int, text: str, *, message_id: str | None = None, checked: bool = True) -> Order:
        """Write to the organisation (M09), 1-2048 characters; a `message_id` (GUID) given before repeats that message.

        Raises `OrderRefused`.
        """
        raise NotImplementedError

    async def wait(self, order_id: int, changes: int, limit: timedelta) -> Order:
        """Return the order once it has changed since `order.changes` was `changes`, or as it is when time is up."""
        raise NotImplementedError
