"""The two kinds of export against the lists of their wrong rows."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from socert.gateway.domain.export import Kind, Warned
from socert.gateway.domain.records import CertificateStatus, OrganisationKind, Unit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.intake.conftest import Region

EXPORTS = ("pfdo", "navigator")
CODES = {
    "duplicate number": "duplicate_number",
    "snils checksum": "snils_checksum",
    "bad date": "bad_date",
    "age over 17": "age_over_17",
    "balance does not add up": "balance_mismatch",
    "empty name": "empty",
    "negative nominal": "negative",
    "unknown status": "unknown_status",
    "no such certificate": "no_certificate",
    "ends before it starts": "ends_before_start",
    "parts exceed certificate": "part_exceeds_nominal",
    "text for a sum": "bad_number",
}


def expected(folder: Path) -> dict[tuple[str, str, int], str]:
    """Return the code due at (file, sheet, row), rows counted as a person sees them."""
    wrong = json.loads((folder / "wrong.json").read_text(encoding="utf-8"))
    csv_files = (folder / "certificates.csv").exists()
    sheets = {"certificates": "Сертификаты", "contracts": "Договоры"}
    found: dict[tuple[str, str, int], str] = {}
    for table, sheet in sheets.items():
        file, above = (f"{table}.csv", 2) if csv_files else ("export.xlsx", 4)
        where = (file, "" if csv_files else sheet)
        due = {int(index): CODES[reason] for index, reason in wrong[table].items()}
        if table == "contracts":
            due |= dict.fromkeys(wrong["contracts_of_refused_certificates"], "certificate_refused")
        found |= {(*where, index + above): code for index, code in due.items()}
    return found


@pytest.mark.parametrize("name", EXPORTS)
def test_exactly_the_wrong_rows_are_refused(oracles: Path, region: Region, name: str) -> None:
    folder = oracles / "region" / name
    rows = json.loads((folder / "wrong.json").read_text(encoding="utf-8"))["rows"]

    summary = region.take(folder)

    assert summary.profile == name
    told = {(row["file"], row["sheet"], int(row["row"])): row["code"] for row in region.refused}
    due = expected(folder)
    if name == "navigator":
        # The number of this contract's certificate was overwritten by the duplicate: nobody has it any more.
        due["export.xlsx", "Договоры", 4] = "no_certificate"
    assert told == due
    assert len(region.refused) == len(told) == summary.refused
    assert all(row["field"] and row["reason"] for row in region.refused)
    assert {kind.kind.value + "s": kind.read for kind in summary.kinds if kind.kind is not Kind.MUNICIPALITY} == rows
    for kind in summary.kinds:
        assert kind.read == kind.taken + kind.refused
    wrong = Counter(row["file"] + row["sheet"] for row in region.refused)
    assert sorted(wrong.values()) == [8, 10]


@pytest.mark.parametrize("name", EXPORTS)
def test_the_same_export_again_changes_nothing(oracles: Path, region: Region, name: str) -> None:
    first = region.take(oracles / "region" / name)
    kept = (dict(region.registry.certificates), dict(region.registry.contracts))

    again = region.take(oracles / "region" / name)

    for one, two in zip(first.kinds, again.kinds, strict=True):
        assert (two.put.new, two.put.changed, two.put.same) == (0, 0, one.put.new)
        assert two.refused == one.refused
    assert (region.registry.certificates, region.registry.contracts) == kept
    assert again.warnings == first.warnings


def test_units_kinds_and_statuses_are_read_as_the_region_means_them(oracles: Path, region: Region) -> None:
    summary = region.take(oracles / "region" / "navigator")

    held = region.registry.certificates["5671774411"]
    assert (held.unit, held.balance.nominal, held.balance.spent) == (Unit.HOUR, 10800, 10800)
    assert held.status is CertificateStatus.EXHAUSTED
    text_sums = region.registry.certificates["6671052181"]
    assert (text_sums.unit, text_sums.balance.nominal) == (Unit.RUB, 1055314)
    accounting = region.registry.certificates["9990320161"]
    assert (accounting.with_funds, accounting.status) == (False, CertificateStatus.EXHAUSTED)
    first = region.registry.certificates["5066708337"]
    assert first.child.last_name == "Попова", "of two rows with one number the first is taken"
    traders = [item.organisation for item in region.registry.programmes.values() if len(item.organisation.inn) == 12]
    assert {item.kind for item in traders} == {OrganisationKind.SOLE_TRADER}
    assert {item.consent_form for item in region.registry.certificates.values()} == {"СС-2026", "ПФ-2023", None}
    assert summary.warnings == {Warned.CONTRACTS_DO_NOT_ADD_UP: 4}


def test_an_unknown_oktmo_is_taken_with_a_warning(oracles: Path, region: Region, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    shutil.copytree(oracles / "region" / "pfdo", folder)
    place = folder / "certificates.csv"
    place.chmod(0o644)
    place.write_bytes(place.read_bytes().replace(b";65608000;", b";99999999;"))

    summary = region.take(folder)

    assert summary.of(Kind.CERTIFICATE).refused == 8
    assert summary.warnings[Warned.UNKNOWN_OKTMO] > 0


def test_both_exports_fit_in_one_registry(oracles: Path, region: Region) -> None:
    """Both systems number their contracts from one."""
    summaries = [region.take(oracles / "region" / name) for name in EXPORTS]

    taken = sum(summary.of(Kind.CONTRACT).put.new for summary in summaries)
    assert taken == len(region.registry.contracts) == 223 + 196
    again = region.take(oracles / "region" / EXPORTS[0])
    assert (again.of(Kind.CONTRACT).put.changed, again.of(Kind.CONTRACT).put.same) == (0, 223)
    assert again.of(Kind.CONTRACT).missing == 196
