"""A message type that a region might add, and what a careless one might give instead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from socert.contracts.message import MessageType
from socert.contracts.portal import account
from socert.contracts.portal.known import Direction, KnownType
from socert.contracts.portal.read import Fields
from socert.contracts.portal.write import element as write
from socert.contracts.xml import Schema

if TYPE_CHECKING:
    from lxml.etree import _Element

NAMESPACE = "urn:made-up:wish:1"
WISH = MessageType(namespace=NAMESPACE, root="Wish")


@cache
def schema() -> Schema:
    """The compiled schema."""
    return Schema.load("tests.contracts.portal.made_up", "schema.xsd")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """One word."""

    message_type: ClassVar[MessageType] = WISH

    word: str

    def render(self, prefix: str = "ns1") -> str:
        """Write it."""
        return f'<{prefix}:Wish xmlns:{prefix}="{NAMESPACE}">{write(prefix, "word", self.word)}</{prefix}:Wish>'


def read_wish(element: _Element) -> Wish:
    """Read it."""
    return Wish(word=Fields.of_root(element, WISH, zone=None).text("word"))


REQUEST = KnownType(
    name="made_up.request",
    title="пожелание",
    message_type=WISH,
    direction=Direction.PORTAL_TO_REGION,
    schema=schema,
    read=read_wish,
)
TYPES = (REQUEST,)
WRONG = (REQUEST, "and something else")
SAME_TYPE = (replace(REQUEST, message_type=account.UPDATE_REQUEST),)
SAME_NAME = (replace(REQUEST, name="account.update_request"),)
