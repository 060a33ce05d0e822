"""Rows spoilt on purpose, and the list of them that goes beside the export.

The list is the judge of an import: every row in it must be refused, and no other.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from socert.sample.columns import Row, Sum

if TYPE_CHECKING:
    from collections.abc import Callable

NOBODY = "0000000001"


def _other_digit(text: str) -> str:
    return text[:-1] + str((int(text[-1]) + 1) % 10)


def _sum(row: Row, column: str) -> int:
    value = row[column]
    assert isinstance(value, Sum)
    return value.hundredths


def _day(row: Row, column: str) -> date:
    value = row[column]
    assert isinstance(value, date)
    return value


CERTIFICATES: dict[str, Callable[[Row], Row]] = {
    "snils checksum": lambda row: {"СНИЛС ребёнка": _other_digit(str(row["СНИЛС ребёнка"]))},
    "bad date": lambda row: {"Окончание": f"31.02.{_day(row, 'Окончание').year}"},
    "age over 17": lambda row: {"Дата рождения": date(_day(row, "Начало").year - 19, 3, 9)},
    "balance does not add up": lambda row: {"Остаток": Sum(_sum(row, "Остаток") + 100)},
    "empty name": lambda row: {"Фамилия": "   "},
    "negative nominal": lambda row: {"Номинал": Sum(-700)},
    "unknown status": lambda row: {"Статус": "На согласовании"},
}
CONTRACTS: dict[str, Callable[[Row], Row]] = {
    "no such certificate": lambda row: {"Номер сертификата": NOBODY},
    "ends before it starts": lambda row: {"Окончание": date(_day(row, "Начало").year - 1, 12, 30)},
    "parts exceed certificate": lambda row: {"По сертификату": Sum(888_888_800)},
    "text for a sum": lambda row: {"За счёт родителя": "по соглашению"},
}
DUPLICATE = "duplicate number"


class Spoiler:
    """Spoils one row of every kind, spread over the export, and remembers which."""

    def __init__(self, certificates: int, *, spoil: bool) -> None:
        """Few certificates leave room for few faults: at most one in four is spoilt."""
        kinds = [DUPLICATE, *CERTIFICATES][: certificates // 4] if spoil else []
        step = max(2, certificates // (len(kinds) + 1))
        self._plan = {step * (place + 1) - 1: kind for place, kind in enumerate(kinds)}
        self._waiting = list(CONTRACTS) if spoil else []
        self._gap = max(1, certificates // 6)
        self._next_contract = 2
        self.certificates: dict[int, str] = {}
        self.contracts: dict[int, str] = {}
        self.orphans: list[int] = []
        self._certificate = self._contract = 0
        self._last_number: object = None

    def spoil(self, certificate: Row, contracts: list[Row]) -> tuple[Row, list[Row]]:
        """Return the rows of one child as they go into the files."""
        place = self._certificate
        self._certificate += 1
        kind = self._plan.get(place)
        if kind == DUPLICATE:
            # Its contracts would belong to the first certificate of the number, so it has none.
            certificate, contracts = certificate | {"Номер сертификата": str(self._last_number)}, []
        elif kind is not None:
            certificate = certificate | CERTIFICATES[kind](certificate)
            self.orphans += range(self._contract, self._contract + len(contracts))
        elif contracts and self._waiting and place >= self._next_contract:
            contracts = [self._spoil_contract(contracts[0]), *contracts[1:]]
            self._next_contract = place + self._gap
        if kind is not None:
            self.certificates[place] = kind
        self._last_number = certificate["Номер сертификата"]
        self._contract += len(contracts)
        return certificate, contracts

    def _spoil_contract(self, contract: Row) -> Row:
        kind = self._waiting.pop(0)
        self.contracts[self._contract] = kind
        return contract | CONTRACTS[kind](contract)

    def document(self, programmes: int) -> dict[str, object]:
        """Return the list: wrong rows by index from 0, contracts of refused certificates, and all rows counted."""
        return {
            "certificates": {str(place): kind for place, kind in self.certificates.items()},
            "contracts": {str(place): kind for place, kind in self.contracts.items()},
            "contracts_of_refused_certificates": self.orphans,
            "rows": {"certificates": self._certificate, "contracts": self._contract, "programmes": programmes},
        }
