"""How amounts, dates and counts are said."""

from __future__ import annotations

from datetime import date

import pytest

from socert.contracts.portal.account import CertificateStatus, ContractState, Scheme
from socert.simulator.portal import words


@pytest.mark.parametrize(
    ("hundredths", "unit", "said"),
    [
        (925600, "rub", "9 256,00 руб."),
        (0, "rub", "0,00 руб."),
        (5, "rub", "0,05 руб."),
        (123456789, "rub", "1 234 567,89 руб."),
        (-150, "rub", "−1,50 руб."),
        (1250, "hour", "12,50 ч"),
        (100, "count", "1 программа"),
        (200, "count", "2 программы"),
        (500, "count", "5 программ"),
        (1100, "count", "11 программ"),
        (2100, "count", "21 программа"),
    ],
)
def test_amounts(hundredths: int, unit: str, said: str) -> None:
    assert words.amount(hundredths, unit) == said


@pytest.mark.parametrize(
    ("hundredths", "said"), [(7200, "72"), (7250, "72,5"), (7205, "72,05"), (5, "0,05"), (0, "0"), (10000, "100")]
)
def test_figures(hundredths: int, said: str) -> None:
    assert words.figures(hundredths) == said


def test_dates() -> None:
    assert words.day(date(2016, 2, 20)) == "20.02.2016"
    assert words.day(None) == ""


def test_everything_a_card_may_say_has_words() -> None:
    assert set(words.CERTIFICATE_STATUS) == set(CertificateStatus)
    assert set(words.CONTRACT_STATE) == set(ContractState)
    assert set(words.SCHEME) == set(Scheme)
    assert set(words.TONE) == set(CertificateStatus) | set(ContractState)
