"""The message types registered at this exchange: those of the table of message types that are questions.

A type goes by the short name of its request: `pf_certificate`, `enrolment`, `account` (the push), `account.action` and
so on; a plug-in's `name.request` is `name`. The cost question has no place here: it travels by plain HTTP.
Source: portal message dictionary, 12 and 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from socert.contracts.portal import group_cost
from socert.contracts.portal.known import Direction, find, known_types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.contracts.message import MessageType
    from socert.contracts.portal.known import KnownType
    from socert.contracts.xml import Schema

#: Names of message types, as participants are configured and queues are shown.
ACCOUNT = "account"
SNAPSHOT = "account.snapshot"
ORDER_EVENT = "order_event"
ELK_STATUS = "elk_status"

_NAMED = {"account.update_request": ACCOUNT}
_ELSEWHERE = frozenset({group_cost.REQUEST})


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """A message type of the exchange: its request, what may answer it, who asks."""

    name: str
    request: MessageType
    responses: tuple[MessageType, ...]
    direction: Direction


@cache
def types() -> Mapping[str, Registered]:
    """Return every registered type by name. Raises MessageTypePluginError."""
    found = (
        Registered(name=_name(one), request=one.message_type, responses=one.answered_by, direction=one.direction)
        for one in known_types().values()
        if one.answered_by and one.message_type not in _ELSEWHERE
    )
    return MappingProxyType({one.name: one for one in sorted(found, key=lambda one: one.name)})


@cache
def by_request() -> Mapping[MessageType, Registered]:
    """Return the types by what asks."""
    return MappingProxyType({one.request: one for one in types().values()})


@cache
def by_response() -> Mapping[MessageType, Registered]:
    """Return the types by what answers."""
    return MappingProxyType({response: one for one in types().values() for response in one.responses})


def schema_of(message_type: MessageType) -> Schema:
    """Return the compiled schema of a registered request or response."""
    return find(message_type).schema()


def names(*directions: Direction) -> frozenset[str]:
    """Return the names of the types whose requests go in one of these directions."""
    return frozenset(one.name for one in types().values() if one.direction in directions)


def _name(known: KnownType) -> str:
    return _NAMED.get(known.name) or known.name.removesuffix("request").rstrip("._")
