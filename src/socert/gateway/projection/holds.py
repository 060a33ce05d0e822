"""Why a change must not leave yet, in the words that the region's operator reads."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Hold(StrEnum):
    """Why a change must not leave yet."""

    NO_CONSENT = "NO_CONSENT"
    UNKNOWN_MUNICIPALITY = "UNKNOWN_MUNICIPALITY"
    UNKNOWN_PROGRAMME = "UNKNOWN_PROGRAMME"
    NO_RECIPIENT = "NO_RECIPIENT"
    NOTHING_PUSHED = "NOTHING_PUSHED"
    INVALID = "INVALID"


HOLD_REASONS: Mapping[Hold, str] = {
    Hold.NO_CONSENT: "Нет действующего согласия на обработку персональных данных по форме социального сертификата.",
    Hold.UNKNOWN_MUNICIPALITY: "Код ОКТМО муниципалитета не сопоставлен с кодом портала: дополните municipalities.csv.",
    Hold.UNKNOWN_PROGRAMME: "Группа программы из договора не найдена среди программ: дополните список программ.",
    Hold.NO_RECIPIENT: "У законного представителя не указан СНИЛС: портал не найдёт его личный кабинет.",
    Hold.NOTHING_PUSHED: "Показ в личном кабинете выключен настройкой: сведения выдаются только по запросу портала.",
    Hold.INVALID: "Данные нельзя передать порталу.",
}
"""Each reason in the words that the region's operator reads."""


def explain(reason: str) -> str:
    """Return a hold's reason in words for the operator, with the detail that it carries, if any."""
    name, _, detail = reason.partition(": ")
    words = HOLD_REASONS[Hold(name)]
    return f"{words} {detail}" if detail else words
