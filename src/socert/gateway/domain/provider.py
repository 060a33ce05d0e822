"""Providers of programmes: state, municipal, private (ООО, ЧОУ) and sole traders (ИП), by their numbers.

Sources: portal message dictionary, 6.5 rule 6 and 10 (INN, OGRN, OGRNIP, KPP); source document (private providers take
part).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.portal.values import is_inn, is_kpp, is_ogrn
from socert.gateway.domain.records import OrganisationKind
from socert.gateway.domain.rules_errors import Refused, RuleCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from socert.gateway.domain.records import Organisation


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """How long the numbers of a kind of provider are, and what its register number is called."""

    inn: int
    ogrn: int
    ogrn_name: str
    has_kpp: bool


_ORGANISATION = Numbers(inn=10, ogrn=13, ogrn_name="ОГРН", has_kpp=True)
_SOLE_TRADER = Numbers(inn=12, ogrn=15, ogrn_name="ОГРНИП", has_kpp=False)


def numbers_of(kind: OrganisationKind) -> Numbers:
    """Return how the numbers of this kind of provider look."""
    return _SOLE_TRADER if kind is OrganisationKind.SOLE_TRADER else _ORGANISATION


def provider_faults(organisation: Organisation, *, ogrn_required: bool = False) -> Iterator[Refused]:
    """Yield what is wrong with a provider's numbers: INN_WRONG, OGRN_WRONG, KPP_WRONG.

    An organisation has 10 digits of INN, 13 of OGRN and may have a KPP; a sole trader 12, 15 and none. The portal takes
    a provider without OGRN, so that is a fault only where `ogrn_required`.
    """
    kind, expected = organisation.kind, numbers_of(organisation.kind)
    if len(organisation.inn) != expected.inn or not is_inn(organisation.inn):
        yield Refused(RuleCode.INN_WRONG, kind=kind, digits=expected.inn)
    ogrn = organisation.ogrn
    if (ogrn is None and ogrn_required) or (ogrn is not None and (len(ogrn) != expected.ogrn or not is_ogrn(ogrn))):
        yield Refused(RuleCode.OGRN_WRONG, kind=kind, name=expected.ogrn_name, digits=expected.ogrn)
    kpp = organisation.kpp
    if kpp is not None and (not expected.has_kpp or not is_kpp(kpp)):
        yield Refused(RuleCode.KPP_WRONG, kind=kind)


def check_provider(organisation: Organisation, *, ogrn_required: bool = False) -> None:
    """Refuse a provider with the first thing that is wrong with its numbers."""
    for fault in provider_faults(organisation, ogrn_required=ogrn_required):
        raise fault
