"""The portal's application as the services of a certificate's life take it (portal message dictionary, 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.contracts.portal import enrolment as contract
from socert.gateway.domain import quote
from socert.gateway.domain.certificate import Identity
from socert.gateway.domain.consent import Channel, Consent
from socert.gateway.domain.cost import Source
from socert.gateway.domain.policy import FormCode
from socert.gateway.domain.records import Child, Gender, Person, Register
from socert.gateway.life.enrolment import Application
from socert.gateway.life.issuing import NewPerson
from socert.gateway.mapping.papers import birth_certificate, document_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from socert.contracts.portal.agreed import AgreedSplit


def application_of(oktmo: str, message: contract.Application) -> Application:
    """Return an application; `oktmo` is that of the municipality that pays."""
    child, person, wish, financing = message.child, message.person, message.enrolment, message.financing
    agreed = financing.agreed_split
    return Application(
        order_id=str(message.order_id),
        child=Identity(
            last_name=child.last_name,
            first_name=child.first_name,
            middle_name=child.middle_name,
            birth_date=child.birth_date,
            snils=child.snils,
            document=document_text(child.document),
        ),
        person=NewPerson(
            child=Child(
                last_name=child.last_name,
                first_name=child.first_name,
                middle_name=child.middle_name,
                snils=child.snils,
                birth_date=child.birth_date,
                gender=Gender(child.gender.value),
                birth_certificate=birth_certificate(child.document),
            ),
            applicant=Person(
                last_name=person.last_name,
                first_name=person.first_name,
                middle_name=person.middle_name,
                snils=person.snils,
            ),
        ),
        oktmo=oktmo,
        municipality_guid=wish.municipality_code,
        group_guid=wish.group_guid,
        start=wish.start_date,
        end=wish.end_date,
        study_year=wish.study_year,
        source=Source(financing.source.value),
        certificate_guid=financing.certificate_guid,
        agreed=None if agreed is None else agreed_of(agreed, wish.start_date),
        consents=consents_of(message.consents),
        previous_contract_id=wish.previous_contract_id,
        renewal_offer=wish.renewal_offer_id,
    )


def agreed_of(agreed: AgreedSplit, start: date) -> quote.Agreed:
    """Return what the parent agreed to; a programme of a count register falls on the year of its first day."""
    return quote.Agreed(
        split=split_of(agreed.split, start),
        balance_version=agreed.balance_version,
        own_part_accepted=agreed.applicant_part_accepted,
    )


def split_of(split: contract.AnySplit, start: date) -> quote.Split:
    """Return a split as the rules have it; `start` is the first day of study."""
    if isinstance(split, contract.CountSplit):
        taken = quote.YearPart(year=start.year, certificate_part=split.programmes, own_part=0)
        return quote.Split(
            register=Register(split.register.value),
            total=split.programmes,
            certificate_part=split.programmes,
            own_part=0,
            years=(taken,),
            months=(),
        )
    return quote.Split(
        register=Register(split.unit.value.upper()),
        total=split.total,
        certificate_part=split.certificate_part,
        own_part=split.applicant_part,
        years=tuple(
            quote.YearPart(year=part.year, certificate_part=part.certificate_part, own_part=part.applicant_part)
            for part in split.year_parts
        ),
        months=tuple(
            quote.MonthPart(month=part.month, certificate_part=part.certificate_part, own_part=part.applicant_part)
            for part in split.month_parts
        ),
        payable=split.applicant_payable,
    )


def consents_of(given: Iterable[contract.Consent]) -> tuple[Consent, ...]:
    """Return consents as they are kept; who keeps them gives each its id."""
    return tuple(
        Consent(
            consent_id="",
            form=FormCode(consent.form_code.value),
            version=consent.form_version,
            given_at=consent.given_at,
            channel=Channel(consent.channel.value),
            text_digest=None if consent.text_digest is None else consent.text_digest.value,
        )
        for consent in given
    )
