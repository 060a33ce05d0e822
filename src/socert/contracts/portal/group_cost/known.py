"""The cost question for the table of message types."""

from __future__ import annotations

from socert.contracts.portal.group_cost.request import read_request
from socert.contracts.portal.group_cost.response import read_response
from socert.contracts.portal.group_cost.types import (
    BAD_DATA_RESPONSE,
    CALCULATION_RESPONSE,
    EXHAUSTED_RESPONSE,
    FREE_OF_CHARGE_RESPONSE,
    INEFFECTUAL_RESPONSE,
    REQUEST,
    schema,
)
from socert.contracts.portal.known import Direction, KnownType

_ANSWERS = (
    ("calculation_response", "расчёт стоимости группы", CALCULATION_RESPONSE),
    ("ineffectual_response", "расчёт стоимости группы: данных недостаточно", INEFFECTUAL_RESPONSE),
    ("free_of_charge_response", "расчёт стоимости группы: бесплатно", FREE_OF_CHARGE_RESPONSE),
    ("exhausted_response", "расчёт стоимости группы: средства сертификата исчерпаны", EXHAUSTED_RESPONSE),
    ("bad_data_response", "расчёт стоимости группы: ошибка расчёта", BAD_DATA_RESPONSE),
)

TYPES = (
    KnownType(
        name="group_cost.request",
        title="запрос стоимости группы",
        message_type=REQUEST,
        direction=Direction.PORTAL_TO_REGION,
        messages=("M05",),
        schema=schema,
        read=read_request,
        answered_by=tuple(message_type for _, _, message_type in _ANSWERS),
    ),
    *(
        KnownType(
            name=f"group_cost.{name}",
            title=title,
            message_type=message_type,
            direction=Direction.REGION_TO_PORTAL,
            messages=("M05",),
            schema=schema,
            read=read_response,
        )
        for name, title, message_type in _ANSWERS
    ),
)
"""The question and its five answers."""
