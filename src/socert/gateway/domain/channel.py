"""How a municipality's parents are shown their certificates: on question only, by notices, or as a whole.

Source: portal message dictionary, 12 (channel modes) and 7.2 (the carriers of a notice).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Push(StrEnum):
    """What is pushed into the account. Questions are answered in every mode."""

    OFF = "off"  # nothing: the balance is seen at the moment of enrolment
    NOTIFY = "notify"  # a notice that something changed, without sums
    FULL = "full"  # certificate, contracts, offers and consents as objects with all figures


class Carrier(StrEnum):
    """What carries a notice."""

    ORDER_EVENT = "order_event"  # an event on the order that the parent has at the portal
    ELK = "elk"  # an order of ours in the account


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """The mode of a municipality, and the carrier of its notices."""

    push: Push = Push.FULL
    carrier: Carrier = Carrier.ORDER_EVENT


@dataclass(frozen=True, kw_only=True, slots=True)
class Elk:
    """What orders of ours in the account are written with (portal message dictionary, 4; values are the region's).

    sender_inn, sender_kpp      the sending body
    service                     goal code of the service
    environment                 EPGU, SVCDEV, DEV or ERUL
    region                      OKATO of 8 or 11 digits, `00000000` is the whole country
    office, acceptance          name of the office, and how it takes orders (classifier 7213)
    citizenship                 of the parents (classifier 7210)
    informed, closed            statuses of classifier 7212: something is said, nothing more will be
    """

    sender_inn: str
    sender_kpp: str
    service: str
    environment: str = "SVCDEV"
    region: str = "00000000"
    office: str | None = None
    acceptance: str
    citizenship: str
    informed: int
    closed: int
