"""What answers a request: it is read, and then either looks something up or takes effect.

A look is made in a reading transaction of its own and has a deadline. An effect runs in the unit of work that also
marks the request as handled and holds the answers, so that all of it commits or nothing does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from lxml import etree
    from sqlalchemy import Connection

    from socert.contracts.message import BusinessMessage, MessageType
    from socert.gateway.ports import UnitOfWork


@dataclass(frozen=True, kw_only=True, slots=True)
class Enclosure:
    """A file beside a message: in memory, or where it lies. `name` is what its sender calls it, where it says."""

    name: str
    mime_type: str
    content: bytes | Path = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A request as it came: its message id, the address for answers, when it is handled, the files that it brings."""

    message_id: str
    reply_to: str
    at: datetime
    files: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer to the request itself. `about` are the GUIDs of certificates that it tells something personal of.

    A withdrawn consent stops it while it has not left. `order_id`: it goes after what was said of that order before.
    `files` go with it, up to 1 GB together; only a look's answer may have some.
    """

    content: BusinessMessage
    about: tuple[str, ...] = ()
    order_id: str | None = None
    files: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """A request that only asks. `late` answers in its place when `find` takes too long; None leaves it to a person."""

    find: Callable[[Connection], Reply]
    late: Callable[[Connection], Reply] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """A request that changes something; what it returns answers the request, besides what its unit tells of orders."""

    apply: Callable[[UnitOfWork], Sequence[Reply]]


class Answerer(Protocol):
    """Answers one type of request."""

    @property
    def message_type(self) -> MessageType:
        """The type of request that it answers."""
        ...

    def take(self, content: etree._Element, received: Received) -> Look | Effect:
        """Read a schema-valid request and say what shall be done; `ContractError` when it cannot be read."""
        ...
