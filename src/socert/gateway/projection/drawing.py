"""How each kind of object is drawn, and why it must not leave, if it must not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socert.gateway.domain.channel import Carrier, Push
from socert.gateway.domain.consent import ConsentState, counts, state_of
from socert.gateway.mapping import account
from socert.gateway.projection.book import Drawn
from socert.gateway.projection.holds import Hold
from socert.gateway.store.tables import Kind, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

    from socert.gateway.domain.channel import Channel
    from socert.gateway.domain.consent import Consent
    from socert.gateway.domain.policy import Policy
    from socert.gateway.life.consents import Standing
    from socert.gateway.ports import CertificateView, ContractView, OfferView

_CARRIERS = {Carrier.ORDER_EVENT: Way.ORDER_EVENT, Carrier.ELK: Way.ELK}


def way_of(channel: Channel) -> Way:
    """Return which way a municipality's changes go."""
    match channel.push:
        case Push.FULL:
            return Way.ACCOUNT
        case Push.NOTIFY:
            return _CARRIERS[channel.carrier]
        case Push.OFF:
            return Way.NONE


class Drawer:
    """Draws objects by the settings of their municipality and the consents of their child."""

    def __init__(self, *, channel_of: Callable[[str], Channel], zone: tzinfo) -> None:
        """Take how each municipality (OKTMO) is shown, and the zone in which days of the region begin and end."""
        self._channel_of = channel_of
        self._zone = zone

    def certificate(self, view: CertificateView, standing: Standing) -> Drawn:
        """Draw a certificate."""
        certificate, hold = view.certificate, _gate(view, standing)
        balance = certificate.balance
        return Drawn(
            object_id=certificate.guid,
            kind=Kind.CERTIFICATE,
            guid=certificate.guid,
            state=certificate.status.value,
            hold=hold,
            update=None if hold is Hold.NO_RECIPIENT else account.draw_certificate(view),
            way=self.way(view),
            nominal=balance.nominal,
            reserved=balance.reserved,
            spent=balance.spent,
            year=balance.period_from.year,
            closing=_closing(standing),
        )

    def contract(self, view: ContractView, payer: CertificateView, standing: Standing) -> Drawn:
        """Draw a contract."""
        contract, hold = view.contract, _gate(payer, standing)
        if hold is None and view.programme is None:
            hold = Hold.UNKNOWN_PROGRAMME
        return Drawn(
            object_id=contract.contract_id,
            kind=Kind.CONTRACT,
            guid=view.certificate_guid,
            state=contract.state.value,
            hold=hold,
            update=None if hold is Hold.NO_RECIPIENT else account.draw_contract(view, payer),
            way=self.way(payer),
            nominal=contract.certificate_part,
            reserved=contract.reserved,
            spent=contract.spent,
            closing=_closing(standing),
        )

    def offer(self, view: OfferView, payer: CertificateView, standing: Standing) -> Drawn:
        """Draw a renewal offer."""
        offer, hold = view.offer, _gate(payer, standing)
        if hold is None and view.group is None and view.previous.programme is None:
            hold = Hold.UNKNOWN_PROGRAMME
        return Drawn(
            object_id=account.offer_id(offer.key),
            kind=Kind.OFFER,
            guid=offer.certificate_guid,
            state=offer.state.value,
            hold=hold,
            update=None if hold is Hold.NO_RECIPIENT else account.draw_offer(view, payer, self._zone),
            way=self.way(payer),
            nominal=offer.volume,
            closing=_closing(standing),
        )

    def consents(self, view: CertificateView, standing: Standing, policy: Policy) -> Iterator[Drawn]:
        """Draw the consents that were given or withdrawn here; one that a newer of its form replaced is gone."""
        hold = _gate(view, standing)
        in_force = {one.form for one in standing.kept if counts(one, policy)}
        for one in standing.kept:
            state = state_of(one, policy)
            replaced = state is ConsentState.NEW_VERSION_NEEDED and one.form in in_force
            yield Drawn(
                object_id=one.consent_id,
                kind=Kind.CONSENT,
                guid=view.certificate.guid,
                state=state.value,
                hold=hold,
                update=None if hold is Hold.NO_RECIPIENT else account.draw_consent(one, view, policy),
                way=self.way(view),
                gone=replaced or state is ConsentState.WITHDRAWN,
                closing="FORM_UPDATED" if replaced else _closing_of(one, standing),
            )

    def way(self, view: CertificateView) -> Way:
        """Return which way the changes of a certificate go."""
        return way_of(self._channel_of(view.certificate.oktmo))


def _gate(view: CertificateView, standing: Standing) -> Hold | None:
    if not standing.may_leave:
        return Hold.NO_CONSENT
    if view.municipality is None:
        return Hold.UNKNOWN_MUNICIPALITY
    if view.certificate.applicant.snils is None:
        return Hold.NO_RECIPIENT
    return None


def _closing(standing: Standing) -> str:
    """Name why everything is closed: a consent was withdrawn, or its form was renewed and nobody signed it yet."""
    kept = standing.kept
    return "FORM_UPDATED" if kept and all(one.withdrawn_at is None for one in kept) else "CONSENT_WITHDRAWN"


def _closing_of(one: Consent, standing: Standing) -> str:
    return "CONSENT_WITHDRAWN" if one.withdrawn_at is not None else _closing(standing)
