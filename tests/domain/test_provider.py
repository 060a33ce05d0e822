"""Numbers of providers, by kind."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from socert.gateway.domain.provider import check_provider, provider_faults
from socert.gateway.domain.records import Organisation, OrganisationKind
from socert.gateway.domain.rules_errors import Refused, RuleCode

if TYPE_CHECKING:
    from pathlib import Path

HOUSE = Organisation(
    inn="0001234562", name="Дом творчества", kind=OrganisationKind.MUNICIPAL, ogrn="1990000000010", kpp="000001001"
)
TRADER = Organisation(
    inn="000123456731", name="ИП Образцова", kind=OrganisationKind.SOLE_TRADER, ogrn="399000000000011"
)


@pytest.mark.parametrize("kind", [OrganisationKind.STATE, OrganisationKind.MUNICIPAL, OrganisationKind.PRIVATE])
@pytest.mark.seed("private")
def test_an_organisation_has_ten_and_thirteen_digits(kind: OrganisationKind) -> None:
    check_provider(replace(HOUSE, kind=kind))
    assert [fault.rule for fault in provider_faults(replace(TRADER, kind=kind))] == [
        RuleCode.INN_WRONG,
        RuleCode.OGRN_WRONG,
    ]


@pytest.mark.seed("private")
def test_a_sole_trader_has_twelve_and_fifteen_digits_and_no_kpp() -> None:
    check_provider(TRADER, ogrn_required=True)
    faults = list(provider_faults(replace(HOUSE, kind=OrganisationKind.SOLE_TRADER)))
    assert [fault.rule for fault in faults] == [RuleCode.INN_WRONG, RuleCode.OGRN_WRONG, RuleCode.KPP_WRONG]
    assert "ОГРНИП должен содержать 15 цифр" in faults[1].people_text


@pytest.mark.parametrize(
    ("organisation", "code"),
    [
        (replace(HOUSE, inn="0001234563"), RuleCode.INN_WRONG),
        (replace(HOUSE, inn="000123456"), RuleCode.INN_WRONG),
        (replace(HOUSE, inn="000123456A"), RuleCode.INN_WRONG),
        (replace(HOUSE, ogrn="1990000000011"), RuleCode.OGRN_WRONG),
        (replace(HOUSE, kpp="12"), RuleCode.KPP_WRONG),
        (replace(TRADER, inn="000123456732"), RuleCode.INN_WRONG),
        (replace(TRADER, ogrn="399000000000012"), RuleCode.OGRN_WRONG),
        (replace(TRADER, kpp="000001001"), RuleCode.KPP_WRONG),
    ],
)
def test_a_mistyped_number_is_found(organisation: Organisation, code: RuleCode) -> None:
    with pytest.raises(Refused) as refused:
        check_provider(organisation)

    assert refused.value.rule is code
    assert organisation.inn not in refused.value.log_text


def test_an_ogrn_is_asked_for_only_where_it_is_required() -> None:
    nameless = replace(HOUSE, ogrn=None)

    check_provider(nameless)
    with pytest.raises(Refused) as refused:
        check_provider(nameless, ogrn_required=True)
    assert refused.value.rule is RuleCode.OGRN_WRONG


def test_check_vectors(oracles: Path) -> None:
    vectors = json.loads((oracles / "portal" / "samples" / "checksum_vectors.json").read_text(encoding="utf-8"))

    for inn in vectors["inn10"]:
        check_provider(replace(HOUSE, inn=inn))
    for inn in vectors["inn12"]:
        check_provider(replace(TRADER, inn=inn))
    for ogrn in vectors["ogrn"]:
        check_provider(replace(HOUSE, ogrn=ogrn))
    for ogrn in vectors["ogrnip"]:
        check_provider(replace(TRADER, ogrn=ogrn))
    for inn in (*vectors["inn10_invalid"], *vectors["inn12_invalid"]):
        assert list(provider_faults(replace(HOUSE, inn=inn)))
        assert list(provider_faults(replace(TRADER, inn=inn)))
