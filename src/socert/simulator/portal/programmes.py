"""The page of programmes: what a parent asked for, and what the template shows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from socert.simulator.portal import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.simulator.portal.catalogue import Catalogue, Programme

PATH = "/programmes"
_ON_A_PAGE = 50
_LONGEST = 200
_PROGRAMMES = ("программа", "программы", "программ")
_YEARS = ("год", "года", "лет")


def view(catalogue: Catalogue, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the template shows for a query: q (words), paid (any value: yes), municipality (code), page."""
    asked = {
        "q": query.get("q", "")[:_LONGEST].strip(),
        "paid": "1" if query.get("paid") else "",
        "municipality": query.get("municipality", "")[:_LONGEST],
    }
    found = catalogue.find(asked["q"], accepted=bool(asked["paid"]), municipality=asked["municipality"])
    pages = max(1, -(-len(found) // _ON_A_PAGE))
    number = min(pages, _number(query.get("page", "")))
    shown = found[(number - 1) * _ON_A_PAGE : number * _ON_A_PAGE]
    return {
        **asked,
        "programmes": [_shown(one, catalogue) for one in shown],
        "total": len(catalogue.programmes),
        "count": words.plural(len(found), _PROGRAMMES),
        "filtered": any(asked.values()),
        "places": catalogue.places(),
        "place": _place(catalogue, asked["municipality"]),
        "number": number,
        "pages": pages,
        "earlier": _link(asked, number - 1) if number > 1 else "",
        "later": _link(asked, number + 1) if number < pages else "",
    }


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= 9 else 1


def _link(asked: Mapping[str, str], number: int) -> str:
    return f"{PATH}?" + urlencode({name: value for name, value in asked.items() if value} | {"page": number})


def _place(catalogue: Catalogue, code: str) -> dict[str, Any] | None:
    """Say whether a municipality has programmes that a certificate pays: only such a one gives certificates."""
    found = catalogue.place(code) if code else None
    if found is None:
        return None
    accepted = catalogue.find(accepted=True, municipality=found.code)
    return {"name": found.name, "accepted": words.plural(len(accepted), _PROGRAMMES) if accepted else ""}


def _shown(one: Programme, catalogue: Catalogue) -> dict[str, Any]:
    direction = one.direction or ""
    return {
        "name": one.name,
        "organisation": one.organisation.name,
        "accepted": one.certificate_accepted,
        "enrol": "/enrol?" + urlencode({"group": one.group_guid}) if one.group_guid else "",
        "figures": _told(
            ("Стоимость в год", "" if one.price is None else words.amount(one.price, "rub")),
            ("Часов в год", "" if one.hours is None else words.figures(one.hours)),
            ("Срок обучения", "" if one.years is None else words.plural(one.years, _YEARS)),
        ),
        "facts": _told(
            ("Направленность", direction[:1].upper() + direction[1:]),
            ("Муниципалитет", catalogue.municipality(one.municipality_code)),
        ),
    }


def _told(*facts: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the facts that somebody told."""
    return [fact for fact in facts if fact[1]]
