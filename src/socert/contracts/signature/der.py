"""DER: as much of it as keys and certificates need that the `cryptography` package cannot read (X.690)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OBJECT_IDENTIFIER: Final = 0x06
UTF8_STRING: Final = 0x0C
NUMERIC_STRING: Final = 0x12
PRINTABLE_STRING: Final = 0x13
TELETEX_STRING: Final = 0x14
IA5_STRING: Final = 0x16
UTC_TIME: Final = 0x17
GENERALIZED_TIME: Final = 0x18
BMP_STRING: Final = 0x1E
SEQUENCE: Final = 0x30
SET: Final = 0x31


def context(number: int) -> int:
    """Return the tag of a constructed, context-specific value."""
    return 0xA0 | number


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """One value: its tag, the bytes inside, and the bytes with tag and length."""

    tag: int
    content: bytes
    raw: bytes


def read(data: bytes, tag: int) -> Value:
    """Return the one value of that tag that the bytes hold, and nothing else; `ValueError` otherwise."""
    found = values(data)
    if len(found) != 1 or found[0].tag != tag:
        raise ValueError(f"The bytes are not one DER value of the tag 0x{tag:02x}.")
    return found[0]


def values(data: bytes) -> tuple[Value, ...]:
    """Return the values that stand one after another; `ValueError` where they are not DER with short tags."""
    found, place = [], 0
    while place < len(data):
        start, end = _content(data, place)
        found.append(Value(tag=data[place], content=data[start:end], raw=data[place:end]))
        place = end
    return tuple(found)


def _content(data: bytes, place: int) -> tuple[int, int]:
    """Return where the content of the value at `place` begins and ends."""
    if len(data) - place < 2 or data[place] & 0x1F == 0x1F:
        raise ValueError("The bytes are not DER: a value is cut off, or has a long tag.")
    length, start = data[place + 1], place + 2
    if length >= 0x80:
        count = length & 0x7F
        length = int.from_bytes(data[start : start + count], "big")
        # One length has one spelling, and nothing that is read here takes four bytes of it.
        if not 1 <= count <= 3 or length < 0x80 or length >> 8 * (count - 1) == 0:
            raise ValueError("The bytes are not DER: a length is not in its shortest form.")
        start += count
    if start + length > len(data):
        raise ValueError("The bytes are not DER: a value is cut off.")
    return start, start + length


def write(tag: int, *parts: bytes) -> bytes:
    """Return a value of the tag whose content is the parts, one after another."""
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    counted = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(counted))) + counted + content


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of whole values."""
    return write(SEQUENCE, *parts)


def integer(number: int) -> bytes:
    """Return an INTEGER."""
    return write(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))


def bit_string(content: bytes) -> bytes:
    """Return a BIT STRING of whole bytes."""
    return write(BIT_STRING, b"\0", content)


@lru_cache(maxsize=256)
def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER written as `1.2.643`."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = bytearray()
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        content += bytes(reversed(groups))
    return write(OBJECT_IDENTIFIER, bytes(content))


def dotted(value: Value) -> str:
    """Return an OBJECT IDENTIFIER in the form `1.2.643`; `ValueError` when the value is none."""
    if value.tag != OBJECT_IDENTIFIER or not value.content or value.content[-1] & 0x80:
        raise ValueError("The value is no object identifier.")
    arcs, arc = [], 0
    for byte in value.content:
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))
