"""Mapping files: the shipped ones, a region's own, and broken ones."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from socert.adapters.registry.files import open_export, shipped_profiles
from socert.adapters.registry.files.profile import load_profile
from socert.gateway.domain.export import ImportSettings
from socert.gateway.domain.intake_errors import IntakeError, ProfileError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.intake.conftest import Export, Region


def shipped(name: str) -> str:
    """Text of a shipped mapping file."""
    return files("socert.adapters.registry.files").joinpath("profiles", f"{name}.toml").read_text(encoding="utf-8")


def own(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write a copy of the shipped CSV mapping with changes."""
    text = shipped("pfdo")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    place = folder / "own.toml"
    place.write_text(text, encoding="utf-8")
    return place


def test_two_profiles_are_shipped_each_named_as_its_file() -> None:
    assert {name: profile.kind for name, profile in shipped_profiles().items()} == {"navigator": "xlsx", "pfdo": "csv"}


def test_a_regions_own_names_encoding_and_delimiter(region: Region, export: Export) -> None:
    export.encoding = "utf-8"
    export.certificates({"Статус": "Работает", "Начало": "2026-01-01"})
    place = export.folder / "certificates.csv"
    text = place.read_text(encoding="utf-8").replace(";", "|").replace("10000,00", "10 000.00")
    text = text.replace("Номинал", "Сумма")
    (export.folder / "serts.csv").write_text("Отчёт региона||\r\n" + text, encoding="utf-8")
    export.contracts()
    export.programmes({})
    for name in ("contracts.csv", "programmes.csv"):
        other = export.folder / name
        other.write_text(other.read_text(encoding="utf-8").replace(";", "|").replace(",50", ".50"), encoding="utf-8")
    profile = own(
        region.folder,
        ('"cp1251"', '"utf-8"'),
        ('delimiter = ";"', 'delimiter = "|"'),
        ('decimal = ","', 'decimal = "."'),
        ('["dd.mm.yyyy"]', '["dd.mm.yyyy", "yyyy-mm-dd"]'),
        ('"certificates.csv"', '"serts.csv"'),
        ('nominal = "Номинал"', 'nominal = "Сумма"'),
        ('"Действует"', '"Работает"'),
    )

    summary = region.take(export.folder, profile)

    assert region.refused == []
    assert summary.profile == "pfdo"
    assert region.registry.certificates["1000000001"].balance.nominal == 1000000


def test_a_constant_stands_in_for_a_column_that_the_file_lacks(region: Region, export: Export) -> None:
    profile = own(
        region.folder,
        ('unit = "Единица"\nnominal', "nominal"),
        ('consent_form = "Форма согласия"\n', '[certificates.constants]\nunit = "час"\n'),
    )

    region.take(export.folder, profile)

    (kept,) = region.registry.certificates.values()
    assert (kept.unit.value, kept.consent_form) == ("hour", None)


@pytest.mark.parametrize(
    ("ogrn", "kpp", "code"),
    [("1990000000010", "000101001", None), ("1990000000011", "000101001", "bad_number"), ("", "1", "bad_number")],
)
def test_a_profile_may_name_columns_that_are_optional(
    region: Region, export: Export, ogrn: str, kpp: str, code: str | None
) -> None:
    place = export.folder / "programmes.csv"
    head, row, *_ = place.read_text(encoding="cp1251").splitlines()
    place.write_text(f"{head};ОГРН;КПП\r\n{row};{ogrn};{kpp}\r\n", encoding="cp1251", newline="")
    columns = 'organisation_inn = "ИНН"\norganisation_kind'
    profile = own(
        region.folder,
        (columns, f'organisation_ogrn = "ОГРН"\norganisation_kpp = "КПП"\n{columns}'),
    )

    region.take(export.folder, profile)

    assert [row["code"] for row in region.refused] == ([code] if code else [])
    kept = [(item.organisation.ogrn, item.organisation.kpp) for item in region.registry.programmes.values()]
    assert kept == ([] if code else [(ogrn, kpp)])


def test_the_region_comes_from_the_settings_where_they_name_it(region: Region, export: Export) -> None:
    guid = "44444444-0000-4000-8000-000000000001"

    region.take(export.folder, settings=ImportSettings(region_name="Другой край", region_guid=guid))

    (kept,) = region.registry.municipalities.values()
    assert (kept.region_name, kept.region_guid) == ("Другой край", guid)


def test_a_profile_by_name_must_fit(export: Export) -> None:
    with pytest.raises(IntakeError, match="XLSX"):
        open_export(export.folder, "navigator")
    with pytest.raises(ProfileError, match="pfdo"):
        open_export(export.folder, "такого нет")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "pfdo"', "name = ", "TOML"),
        ('kind = "csv"', 'kind = "dbf"', "kind"),
        ('encoding = "cp1251"', 'encoding = "cp-1251-нет"', "encoding"),
        ('["dd.mm.yyyy"]', '["dd.mm.yy"]', "date_formats"),
        ('number = "Номер сертификата"\nguid', "guid", "number"),
        ('guid = "GUID"', 'guid = "GUID"\nlast = "Фамилия"', "last"),
        ('"Действует" = "ACTIVE"', '"Действует" = "GOOD"', "Действует"),
        ('file = "certificates.csv"', "", "file"),
        ('delimiter = ";"', 'delimeter = ";"', "delimeter"),
    ],
)
def test_a_broken_profile_is_told_by_its_wrong_setting(tmp_path: Path, old: str, new: str, told: str) -> None:
    place = own(tmp_path, (old, new))

    with pytest.raises(ProfileError, match=told) as caught:
        load_profile(place)

    assert str(place) in str(caught.value)


def test_a_profile_that_is_not_there_or_no_text(tmp_path: Path, export: Export) -> None:
    with pytest.raises(ProfileError, match="--profile"):
        open_export(export.folder, tmp_path / "нет.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProfileError, match="UTF-8"):
        open_export(export.folder, tmp_path / "bytes.toml")
