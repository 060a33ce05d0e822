"""People and catalogue for the simulator, from an invented export and from any other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from socert.sample import Settings, read_export, write_export, write_world
from socert.sample.errors import SampleError

if TYPE_CHECKING:
    from pathlib import Path


def document(place: Path) -> dict[str, Any]:
    """Read a JSON file."""
    found: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_alone_tells_the_same_people_and_catalogue(tmp_path: Path, kind: str) -> None:
    settings = Settings(certificates=40, kind="csv" if kind == "csv" else "xlsx", wrong=False)
    write_export(tmp_path / "made", settings)

    write_world(tmp_path / "made", tmp_path / "read")

    for name in ("people.json", "catalogue.json"):
        assert document(tmp_path / "read" / name) == document(tmp_path / "made" / name)


def test_families_are_one_parent_with_children(tmp_path: Path) -> None:
    write_export(tmp_path, Settings(certificates=100, wrong=False))

    people = document(tmp_path / "people.json")["people"]

    assert len({person["snils"] for person in people}) == len(people)
    assert sum(len(person["children"]) for person in people) == 100
    assert max(len(person["children"]) for person in people) > 1
    child = people[0]["children"][0]
    assert set(child) == {
        "snils",
        "last_name",
        "first_name",
        "middle_name",
        "birth_date",
        "gender",
        "birth_certificate",
    }


def test_rows_without_a_person_are_left_out(tmp_path: Path) -> None:
    write_export(tmp_path / "made", Settings(certificates=60))

    write_world(tmp_path / "made", tmp_path / "read")

    wrong = document(tmp_path / "made" / "wrong.json")["certificates"].values()
    people = document(tmp_path / "read" / "people.json")["people"]
    nobody = [reason for reason in wrong if reason in {"empty name", "snils checksum"}]
    assert sum(len(person["children"]) for person in people) == 60 - len(nobody)
    assert len(nobody) == 2


def test_the_catalogue_names_kinds_amounts_and_municipalities(tmp_path: Path) -> None:
    write_export(tmp_path, Settings(certificates=1))

    catalogue = document(tmp_path / "catalogue.json")

    assert {item["organisation"]["kind"] for item in catalogue["programmes"]} == {
        "STATE",
        "MUNICIPAL",
        "PRIVATE",
        "SOLE_TRADER",
    }
    assert catalogue["programmes"][0]["price"] == 1260000
    assert catalogue["programmes"][0]["hours"] == 7200
    for item in catalogue["municipalities"]:
        assert set(item) == {"code", "name", "oktmo", "region", "region_code"}


def test_a_folder_without_an_export_is_told(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="neither"):
        read_export(tmp_path)


def test_the_exports_of_real_layout_are_read(oracles: Path, tmp_path: Path) -> None:
    for name, certificates in (("pfdo", 300), ("navigator", 240)):
        export = read_export(oracles / "region" / name)
        assert len(export.certificates) == certificates
        assert (export.certificates[0]["row"], export.certificates[0]["sheet"]) in {(2, ""), (4, "Сертификаты")}

        write_world(oracles / "region" / name, tmp_path / name)

        people = document(tmp_path / name / "people.json")["people"]
        assert sum(len(person["children"]) for person in people) == certificates - 2, "no name, no right SNILS"
        assert len(document(tmp_path / name / "catalogue.json")["programmes"]) == 10
