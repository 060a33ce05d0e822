"""What answers a request: it is read, and then either looks something up or takes effect.

A look is made in a reading transaction of its own and has a deadline. An effect runs in the unit of work that also
marks the request as handled and holds the answers, so that all of it commits or nothing does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from lxml import etree
    from sqlalchemy import Connection

    from socert.contracts.message import BusinessMessage, MessageType
    from socert.gateway.ports import UnitOfWork


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """A request as it came: its message id, the address for answers, and when it is handled."""

    message_id: str
    reply_to: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer to the request itself. `about` are the GUIDs of certificates that it tells something personal of.

    A withdrawn consent stops it while it has not left. `order_id`: it goes after what was said of that order before.
    """

    content: BusinessMessage
    about: tuple[str, ...] = ()
    order_id: str | None = None


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
