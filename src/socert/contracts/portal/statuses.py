"""Statuses of an order at the portal: codes, their meanings, which of them end the order.

Source: portal message dictionary, 8.1 (codes and terminal marks; the wording here is the project's), 8.3, 15
(invariant 7).
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from socert.contracts.portal.write import element

if TYPE_CHECKING:
    from socert.contracts.portal.read import Fields

StatusCode = int | str
"""A number is the portal's own code (techCode), a text the agency's, registered for its service (orgCode)."""


class PortalStatus(IntEnum):
    """The portal's own codes. An unknown code stays a number: it is never taken for one of these."""

    RESULT_ERROR = -1
    DRAFT = 0
    REGISTERED = 1
    RECEIVED = 2
    RENDERED = 3
    REFUSED = 4
    SENDING_ERROR = 5
    ACCEPTED = 6
    INTERIM = 7
    CANCELLING = 9
    CANCELLED = 10
    CANCEL_FAILED = 11
    INCOMING_MESSAGE = 12
    WAITING_FOR_INFORMATION = 14
    CORRECTION_NEEDED = 15
    OUTGOING_MESSAGE = 16
    REGISTERED_AT_PORTAL = 17
    CANNOT_BE_SENT = 18
    SENT = 21
    RECEIVING_ERROR = 22
    PROCESSING_ERROR = 24
    INVITATION = 25
    SIGNING = 31
    SIGNING_MORE = 32
    PROCESSING = 36
    CHECK_FAILED = 48
    NO_OFFICE = 49
    SATISFIED = 57
    REJECTED = 58
    CONTRACT_AT_APPLICANT = 60
    CONTRACT_REWORK = 61
    CONTRACT_AT_ORGANISATION = 62
    ANNULLED = 84
    REGISTERED_AGAIN = 101


TERMINAL = frozenset({-1, 3, 4, 5, 10, 18, 22, 24, 57, 58, 84})
"""Codes after which the portal expects nothing more on the order."""

ENDING = frozenset({PortalStatus.RENDERED, PortalStatus.REFUSED, PortalStatus.CANCELLED})
"""Codes that end an enrolment: no status of the same order follows one of them."""


def is_terminal(code: int) -> bool:
    """Say whether the portal marks this code as terminal; an unknown code is not."""
    return code in TERMINAL


def is_ending(code: int) -> bool:
    """Say whether an enrolment is over with this code."""
    return code in ENDING


def render_status_code(p: str, status: StatusCode) -> str:
    """Write the element `statusCode`."""
    inside = element(p, "orgCode", status) if isinstance(status, str) else f"<{p}:techCode>{status:d}</{p}:techCode>"
    return f"<{p}:statusCode>{inside}</{p}:statusCode>"


def read_status_code(fields: Fields) -> StatusCode:
    """Read what `statusCode` holds."""
    if fields.first_of(("techCode", "orgCode")) == "techCode":
        return fields.integer("techCode")
    return fields.text("orgCode")
