"""Renewal offers and consents as cards of the account (portal message dictionary, 7, blocks A-OFFER and A-CONSENT)."""

from __future__ import annotations

from datetime import date, datetime, time, tzinfo
from typing import TYPE_CHECKING

from socert.contracts.portal import account
from socert.gateway.domain import consent as consents
from socert.gateway.domain.consent import ConsentState
from socert.gateway.domain.records import Register
from socert.gateway.domain.renewal import offer_id as offer_id
from socert.gateway.mapping.account_cards import organisation_of, recipient_of
from socert.gateway.mapping.account_drawing import Drawing

if TYPE_CHECKING:
    from socert.contracts.portal.blocks import AnySplit
    from socert.gateway.domain.consent import Consent
    from socert.gateway.domain.policy import Policy
    from socert.gateway.domain.records import Programme
    from socert.gateway.domain.renewal import Offer
    from socert.gateway.ports import CertificateView, OfferView

_LAST_SECOND = time(23, 59, 59)


def draw_offer(view: OfferView, payer: CertificateView, zone: tzinfo) -> Drawing:
    """Draw an offer's card. Without a known programme only its closing can be rendered.

    `zone` is the region's: an offer may be answered until the end of its last day there.
    """
    offer, group = view.offer, view.group or view.previous.programme
    card = None if group is None else _card(view, group, payer.version, zone)
    return Drawing(object_id=offer_id(offer.key), recipient=recipient_of(payer), body=card)


def _card(view: OfferView, group: Programme, version: int, zone: tzinfo) -> account.RenewalOffer:
    offer, previous = view.offer, view.previous.contract
    provider = group.organisation
    start, end = _period(offer.year, view.group)
    return account.RenewalOffer(
        offer_id=offer_id(offer.key),
        previous_contract_id=offer.previous_contract_id,
        offer_state=account.OfferState(offer.state.value),
        organisation=organisation_of(group, provider.inn, provider.name),
        programme_guid=offer.programme_guid,
        programme_name=group.name if view.group is not None else previous.programme_name,
        group_guid=view.group.group_guid if view.group is not None else None,
        study_year=offer.study_year,
        start_date=start,
        end_date=end,
        certificate_guid=offer.certificate_guid,
        certificate_version=version,
        split=_split(offer),
        priority_rank=offer.rank,
        offered_at=datetime.combine(offer.since, time(), zone),
        respond_by=datetime.combine(offer.respond_by, _LAST_SECOND, zone),
        silent_answer=account.Answer(offer.silence.value),
    )


def _period(year: int, group: Programme | None) -> tuple[date, date]:
    """Return the part of the offered calendar year in which the next group studies; all of it where none is known."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    if group is None or group.start is None or group.end is None:
        return first, last
    start, end = max(first, group.start), min(last, group.end)
    return (start, end) if start <= end else (first, last)


def _split(offer: Offer) -> AnySplit:
    """Return the offered volume as the certificate's part; what the parent would pay is known with the quote."""
    if offer.register.counts:
        return account.CountSplit(register=account.Register(offer.register.value), programmes=offer.volume)
    return account.Split(
        unit=account.Unit.RUB if offer.register is Register.RUB else account.Unit.HOUR,
        total=offer.volume,
        certificate_part=offer.volume,
        applicant_part=0,
        year_parts=(account.YearPart(year=offer.year, certificate_part=offer.volume, applicant_part=0),),
    )


def draw_consent(consent: Consent, payer: CertificateView, policy: Policy) -> Drawing:
    """Draw a consent's state as the region's policy sees it now."""
    state = consents.state_of(consent, policy)
    withdrawn = consent.withdrawn_at is not None
    through = consent.withdrawn_through if withdrawn else consent.channel
    return Drawing(
        object_id=consent.consent_id,
        recipient=recipient_of(payer),
        body=account.ConsentState(
            consent_id=consent.consent_id,
            form_code=account.FormCode(consent.form.value),
            form_version=consent.version,
            state=account.ConsentStanding(state.value),
            changed_at=consent.withdrawn_at or consent.given_at,
            channel=account.Channel((through or consent.channel).value),
            required_version=(
                consents.required_version(consent, policy) if state is ConsentState.NEW_VERSION_NEEDED else None
            ),
        ),
    )
