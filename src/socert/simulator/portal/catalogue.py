"""The catalogue: programmes that children may be enrolled in, and names for codes of municipalities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from socert.simulator.portal.people import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

Text = Annotated[str, Field(min_length=1)]
Amount = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Municipality:
    """A municipality by its FIAS code."""

    code: Text
    name: Text
    oktmo: str | None = None
    region: str | None = None
    region_code: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """Who teaches a programme. `id` is the region's own; an organisation without one goes by its INN."""

    name: Text
    id: str | None = None
    inn: str | None = None
    kpp: str | None = None
    ogrn: str | None = None
    kind: Literal["STATE", "MUNICIPAL", "PRIVATE", "SOLE_TRADER"] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Programme:
    """A programme, or a group of one. `hours` and `price` are hundredths (of an hour, of a rouble) a year.

    `certificate_accepted`: whether it may be paid by a certificate. What nobody told is None.
    """

    name: Text
    organisation: Provider
    certificate_accepted: bool
    direction: str | None = None
    years: Annotated[int, Field(ge=1)] | None = None
    hours: Amount | None = None
    price: Amount | None = None
    municipality_code: str | None = None
    programme_guid: str | None = None
    group_guid: str | None = None


class Catalogue:
    """Programmes, and municipalities by code; codes are compared without case."""

    def __init__(self, programmes: Iterable[Programme] = (), municipalities: Iterable[Municipality] = ()) -> None:
        self.programmes = tuple(sorted(programmes, key=lambda one: (fold(one.name), fold(one.organisation.name))))
        self.municipalities = tuple(municipalities)
        self._words = [fold(f"{one.name} {one.organisation.name} {one.direction or ''}") for one in self.programmes]
        self._places = {one.code.casefold(): one for one in self.municipalities}
        self._groups = {one.group_guid.casefold(): one for one in self.programmes if one.group_guid is not None}

    def municipality(self, code: str | None) -> str:
        """Return a municipality's name, empty where nobody told."""
        found = self.place(code)
        return "" if found is None else found.name

    def place(self, code: str | None) -> Municipality | None:
        """Return a municipality by code."""
        return self._places.get((code or "").casefold())

    def group(self, guid: str) -> Programme | None:
        """Return the programme whose group has this GUID."""
        return self._groups.get(guid.casefold())

    def places(self) -> list[Municipality]:
        """Return the municipalities that have programmes, by name."""
        used = {(one.municipality_code or "").casefold() for one in self.programmes}
        return sorted((one for one in self.municipalities if one.code.casefold() in used), key=lambda one: one.name)

    def find(self, words: str = "", *, accepted: bool = False, municipality: str = "") -> list[Programme]:
        """Return programmes, by name, whose name, organisation and direction hold all the words.

        `accepted`: only those that may be paid by a certificate; `municipality`: only those of this code.
        """
        wanted, code = fold(words).split(), municipality.casefold()
        return [
            one
            for one, said in zip(self.programmes, self._words, strict=True)
            if all(word in said for word in wanted)
            and (one.certificate_accepted or not accepted)
            and (not code or (one.municipality_code or "").casefold() == code)
        ]
