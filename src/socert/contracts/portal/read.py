"""Reading of elements that a schema has accepted, field by field, with the path in every refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeVar

from socert.contracts.message import MessageType
from socert.contracts.portal import values
from socert.contracts.portal.errors import ValueRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime, tzinfo
    from enum import StrEnum

    from lxml.etree import _Element

T = TypeVar("T")
E = TypeVar("E", bound="StrEnum")


class Fields:
    """The children of one element, by local name, all in the element's own namespace.

    Getters named after a type raise ValueRefused with the child's path when it is missing or cannot be read;
    those that begin with `maybe_` return None when it is missing. `zone` is where moments without an offset are
    taken to be; None refuses them.
    """

    __slots__ = ("_children", "_element", "_namespace", "_path", "_zone")

    def __init__(self, element: _Element, path: str, zone: tzinfo | None) -> None:
        """Sort the children by name; comments and instructions do not count."""
        self._element = element
        self._path = path
        self._zone = zone
        self._namespace = str(element.tag).rpartition("}")[0] + "}"
        self._children: dict[str, list[_Element]] = {}
        for child in element.iterchildren("*"):
            self._children.setdefault(str(child.tag), []).append(child)

    @classmethod
    def of_root(cls, element: _Element, expected: MessageType, *, zone: tzinfo | None) -> Self:
        """Open a message's root. Raises ValueRefused when the element is the root of another message."""
        if MessageType.of(element) != expected:
            raise ValueRefused("another message was expected", field=expected.root)
        return cls(element, expected.root, zone)

    # Children that hold elements

    def has(self, name: str) -> bool:
        """Say whether there is such a child."""
        return self._namespace + name in self._children

    def first_of(self, names: Sequence[str]) -> str:
        """Return which of the names, alternatives of a choice, is there. Raises ValueRefused when none is."""
        for name in names:
            if self.has(name):
                return name
        raise ValueRefused(f"one of {', '.join(names)} is expected", field=self._path)

    def group(self, name: str) -> Fields:
        """Open a child that holds elements."""
        return Fields(self._one(name), f"{self._path}/{name}", self._zone)

    def groups(self, name: str) -> list[Fields]:
        """Open all children of that name, in their order."""
        found = self._children.get(self._namespace + name, ())
        return [Fields(child, f"{self._path}/{name}", self._zone) for child in found]

    def value(self, read: Callable[[str], T], name: str) -> T:
        """Read a child's text by a function that raises ValueRefused."""
        try:
            return read(text_of(self._one(name)))
        except ValueRefused as refused:
            raise self._refused(name, refused) from None

    def maybe(self, read: Callable[[str], T], name: str) -> T | None:
        """Read a child's text by a function, or return None when there is no such child."""
        return self.value(read, name) if self.has(name) else None

    # Children that hold a text

    def text(self, name: str) -> str:
        """Return a child's text as it is, spaces and all."""
        return text_of(self._one(name))

    def maybe_text(self, name: str) -> str | None:
        """Return a child's text, None when there is no such child; an empty child gives an empty text."""
        return self.text(name) if self.has(name) else None

    def texts(self, name: str) -> list[str]:
        """Return the texts of all children of that name, in their order."""
        return [text_of(child) for child in self._children.get(self._namespace + name, ())]

    def maybe_attribute(self, name: str, attribute: str) -> str | None:
        """Return an attribute of a child, None when the child does not have it."""
        return self._one(name).get(attribute)

    def attribute(self, name: str, attribute: str) -> str:
        """Return an attribute of a child."""
        found = self.maybe_attribute(name, attribute)
        if found is None:
            raise ValueRefused("this attribute is missing", field=f"{self._path}/{name}/@{attribute}")
        return found

    def integer(self, name: str) -> int:
        """Read an integer."""
        return self.value(values.parse_integer, name)

    def maybe_integer(self, name: str) -> int | None:
        """Read an integer, if there is one."""
        return self.maybe(values.parse_integer, name)

    def boolean(self, name: str) -> bool:
        """Read true, false, 1 or 0."""
        return self.value(values.parse_boolean, name)

    def maybe_boolean(self, name: str) -> bool | None:
        """Read true, false, 1 or 0, if there is one."""
        return self.maybe(values.parse_boolean, name)

    def hundredths(self, name: str) -> int:
        """Read an amount in hundredths."""
        return self.value(values.parse_hundredths, name)

    def count(self, name: str) -> int:
        """Read a whole number written as one or as a decimal."""
        return self.value(values.parse_count, name)

    def day(self, name: str) -> date:
        """Read xs:date."""
        return self.value(values.parse_xml_date, name)

    def maybe_day(self, name: str) -> date | None:
        """Read xs:date, if there is one."""
        return self.maybe(values.parse_xml_date, name)

    def moment(self, name: str) -> datetime:
        """Read xs:dateTime as an aware datetime."""
        return self.value(self._moment, name)

    def maybe_moment(self, name: str) -> datetime | None:
        """Read xs:dateTime as an aware datetime, if there is one."""
        return self.maybe(self._moment, name)

    def choice(self, kind: type[E], name: str) -> E:
        """Read one of a closed list."""
        return self._member(kind, self.text(name), name)

    def choices(self, kind: type[E], name: str) -> tuple[E, ...]:
        """Read all children of that name, each one of a closed list."""
        return tuple(self._member(kind, text, name) for text in self.texts(name))

    def maybe_choice(self, kind: type[E], name: str) -> E | None:
        """Read one of a closed list, if there is one."""
        return self.choice(kind, name) if self.has(name) else None

    def choice_of_attribute(self, kind: type[E], name: str, attribute: str) -> E:
        """Read an attribute of a child that is one of a closed list."""
        return self._member(kind, self.attribute(name, attribute), f"{name}/@{attribute}")

    def _member(self, kind: type[E], text: str, name: str) -> E:
        try:
            return kind(text)
        except ValueError:
            known = ", ".join(member.value for member in kind)
            raise ValueRefused(f"one of {known} is expected", field=f"{self._path}/{name}") from None

    def _moment(self, text: str) -> datetime:
        return values.parse_moment(text, zone=self._zone)

    def _one(self, name: str) -> _Element:
        found = self._children.get(self._namespace + name)
        if found is None:
            raise ValueRefused("this element is missing", field=f"{self._path}/{name}")
        return found[0]

    def _refused(self, name: str, refused: ValueRefused) -> ValueRefused:
        return refused if refused.field else ValueRefused(refused.reason, field=f"{self._path}/{name}")


def text_of(element: _Element) -> str:
    """Return the whole text of an element without children.

    A comment or an instruction inside cuts `element.text` short while schema and signature see the whole: joining
    the pieces keeps all three at one reading.
    """
    if not len(element):
        return element.text or ""
    return (element.text or "") + "".join(child.tail or "" for child in element)
