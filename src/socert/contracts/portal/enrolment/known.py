"""Enrolment for the table of message types."""

from __future__ import annotations

from socert.contracts.portal.enrolment.request import read_request
from socert.contracts.portal.enrolment.response import read_response
from socert.contracts.portal.enrolment.types import REQUEST, RESPONSE, schema
from socert.contracts.portal.known import Direction, KnownType

TYPES = (
    KnownType(
        name="enrolment.request",
        title="заявление на зачисление, его отмена, сообщение организации",
        message_type=REQUEST,
        direction=Direction.PORTAL_TO_REGION,
        messages=("M06", "M08", "M09", "M14"),
        schema=schema,
        read=read_request,
        answered_by=(RESPONSE,),
    ),
    KnownType(
        name="enrolment.response",
        title="статус заявления, ответ на отмену и на сообщение",
        message_type=RESPONSE,
        direction=Direction.REGION_TO_PORTAL,
        messages=("M07", "M08", "M09", "M12"),
        schema=schema,
        read=read_response,
    ),
)
"""What comes from the parent, and what goes back."""
