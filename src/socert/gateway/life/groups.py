"""A group as those see it who would take it: its days, its price in the unit that pays, and what must hold for it.

Sources: portal message dictionary, 6.4 (reasons), 9.2 (why a group is closed), 11.4-11.5 (units, price).
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from socert.gateway.domain.enrolment import Conditions
from socert.gateway.domain.months import year_end
from socert.gateway.domain.policy import Register
from socert.gateway.domain.quote import Priced

if TYPE_CHECKING:
    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.records import Programme
    from socert.gateway.ports.life import Group


def conditions_of(group: Group, *, today: date, policy: Policy) -> Conditions:
    """Return what must hold for a group to be taken by certificate today."""
    programme = group.programme
    opened = programme.opens is None or programme.opens <= today
    closed = programme.closes is not None and programme.closes < today
    return Conditions(
        certificate_accepted=programme.certificate_accepted,
        registration_open=opened and not closed,
        provider_agreement=not policy.agreement_needed or programme.organisation.agreement_number is not None,
        free_places=None if programme.places is None else programme.places - group.taken,
    )


def period_of(programme: Programme | None, start: date) -> tuple[date, date]:
    """Return a group's first and last day: its own, or the calendar year of whoever starts on `start`."""
    year = date(start.year, 1, 1), year_end(start.year)
    if programme is None:
        return year
    return programme.start or year[0], programme.end or year[1]


def priced(programme: Programme, register: Register, start: date) -> Priced | None:
    """Return a group as it is priced for who pays in `register`; None where it has no price in that unit yet.

    A count group costs one programme of its own register. In hours the price is the group's hours, and an hour costs
    the parent the group's price divided by them, rounded half-up to the kopeck.
    """
    first, last = period_of(programme, start)
    if programme.register is not None:
        return Priced(start=first, end=last, register=programme.register, price=1)
    if register is not Register.HOUR:
        return Priced(
            start=first, end=last, register=Register.RUB, price=programme.price, normative=programme.normative
        )
    if programme.hours == 0 and programme.price:
        return None
    hours = max(programme.hours, 1)
    return Priced(
        start=first,
        end=last,
        register=Register.HOUR,
        price=programme.hours,
        normative=programme.normative,
        hour_price=(2 * 100 * programme.price + hours) // (2 * hours),
    )
