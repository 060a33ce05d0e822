"""The certificate query for the table of message types."""

from __future__ import annotations

from socert.contracts.portal.known import Direction, KnownType
from socert.contracts.portal.pf_certificate.request import read_request
from socert.contracts.portal.pf_certificate.response import read_response
from socert.contracts.portal.pf_certificate.types import REQUEST, RESPONSE, schema

TYPES = (
    KnownType(
        name="pf_certificate.request",
        title="запрос сертификата дополнительного образования",
        message_type=REQUEST,
        direction=Direction.PORTAL_TO_REGION,
        messages=("M01", "M02", "M03"),
        schema=schema,
        read=read_request,
        answered_by=(RESPONSE,),
    ),
    KnownType(
        name="pf_certificate.response",
        title="ответ на запрос сертификата",
        message_type=RESPONSE,
        direction=Direction.REGION_TO_PORTAL,
        messages=("M04",),
        schema=schema,
        read=read_response,
    ),
)
"""Question and answer."""
