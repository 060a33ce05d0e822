"""The comparison that the demonstration ends with: it must see every kind of difference."""

from __future__ import annotations

import copy
import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from socert.demo import check
from socert.sample import Settings, read_export, write_export
from socert.sample.plain import digits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from socert.demo.check import Outcome
    from socert.sample import PlainExport

Accounts = dict[str, dict[str, list[dict[str, Any]]]]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    write_export(tmp_path, Settings(certificates=60, seed=7))
    return tmp_path


@pytest.fixture(name="export")
def _export(folder: Path) -> PlainExport:
    return read_export(folder)


@pytest.fixture(name="report")
def _report(folder: Path, export: PlainExport) -> Path:
    """A report that refuses exactly the rows that the export calls wrong."""
    wrong = json.loads((folder / "wrong.json").read_text())
    contracts = [*wrong["contracts"], *wrong["contracts_of_refused_certificates"]]
    rows = [export.certificates[int(place)] for place in wrong["certificates"]]
    rows += [export.contracts[int(place)] for place in contracts]
    place = folder / "refused.csv"
    with place.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["file", "sheet", "row", "field", "code", "reason"])
        writer.writeheader()
        writer.writerows({"file": row["file"], "sheet": row["sheet"], "row": row["row"]} for row in rows)
    return place


@pytest.fixture(name="accounts")
def _accounts(export: PlainExport, report: Path) -> Accounts:
    """Accounts that show exactly what they should."""
    with report.open(newline="") as file:
        refused = frozenset((row["file"], row["sheet"], int(row["row"])) for row in csv.DictReader(file))
    expected, _, _ = check.expect(export, refused)
    return {
        snils: {
            "certificates": [{"number": number, **row} for number, row in wanted.certificates.items()],
            "contracts": [{"number": number, **row} for number, row in wanted.contracts.items()],
        }
        for snils, wanted in expected.items()
    }


@pytest.fixture(name="compare")
def _compare(folder: Path, export: PlainExport, report: Path) -> Callable[[Accounts], Outcome]:
    return lambda shown: check.compare(export, report, folder / "wrong.json", shown.get)


def test_right_accounts_agree(compare: Callable[[Accounts], Outcome], accounts: Accounts) -> None:
    outcome = compare(accounts)

    assert outcome.agrees
    assert outcome.refusals == []
    assert all(tally.equal > 10 for tally in outcome.tallies)


@pytest.mark.parametrize("kind", ["certificates", "contracts"])
def test_any_wrong_value_is_seen(compare: Callable[[Accounts], Outcome], accounts: Accounts, kind: str) -> None:
    snils = next(key for key, shown in accounts.items() if shown[kind])
    for name in accounts[snils][kind][0]:
        spoiled = copy.deepcopy(accounts)
        spoiled[snils][kind][0][name] = "wrong"

        assert not compare(spoiled).agrees, name


@pytest.mark.parametrize("kind", ["certificates", "contracts"])
def test_a_missing_object_is_seen(compare: Callable[[Accounts], Outcome], accounts: Accounts, kind: str) -> None:
    snils = next(key for key, shown in accounts.items() if shown[kind])
    del accounts[snils][kind][0]

    assert not compare(accounts).agrees


def test_what_nobody_agreed_to_show_is_seen(
    compare: Callable[[Accounts], Outcome], export: PlainExport, accounts: Accounts
) -> None:
    held = next(row for row in export.certificates if row["Форма согласия"] is None and digits(row["СНИЛС ребёнка"]))
    snils = digits(held["СНИЛС ребёнка"])
    assert snils is not None
    accounts[snils] = {"certificates": [{"number": held["Номер сертификата"]}], "contracts": []}

    assert not compare(accounts).agrees


def test_a_row_refused_without_cause_is_seen(
    compare: Callable[[Accounts], Outcome], accounts: Accounts, report: Path
) -> None:
    with report.open("a") as file:
        file.write("certificates.csv,,2,,,\n")

    outcome = compare(accounts)

    assert outcome.refusals


def test_a_wrong_row_that_was_taken_is_seen(
    compare: Callable[[Accounts], Outcome], accounts: Accounts, report: Path
) -> None:
    lines = report.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith("contracts.csv")]
    report.write_text("".join(kept))

    assert not compare(accounts).agrees


def test_parents_to_look_at_are_taken_rows(export: PlainExport, report: Path) -> None:
    told = check.parents(export, report)

    assert len(told) >= 3
    assert len({name for name, _ in told}) == len(told)
