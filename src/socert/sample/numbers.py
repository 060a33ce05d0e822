"""Numbers of invented people and organisations: unique, with right check digits, from ranges nobody was given."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from random import Random

_FIRST = 271_828
_SNILS_RANGE = 99_999_989
_SNILS_STEP = 61_803_399
_CERTIFICATE_RANGE = 8_999_999_993
_CERTIFICATE_STEP = 5_772_156_649


def snils(index: int) -> str:
    """Return the index-th SNILS, 11 digits beginning with 9; different for all indexes below 99 999 989."""
    base = str(900_000_000 + (_FIRST + index) * _SNILS_STEP % _SNILS_RANGE)
    return base + _snils_digits(base)


def is_snils(number: str) -> bool:
    """Whether 11 digits are a SNILS: the last two are the check number of the first nine."""
    return number[9:] == _snils_digits(number[:9])


def _snils_digits(base: str) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(base, range(9, 0, -1), strict=True))
    return f"{total % 101 % 100:02d}"


def with_separators(number: str) -> str:
    """Write a SNILS the way people do: 912-345-678 00."""
    return f"{number[:3]}-{number[3:6]}-{number[6:9]} {number[9:]}"


def certificate_number(index: int) -> str:
    """Return the index-th certificate number: ten digits in no visible order, different for all indexes."""
    return str(1_000_000_000 + (_FIRST + index) * _CERTIFICATE_STEP % _CERTIFICATE_RANGE)


def inn(index: int, *, sole_trader: bool) -> str:
    """Return an INN of a tax office that does not exist: 10 digits, 12 for a sole trader."""
    if not sole_trader:
        digits = f"00{index:07d}"
        return digits + _inn_digit(digits, (2, 4, 10, 3, 5, 9, 4, 6, 8))
    digits = f"00{index:08d}"
    digits += _inn_digit(digits, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
    return digits + _inn_digit(digits, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))


def _inn_digit(digits: str, weights: tuple[int, ...]) -> str:
    return str(sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11 % 10)


def guid(random: Random) -> str:
    """Return a GUID from a seeded source, so that the same seed gives the same."""
    return str(UUID(int=random.getrandbits(128), version=4))
