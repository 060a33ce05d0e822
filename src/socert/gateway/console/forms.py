"""Forms of the operator's pages: what a page asks for, and what was typed, read without losing it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.values import (
    normal_birth_certificate,
    normal_snils,
    parse_count,
    parse_date,
    parse_hundredths,
    parse_xml_month,
)
from socert.gateway.console.errors import FieldsWrong

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from socert.gateway.domain.records import Register

E = TypeVar("E", bound=StrEnum)
_EARLIEST = date(1990, 1, 1)
_LATEST = date(2100, 12, 31)
_DAY = re.compile(r"(\d{2}|\d(?=\D))[ .,/-]?(\d{2}|\d(?=\D))[ .,/-]?(\d{4})", re.ASCII)
_CONTROLS = dict.fromkeys(range(32), " ") | {10: "\n", 13: ""}


class Kind(StrEnum):
    """How a field is typed."""

    TEXT = "text"
    AREA = "area"
    DATE = "date"
    AMOUNT = "amount"
    CHOICE = "choice"
    YES = "yes"
    HIDDEN = "hidden"


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field: `options` of a choice are (value, words); `wrong` says what is wrong with what was typed.

    `above` is a heading that stands before the field and those that follow it.
    """

    name: str
    label: str = ""
    kind: Kind = Kind.TEXT
    value: str = ""
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    required: bool = True
    longest: int = 250
    wrong: str = ""
    above: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A form: where it goes, its fields and button. `refusal` is why it was not done, in Russian.

    `ending`: what it does cannot be taken back, so it stands folded and asks for a yes. `token` is made when shown.
    """

    name: str
    path: str
    title: str
    button: str
    fields: tuple[Field, ...] = ()
    lead: str = ""
    ending: bool = False
    refusal: str = ""
    token: str = ""

    def filled(self, posted: Mapping[str, str], *, refusal: str, wrong: Mapping[str, str]) -> Form:
        """Return the form with what was typed and why that was not done."""
        # A yes to an ending is asked for anew, and what tells the page's own state is that of now.
        typed = {**posted, "sure": ""}
        kept = tuple(
            one
            if one.kind is Kind.HIDDEN
            else replace(one, value=typed.get(one.name, ""), wrong=wrong.get(one.name, ""))
            for one in self.fields
        )
        return replace(self, fields=kept, refusal=refusal)


@dataclass(kw_only=True, slots=True)
class Typed:
    """What was typed. Each reading notes what is wrong and goes on with a stand-in; `check` raises for all at once."""

    posted: Mapping[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Raise `FieldsWrong` when anything could not be read."""
        if self.wrong:
            raise FieldsWrong(self.wrong)

    def text(self, name: str, *, longest: int = 250) -> str:
        """Read a text that must be there, in one line or several, spaces at its ends cut off."""
        found = self.text_or_none(name, longest=longest)
        if found is None:
            self.wrong.setdefault(name, "Заполните это поле.")
        return found or ""

    def text_or_none(self, name: str, *, longest: int = 250) -> str | None:
        """Read a text that may be missing."""
        found = self.posted.get(name, "").translate(_CONTROLS).strip()
        if len(found) > longest:
            self.wrong[name] = f"Не длиннее {longest} знаков."
        return found or None

    def day(self, name: str) -> date:
        """Read a day, 07.09.2026 or 2026-09-07."""
        found = self.day_or_none(name)
        if found is None:
            self.wrong.setdefault(name, "Укажите дату.")
        return found or _EARLIEST

    def day_or_none(self, name: str) -> date | None:
        """Read a day that may be missing; on a phone's digits alone it is 07092026."""
        typed = self.posted.get(name, "").strip()
        if not typed:
            return None
        if loose := _DAY.fullmatch(typed):
            typed = f"{loose[1]:0>2}.{loose[2]:0>2}.{loose[3]}"
        try:
            found = parse_date(typed)
        except ValueRefused:
            self.wrong[name] = "Дата пишется так: 07.09.2026."
            return None
        if not _EARLIEST <= found <= _LATEST:
            self.wrong[name] = f"Дата должна быть от {_EARLIEST:%d.%m.%Y} до {_LATEST:%d.%m.%Y}."
        return found

    def month(self, name: str) -> date:
        """Read a month, 2026-09, as its first day."""
        try:
            return parse_xml_month(self.posted.get(name, ""))
        except ValueRefused:
            self.wrong[name] = "Выберите месяц."
            return _EARLIEST

    def amount(self, name: str, register: Register) -> int:
        """Read an amount in the register's unit, "1 234,56", as hundredths; on a count register a whole number."""
        typed = "".join(self.posted.get(name, "").split()).replace(",", ".")
        try:
            return parse_count(typed) if register.counts else parse_hundredths(typed)
        except ValueRefused:
            self.wrong[name] = "Напишите целое число." if register.counts else "Сумма пишется так: 1234,56."
            return 0

    def choice(self, name: str, allowed: Sequence[E]) -> E:
        """Read one of the allowed values."""
        typed = self.posted.get(name, "")
        for one in allowed:
            if one.value == typed:
                return one
        self.wrong[name] = "Выберите одно из списка."
        return allowed[0]

    def yes(self, name: str) -> bool:
        """Say whether a box is ticked."""
        return self.posted.get(name) == "yes"

    def sure(self) -> None:
        """Ask for the yes of a form that ends something."""
        if not self.yes("sure"):
            self.wrong["sure"] = "Подтвердите: отменить это будет нельзя."

    def snils(self, name: str) -> str | None:
        """Read a SNILS as 11 digits; it may be missing."""
        typed = self.text_or_none(name)
        if typed is None:
            return None
        try:
            return normal_snils(typed)
        except ValueRefused:
            self.wrong[name] = "СНИЛС — 11 цифр, последние две контрольные. Проверьте, нет ли опечатки."
            return None

    def birth_certificate(self, name: str) -> str | None:
        """Read a birth certificate's series and number in their one spelling; it may be missing."""
        typed = self.text_or_none(name, longest=30)
        if typed is None:
            return None
        try:
            found = normal_birth_certificate(typed)
        except ValueRefused:
            found = ""
        if " " not in found:
            self.wrong[name] = "Серия и номер пишутся так: IV-АБ 123456."
            return None
        return found


SURE = Field(name="sure", label="Подтверждаю. Отменить это будет нельзя.", kind=Kind.YES)
"""The yes that a form asks for when it ends something."""
