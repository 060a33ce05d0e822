"""The mapping file: which file or sheet holds what, what its columns and values are called. TOML, typed.

Two are shipped beside this module (`profiles/*.toml`); a region's own is a copy of one of them with its names.
"""

from __future__ import annotations

import codecs
import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from socert.gateway.domain.export import Kind
from socert.gateway.domain.intake_errors import ProfileError
from socert.gateway.domain.records import (
    CertificateStatus,
    ContractState,
    Gender,
    OrganisationKind,
    Unit,
)

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

FIELDS: dict[Kind, frozenset[str]] = {
    Kind.MUNICIPALITY: frozenset({"oktmo", "name", "guid"}),
    Kind.PROGRAMME: frozenset(
        {
            "programme_guid",
            "group_guid",
            "name",
            "direction",
            "years",
            "organisation_name",
            "organisation_inn",
            "organisation_kind",
            "hours",
            "price",
            "certificate_accepted",
        }
    ),
    Kind.CERTIFICATE: frozenset(
        {
            "number",
            "guid",
            "last_name",
            "first_name",
            "birth_date",
            "gender",
            "applicant_last_name",
            "applicant_first_name",
            "applicant_snils",
            "with_funds",
            "unit",
            "nominal",
            "available",
            "reserved",
            "spent",
            "valid_from",
            "status",
            "oktmo",
        }
    ),
    Kind.CONTRACT: frozenset(
        {
            "number",
            "certificate_number",
            "concluded_on",
            "programme_name",
            "group_guid",
            "study_year",
            "organisation_name",
            "organisation_inn",
            "start",
            "end",
            "unit",
            "certificate_part",
            "own_part",
            "spent",
            "reserved",
            "state",
        }
    ),
}
"""Columns (or constants) that a table must have."""

OPTIONAL: dict[Kind, frozenset[str]] = {
    Kind.MUNICIPALITY: frozenset({"region_name", "region_guid"}),
    Kind.PROGRAMME: frozenset({"organisation_ogrn", "organisation_kpp"}),
    Kind.CERTIFICATE: frozenset(
        {"middle_name", "snils", "birth_certificate", "applicant_middle_name", "valid_to", "consent_form"}
    ),
    Kind.CONTRACT: frozenset(),
}
"""Columns that a table may have; without one, the value is empty in every row."""


def plain(text: str) -> str:
    """Return a name or value as it is compared: single spaces, case and ё ignored."""
    return " ".join(text.replace("\ufeff", "").split()).casefold().replace("ё", "е")


def _encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise ValueError(f"Python knows no encoding {name!r}") from error


def _date_format(text: str) -> str:
    if sorted(part for part in ("dd", "mm", "yyyy") if text.count(part) == 1) != ["dd", "mm", "yyyy"]:
        raise ValueError(f"a date format holds dd, mm and yyyy once each, unlike {text!r}")
    return text


Encoding = Annotated[str, AfterValidator(_encoding)]
DateFormat = Annotated[str, AfterValidator(_date_format)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TableProfile(_Model):
    """One table: a file of a folder (`file`) or a sheet of a workbook (`sheet`).

    `columns` maps our field names to the names in the file; `constants` gives a field one text in all rows where the
    file has no such column.
    """

    file: str | None = None
    sheet: str | None = None
    columns: dict[str, str] = Field(min_length=1)
    constants: dict[str, str] = {}


class MunicipalitiesProfile(TableProfile):
    """The directory of municipalities: a CSV file beside the export, with an encoding and delimiter of its own."""

    file: str = "municipalities.csv"
    sheet: None = None
    encoding: Encoding = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)


class Values(_Model):
    """What the words in the file mean; compared without case, spaces around, and ё."""

    certificate_status: dict[str, CertificateStatus]
    contract_state: dict[str, ContractState]
    with_funds: dict[str, bool]
    unit: dict[str, Unit]
    gender: dict[str, Gender]
    organisation_kind: dict[str, OrganisationKind]
    yes_no: dict[str, bool]


class Profile(_Model):
    """A mapping file. `decimal`: characters that may stand before the hundredths in a number written as text."""

    name: str = Field(min_length=1)
    title: str = ""
    kind: Literal["csv", "xlsx"]
    encoding: Encoding = "utf-8"
    delimiter: str = Field(default=";", min_length=1, max_length=1)
    decimal: str = Field(default=",", min_length=1, pattern=r"^[,.]+$")
    date_formats: tuple[DateFormat, ...] = Field(default=("dd.mm.yyyy",), min_length=1)
    certificates: TableProfile
    contracts: TableProfile
    programmes: TableProfile
    municipalities: MunicipalitiesProfile | None = None
    values: Values

    @model_validator(mode="after")
    def _complete(self) -> Profile:
        """Every table says where it is and names every field that a record needs."""
        for kind, table in self.tables().items():
            place = table.sheet if self.kind == "xlsx" and kind is not Kind.MUNICIPALITY else table.file
            if not place:
                raise ValueError(f"table {kind.value}: give {'sheet' if self.kind == 'xlsx' else 'file'}")
            given = table.columns.keys() | table.constants.keys()
            if missing := FIELDS[kind] - given:
                raise ValueError(f"table {kind.value}: no column for {', '.join(sorted(missing))}")
            if unknown := given - FIELDS[kind] - OPTIONAL[kind]:
                raise ValueError(f"table {kind.value}: no such field {', '.join(sorted(unknown))}")
        return self

    def tables(self) -> dict[Kind, TableProfile]:
        """Return the tables by kind, municipalities only where the profile has them."""
        found: dict[Kind, TableProfile] = {
            Kind.PROGRAMME: self.programmes,
            Kind.CERTIFICATE: self.certificates,
            Kind.CONTRACT: self.contracts,
        }
        return found if self.municipalities is None else {Kind.MUNICIPALITY: self.municipalities, **found}


def load_profile(place: Path | Traversable) -> Profile:
    """Read a mapping file; `ProfileError` names the file and every wrong setting."""
    try:
        return Profile.model_validate(tomllib.loads(place.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ProfileError(f"Нет файла профиля {place}: проверьте путь в --profile.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"Профиль {place} не читается: нужен текстовый файл TOML в UTF-8 ({error}).") from error
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"Профиль {place} написан не по правилам TOML: {error}.") from error
    except ValidationError as error:
        found = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'файл'}: {item['msg']}" for item in error.errors())
        raise ProfileError(f"В профиле {place} ошибки: {found}.") from error


def shipped_profiles() -> dict[str, Profile]:
    """Return the profiles that come with the program, by name."""
    places = [place for place in files(__package__).joinpath("profiles").iterdir() if place.name.endswith(".toml")]
    profiles = (load_profile(place) for place in sorted(places, key=lambda place: place.name))
    return {profile.name: profile for profile in profiles}
