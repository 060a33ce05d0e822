"""The table of message types that this installation knows. It is filled by plug-ins, and ours are plug-ins too.

A distribution names, in the entry point group `socert.message_types`, a tuple of `KnownType`:

    [project.entry-points."socert.message_types"]
    some_region = "some_region.messages:TYPES"

So a region adds a message type of its own, with its own schema, without touching ours. Two plug-ins cannot give the
same type: what is known must not depend on the order in which they are found.
Source: portal message dictionary, 6.6 and 13 (the messages M01-M17).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from importlib.metadata import EntryPoint

    from lxml.etree import _Element

    from socert.contracts.message import BusinessMessage, MessageType
    from socert.contracts.xml import Schema

GROUP = "socert.message_types"
"""The entry point group that plug-ins use."""


class Direction(StrEnum):
    """Who sends a message."""

    PORTAL_TO_REGION = "portal_to_region"
    REGION_TO_PORTAL = "region_to_portal"
    BOTH_WAYS = "both_ways"


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownType:
    """A message type and what is needed to take a message of it.

    `name` is short, stable and unique (`account.update_request`); `title` says in Russian what the message is;
    `messages` are the numbers M01-M17 of what it carries, empty for what is beyond them; `schema` returns the compiled
    schema, `read` reads an element that it has accepted, or raises ValueRefused; `answered_by` are the types of the
    answers, empty for an answer.
    """

    name: str
    title: str
    message_type: MessageType
    direction: Direction
    messages: tuple[str, ...] = ()
    schema: Callable[[], Schema]
    read: Callable[[_Element], BusinessMessage]
    answered_by: tuple[MessageType, ...] = ()


class UnknownMessageType(ContractError):
    """No plug-in knows this type. `message_type` is what was asked for, `known` the names of those that are known."""

    code: ClassVar[str] = "unknown_message_type"

    def __init__(self, message_type: MessageType, known: Iterable[KnownType]) -> None:
        """Name the type, cut where somebody made it long, and those that are known."""
        self.message_type = message_type
        self.known = tuple(sorted(one.name for one in known))
        super().__init__(
            f"The message type {str(message_type)[:200]} is not known. Known are: {', '.join(self.known)}. "
            f"Another one is added by a plug-in (entry point group {GROUP})."
        )


class MessageTypePluginError(ContractError):
    """A plug-in of the group cannot be loaded, or gives something else than message types nobody else gives."""

    code: ClassVar[str] = "message_type_plugin"


def find(message_type: MessageType) -> KnownType:
    """Return what is known of a message type. Raises UnknownMessageType, MessageTypePluginError."""
    known = known_types()
    found = known.get(message_type)
    if found is None:
        raise UnknownMessageType(message_type, known.values())
    return found


@cache
def known_types() -> Mapping[MessageType, KnownType]:
    """Return every message type of this installation, sorted; loaded once a process. Raises MessageTypePluginError."""
    return load(entry_points(group=GROUP))


def load(points: Iterable[EntryPoint]) -> Mapping[MessageType, KnownType]:
    """Return the message types that entry points give, sorted. Raises MessageTypePluginError."""
    table: dict[MessageType, tuple[KnownType, str]] = {}
    names: dict[str, str] = {}
    for point in sorted(points, key=lambda point: (point.name, point.value)):
        for known in _types_of(point):
            other = names.get(known.name) or (table[known.message_type][1] if known.message_type in table else None)
            if other is not None:
                raise MessageTypePluginError(
                    f"{_called(point)} gives the message type {known.name} ({known.message_type}), which {other} gives "
                    "already: uninstall one of them, or let it use a namespace and a name of its own."
                )
            names[known.name] = _called(point)
            table[known.message_type] = (known, _called(point))
    return MappingProxyType({message_type: table[message_type][0] for message_type in sorted(table)})


def _types_of(point: EntryPoint) -> Iterator[KnownType]:
    try:
        given = point.load()
    except (ImportError, AttributeError) as error:
        raise MessageTypePluginError(f"{_called(point)} cannot be loaded: {error}") from error
    if not isinstance(given, tuple) or not all(isinstance(one, KnownType) for one in given):
        raise MessageTypePluginError(
            f"{_called(point)} gives {type(given).__name__}, a tuple of KnownType is expected."
        )
    yield from given


def _called(point: EntryPoint) -> str:
    of = f" of {point.dist.name}" if point.dist else ""
    return f"The entry point {point.name} = {point.value}{of}"
