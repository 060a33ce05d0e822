"""How these messages are written, since nobody has published how they must be, and how differences are read over.

Source: portal message dictionary, 4 (traps 3, 5, 7) and 17 (open point 7).
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from socert.contracts.portal.elk_status.types import NAMESPACE
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.write import attribute, text

if TYPE_CHECKING:
    from lxml.etree import _Element


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """What a peer may want otherwise: a setting of the peer.

    `namespace`: another version's; `snils_separator`: what stands before the last two digits of a SNILS, a space or a
    dash. Every element is in the namespace: the exchange's transform has no result for others, so nobody can sign them.
    """

    namespace: str = NAMESPACE
    snils_separator: str = " "


OBSERVED = Style()
"""As it was seen."""


class Tags:
    """Writes elements in one style, in the transform's normal form."""

    __slots__ = ("_prefix", "_style")

    def __init__(self, prefix: str, style: Style) -> None:
        """Write every element under the prefix."""
        self._prefix = prefix
        self._style = style

    def wrap(self, name: str, *inside: str) -> str:
        """Write an element around others."""
        return f"<{self._prefix}:{name}>{''.join(inside)}</{self._prefix}:{name}>"

    def put(self, name: str, value: str | None) -> str:
        """Write an element that holds a text, or nothing at all for None."""
        return "" if value is None else self.wrap(name, text(value))

    def snils(self, name: str, bare: str) -> str:
        """Write 11 bare digits with the separators of the style."""
        return self.put(name, f"{bare[:3]}-{bare[3:6]}-{bare[6:9]}{self._style.snils_separator}{bare[9:]}")


def render_root(prefix: str, name: str, style: Style, inside: str, *, environment: str | None = None) -> str:
    """Write the root, which declares the style's namespace."""
    env = "" if environment is None else f' env="{attribute(environment)}"'
    return f'<{prefix}:{name} xmlns:{prefix}="{attribute(style.namespace)}"{env}>{inside}</{prefix}:{name}>'


def alike(element: _Element) -> _Element:
    """Return a copy whose elements are all in the namespace observed, whatever namespace they had, or none.

    Then one reader, and one schema, serve every style. Lines are kept, the tail is not.
    """
    copy = deepcopy(element)
    copy.tail = None
    for one in copy.iter(etree.Element):
        one.tag = f"{{{NAMESPACE}}}{etree.QName(one).localname}"
    return copy


def bare_snils(written: str) -> str:
    """Bring a SNILS to 11 bare digits, whatever separates them. Raises ValueRefused when there are not 11."""
    digits = "".join(character for character in written if character in "0123456789")
    if len(digits) != 11:
        raise ValueRefused("a SNILS has 11 digits")
    return digits
