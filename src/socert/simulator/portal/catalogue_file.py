"""The file of the catalogue given at the start, as JSON.

{"programmes": [{"name", "organisation": {"name", "id"?, "inn"?, "kpp"?, "ogrn"?, "kind"?}, "certificate_accepted",
                 "direction"?, "years"?, "hours"?, "price"?, "municipality_code"?, "programme_guid"?, "group_guid"?}],
 "municipalities": [{"code", "name", "oktmo"?, "region"?, "region_code"?}]}

Both lists may be missing, other keys are left alone. `hours` and `price` are integer hundredths a year.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from socert.simulator.errors import SettingsError
from socert.simulator.portal.catalogue import Catalogue, Municipality, Programme

if TYPE_CHECKING:
    from pathlib import Path

_ENTRY = {"programmes": "programme", "municipalities": "municipality"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Document:
    programmes: tuple[Programme, ...] = ()
    municipalities: tuple[Municipality, ...] = ()


_DOCUMENT = TypeAdapter(_Document)


def read_catalogue(place: Path | None) -> Catalogue:
    """Return the catalogue in a file, an empty one for None. `SettingsError` names the entry and the field."""
    if place is None:
        return Catalogue()
    try:
        document = _DOCUMENT.validate_json(place.read_bytes(), strict=True)
    except OSError as error:
        raise SettingsError(f"The catalogue {place} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise SettingsError(_complaint(place, error)) from error
    known = {one.code.casefold() for one in document.municipalities}
    for number, one in enumerate(document.programmes, 1):
        if one.municipality_code is not None and one.municipality_code.casefold() not in known:
            raise SettingsError(f"{place}, programme {number}: municipality_code is not among the municipalities.")
    return Catalogue(document.programmes, document.municipalities)


def catalogue_json(catalogue: Catalogue) -> dict[str, Any]:
    """Return a catalogue in the form that the file has."""
    document = _Document(programmes=catalogue.programmes, municipalities=catalogue.municipalities)
    found: dict[str, Any] = _DOCUMENT.dump_python(document, mode="json")
    return found


def _complaint(place: Path, error: ValidationError) -> str:
    """Say the first thing that is wrong: entries are counted from 1, as people count."""
    first, *others = error.errors(include_url=False, include_context=False)
    said = first["msg"][:1].lower() + first["msg"][1:]
    if others:
        said += f" ({len(others)} more things are wrong)"
    match first["loc"]:
        case (str(table), int(index), *field) if table in _ENTRY:
            names = [f"{place}, {_ENTRY[table]} {index + 1}", *([".".join(map(str, field))] if field else [])]
        case location:
            names = [f"The catalogue {place} cannot be used", *map(str, location)]
    return ": ".join([*names, said]) + "."
