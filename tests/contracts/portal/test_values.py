"""Amounts, dates, identifiers and names mean what the dictionary says they mean."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socert.contracts.errors import ContractError
from socert.contracts.portal import values
from socert.contracts.portal.errors import ValueRefused

if TYPE_CHECKING:
    from pathlib import Path

MOSCOW = timezone(timedelta(hours=3))


# Amounts


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("17456.00", 1745600),
        ("0.00", 0),
        ("0", 0),
        (".5", 50),
        ("5.", 500),
        ("+7.1", 710),
        ("007.10", 710),
        ("2", 200),
        ("3200.5000", 320050),
        (" 12.34\n", 1234),
        ("9999999999.99", 999_999_999_999),
    ],
)
def test_amount_is_read_in_any_form_its_type_allows(text: str, amount: int) -> None:
    assert values.parse_hundredths(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "INF", "-INF", "+INF", "1.7E4", "1e3", "1E-2", "-1", "-0", "-0.00", "1.234", "0.001", "1,5", "1 000"),
        *("", " ", ".", "+", "+-1", "1.2.3", "0x1", "١٢", "１２", "1_000", "\u00a01", "9" * 17, "9" * 5000),
    ],
)
def test_amount_that_could_be_misread_is_refused(text: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        values.parse_hundredths(text)
    assert isinstance(refused.value, ContractError)
    assert isinstance(refused.value, ValueError)


def test_refusal_of_an_amount_says_which_rule_it_breaks() -> None:
    for text, word in (("NaN", "finite"), ("-0", "minus"), ("1.7E4", "exponent"), ("1.234", "decimals")):
        with pytest.raises(ValueRefused, match=word):
            values.parse_hundredths(text)


@given(st.integers(0, 10**12))
def test_amount_survives_writing_and_reading(amount: int) -> None:
    text = values.format_hundredths(amount)
    assert values.parse_hundredths(text) == amount
    assert text.index(".") == len(text) - 3


def test_amounts_below_one_are_written_with_a_zero() -> None:
    assert [values.format_hundredths(amount) for amount in (0, 5, 50, 99, 100)] == [
        "0.00",
        "0.05",
        "0.50",
        "0.99",
        "1.00",
    ]


def test_amount_for_people_has_a_comma_and_no_grouping() -> None:
    assert values.format_for_people(1745600) == "17456,00"
    assert values.format_for_people(1250) == "12,50"


def test_negative_amount_is_never_written() -> None:
    for write in (values.format_hundredths, values.format_for_people):
        with pytest.raises(ValueRefused, match="negative"):
            write(-1)


def test_count_is_whole_in_whatever_form() -> None:
    assert [values.parse_count(text) for text in ("2", "2.0", "+02.", "0")] == [2, 2, 2, 0]
    for text in ("2.5", "-1", "-0", "1e1", "NaN", ""):
        with pytest.raises(ValueRefused):
            values.parse_count(text)


def test_integers_and_booleans_are_read_as_their_types_allow() -> None:
    assert [values.parse_integer(text) for text in ("1", "+1", " -5\n", "007")] == [1, 1, -5, 7]
    assert [values.parse_boolean(text) for text in ("true", "1", " false ", "0")] == [True, True, False, False]
    for text in ("", "1.0", "１", "1_0", "9" * 20):
        with pytest.raises(ValueRefused):
            values.parse_integer(text)
    for text in ("", "TRUE", "yes", "2"):
        with pytest.raises(ValueRefused):
            values.parse_boolean(text)


# Dates and moments


@pytest.mark.parametrize("text", ["2016-02-20", "20.02.2016", " 2016-02-20 "])
def test_date_of_a_document_is_read_in_both_forms(text: str) -> None:
    assert values.parse_date(text) == date(2016, 2, 20)


@pytest.mark.parametrize(
    "text", ["", "2016-02-30", "30.02.2016", "2016-2-1", "20/02/2016", "20160220", "2016-W07-6", "２０16-02-20"]
)
def test_date_that_does_not_exist_or_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(ValueRefused):
        values.parse_date(text)


def test_xml_dates_drop_their_zone() -> None:
    assert values.parse_xml_date("2026-09-01+03:00") == values.parse_xml_date("2026-09-01Z") == date(2026, 9, 1)
    assert values.parse_xml_month("2026-09Z") == values.parse_xml_month("2026-09") == date(2026, 9, 1)
    assert values.format_month(date(2026, 9, 17)) == "2026-09"
    for text in ("12026-09-01", "-0001-01-01", "01.09.2026", "2026-09"):
        with pytest.raises(ValueRefused):
            values.parse_xml_date(text)
    for text in ("2026-13", "2026-9", "2026-09-01"):
        with pytest.raises(ValueRefused):
            values.parse_xml_month(text)


def test_moment_is_read_with_its_offset() -> None:
    assert values.parse_moment("2026-09-01T09:00:00+03:00") == datetime(2026, 9, 1, 6, tzinfo=UTC)
    assert values.parse_moment("2026-09-01T09:00:00.5Z") == datetime(2026, 9, 1, 9, 0, 0, 500_000, tzinfo=UTC)
    assert values.parse_moment("2026-09-01T09:00:00.1234567Z").microsecond == 123_456


def test_moment_at_the_end_of_a_day_is_the_start_of_the_next() -> None:
    assert values.parse_moment("2026-12-31T24:00:00Z") == datetime(2027, 1, 1, tzinfo=UTC)


def test_naive_moment_needs_a_zone_from_the_caller() -> None:
    with pytest.raises(ValueRefused, match="offset"):
        values.parse_moment("2026-09-01T09:00:00")
    assert values.parse_moment("2026-09-01T09:00:00", zone=MOSCOW) == datetime(2026, 9, 1, 9, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-09-01",
        "2026-02-30T00:00:00Z",
        "2026-09-01 09:00:00Z",
        "2026-09-01T25:00:00Z",
        "T",
        "9999-12-31T24:00:00Z",
    ],
)
def test_moment_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(ValueRefused):
        values.parse_moment(text)


def test_moment_is_always_written_with_an_offset() -> None:
    assert values.format_moment(datetime(2026, 9, 1, 9, tzinfo=MOSCOW)) == "2026-09-01T09:00:00+03:00"
    assert values.format_moment(datetime(2026, 9, 1, 9, 0, 0, 5, tzinfo=UTC)) == "2026-09-01T09:00:00.000005+00:00"
    aware = datetime(2026, 9, 1, 0, 0, 0, 123_456, tzinfo=UTC)
    for moment in (aware, aware.replace(microsecond=0)):
        with pytest.raises(ValueRefused, match="naive"):
            values.format_moment(moment.replace(tzinfo=None))


def test_offset_with_seconds_is_written_as_utc() -> None:
    old_moscow = timezone(timedelta(hours=2, minutes=30, seconds=17))
    assert values.format_moment(datetime(1910, 1, 1, tzinfo=old_moscow)) == "1909-12-31T21:29:43+00:00"


@given(st.datetimes(timezones=st.timezones()))
def test_moment_survives_writing_and_reading(moment: datetime) -> None:
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:  # the first and the last day of time, in a zone that puts them outside
        return
    assert values.parse_moment(values.format_moment(moment)) == expected


# Identifiers


def vectors(oracles: Path) -> dict[str, list[str]]:
    """The dictionary's vectors; those of edges stand in the same list as the valid ones."""
    read = json.loads((oracles / "portal" / "samples" / "checksum_vectors.json").read_text(encoding="utf-8"))
    return {name: list(found.values()) if isinstance(found, dict) else found for name, found in read.items()}


def test_identifiers_agree_with_the_vectors(oracles: Path) -> None:
    given_vectors = vectors(oracles)
    for name in ("snils_valid", "snils_edge", "snils_unchecked_low"):
        assert given_vectors[name]
        assert [text for text in given_vectors[name] if not values.is_snils(text)] == []
    assert [text for text in given_vectors["snils_invalid"] if values.is_snils(text)] == []
    for name in ("inn10", "inn12"):
        assert [text for text in given_vectors[name] if not values.is_inn(text)] == []
        assert [text for text in given_vectors[f"{name}_invalid"] if values.is_inn(text)] == []
    for name in ("ogrn", "ogrnip"):
        assert [text for text in given_vectors[name] if not values.is_ogrn(text)] == []
        assert [text for text in given_vectors[f"{name}_invalid"] if values.is_ogrn(text)] == []


@given(first=st.integers(1001999, 999_999_999), place=st.integers(0, 8), step=st.integers(1, 9))
def test_one_mistyped_digit_of_a_snils_is_noticed(first: int, place: int, step: int) -> None:
    nine = f"{first:09d}"
    check = next(f"{number:02d}" for number in range(100) if values.is_snils(f"{nine}{number:02d}"))
    mistyped = nine[:place] + str((int(nine[place]) + step) % 10) + nine[place + 1 :]
    # Remainders 0 and 100 share the check number 00; numbers up to 001001998 have none.
    assert not values.is_snils(mistyped + check) or check == "00" or int(mistyped) <= 1001998


@pytest.mark.parametrize("nine", ["900000001", "955500012", "001001999", "987654321", "123456789"])
def test_snils_has_exactly_one_check_number(nine: str) -> None:
    assert sum(values.is_snils(f"{nine}{check:02d}") for check in range(100)) == 1


def test_old_snils_are_not_checked() -> None:
    assert all(values.is_snils(f"001001998{check:02d}") for check in range(100))


@pytest.mark.parametrize("text", ["112-233-445 95", "112-233-445-95", "11223344595", " 112-233-445 95 "])
def test_snils_is_brought_to_bare_digits(text: str) -> None:
    assert values.normal_snils(text) == "11223344595"


@pytest.mark.parametrize(
    "text", ["112-233-445 96", "112 233 445 95", "1122334459", "112233445950", "１１２２３３４４５９５", ""]
)
def test_what_is_no_snils_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        values.normal_snils(text)
    assert not text or text not in str(refused.value)


def test_digits_of_other_scripts_are_no_identifiers() -> None:
    for text in ("１１２２３３４４５９５", "٠٠٠٠٠٠٠٠١٨"):
        assert not values.is_snils(text)
        assert not values.is_inn(text)
    assert not values.is_ogrn("１９９０００００００１０")
    assert not values.is_kpp("０00001001")


def test_kpp_has_a_shape_and_no_check_digit() -> None:
    assert values.is_kpp("000001001")
    assert values.is_kpp("0000AZ001")
    for text in ("00000100", "0000010011", "0000az001", "0000ЖЖ001", ""):
        assert not values.is_kpp(text)


# Birth certificates


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("IV-АБ", "IV-АБ"),
        ("iv-аб", "IV-АБ"),
        ("IVАБ", "IV-АБ"),
        ("IV АБ", "IV-АБ"),
        ("IV–АБ", "IV-АБ"),
        ("IV-AB", "IV-АВ"),  # Latin letters that look Cyrillic
        ("ІV-ВО", "IV-ВО"),  # a Ukrainian letter in the Roman part
        ("1У-АБ", "IV-АБ"),  # as typed where there is no Latin keyboard
        ("ХХШ-МЮ", "XXIII-МЮ"),
        ("II-МЮ 123456", "II-МЮ 123456"),
        ("II-МЮ № 123456", "II-МЮ 123456"),
        ("IIМЮ123456", "II-МЮ 123456"),
        (" ii-mю  123456 ", "II-МЮ 123456"),
        ("I-XX", "I-ХХ"),
    ],
)
def test_birth_certificate_has_one_spelling(text: str, normal: str) -> None:
    assert values.normal_birth_certificate(text) == normal
    assert values.normal_birth_certificate(normal) == normal


@pytest.mark.parametrize(
    "text",
    ["", "АБ", "IV", "IIII-АБ", "VX-АБ", "IV-АБВ", "IV-QW", "IV-АБ 12345", "IV-АБ 1234567", "4500 123456", "-АБ"],
)
def test_what_is_no_birth_certificate_is_refused(text: str) -> None:
    with pytest.raises(ValueRefused):
        values.normal_birth_certificate(text)


# Names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Алёна", "АЛЕНА"),
        (" Анна  Мария ", "анна мария"),
        ("Семе\u0308н", "Семён"),
        (None, ""),
        (None, " "),
        ("Ёлкин", "елкин"),
        ("Анна\u00a0Мария", "Анна Мария"),
    ],
)
def test_names_that_are_the_same(one: str | None, other: str | None) -> None:
    assert values.same_name(one, other)
    assert values.same_name(other, one)


@pytest.mark.parametrize(("one", "other"), [("Анна", "Инна"), ("Анна Мария", "Анна-Мария"), ("Анна", None), ("и", "й")])
def test_names_that_are_not_the_same(one: str | None, other: str | None) -> None:
    assert not values.same_name(one, other)
