"""Rules that several message types share: an organisation's numbers, sums of a split, agreements, lengths of texts.

They take a value as read or built, yield what is wrong, and never raise. `field` is the element path of the thing
checked. Source: portal message dictionary, 6.5 (rules 2, 3, 6), 10, 11 and 15 (invariant 4).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from socert.contracts.portal.blocks import CountSplit, FormCode, OrganisationKind, Split, Unit
from socert.contracts.portal.problems import Problem
from socert.contracts.portal.values import is_inn, is_kpp, is_ogrn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from socert.contracts.portal.agreed import AgreedSplit, Consent
    from socert.contracts.portal.blocks import AnySplit, MonthPart, Organisation, YearPart

LONGEST_TEXT = 2048
"""Characters, not bytes, of a notice, a comment, a status reason or a termination's text."""


def text_problems(field: str, text: str | None) -> Iterator[Problem]:
    """A text for people is not too long."""
    if text is not None and len(text) > LONGEST_TEXT:
        yield Problem(field=field, reason=f"the text is longer than {LONGEST_TEXT} characters")


def period_problems(field: str, first: date, last: date | None) -> Iterator[Problem]:
    """The last day, if there is one, is not before the first."""
    if last is not None and last < first:
        yield Problem(field=field, reason="the last day is before the first")


def negative_problems(field: str, amounts: Iterable[int]) -> Iterator[Problem]:
    """No amount is negative."""
    if any(amount < 0 for amount in amounts):
        yield Problem(field=field, reason="no amount is negative")


def organisation_problems(field: str, organisation: Organisation) -> Iterator[Problem]:
    """A sole trader has a person's numbers, the others an organisation's (portal message dictionary, 6.5, rule 6)."""
    inn_length, ogrn_length = (12, 15) if organisation.kind is OrganisationKind.SOLE_TRADER else (10, 13)
    if len(organisation.inn) != inn_length or not is_inn(organisation.inn):
        yield Problem(field=f"{field}/inn", reason=f"{inn_length} digits with right check digits are expected")
    if organisation.ogrn is not None and not (len(organisation.ogrn) == ogrn_length and is_ogrn(organisation.ogrn)):
        yield Problem(field=f"{field}/ogrn", reason=f"{ogrn_length} digits with the right check digit are expected")
    if organisation.kpp is None:
        return
    if organisation.kind is OrganisationKind.SOLE_TRADER:
        yield Problem(field=f"{field}/kpp", reason="a sole trader has no KPP")
    elif not is_kpp(organisation.kpp):
        yield Problem(field=f"{field}/kpp", reason="a KPP is four digits, two digits or Latin capitals, three digits")


# Splits


def split_problems(field: str, split: AnySplit, start: date | None, end: date | None) -> Iterator[Problem]:
    """Parts add up, nothing is negative, years and months lie inside the period where its days are known."""
    if isinstance(split, CountSplit):
        yield from negative_problems(f"{field}/splitCount", (split.programmes,))
        return
    place = f"{field}/{'splitRub' if split.unit is Unit.RUB else 'splitHour'}"
    if split.total != split.certificate_part + split.applicant_part:
        yield Problem(field=f"{place}/total", reason="the total is certificatePart + applicantPart")
    if split.unit is Unit.RUB and split.applicant_payable is not None:
        yield Problem(field=f"{place}/applicantPayable", reason="only a split in hours has a price beside it")
    yield from negative_problems(place, _amounts(split))
    yield from _year_problems(f"{place}/yearPart", split, start, end)
    yield from _month_problems(f"{place}/monthPart", split, start, end)


def _amounts(split: Split) -> Iterator[int]:
    yield from (split.total, split.certificate_part, split.applicant_part, split.applicant_payable or 0)
    parts: tuple[YearPart | MonthPart, ...] = (*split.year_parts, *split.month_parts)
    for part in parts:
        yield from (part.certificate_part, part.applicant_part)


def _year_problems(field: str, split: Split, start: date | None, end: date | None) -> Iterator[Problem]:
    if _sums(split.year_parts) != (split.certificate_part, split.applicant_part):
        yield Problem(field=field, reason="the years add up to certificatePart and applicantPart")
    years = [part.year for part in split.year_parts]
    if len(set(years)) != len(years):
        yield Problem(field=field, reason="each year stands once")
    if any((start and year < start.year) or (end and year > end.year) for year in years):
        yield Problem(field=field, reason="a year lies outside the period")


def _month_problems(field: str, split: Split, start: date | None, end: date | None) -> Iterator[Problem]:
    """Months are optional; those of one year, if there are any, add up to that year's part."""
    months = [part.month.replace(day=1) for part in split.month_parts]
    if len(set(months)) != len(months):
        yield Problem(field=field, reason="each month stands once")
    if any((start and month < start.replace(day=1)) or (end and month > end) for month in months):
        yield Problem(field=field, reason="a month lies outside the period")
    years = {part.year: (part.certificate_part, part.applicant_part) for part in split.year_parts}
    for year in dict.fromkeys(month.year for month in months):
        if _sums(part for part in split.month_parts if part.month.year == year) != years.get(year):
            yield Problem(field=field, reason=f"the months of {year} do not add up to that year's part")


def _sums(parts: Iterable[YearPart] | Iterable[MonthPart]) -> tuple[int, int]:
    both = [(part.certificate_part, part.applicant_part) for part in parts]
    return sum(part[0] for part in both), sum(part[1] for part in both)


# Agreements


def applicant_pays(split: AnySplit) -> bool:
    """Say whether the family pays a part of its own."""
    return isinstance(split, Split) and split.applicant_part > 0


def agreement_problems(
    field: str, agreed: AgreedSplit, consents_field: str, consents: Iterable[Consent]
) -> Iterator[Problem]:
    """A part of one's own needs an explicit yes and a form of consent (portal message dictionary, 6.5, rule 3)."""
    if not applicant_pays(agreed.split):
        return
    if not agreed.applicant_part_accepted:
        yield Problem(field=f"{field}/applicantPartAccepted", reason="the family's own part needs an explicit yes")
    if all(consent.form_code is not FormCode.SPLIT_PAYMENT for consent in consents):
        yield Problem(field=consents_field, reason="the family's own part needs a consent of the form SPLIT_PAYMENT")


def consent_problems(field: str, consents: Iterable[Consent]) -> Iterator[Problem]:
    """Each form of consent stands once."""
    if any(times > 1 for times in Counter(consent.form_code for consent in consents).values()):
        yield Problem(field=field, reason="each form of consent stands once")
