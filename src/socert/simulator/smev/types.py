"""The message types registered at this exchange: a name, the root of the request and of the response, their schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.portal import account, pf_certificate

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.contracts.message import MessageType
    from socert.contracts.xml import Schema

#: Names of message types, as participants are configured and queues are shown.
ACCOUNT = "account"
PF_CERTIFICATE = "pf_certificate"


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """A message type of the exchange."""

    name: str
    request: MessageType
    response: MessageType
    schema: Callable[[], Schema]


TYPES: dict[str, Registered] = {
    ACCOUNT: Registered(name=ACCOUNT, request=account.REQUEST, response=account.RESPONSE, schema=account.schema),
    PF_CERTIFICATE: Registered(
        name=PF_CERTIFICATE,
        request=pf_certificate.REQUEST,
        response=pf_certificate.RESPONSE,
        schema=pf_certificate.schema,
    ),
}

BY_REQUEST: dict[MessageType, Registered] = {one.request: one for one in TYPES.values()}
BY_RESPONSE: dict[MessageType, Registered] = {one.response: one for one in TYPES.values()}
