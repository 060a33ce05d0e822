"""The file of people given at the start: account owners and their children, as JSON.

{"people": [{"last_name", "first_name", "middle_name"?, "snils", "birth_date"?, "phone"?, "email"?,
             "passport"?: {"series"?, "number"?, "agency"?, "issue_date"?, "department_code"?},
             "children": [{"last_name", "first_name", "middle_name"?, "birth_date", "snils"?, "gender"?,
                           "address"?: {"full", "index"?, "city"?, "street"?, "house"?, "apartment"?},
                           "birth_certificate"?: "IV-АБ 123456" or {"series", "number", "agency", "issue_date"}}]}]}

What a parent's profile at the portal has and the file does not tell is made up (`profile`).
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.values import normal_snils
from socert.simulator.errors import SettingsError
from socert.simulator.portal.people import BirthCertificate, Identity
from socert.simulator.portal.profile import checked_applicant, checked_child

if TYPE_CHECKING:
    from pathlib import Path

    from socert.simulator.portal.people import People

#: What the certificate query has room for; a longer text is no birth certificate anyway.
_LONGEST_PART = 10


def read_people(place: Path, people: People) -> int:
    """Put everybody in the file into `people` and return how many owners there were.

    `SettingsError` names the entry and the field that is wrong, never its value.
    """
    try:
        document = json.loads(place.read_text("utf-8"))
        entries = document["people"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"The file of people {place} cannot be read: {type(error).__name__}.") from error
    for number, entry in enumerate(entries, 1):
        try:
            _put(entry, people)
        except (KeyError, TypeError, ValueError, ValueRefused) as error:
            reason = f"no {error}" if isinstance(error, KeyError) else type(error).__name__
            raise SettingsError(f"{place}, person {number}: {reason}.") from None
    return len(entries)


def _put(entry: dict[str, Any], people: People) -> None:
    snils = normal_snils(entry["snils"])
    owner = people.put_owner(
        Identity.snils(snils),
        entry["last_name"],
        entry["first_name"],
        entry.get("middle_name"),
        checked_applicant(entry),
    )
    for child in entry.get("children", []):
        number = people.put_child(
            snils=normal_snils(child["snils"]) if child.get("snils") else None,
            last_name=child["last_name"],
            first_name=child["first_name"],
            middle_name=child.get("middle_name"),
            birth_date=date.fromisoformat(child["birth_date"]),
            birth_certificate=_paper(child.get("birth_certificate")),
            profile=checked_child(child),
        )
        people.link(owner, number)


def _paper(value: Any) -> BirthCertificate | None:
    if value is None:
        return None
    if isinstance(value, dict):
        return BirthCertificate(
            series=value["series"],
            number=value["number"],
            agency=value.get("agency", ""),
            issue_date=value.get("issue_date", ""),
        )
    series, _, number = str(value).rpartition(" ")
    fits = len(series) <= _LONGEST_PART and len(number) <= _LONGEST_PART
    return BirthCertificate(series=series, number=number) if fits else None
