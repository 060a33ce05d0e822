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
