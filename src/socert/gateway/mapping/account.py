"""Objects of the account as the gateway tells them: how each is drawn, and what is said to have happened to it.

Source: portal message dictionary, 7 (blocks A-UPDATE to A-CONSENT, cause).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socert.gateway.domain.consent import ConsentState
from socert.gateway.domain.records import CertificateStatus, ContractState
from socert.gateway.domain.renewal import OfferState
from socert.gateway.mapping.account_cards import draw_certificate as draw_certificate
from socert.gateway.mapping.account_cards import draw_contract as draw_contract
from socert.gateway.mapping.account_drawing import PREFIX as PREFIX
from socert.gateway.mapping.account_drawing import Batch as Batch
from socert.gateway.mapping.account_drawing import Drawing as Drawing
from socert.gateway.mapping.account_drawing import NotTellable as NotTellable
from socert.gateway.mapping.account_drawing import WrongPrefixError as WrongPrefixError
from socert.gateway.mapping.account_drawing import read_update as read_update
from socert.gateway.mapping.account_drawing import render_closing as render_closing
from socert.gateway.mapping.account_drawing import render_told as render_told
from socert.gateway.mapping.account_offers import draw_consent as draw_consent
from socert.gateway.mapping.account_offers import draw_offer as draw_offer
from socert.gateway.mapping.account_offers import offer_id as offer_id
from socert.gateway.store.tables import Kind, Way

if TYPE_CHECKING:
    from collections.abc import Mapping

Totals = tuple[int, int, int]
"""Nominal, reserved and spent, in hundredths."""

_STATUS_CAUSES = {
    CertificateStatus.SUSPENDED: "SUSPENDED",
    CertificateStatus.EXHAUSTED: "EXHAUSTED",
    CertificateStatus.ANNULLED: "ANNULLED",
    CertificateStatus.EXPIRED: "EXPIRED",
}
_CONTRACT_CAUSES = {
    ContractState.ACTIVE: "CONTRACT_CONCLUDED",
    ContractState.TERMINATED: "CONTRACT_TERMINATED",
    ContractState.COMPLETED: "CONTRACT_COMPLETED",
}

_CONSENT_CAUSES = {
    ConsentState.GIVEN: "CONSENT_GIVEN",
    ConsentState.WITHDRAWN: "CONSENT_WITHDRAWN",
    ConsentState.NEW_VERSION_NEEDED: "FORM_UPDATED",
}
_OFFER_CAUSES = {
    OfferState.OFFERED: "OFFER_MADE",
    OfferState.ACCEPTED: "OFFER_ANSWERED",
    OfferState.DECLINED: "OFFER_ANSWERED",
    OfferState.EXPIRED: "OFFER_EXPIRED",
    OfferState.WITHDRAWN: "OFFER_EXPIRED",
}


def cause(kind: Kind, state: str, totals: Totals, told: Mapping[str, Any] | None, *, year: int | None = None) -> str:
    """Name what happened to an object, from how it stands and how it stood when it was last told.

    `told` is its row of the projection, None when the account never heard of it; `year` is that of the totals. An open
    row without a digest was found to differ at the portal: it is told again.
    """
    if told is not None and told["open"] and not told["digest"]:
        return "RECONCILE"
    match kind:
        case Kind.CONSENT:
            return _CONSENT_CAUSES[ConsentState(state)]
        case Kind.OFFER:
            return _OFFER_CAUSES[OfferState(state)]
        case Kind.CONTRACT:
            turned = told is None or told["state"] != state
            return _CONTRACT_CAUSES.get(ContractState(state), "CONTRACT_CHANGED") if turned else "CONTRACT_CHANGED"
        case Kind.CERTIFICATE:
            return _certificate_cause(state, totals, told, year)


def _certificate_cause(state: str, totals: Totals, told: Mapping[str, Any] | None, year: int | None) -> str:
    if told is None:
        return "ISSUED"
    if not told["open"]:
        return "CONSENT_GIVEN" if told["way"] == Way.ACCOUNT else "RECONCILE"
    if told["state"] != state:
        return _STATUS_CAUSES.get(CertificateStatus(state), "RESUMED")
    if year is not None and told["year"] is not None and year > told["year"]:
        return "PERIOD_SHIFT"
    nominal, reserved, spent = totals
    if nominal != told["nominal"]:
        return "NOMINAL_CHANGED"
    if spent > told["spent"]:
        return "CHARGED"
    if reserved != told["reserved"]:
        return "RESERVED" if reserved > told["reserved"] else "RELEASED"
    return "UPDATED"
