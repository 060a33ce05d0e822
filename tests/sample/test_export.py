"""The invented region: repeatable, adding up, with numbers nobody has, wrong only where it says so."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from socert.contracts.portal.values import is_inn, is_snils, normal_birth_certificate
from socert.sample import PlainExport, Settings, errors, numbers, offers, read_export, write_export
from socert.sample.cli import sample
from socert.sample.plain import digits, hundredths

if TYPE_CHECKING:
    from pathlib import Path

KINDS: tuple[Literal["csv", "xlsx"], ...] = ("csv", "xlsx")


def made(folder: Path, **settings: object) -> PlainExport:
    """Write an export and read it back."""
    write_export(folder, Settings(**settings))  # type: ignore[arg-type]  # each test names what it sets
    return read_export(folder)


def files(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {place.name: place.read_bytes() for place in folder.iterdir()}


def test_the_same_seed_makes_the_same_files_and_another_does_not(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_export(tmp_path / name, Settings(seed=seed))

    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert files(tmp_path / "a")["certificates.csv"] != files(tmp_path / "c")["certificates.csv"]


def test_both_layouts_tell_of_the_same_region(tmp_path: Path) -> None:
    books = {kind: made(tmp_path / kind, kind=kind) for kind in KINDS}

    for table in ("certificates", "contracts", "programmes"):
        rows = {kind: [row["amounts"] for row in getattr(book, table)] for kind, book in books.items()}
        assert rows["csv"] == rows["xlsx"]
    assert books["csv"].municipalities == books["xlsx"].municipalities
    for name in ("people.json", "catalogue.json", "wrong.json"):
        assert (tmp_path / "csv" / name).read_bytes() == (tmp_path / "xlsx" / name).read_bytes()


def test_sums_add_up_and_numbers_are_right(tmp_path: Path) -> None:
    export = made(tmp_path, certificates=400, wrong=False)

    held: dict[str, list[int]] = {}
    for row in export.contracts:
        sums = held.setdefault(row["Номер сертификата"], [0, 0])
        sums[0] += row["amounts"]["Забронировано"]
        sums[1] += row["amounts"]["Списано"]
        assert row["amounts"]["Забронировано"] + row["amounts"]["Списано"] <= row["amounts"]["По сертификату"]
    for row in export.certificates:
        amounts = row["amounts"]
        assert [amounts["Забронировано"], amounts["Израсходовано"]] == held.get(row["Номер сертификата"], [0, 0])
        assert amounts["Остаток"] == amounts["Номинал"] - amounts["Забронировано"] - amounts["Израсходовано"] >= 0
        for whose in ("ребёнка", "представителя"):
            snils = digits(row[f"СНИЛС {whose}"])
            assert snils is not None
            assert snils.startswith("9")
            assert is_snils(snils)
        assert normal_birth_certificate(row["Свидетельство о рождении"]) == row["Свидетельство о рождении"]
    for row in export.programmes:
        assert row["ИНН"].startswith("00")
        assert is_inn(row["ИНН"])


def test_there_is_some_of_everything(tmp_path: Path) -> None:
    export = made(tmp_path, certificates=600, wrong=False)

    assert {row["Единица"] for row in export.certificates} == {"руб.", "час"}
    assert {row["Вид"] for row in export.certificates} == {"ПФ", "Учёта"}
    assert {row["Статус"] for row in export.certificates} == {"Действует", "Приостановлен", "Аннулирован"}
    assert {row["Форма согласия"] for row in export.certificates} == {"СС-2026", "ПФ-2023", None}
    states = {"Заключён", "Ожидает подтверждения", "Расторгнут", "Исполнен"}
    assert {row["Статус"] for row in export.contracts} == states
    assert offers.UNKNOWN_OKTMO in {row["ОКТМО"] for row in export.certificates}
    assert any(row["Остаток"] == "0" and row["Вид"] == "ПФ" for row in export.certificates)
    assert {len(row["ИНН"]) for row in export.programmes} == {10, 12}


def test_a_workbook_has_titles_and_text_among_its_numbers(tmp_path: Path) -> None:
    write_export(tmp_path, Settings(certificates=200, kind="xlsx", wrong=False))

    sheet = load_workbook(tmp_path / "export.xlsx")["Сертификаты"]

    assert sheet["A1"].value is not None
    assert sheet["A2"].value is None
    assert sheet["A3"].value == "Номер сертификата"
    kinds = {type(sheet.cell(row, 16).value) for row in range(4, 204)}
    assert {str, int, float} <= kinds
    assert len({type(sheet.cell(row, 6).value) for row in range(4, 204)}) == 2


def test_few_certificates_leave_room_for_right_ones(tmp_path: Path) -> None:
    for count in (1, 3, 4, 9):
        made(tmp_path / str(count), certificates=count)
        wrong = json.loads((tmp_path / str(count) / "wrong.json").read_text(encoding="utf-8"))
        assert len(wrong["certificates"]) <= count // 4
        assert wrong["rows"]["certificates"] == count


@pytest.mark.parametrize("make", [numbers.snils, numbers.certificate_number])
def test_numbers_do_not_repeat(make: object) -> None:
    assert callable(make)
    made_numbers = sorted(make(index) for index in range(50_000))

    assert all(one != other for one, other in pairwise(made_numbers))
    assert all(re.fullmatch("[0-9]{10,11}", number) for number in made_numbers)


def test_a_workbook_cannot_hold_more_than_a_sheet(tmp_path: Path) -> None:
    with pytest.raises(errors.SampleError, match="rows"):
        write_export(tmp_path / "a", Settings(certificates=600_000, kind="xlsx"))

    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_the_command(tmp_path: Path, kind: str) -> None:
    done = CliRunner().invoke(sample, [str(tmp_path / "region"), "--certificates", "9", "--kind", kind, "--seed", "3"])

    assert done.exit_code == 0, done.output
    assert len(read_export(tmp_path / "region").certificates) == 9


def test_the_command_tells_what_it_cannot_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    done = CliRunner().invoke(sample, [str(tmp_path / "file" / "region")])

    assert done.exit_code == 1
    assert "Error" in done.output


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("17456,00", 1745600), ("0", 0), (24360.5, 2436050), (144, 14400), ("-7,5", -750), ("сто", None), (None, None)],
)
def test_the_plain_reader_reads_sums_its_own_way(cell: object, expected: int | None) -> None:
    assert hundredths(cell) == expected
