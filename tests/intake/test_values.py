"""Reading one cell: numbers to hundredths without a float's error, dates that exist, codes of digits."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socert.adapters.registry.files.values import (
    LARGEST,
    CellRefused,
    read_date,
    read_digits,
    read_hundredths,
    read_integer,
    read_text,
)
from socert.gateway.domain.export import Code

if TYPE_CHECKING:
    from collections.abc import Callable

AMOUNTS = st.integers(min_value=-LARGEST + 1, max_value=LARGEST - 1)
FORMATS = ("dd.mm.yyyy",)


def refusal(read: Callable[..., object], *args: object) -> Code:
    """Return the code that a reader refuses its arguments with."""
    with pytest.raises(CellRefused) as caught:
        read(*args)
    return caught.value.code


def tried(read: Callable[..., object], *args: object) -> object:
    """Return what a reader gives, or its refusal."""
    try:
        return read(*args)
    except CellRefused as refused:
        return refused


@given(AMOUNTS)
def test_a_spreadsheets_float_is_the_sum_that_people_see(amount: int) -> None:
    assert read_hundredths(amount / 100) == amount
    assert read_hundredths(float(Decimal(amount) / 100)) == amount


@given(AMOUNTS, st.sampled_from([" ", "\u00a0", "\u202f", ""]), st.sampled_from([",", "."]))
def test_text_with_groups_is_the_same_sum(amount: int, space: str, point: str) -> None:
    sign, rest = ("-", -amount) if amount < 0 else ("", amount)
    text = f"{sign}{rest // 100:,}".replace(",", space) + f"{point}{rest % 100:02d}"

    assert read_hundredths(f" {text} ", ",.") == amount


@given(st.integers(min_value=1 - LARGEST // 100, max_value=(LARGEST - 1) // 100))
def test_a_whole_number_has_no_hundredths(number: int) -> None:
    assert read_hundredths(number) == read_hundredths(str(number)) == number * 100


@given(st.floats(allow_nan=True, allow_infinity=True) | st.text(max_size=12) | st.integers())
def test_any_cell_is_read_exactly_or_refused(cell: float | str) -> None:
    got = tried(read_hundredths, cell)

    if isinstance(got, CellRefused):
        assert got.code in {Code.BAD_NUMBER, Code.OUT_OF_RANGE}
    else:
        assert isinstance(got, int)
        assert abs(got) < LARGEST
        if not isinstance(cell, str):
            assert Decimal(got) / 100 == Decimal(format(cell, ".15g") if isinstance(cell, float) else cell)


def test_sums_of_a_spreadsheet_are_rounded_as_it_shows_them() -> None:
    assert read_hundredths(0.1 + 0.2) == 30
    assert read_hundredths(24360.500000000004) == 2436050


@pytest.mark.parametrize(
    "cell",
    [
        "сто рублей",
        "",
        "1e3",
        "1 23",
        "1,234,5",
        "NaN",
        "12,345",
        "-",
        "--5",
        "5-",
        "٣",
        True,
        None,
        0.005,
        float("nan"),
    ],
)
def test_what_is_no_sum_is_refused(cell: object) -> None:
    assert refusal(read_hundredths, cell) is Code.BAD_NUMBER


@pytest.mark.parametrize("cell", [1e300, float("inf"), 10**11, "99999999999", "9" * 5000])
def test_what_no_sum_can_be_is_refused(cell: object) -> None:
    code = Code.BAD_NUMBER if cell == float("inf") else Code.OUT_OF_RANGE
    assert refusal(read_hundredths, cell) is code


def test_the_profile_says_which_character_stands_before_the_hundredths() -> None:
    assert read_hundredths("10,5", ",") == 1050
    assert refusal(read_hundredths, "10.5", ",") is Code.BAD_NUMBER
    assert read_hundredths("10,500", ",") == 1050, "zeros at the end say nothing"


@given(st.dates())
def test_a_date_is_read_from_text_and_from_a_spreadsheet(day: date) -> None:
    text = f"{day.day:02d}.{day.month:02d}.{day.year:04d}"

    assert read_date(text, FORMATS) == day
    assert read_date(datetime(day.year, day.month, day.day, 23, 59), FORMATS) == day  # noqa: DTZ001 - as openpyxl gives it
    assert read_date(day, FORMATS) == day


@given(st.text(max_size=12) | st.integers() | st.floats())
def test_any_cell_is_a_date_or_refused(cell: object) -> None:
    got = tried(read_date, cell, FORMATS)

    if isinstance(got, CellRefused):
        assert got.code is Code.BAD_DATE
    else:
        assert isinstance(cell, str)
        assert isinstance(got, date)
        assert [int(part) for part in cell.strip().split(".")] == [got.day, got.month, got.year]


@pytest.mark.parametrize(
    "cell", ["31.02.2026", "29.02.2025", "00.01.2026", "01.13.2026", "2026-01-01", "1.1.26", 46023, True]
)
def test_days_that_are_not_in_the_calendar_are_refused(cell: object) -> None:
    assert refusal(read_date, cell, FORMATS) is Code.BAD_DATE


def test_a_profile_may_know_several_ways_to_write_a_date() -> None:
    formats = ("yyyy-mm-dd", "dd/mm/yyyy")

    assert read_date("2026-02-28", formats) == read_date("28/02/2026", formats) == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("cell", "widths", "expected"),
    [
        (1234562, (10, 12), "1234562"),
        (12345678, (10, 12), "0012345678"),
        (123456789, (10, 12), "0123456789"),
        (90000000182, (11,), "90000000182"),
        (9701000.0, (8, 11), "09701000"),
        ("9701000", (8, 11), "9701000"),
    ],
)
def test_a_code_kept_as_a_number_gets_its_zeros_back(cell: object, widths: tuple[int, ...], expected: str) -> None:
    assert read_digits(cell, widths) == expected


def test_text_is_trimmed_and_whole_numbers_have_no_point() -> None:
    assert read_text("\u00a0 Ветров ") == "Ветров"
    assert read_text(5066708337.0) == "5066708337"
    assert read_text("   ") is None
    assert refusal(read_text, "Вет\x00ров") is Code.BAD_CHARACTERS
    assert refusal(read_text, b"\x98".decode("cp1251", "surrogateescape")) is Code.BAD_CHARACTERS


def test_whole_numbers_keep_their_bounds() -> None:
    assert read_integer("2", least=1, most=12) == read_integer(2.0, least=1, most=12) == 2
    for cell, code in ((0, Code.OUT_OF_RANGE), ("13", Code.OUT_OF_RANGE), ("1,5", Code.BAD_NUMBER)):
        with pytest.raises(CellRefused) as caught:
            read_integer(cell, least=1, most=12)
        assert caught.value.code is code
