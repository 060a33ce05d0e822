"""Orders in the account that no parent filed, for the table of message types."""

from __future__ import annotations

from socert.contracts.portal.elk_status.request import read_request
from socert.contracts.portal.elk_status.response import read_response
from socert.contracts.portal.elk_status.types import REQUEST, RESPONSE, schema
from socert.contracts.portal.known import Direction, KnownType

TYPES = (
    KnownType(
        name="elk_status.request",
        title="создание и изменение заявлений в личном кабинете",
        message_type=REQUEST,
        direction=Direction.REGION_TO_PORTAL,
        messages=("M10", "M11", "M12", "M13", "M15"),
        schema=schema,
        read=read_request,
        answered_by=(RESPONSE,),
    ),
    KnownType(
        name="elk_status.response",
        title="ответ о создании и изменении заявлений в личном кабинете",
        message_type=RESPONSE,
        direction=Direction.PORTAL_TO_REGION,
        messages=("M16",),
        schema=schema,
        read=read_response,
    ),
)
"""Batch and answer."""
