"""What every business message has in common: its type, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from lxml import etree


@dataclass(frozen=True, order=True, kw_only=True, slots=True)
class MessageType:
    """A message type ("вид сведений"): the namespace URI and the local name of its root element."""

    namespace: str
    root: str

    @classmethod
    def of(cls, element: etree._Element) -> Self:
        """Return the type that an element is the root of; the namespace is empty when the element has none."""
        namespace, brace, root = str(element.tag).rpartition("}")
        return cls(namespace=namespace[1:] if brace else "", root=root)

    def __str__(self) -> str:
        """Return the name as `{namespace}root`."""
        return f"{{{self.namespace}}}{self.root}"


class BusinessMessage(Protocol):
    """A message that can be put into an envelope."""

    @property
    def message_type(self) -> MessageType:
        """Which message this is."""
        ...

    def render(self, prefix: str = "ns1") -> str:
        """Return the whole root element in the transform's normal form.

        Its one namespace is declared on the root under `prefix` and every element carries that prefix; nothing
        stands between elements; an empty element is `<a></a>`; text and attributes are escaped by
        `contracts.xml.escape_text` and `escape_attribute`. So it can be signed as it stands.
        """
        ...
