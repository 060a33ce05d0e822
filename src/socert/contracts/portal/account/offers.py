"""The renewal offer and the consent state as cards of the account.

Source: portal message dictionary, 7 (blocks A-OFFER, A-CONSENT).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.portal.blocks import (
    AnySplit,
    Channel,
    FormCode,
    Organisation,
    read_organisation,
    read_split,
    render_organisation,
    render_split,
)
from socert.contracts.portal.values import format_moment
from socert.contracts.portal.write import optional, optional_number, text

if TYPE_CHECKING:
    from datetime import date, datetime

    from socert.contracts.portal.read import Fields


class OfferState(StrEnum):
    """Life of a renewal offer."""

    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class Answer(StrEnum):
    """An answer to a renewal offer."""

    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"


class ConsentStanding(StrEnum):
    """Where a consent stands."""

    GIVEN = "GIVEN"
    WITHDRAWN = "WITHDRAWN"
    NEW_VERSION_NEEDED = "NEW_VERSION_NEEDED"


@dataclass(frozen=True, kw_only=True, slots=True)
class RenewalOffer:
    """First claim of a continuing pupil on the next part of a programme (A-OFFER).

    `certificate_version` is the balance version that `split` was computed from; `silent_answer` is what silence past
    `respond_by` means (None: the region's default, DECLINE).
    """

    offer_id: str
    previous_contract_id: str
    offer_state: OfferState
    organisation: Organisation
    programme_guid: str
    programme_name: str
    group_guid: str | None = None
    study_year: int | None = None
    module_number: int | None = None
    start_date: date
    end_date: date
    certificate_guid: str
    certificate_version: int
    split: AnySplit
    priority_rank: int | None = None
    offered_at: datetime
    respond_by: datetime
    silent_answer: Answer | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentState:
    """Where a consent stands (A-CONSENT); `required_version` is the one to sign when a new version is needed."""

    consent_id: str
    form_code: FormCode
    form_version: str
    state: ConsentStanding
    changed_at: datetime
    channel: Channel
    required_version: str | None = None


def render_offer(p: str, offer: RenewalOffer) -> str:
    """Write the element `renewalOffer`."""
    return (
        f"<{p}:renewalOffer><{p}:offerId>{text(offer.offer_id)}</{p}:offerId>"
        f"<{p}:previousContractId>{text(offer.previous_contract_id)}</{p}:previousContractId>"
        f"<{p}:offerState>{offer.offer_state}</{p}:offerState>"
        f"{render_organisation(p, offer.organisation)}"
        f"<{p}:programmeGUID>{text(offer.programme_guid)}</{p}:programmeGUID>"
        f"<{p}:programmeName>{text(offer.programme_name)}</{p}:programmeName>"
        f"{optional(p, 'groupGUID', offer.group_guid)}{optional_number(p, 'studyYear', offer.study_year)}"
        f"{optional_number(p, 'moduleNumber', offer.module_number)}"
        f"<{p}:startDate>{offer.start_date.isoformat()}</{p}:startDate>"
        f"<{p}:endDate>{offer.end_date.isoformat()}</{p}:endDate>"
        f"<{p}:certificateGUID>{text(offer.certificate_guid)}</{p}:certificateGUID>"
        f"<{p}:certificateVersion>{offer.certificate_version:d}</{p}:certificateVersion>"
        f"{render_split(p, offer.split)}{optional_number(p, 'priorityRank', offer.priority_rank)}"
        f"<{p}:offeredAt>{format_moment(offer.offered_at)}</{p}:offeredAt>"
        f"<{p}:respondBy>{format_moment(offer.respond_by)}</{p}:respondBy>"
        f"{optional(p, 'silentAnswer', offer.silent_answer)}</{p}:renewalOffer>"
    )


def read_offer(fields: Fields) -> RenewalOffer:
    """Read what `renewalOffer` holds."""
    return RenewalOffer(
        offer_id=fields.text("offerId"),
        previous_contract_id=fields.text("previousContractId"),
        offer_state=fields.choice(OfferState, "offerState"),
        organisation=read_organisation(fields.group("organisation")),
        programme_guid=fields.text("programmeGUID"),
        programme_name=fields.text("programmeName"),
        group_guid=fields.maybe_text("groupGUID"),
        study_year=fields.maybe_integer("studyYear"),
        module_number=fields.maybe_integer("moduleNumber"),
        start_date=fields.day("startDate"),
        end_date=fields.day("endDate"),
        certificate_guid=fields.text("certificateGUID"),
        certificate_version=fields.integer("certificateVersion"),
        split=read_split(fields),
        priority_rank=fields.maybe_integer("priorityRank"),
        offered_at=fields.moment("offeredAt"),
        respond_by=fields.moment("respondBy"),
        silent_answer=fields.maybe_choice(Answer, "silentAnswer"),
    )


def render_consent(p: str, consent: ConsentState) -> str:
    """Write the element `consentState`."""
    return (
        f"<{p}:consentState><{p}:consentId>{text(consent.consent_id)}</{p}:consentId>"
        f"<{p}:formCode>{consent.form_code}</{p}:formCode>"
        f"<{p}:formVersion>{text(consent.form_version)}</{p}:formVersion>"
        f"<{p}:state>{consent.state}</{p}:state>"
        f"<{p}:changedAt>{format_moment(consent.changed_at)}</{p}:changedAt>"
        f"<{p}:channel>{consent.channel}</{p}:channel>"
        f"{optional(p, 'requiredVersion', consent.required_version)}</{p}:consentState>"
    )


def read_consent(fields: Fields) -> ConsentState:
    """Read what `consentState` holds."""
    return ConsentState(
        consent_id=fields.text("consentId"),
        form_code=fields.choice(FormCode, "formCode"),
        form_version=fields.text("formVersion"),
        state=fields.choice(ConsentStanding, "state"),
        changed_at=fields.moment("changedAt"),
        channel=fields.choice(Channel, "channel"),
        required_version=fields.maybe_text("requiredVersion"),
    )
