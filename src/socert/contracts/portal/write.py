"""Fields into XML in the normal form of the signature's transform, so that what is built need not be transformed.

Raises XmlRefused for characters that XML cannot carry. A text of nothing but spaces and line ends has no place in the
normal form: it is written as an empty element. Source: SMEV 3 manual 3.3, appendix 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.portal.values import format_moment
from socert.contracts.xml import escape_attribute, escape_text

if TYPE_CHECKING:
    from datetime import date, datetime

attribute = escape_attribute


def text(value: str) -> str:
    """Escape the text of an element."""
    if value.replace("-", "0").isalnum():  # most names, numbers and ids: nothing to escape, nothing forbidden
        return value
    return escape_text(value)


def element(prefix: str, name: str, value: str) -> str:
    """Write an element that holds a text."""
    return f"<{prefix}:{name}>{text(value)}</{prefix}:{name}>"


def optional(prefix: str, name: str, value: str | None) -> str:
    """Write an element that holds a text, or nothing at all for None."""
    return "" if value is None else f"<{prefix}:{name}>{text(value)}</{prefix}:{name}>"


def optional_number(prefix: str, name: str, value: int | None) -> str:
    """Write an element that holds an integer, or nothing at all for None."""
    return "" if value is None else f"<{prefix}:{name}>{value:d}</{prefix}:{name}>"


def optional_date(prefix: str, name: str, value: date | None) -> str:
    """Write an element that holds a date, or nothing at all for None."""
    return "" if value is None else f"<{prefix}:{name}>{value.isoformat()}</{prefix}:{name}>"


def optional_moment(prefix: str, name: str, value: datetime | None) -> str:
    """Write an element that holds a moment, or nothing at all for None. Raises ValueRefused for a naive datetime."""
    return "" if value is None else f"<{prefix}:{name}>{format_moment(value)}</{prefix}:{name}>"


def optional_boolean(prefix: str, name: str, value: bool | None) -> str:
    """Write an element that holds a boolean, or nothing at all for None."""
    return "" if value is None else f"<{prefix}:{name}>{boolean(value)}</{prefix}:{name}>"


def boolean(value: bool) -> str:
    """Write xs:boolean."""
    return "true" if value else "false"
