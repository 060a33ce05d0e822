"""What the parents ought to see, computed from the export's own rows, beside what the portal's accounts show.

The rules are written here once more, on purpose: nothing comes from the gateway but the list of rows that it refused,
and where the export comes with a list of its wrong rows, that list is compared too.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from socert.sample.plain import digits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from socert.sample import PlainExport

CONSENT_FORM = "СС-2026"
UNITS = {"руб.": "rub", "час": "hour"}
STATUSES = {"Действует": "ACTIVE", "Приостановлен": "SUSPENDED", "Аннулирован": "ANNULLED"}
STATES = {
    "Заключён": "ACTIVE",
    "Ожидает подтверждения": "REQUESTED",
    "Расторгнут": "TERMINATED",
    "Исполнен": "COMPLETED",
}
Row = dict[str, Any]
Place = tuple[str, str, int]


@dataclass(kw_only=True, slots=True)
class Tally:
    """One kind of object: how many rows, what became of them, and what differs."""

    kind: str
    rows: int = 0
    refused: int = 0
    held: int = 0
    equal: int = 0
    differs: list[str] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Outcome:
    """The comparison: a tally a kind, and how the refused rows differ from the export's own list (None: no list)."""

    tallies: tuple[Tally, Tally]
    refusals: list[str] | None

    @property
    def agrees(self) -> bool:
        """Whether nothing differs."""
        return not any(tally.differs for tally in self.tallies) and not self.refusals


@dataclass(kw_only=True, slots=True)
class Expected:
    """What one child's account ought to show, by number."""

    certificates: dict[str, Row] = field(default_factory=dict)
    contracts: dict[str, Row] = field(default_factory=dict)


def compare(export: PlainExport, report: Path, wrong: Path, account: Callable[[str], Any]) -> Outcome:
    """Compare every row of the export with the accounts.

    `report` is the import's list of refused rows, `wrong` the export's own list (may be absent), `account` returns what
    the portal shows for a child's SNILS, None where nothing was pushed.
    """
    refused = _refused(report)
    expected, certificates, contracts = expect(export, refused)
    for snils, wanted in expected.items():
        shown = (account(snils) if snils else None) or {"certificates": [], "contracts": []}
        _match(certificates, wanted.certificates, shown["certificates"])
        _match(contracts, wanted.contracts, shown["contracts"])
    refusals = _compare_refusals(export, refused, wrong) if wrong.exists() else None
    return Outcome(tallies=(certificates, contracts), refusals=refusals)


def expect(export: PlainExport, refused: frozenset[Place]) -> tuple[dict[str, Expected], Tally, Tally]:
    """Return what each child's account ought to show, by SNILS, with tallies of rows refused and held back."""
    known = {row["oktmo"] for row in export.municipalities}
    certificates, contracts = Tally(kind="Сертификаты"), Tally(kind="Договоры")
    expected: dict[str, Expected] = {}
    owners: dict[str, str | None] = {}
    for row in export.certificates:
        certificates.rows += 1
        snils = digits(row["СНИЛС ребёнка"])
        account = expected.setdefault(snils or "", Expected())  # also of a refused row: nothing of it may be shown
        if _place(row) in refused or snils is None:
            certificates.refused += 1
            continue
        number = str(row["Номер сертификата"])
        if row["Форма согласия"] != CONSENT_FORM or str(row["ОКТМО"]) not in known:
            certificates.held += 1
            owners[number] = None
        else:
            owners[number] = snils
            account.certificates[number] = _certificate(row)
    for row in export.contracts:
        contracts.rows += 1
        if _place(row) in refused:
            contracts.refused += 1
            continue
        owner = owners.get(str(row["Номер сертификата"]))
        if owner is None:
            contracts.held += 1
        else:
            expected[owner].contracts[str(row["Номер договора"])] = _contract(row)
    return expected, certificates, contracts


def _certificate(row: Row) -> Row:
    sums, status = row["amounts"], STATUSES.get(row["Статус"], "?")
    left = sums["Остаток"]
    return {
        "unit": UNITS.get(row["Единица"], "?"),
        "nominal": _written(sums["Номинал"]),
        "reserved": _written(sums["Забронировано"]),
        "spent": _written(sums["Израсходовано"]),
        "available": _written(left),
        "status": "EXHAUSTED" if status == "ACTIVE" and not left else status,
    }


def _contract(row: Row) -> Row:
    sums = row["amounts"]
    return {
        "status": STATES.get(row["Статус"], "?"),
        "unit": UNITS.get(row["Единица"], "?"),
        "certificate_part": _written(sums["По сертификату"]),
        "own_part": _written(sums["За счёт родителя"]),
        "organisation": row["Организация"],
        "programme": row["Программа"],
    }


def _written(hundredths: int | None) -> str:
    """An amount as the portal's interface writes it; what is no amount fits nothing there."""
    return "?" if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02d}"


def _match(tally: Tally, wanted: Mapping[str, Row], shown: Iterable[Row]) -> None:
    """Compare by number; what is missing, too many or different goes into the tally in words."""
    found = {str(row["number"]): row for row in shown}
    for number, row in wanted.items():
        seen = found.pop(number, None)
        if seen is None:
            tally.differs.append(f"{number}: в кабинете нет")
            continue
        wrong = [f"{name} {seen.get(name)} вместо {value}" for name, value in row.items() if seen.get(name) != value]
        if wrong:
            tally.differs.append(f"{number}: {', '.join(wrong)}")
        else:
            tally.equal += 1
    tally.differs += [f"{number}: в кабинете лишний" for number in found]


def _place(row: Row) -> Place:
    return row["file"], row["sheet"], row["row"]


def _refused(report: Path) -> frozenset[Place]:
    with report.open(encoding="utf-8-sig", newline="") as file:
        return frozenset((row["file"], row["sheet"], int(row["row"])) for row in csv.DictReader(file))


def _compare_refusals(export: PlainExport, refused: frozenset[Place], wrong: Path) -> list[str]:
    """Return rows that only one of the two lists names."""
    listed = json.loads(wrong.read_text(encoding="utf-8"))
    bad_contracts = [*listed["contracts"], *listed["contracts_of_refused_certificates"]]
    wanted = {_place(export.certificates[int(place)]) for place in listed["certificates"]}
    wanted |= {_place(export.contracts[int(place)]) for place in bad_contracts}
    return [f"{_spelled(place)}: отклонена, а в списке её нет" for place in sorted(refused - wanted)] + [
        f"{_spelled(place)}: не отклонена" for place in sorted(wanted - refused)
    ]


def _spelled(place: Place) -> str:
    file, sheet, row = place
    return f"{file}{', ' + sheet if sheet else ''}, строка {row}"


def parents(export: PlainExport, report: Path) -> list[tuple[str, str]]:
    """Return parents worth a look, with what is to be seen there: a split payment, hours or an end, a held child."""
    refused = _refused(report)
    payers = {
        str(row["Номер сертификата"])
        for row in export.contracts
        if _place(row) not in refused and row["amounts"]["За счёт родителя"]
    }
    wishes = (
        ("часть программы оплачена из своих средств", lambda row: str(row["Номер сертификата"]) in payers),
        ("сертификат в часах", lambda row: row["Единица"] == "час"),
        ("сертификат приостановлен", lambda row: row["Статус"] == "Приостановлен"),
        ("нет согласия по новой форме, поэтому кабинет пуст", lambda row: row["Форма согласия"] != CONSENT_FORM),
        ("сертификат учёта, без средств", lambda row: row["Вид"] == "Учёта"),
    )
    told: list[tuple[str, str]] = []
    for why, fits in wishes:
        for row in export.certificates:
            name = f"{row['Фамилия представителя']} {row['Имя представителя']} {row['Отчество представителя'] or ''}"
            quiet = why.startswith("нет согласия") or row["Форма согласия"] == CONSENT_FORM
            if _place(row) not in refused and fits(row) and quiet and name.strip() not in {one for one, _ in told}:
                told.append((name.strip(), why))
                break
    return told
