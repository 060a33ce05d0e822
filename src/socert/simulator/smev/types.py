"""The message types registered at this exchange: those of this installation and those of the list of participants.

A type goes by a short name: `pf_certificate`, `enrolment`, `account` (the push), `account.action` and so on; a
plug-in's `name.request` is `name`. The cost question has no place here: it travels by plain HTTP. A type may have
several formats, each with a namespace of its own: whoever asks for one of them is given messages of all.
Sources: portal message dictionary, 12 and 13; SMEV 3 manual 3.3, 2.2.6 and 2.5.1.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from socert.contracts.portal import group_cost
from socert.contracts.portal.known import Direction, find, known_types
from socert.contracts.smev.status import MessageCategory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lxml import etree

    from socert.contracts.message import MessageType
    from socert.contracts.portal.known import KnownType
    from socert.contracts.xml import Schema

#: Names of message types, as participants are configured and queues are shown.
ACCOUNT = "account"
SNAPSHOT = "account.snapshot"
ORDER_EVENT = "order_event"
ELK_STATUS = "elk_status"

#: The longest routing code (SMEV 3 manual 3.3, 2.2.3).
LONGEST_CODE = 200

_NAMED = {"account.update_request": ACCOUNT}
_ELSEWHERE = frozenset({group_cost.REQUEST})


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """One version of a message type: what asks, what may answer. `schema`: None for a type of this installation."""

    request: MessageType
    responses: tuple[MessageType, ...] = ()
    schema: Schema | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """A message type of the exchange, in all its formats.

    `direction` says who asks, None where only the list of participants does. A broadcast goes to everybody who serves
    it and has no answer. `code` finds the routing code in a request's content; None: the type has one provider.
    """

    name: str
    formats: tuple[Format, ...]
    direction: Direction | None = None
    category: MessageCategory = MessageCategory.REQUEST
    code: etree.XPath | None = field(default=None, repr=False, compare=False)

    def routing_code(self, content: etree._Element) -> str:
        """Return the routing code that a request carries; empty where it carries none, or not exactly one."""
        assert self.code is not None
        # The expression is over the content alone: what stands around it in the envelope is not the sender's to name.
        found = self.code(deepcopy(content))
        if not isinstance(found, list):
            return str(found).strip()
        if len(found) != 1:
            return ""
        text = found[0] if isinstance(found[0], str) else getattr(found[0], "text", None)
        return str(text or "").strip()


class Types:
    """The registered types, found by name and by what asks or answers. `own` come beside those of this installation."""

    def __init__(self, own: Iterable[Registered] = ()) -> None:
        self.by_name: Mapping[str, Registered] = {**built_in(), **{one.name: one for one in own}}
        formats = [(one, each) for one in self.by_name.values() for each in one.formats]
        self._by_request = {each.request: one for one, each in formats}
        self._by_response = {response: one for one, each in formats for response in each.responses}
        self._schemas = {
            element: each.schema
            for _, each in formats
            if each.schema is not None
            for element in (each.request, *each.responses)
        }

    def by_request(self, message_type: MessageType) -> Registered | None:
        """Return the type that a request is of."""
        return self._by_request.get(message_type)

    def by_response(self, message_type: MessageType) -> Registered | None:
        """Return the type that a response is of."""
        return self._by_response.get(message_type)

    def schema(self, message_type: MessageType) -> Schema:
        """Return the compiled schema of a registered request or response."""
        return self._schemas.get(message_type) or find(message_type).schema()


@cache
def built_in() -> Mapping[str, Registered]:
    """Return the types of this installation by name. Raises MessageTypePluginError."""
    found = (
        Registered(
            name=_name(one),
            formats=(Format(request=one.message_type, responses=one.answered_by),),
            direction=one.direction,
        )
        for one in known_types().values()
        if one.answered_by and one.message_type not in _ELSEWHERE
    )
    return MappingProxyType({one.name: one for one in sorted(found, key=lambda one: one.name)})


def names(*directions: Direction) -> frozenset[str]:
    """Return the names of this installation's types whose requests go in one of these directions."""
    return frozenset(one.name for one in built_in().values() if one.direction in directions)


def _name(known: KnownType) -> str:
    return _NAMED.get(known.name) or known.name.removesuffix("request").rstrip("._")
