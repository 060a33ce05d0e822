"""Certificates and contracts as cards of the account (portal message dictionary, 7, blocks A-CERT and A-CONTRACT)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.portal import account
from socert.contracts.portal.values import cut
from socert.gateway.domain.records import ContractState, OrganisationKind, Register
from socert.gateway.domain.rules_errors import rule_of
from socert.gateway.mapping.account_drawing import Drawing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from socert.contracts.portal.account.cards import AnyBalance
    from socert.contracts.portal.blocks import AnySplit
    from socert.gateway.domain import quote
    from socert.gateway.domain.contract import ContractLife
    from socert.gateway.domain.records import Balance, Certificate, Contract, Programme
    from socert.gateway.ports import CertificateView, ContractView

MOST_BALANCES = 12
"""Entries of one certificate's card."""
LONGEST_TEXT = 2048
_ENDING = frozenset({ContractState.TERMINATING, ContractState.TERMINATED, ContractState.REFUSED})


def draw_certificate(view: CertificateView) -> Drawing:
    """Draw a certificate's card. Without a known municipality only its closing can be rendered."""
    certificate, place = view.certificate, view.municipality
    card = None
    if place is not None:
        card = account.CertificateCard(
            certificate_guid=certificate.guid,
            certificate_number=certificate.number,
            scheme=account.Scheme(certificate.scheme.value),
            certificate_type=account.CertificateType("1" if certificate.with_funds else "0"),
            category_code=certificate.category_code,
            category_name=certificate.category_name,
            region_code=place.region_guid,
            municipality_code=place.guid,
            valid_from=certificate.valid_from,
            valid_to=certificate.valid_to,
            status=account.CertificateStatus(certificate.status.value),
            version=view.version,
            balances=tuple(_balances(certificate, view.balances or (certificate.balance,))),
        )
    return Drawing(object_id=certificate.guid, recipient=recipient_of(view), body=card)


def draw_contract(view: ContractView, payer: CertificateView) -> Drawing:
    """Draw a contract's card. Without a known programme only its closing can be rendered."""
    contract, programme = view.contract, view.programme
    card = None
    if programme is not None:
        life, provider = view.life, programme.organisation
        card = account.ContractCard(
            contract_id=contract.contract_id,
            contract_number=contract.number,
            contract_date=contract.concluded_on,
            contract_state=account.ContractState(contract.state.value),
            start_date=contract.start,
            end_date=contract.end,
            certificate_guid=view.certificate_guid,
            certificate_version=payer.version,
            organisation=organisation_of(programme, contract.organisation_inn, contract.organisation_name),
            programme_guid=programme.programme_guid,
            programme_name=contract.programme_name,
            group_guid=contract.group_guid,
            study_year=contract.study_year,
            split=split_of(life.split) if life is not None else _split(contract),
            reserved_now=contract.reserved,
            spent_now=contract.spent,
            agreement_number=provider.agreement_number,
            agreement_date=provider.agreement_date,
            previous_contract_id=contract.previous_contract_id,
            termination=_termination(life, contract.state) if life is not None else None,
        )
    return Drawing(
        object_id=contract.contract_id, recipient=recipient_of(payer), body=card, order_id=_order_id(contract.order_id)
    )


def recipient_of(view: CertificateView) -> account.Recipient:
    """Return whose account an object of this certificate is told to, and about which child."""
    child, applicant = view.certificate.child, view.certificate.applicant
    return account.Recipient(
        applicant=account.Applicant(
            last_name=applicant.last_name,
            first_name=applicant.first_name,
            middle_name=applicant.middle_name,
            snils=applicant.snils,
        ),
        child=account.Child(
            last_name=child.last_name,
            first_name=child.first_name,
            middle_name=child.middle_name,
            birth_date=child.birth_date,
            snils=child.snils,
        ),
    )


def organisation_of(programme: Programme, inn: str, name: str) -> account.Organisation:
    """Return a provider: its numbers are the programme's where that is still the same provider's."""
    provider = programme.organisation
    sole = len(inn) == 12
    kind = provider.kind if provider.inn == inn else OrganisationKind.PRIVATE
    return account.Organisation(
        organisation_id=inn,
        name=name,
        kind=account.OrganisationKind.SOLE_TRADER if sole else account.OrganisationKind(kind.value),
        inn=inn,
        kpp=None if sole else provider.kpp,
        ogrn=provider.ogrn,
    )


def _balances(certificate: Certificate, balances: Sequence[Balance]) -> Iterator[AnyBalance]:
    """Return the latest periods' balances, in their order; what would not fit the card is of the oldest."""
    for balance in balances[-MOST_BALANCES:]:
        if balance.register is not None and balance.register.counts:
            used = balance.reserved + balance.spent
            yield account.ProgrammeBalance(
                period_from=balance.period_from,
                period_to=balance.period_to,
                register=account.Register(balance.register.value),
                nominal=balance.nominal,
                used=used,
                available=balance.nominal - used,
            )
        else:
            yield account.Balance(
                period_from=balance.period_from,
                period_to=balance.period_to,
                unit=_unit(balance.register) if balance.register else account.Unit(certificate.unit.value),
                nominal=balance.nominal,
                reserved=balance.reserved,
                spent=balance.spent,
                available=balance.available,
            )


def _unit(register: Register) -> account.Unit:
    return account.Unit.RUB if register is Register.RUB else account.Unit.HOUR


def split_of(split: quote.Split) -> AnySplit:
    """Return a split of the rules as a card writes it: with its years and months, or a number of programmes."""
    if split.register.counts:
        return account.CountSplit(register=account.Register(split.register.value), programmes=split.certificate_part)
    return account.Split(
        unit=_unit(split.register),
        total=split.total,
        certificate_part=split.certificate_part,
        applicant_part=split.own_part,
        year_parts=tuple(
            account.YearPart(year=part.year, certificate_part=part.certificate_part, applicant_part=part.own_part)
            for part in split.years
        ),
        month_parts=tuple(
            account.MonthPart(month=part.month, certificate_part=part.certificate_part, applicant_part=part.own_part)
            for part in split.months
        ),
        applicant_payable=split.payable if split.register is Register.HOUR else None,
    )


def _termination(life: ContractLife, state: ContractState) -> account.Termination | None:
    ending = life.ending
    if ending is None or state not in _ENDING:
        return None
    return account.Termination(
        date=ending.last_day,
        initiator=account.Initiator(ending.initiator.value),
        reason_code=rule_of(ending.reason).wire,
        reason_text=cut(ending.text, LONGEST_TEXT) if ending.text else None,
        released=ending.released,
    )


def _order_id(order_id: str | None) -> int | None:
    return int(order_id) if order_id and order_id.isascii() and order_id.isdigit() else None


def _split(contract: Contract) -> AnySplit:
    """Split the contract's sums over its calendar years by months; what does not divide falls on the first year."""
    if contract.register is not None and contract.register.counts:
        return account.CountSplit(
            register=account.Register(contract.register.value), programmes=contract.certificate_part
        )
    years = range(contract.start.year, contract.end.year + 1)
    months = [_months(contract, year) for year in years]
    certificate = _share(contract.certificate_part, months)
    own = _share(contract.own_part, months)
    return account.Split(
        unit=account.Unit(contract.unit.value),
        total=contract.certificate_part + contract.own_part,
        certificate_part=contract.certificate_part,
        applicant_part=contract.own_part,
        year_parts=tuple(
            account.YearPart(year=year, certificate_part=certificate[place], applicant_part=own[place])
            for place, year in enumerate(years)
        ),
    )


def _months(contract: Contract, year: int) -> int:
    first = contract.start.month if year == contract.start.year else 1
    last = contract.end.month if year == contract.end.year else 12
    return last - first + 1


def _share(amount: int, weights: list[int]) -> list[int]:
    """Divide hundredths by weights, each part rounded down, the remainder in the first; the sum is kept."""
    total = sum(weights)
    parts = [amount * weight // total for weight in weights]
    parts[0] += amount - sum(parts)
    return parts
