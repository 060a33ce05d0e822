"""DER: as much of it as keys, certificates and PKCS#7 need that the `cryptography` package cannot read (X.690)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
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

_DEEPEST: Final = 16
_LONGEST_IDENTIFIER: Final = 128
_CONSTRUCTED: Final = 0x20
_END_OF_CONTENTS: Final = b"\0\0"
_TIMES: Final = {UTC_TIME: 13, GENERALIZED_TIME: 15}  # and how many characters each has


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
        # One length has one spelling, and nothing that is read here takes five bytes of it.
        if not 1 <= count <= 4 or length < 0x80 or length >> 8 * (count - 1) == 0:
            raise ValueError("The bytes are not DER: a length is not in its shortest form.")
        start += count
    if start + length > len(data):
        raise ValueError("The bytes are not DER: a value is cut off.")
    return start, start + length


def definite(data: bytes) -> bytes:
    """Return one value whose lengths may be left open (BER's indefinite form) with every length written out.

    Senders on Bouncy Castle leave those of the outer values open. Inside a value of known length nothing may be open,
    nor deeper than 16 values. `ValueError` where the bytes are not one such value.
    """
    value, end = _closed(data, 0, _DEEPEST)
    if end != len(data):
        raise ValueError("The bytes are not DER: something follows the value.")
    return value


def _closed(data: bytes, place: int, deeper: int) -> tuple[bytes, int]:
    """Return the value at `place` with its length written out, and where the next one begins."""
    if data[place + 1 : place + 2] != b"\x80" or not data[place] & _CONSTRUCTED:
        end = _content(data, place)[1]
        return data[place:end], end
    if not deeper:
        raise ValueError("The bytes are not DER: values of open length are nested too deeply.")
    parts, at = [], place + 2
    while data[at : at + 2] != _END_OF_CONTENTS:
        part, at = _closed(data, at, deeper - 1)
        parts.append(part)
    return write(data[place], *parts), at + 2


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


def number(value: Value) -> int:
    """Return an INTEGER's number; `ValueError` when the value is none, or is not in its shortest form."""
    if value.tag != INTEGER or not value.content:
        raise ValueError("The value is no integer.")
    found = int.from_bytes(value.content, "big", signed=True)
    if integer(found) != value.raw:
        raise ValueError("The bytes are not DER: an integer is not in its shortest form.")
    return found


def time(moment: datetime) -> bytes:
    """Return an aware moment, with two digits of the year from 1950 through 2049 (RFC 5280, 4.1.2.5)."""
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("A certificate's dates need a time zone.")
    utc = (moment - offset).replace(tzinfo=None, microsecond=0)
    if 1950 <= utc.year < 2050:
        return write(UTC_TIME, f"{utc:%y%m%d%H%M%S}Z".encode())
    return write(GENERALIZED_TIME, f"{utc.year:04}{utc:%m%d%H%M%S}Z".encode())


def moment(value: Value) -> datetime:
    """Return a UTCTime or GeneralizedTime, aware; `ValueError` when it is none, or not in the form that DER has."""
    digits, zone = value.content[:-1], value.content[-1:]
    if len(value.content) != _TIMES.get(value.tag) or not digits.isdigit() or zone != b"Z":
        raise ValueError("The value is no time.")
    if value.tag == UTC_TIME:  # 50 to 99 are of the last century (RFC 5280, 4.1.2.5.1)
        digits = (b"19" if digits >= b"50" else b"20") + digits
    try:
        month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(4, 14, 2))
        return datetime(int(digits[:4]), month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"The value is no time: {error}.") from None


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
    # The number of one arc grows with its length, so a stranger's arc of any length would cost its square.
    if value.tag != OBJECT_IDENTIFIER or not 1 <= len(value.content) <= _LONGEST_IDENTIFIER or value.content[-1] & 0x80:
        raise ValueError("The value is no object identifier.")
    arcs, arc = [], 0
    for byte in value.content:
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(str(arc) for arc in (first, arcs[0] - 40 * first, *arcs[1:]))
