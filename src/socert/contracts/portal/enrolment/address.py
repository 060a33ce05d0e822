"""The child's registered address. Source: portal message dictionary, 6.1 (block E-ADDRESS)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.portal.write import attribute, element, optional, text

if TYPE_CHECKING:
    from socert.contracts.portal.read import Fields


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressPart:
    """A part of an address by name (1-256 characters), with its FIAS code where that is known."""

    name: str
    code: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """An address in one line (1-1024 characters) and in parts; what is unknown is None. The region has a code."""

    full_address: str
    index: str | None = None
    region: AddressPart
    area: AddressPart | None = None
    city: AddressPart | None = None
    city_area: AddressPart | None = None
    place: AddressPart | None = None
    street: AddressPart | None = None
    additional_area: AddressPart | None = None
    additional_street: AddressPart | None = None
    house: AddressPart | None = None
    building1: str | None = None
    building2: str | None = None
    apartment: str | None = None


def render_address(p: str, address: Address) -> str:
    """Write the element `Address`. A region without a code is written so: the schema refuses it."""
    parts = (
        ("Region", address.region),
        ("Area", address.area),
        ("City", address.city),
        ("CityArea", address.city_area),
        ("Place", address.place),
        ("Street", address.street),
        ("AdditionalArea", address.additional_area),
        ("AdditionalStreet", address.additional_street),
        ("House", address.house),
    )
    return (
        f"<{p}:Address>{element(p, 'FullAddress', address.full_address)}{optional(p, 'Index', address.index)}"
        f"{''.join(_render_part(p, name, part) for name, part in parts)}{optional(p, 'Building1', address.building1)}"
        f"{optional(p, 'Building2', address.building2)}{optional(p, 'Apartment', address.apartment)}</{p}:Address>"
    )


def _render_part(p: str, name: str, part: AddressPart | None) -> str:
    if part is None:
        return ""
    code = "" if part.code is None else f' code="{attribute(part.code)}"'
    return f"<{p}:{name}{code}>{text(part.name)}</{p}:{name}>"


def read_address(fields: Fields) -> Address:
    """Read what `Address` holds."""
    return Address(
        full_address=fields.text("FullAddress"),
        index=fields.maybe_text("Index"),
        region=_read_part(fields, "Region"),
        area=_maybe_read_part(fields, "Area"),
        city=_maybe_read_part(fields, "City"),
        city_area=_maybe_read_part(fields, "CityArea"),
        place=_maybe_read_part(fields, "Place"),
        street=_maybe_read_part(fields, "Street"),
        additional_area=_maybe_read_part(fields, "AdditionalArea"),
        additional_street=_maybe_read_part(fields, "AdditionalStreet"),
        house=_maybe_read_part(fields, "House"),
        building1=fields.maybe_text("Building1"),
        building2=fields.maybe_text("Building2"),
        apartment=fields.maybe_text("Apartment"),
    )


def _read_part(fields: Fields, name: str) -> AddressPart:
    return AddressPart(name=fields.text(name), code=fields.maybe_attribute(name, "code"))


def _maybe_read_part(fields: Fields, name: str) -> AddressPart | None:
    return _read_part(fields, name) if fields.has(name) else None
