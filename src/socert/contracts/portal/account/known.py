"""The account messages for the table of message types."""

from __future__ import annotations

from socert.contracts.portal.account.action import read_action_request, read_action_response
from socert.contracts.portal.account.query import read_query_request, read_query_response
from socert.contracts.portal.account.snapshot import read_snapshot_request, read_snapshot_response
from socert.contracts.portal.account.types import (
    ACTION_REQUEST,
    ACTION_RESPONSE,
    QUERY_REQUEST,
    QUERY_RESPONSE,
    SNAPSHOT_REQUEST,
    SNAPSHOT_RESPONSE,
    UPDATE_REQUEST,
    UPDATE_RESPONSE,
    schema,
)
from socert.contracts.portal.account.update import read_update_request, read_update_response
from socert.contracts.portal.known import Direction, KnownType

TYPES = (
    KnownType(
        name="account.update_request",
        title="передача сертификатов, договоров, предложений и согласий в личный кабинет",
        message_type=UPDATE_REQUEST,
        direction=Direction.REGION_TO_PORTAL,
        messages=("M10", "M11", "M12", "M13", "M14", "M15"),
        schema=schema,
        read=read_update_request,
        answered_by=(UPDATE_RESPONSE,),
    ),
    KnownType(
        name="account.update_response",
        title="ответ на передачу в личный кабинет",
        message_type=UPDATE_RESPONSE,
        direction=Direction.PORTAL_TO_REGION,
        messages=("M16",),
        schema=schema,
        read=read_update_response,
    ),
    KnownType(
        name="account.action_request",
        title="решение родителя в личном кабинете",
        message_type=ACTION_REQUEST,
        direction=Direction.PORTAL_TO_REGION,
        messages=("M13", "M14"),
        schema=schema,
        read=read_action_request,
        answered_by=(ACTION_RESPONSE,),
    ),
    KnownType(
        name="account.action_response",
        title="ответ на решение родителя",
        message_type=ACTION_RESPONSE,
        direction=Direction.REGION_TO_PORTAL,
        messages=("M13", "M14"),
        schema=schema,
        read=read_action_response,
    ),
    KnownType(
        name="account.query_request",
        title="запрос данных для страницы личного кабинета",
        message_type=QUERY_REQUEST,
        direction=Direction.PORTAL_TO_REGION,
        schema=schema,
        read=read_query_request,
        answered_by=(QUERY_RESPONSE,),
    ),
    KnownType(
        name="account.query_response",
        title="данные для страницы личного кабинета",
        message_type=QUERY_RESPONSE,
        direction=Direction.REGION_TO_PORTAL,
        schema=schema,
        read=read_query_response,
    ),
    KnownType(
        name="account.snapshot_request",
        title="запрос сверки",
        message_type=SNAPSHOT_REQUEST,
        direction=Direction.BOTH_WAYS,
        messages=("M17",),
        schema=schema,
        read=read_snapshot_request,
        answered_by=(SNAPSHOT_RESPONSE,),
    ),
    KnownType(
        name="account.snapshot_response",
        title="ответ на запрос сверки",
        message_type=SNAPSHOT_RESPONSE,
        direction=Direction.BOTH_WAYS,
        messages=("M17",),
        schema=schema,
        read=read_snapshot_response,
    ),
)
"""All eight."""
