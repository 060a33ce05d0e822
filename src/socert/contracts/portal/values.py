"""Values on the wire and what they mean: amounts, dates, moments, identifiers, names.

Amounts are integers of hundredths everywhere (kopecks, hundredths of an hour); no binary float is ever made of them.
Sources: portal message dictionary, sections 10 (checks) and 11 (money and hours).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, tzinfo

from socert.contracts.portal.errors import ValueRefused

XML_SPACE = " \t\r\n"
_TO_SPACES = str.maketrans("\t\r\n", "   ")
_LONGEST_AMOUNT = 16  # digits before the dot: far above totalDigits 12, far below what makes int() slow

_DECIMAL = re.compile(r"\+?([0-9]*)(?:\.([0-9]*))?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RUSSIAN_DATE = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})")
_ZONE = r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
_XML_DATE = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}){_ZONE}?")
_XML_MONTH = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}){_ZONE}?")
_XML_MOMENT = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:]{{8}})(?:\.([0-9]+))?({_ZONE})?")


# Amounts


def parse_hundredths(text: str) -> int:
    """Read an amount, "17456.00", as hundredths, 1745600.

    Takes what xs:decimal and xs:double allow (a plus, leading and trailing zeros, ".5", "5.") and refuses what must
    not pass: NaN, INF, exponents, any minus (also "-0"), more than two significant decimals.
    Raises ValueRefused. Source: portal message dictionary, 11.3.
    """
    whole, decimals = _decimal_parts(text)
    if len(decimals) > 2:
        raise ValueRefused("an amount has at most two significant decimals")
    return int(whole or "0") * 100 + int(decimals.ljust(2, "0"))


def parse_count(text: str) -> int:
    """Read a count of programmes: the same lexical forms as an amount, but a whole number. Raises ValueRefused."""
    whole, decimals = _decimal_parts(text)
    if decimals:
        raise ValueRefused("a count is a whole number")
    return int(whole or "0")


def _decimal_parts(text: str) -> tuple[str, str]:
    """Digits before the dot without leading zeros, and after it without trailing zeros."""
    text = text.strip(XML_SPACE)
    found = _DECIMAL.fullmatch(text)
    if found is None or not (found[1] or found[2]):
        raise ValueRefused(_why_not_an_amount(text))
    whole = found[1].lstrip("0")
    if len(whole) > _LONGEST_AMOUNT:
        raise ValueRefused("an amount of this size cannot be right")
    return whole, (found[2] or "").rstrip("0")


def _why_not_an_amount(text: str) -> str:
    if text in {"NaN", "INF", "+INF", "-INF"}:
        return "an amount is a finite number, not NaN or INF"
    if text.startswith("-"):
        return "an amount is never written with a minus, not even -0"
    if re.fullmatch(r"[0-9.+]+[eE][0-9+-]+", text):
        return "an amount is written without an exponent"
    return "an amount is digits with a dot, like 17456.00"


def format_hundredths(amount: int) -> str:
    """Write hundredths as two digits after a dot: 1745600 -> "17456.00". Raises ValueRefused for a negative amount."""
    if amount >= 100:  # twice as fast as dividing, and a push of balances is full of these
        digits = str(amount)
        return f"{digits[:-2]}.{digits[-2:]}"
    if amount < 0:
        raise ValueRefused("an amount on the wire is never negative")
    return f"0.{amount:02d}"


def format_for_people(amount: int) -> str:
    """Write hundredths the way texts for parents do, with a comma and no grouping: 925600 -> "9256,00".

    The unit ("руб.", "ч") is the caller's. Source: portal message dictionary, 11.2.
    """
    return format_hundredths(amount).replace(".", ",")


def parse_integer(text: str) -> int:
    """Read xs:int, xs:long or xs:integer of up to 19 digits. Raises ValueRefused."""
    text = text.strip(XML_SPACE)
    if not _INTEGER.fullmatch(text):
        raise ValueRefused("an integer of at most 19 digits is expected")
    return int(text)


def parse_boolean(text: str) -> bool:
    """Read xs:boolean: true, false, 1, 0. Raises ValueRefused."""
    match text.strip(XML_SPACE):
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case _:
            raise ValueRefused("true or false is expected")


# Dates and moments


def parse_date(text: str) -> date:
    """Read a date of a person or a document as the portal's older messages carry it: a plain string.

    Both "2016-02-20" and "20.02.2016" are in use; write ISO only. Raises ValueRefused for anything else and for
    impossible days. Source: portal message dictionary, 1 (trap 1) and 10.
    """
    text = text.strip(XML_SPACE)
    if found := _RUSSIAN_DATE.fullmatch(text):
        text = f"{found[3]}-{found[2]}-{found[1]}"
    elif not _ISO_DATE.fullmatch(text):
        raise ValueRefused("a date is written 2016-02-20 or 20.02.2016")
    return _calendar_date(text)


def parse_xml_date(text: str) -> date:
    """Read xs:date; a zone, which the type allows, is dropped. Raises ValueRefused outside the years 1-9999."""
    found = _XML_DATE.fullmatch(text.strip(XML_SPACE))
    if found is None:
        raise ValueRefused("a date is written 2016-02-20")
    return _calendar_date(found[1])


def parse_xml_month(text: str) -> date:
    """Read xs:gYearMonth as the first day of the month; a zone is dropped. Raises ValueRefused."""
    found = _XML_MONTH.fullmatch(text.strip(XML_SPACE))
    if found is None:
        raise ValueRefused("a month is written 2026-09")
    return _calendar_date(found[1] + "-01")


def _calendar_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueRefused("there is no such day in the calendar") from None


def format_month(day: date) -> str:
    """Write the month of a day as xs:gYearMonth: "2026-09"."""
    return day.isoformat()[:7]


def parse_moment(text: str, *, zone: tzinfo | None = None) -> datetime:
    """Read xs:dateTime as an aware datetime.

    A moment without an offset is taken in `zone` (the region's, which the caller should log) and refused when there
    is none. Digits past the microsecond are cut. Raises ValueRefused. Source: portal message dictionary, 10.
    """
    found = _XML_MOMENT.fullmatch(text.strip(XML_SPACE))
    if found is None:
        raise ValueRefused("a moment is written 2026-09-01T09:00:00+03:00")
    fraction = f".{found[2][:6]:0<6}" if found[2] else ""
    midnight = found[1].endswith("T24:00:00")  # the end of a day, which is the start of the next
    seconds = found[1].replace("T24", "T00") if midnight else found[1]
    try:
        moment = datetime.fromisoformat(f"{seconds}{fraction}{found[3] or ''}")
        moment += timedelta(days=1) if midnight else timedelta()
    except (ValueError, OverflowError):
        raise ValueRefused("there is no such moment in the calendar") from None
    if moment.tzinfo is not None:
        return moment
    if zone is None:
        raise ValueRefused("a moment carries its offset from UTC")
    return moment.replace(tzinfo=zone)


def format_moment(moment: datetime) -> str:
    """Write xs:dateTime, always with an offset. Raises ValueRefused for a naive datetime."""
    text = moment.isoformat()
    if text[-6] in "+-":
        return text
    if moment.utcoffset() is None:
        raise ValueRefused("a moment is written with its offset from UTC; this one is naive")
    return moment.astimezone(UTC).isoformat()  # an offset with seconds, as before the time zones, has no place in XML


def full_years(birth_date: date, day: date) -> int:
    """Return how old somebody is on a day; who was born on 29 February is a year older on 1 March."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


# Identifiers

_SNILS_SHAPE = re.compile(r"([0-9]{3})-?([0-9]{3})-?([0-9]{3})[ -]?([0-9]{2})")
_FIRST_CHECKED_SNILS = 1001998
_INN_10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_12_FIRST = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_12_SECOND = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_KPP = re.compile(r"[0-9]{4}[0-9A-Z]{2}[0-9]{3}")


def is_snils(text: str) -> bool:
    """Say whether these are 11 bare digits with the right check number.

    Numbers up to 001-001-998 are older than the check number and pass. Source: portal message dictionary, 10.
    """
    if len(text) != 11 or not _is_digits(text):
        return False
    if int(text[:9]) <= _FIRST_CHECKED_SNILS:
        return True
    check = sum(int(digit) * weight for digit, weight in zip(text, range(9, 0, -1), strict=False)) % 101
    return check % 100 == int(text[9:])


def normal_snils(text: str) -> str:
    """Bring "112-233-445 95", "112-233-445-95" or bare digits to bare digits. Raises ValueRefused."""
    found = _SNILS_SHAPE.fullmatch(text.strip())
    if found is None:
        raise ValueRefused("a SNILS is 11 digits, also written NNN-NNN-NNN NN")
    bare = "".join(found.groups())
    if not is_snils(bare):
        raise ValueRefused("the SNILS fails its check number: it is mistyped")
    return bare


def is_inn(text: str) -> bool:
    """Say whether this is an INN of 10 digits (organisation) or 12 (person, sole trader) with right check digits."""
    if not _is_digits(text):
        return False
    if len(text) == 10:
        return _inn_digit(text, _INN_10) == text[9]
    return (
        len(text) == 12 and _inn_digit(text, _INN_12_FIRST) == text[10] and _inn_digit(text, _INN_12_SECOND) == text[11]
    )


def _inn_digit(text: str, weights: tuple[int, ...]) -> str:
    total = sum(int(digit) * weight for digit, weight in zip(text, weights, strict=False))
    return str(total % 11 % 10)


def is_ogrn(text: str) -> bool:
    """Say whether this is an OGRN (13 digits) or an OGRNIP (15 digits, a sole trader's) with the right check digit."""
    if len(text) not in {13, 15} or not _is_digits(text):
        return False
    modulus = len(text) - 2  # 11 for an OGRN, 13 for an OGRNIP
    return str(int(text[:-1]) % modulus)[-1] == text[-1]


def is_kpp(text: str) -> bool:
    """Say whether this has the shape of a KPP; it carries no check digit."""
    return _KPP.fullmatch(text) is not None


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()  # str.isdigit alone, like \d of a schema, takes digits of other scripts


# Birth certificates

_NUMBER = re.compile(r"(.*?)\W*([0-9]{6})", re.DOTALL)
_DASHES = re.compile(r"[\s\-\u2010-\u2015\u2212№_.]+")
_ROMAN = re.compile(r"(?=.)(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_LETTERS = re.compile("[А-Я]{2}")
_AS_ROMAN = str.maketrans({"Х": "X", "І": "I", "Ӏ": "I", "1": "I", "С": "C", "У": "V", "П": "II", "Ш": "III"})
_AS_CYRILLIC = str.maketrans("ABCEHKMOPTXY", "АВСЕНКМОРТХУ")


def normal_birth_certificate(text: str) -> str:
    """Bring a Russian birth certificate's series, with or without its number, to one spelling.

    "iv аб", "IV-AБ" (Latin A), "ІVАБ № 123456" become "IV-АБ" and "IV-АБ 123456": the Roman part in Latin capitals,
    a dash, two Cyrillic capitals, a space and six digits. Raises ValueRefused.
    Source: portal message dictionary, 10 (accepting look-alikes is this project's choice).
    """
    series, number = text.strip(), ""
    if found := _NUMBER.fullmatch(series):
        series, number = found[1], found[2]
    bare = _DASHES.sub("", unicodedata.normalize("NFC", series).upper())
    roman, letters = bare[:-2].translate(_AS_ROMAN), bare[-2:].translate(_AS_CYRILLIC)
    if not (_ROMAN.fullmatch(roman) and _LETTERS.fullmatch(letters)):
        raise ValueRefused("a birth certificate is a Roman number, a dash, two Cyrillic letters: IV-АБ 123456")
    return f"{roman}-{letters} {number}" if number else f"{roman}-{letters}"


# Texts


def cut(text: str, longest: int) -> str:
    """Shorten a text to so many characters (not bytes), the last of them an ellipsis when something was cut off.

    Source: portal message dictionary, 3 (trap 6) and 10.
    """
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def normalized(text: str) -> str:
    """Read xs:normalizedString: tabs and line ends are spaces."""
    return text.translate(_TO_SPACES)


# Names


def same_name(one: str | None, other: str | None) -> bool:
    """Compare two spellings of a name: spaces at the ends and doubled, letter case and ё/е do not matter.

    A missing name equals an empty one. The stored spelling is never corrected by this.
    Source: portal message dictionary, 10.
    """
    return _name_key(one) == _name_key(other)


def _name_key(name: str | None) -> str:
    folded = unicodedata.normalize("NFC", name or "").casefold()
    return " ".join(folded.replace("ё", "е").split())
