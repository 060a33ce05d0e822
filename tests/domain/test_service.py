"""The social certificate that is formed for a contract."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.domain.making import NOW, active, funded, requested

from socert.gateway.domain import contract_steps as steps
from socert.gateway.domain.contract import ContractLife, Initiator
from socert.gateway.domain.records import ContractState, Organisation, OrganisationKind, Scheme
from socert.gateway.domain.rules_errors import RuleCode
from socert.gateway.domain.service import ServiceCertificate, service_certificate

HOUSE = Organisation(inn="0001234562", name="Дом творчества", kind=OrganisationKind.MUNICIPAL)


def formed(contract: ContractLife, scheme: Scheme = Scheme.SOCIAL_ORDER) -> ServiceCertificate | None:
    return service_certificate(
        contract, certificate_number="1234567890", ordinal=2, service="Ритмика", provider=HOUSE, scheme=scheme
    )


def test_it_says_what_the_contract_says() -> None:
    contract, _ = active(funded())

    made = formed(contract)

    assert made is not None
    assert (made.number, made.contract_number, made.concluded_on) == ("1234567890/2", "15", date(2026, 9, 5))
    assert (made.valid_from, made.valid_to) == (contract.start, contract.end)
    assert (made.volume, made.used, made.over) == (8000_00, 0, False)


@pytest.mark.seed("same-mechanism")
def test_the_two_schemes_differ_in_the_name_only() -> None:
    contract, _ = active(funded())
    one, other = formed(contract), formed(contract, Scheme.PF)

    assert one is not None
    assert other is not None
    assert one.title != other.title
    assert replace(one, title="") == replace(other, title="")


def test_it_ends_with_its_contract() -> None:
    contract, _ = active(funded())
    ending = steps.terminate(
        contract,
        initiator=Initiator.ORGANISATION,
        reason=RuleCode.REFUSED_BY_PROVIDER,
        today=date(2026, 10, 20),
        now=NOW,
    )
    done = steps.finish(ending.contract, today=date(2026, 11, 1), now=NOW).contract

    made = formed(done)

    assert made is not None
    assert (made.valid_to, made.used, made.over) == (date(2026, 10, 31), 4000_00, True)


@pytest.mark.parametrize("state", [ContractState.REQUESTED, ContractState.ACCEPTED, ContractState.REFUSED])
def test_a_contract_that_was_not_concluded_has_none(state: ContractState) -> None:
    assert formed(replace(requested(funded()).contract, state=state)) is None
