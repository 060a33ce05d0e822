"""Cards as testers get them: JSON-ready, amounts as texts with two digits in `unit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socert.contracts.portal.values import format_hundredths

if TYPE_CHECKING:
    from datetime import date

    from socert.simulator.portal.cards import Certificate, ConsentCard, Contract, Offer


def certificate_json(card: Certificate, today: date) -> dict[str, Any]:
    """Return a certificate with the balance of the period that is shown on a day."""
    balance = card.balance_on(today)
    return {
        "number": card.number,
        "unit": balance.unit,
        "nominal": format_hundredths(balance.nominal),
        "reserved": format_hundredths(balance.reserved),
        "spent": format_hundredths(balance.spent),
        "available": format_hundredths(balance.available),
        "status": card.status,
        "as_of": card.as_of.isoformat(),
    }


def contract_json(card: Contract) -> dict[str, Any]:
    """Return a contract."""
    return {
        "number": card.number,
        "status": card.status,
        "unit": card.unit,
        "certificate_part": format_hundredths(card.certificate_part),
        "own_part": format_hundredths(card.own_part),
        "organisation": card.organisation,
        "programme": card.programme,
    }


def offer_json(card: Offer) -> dict[str, Any]:
    """Return a renewal offer; `seq` is the version that an answer must name."""
    return {
        "id": card.id,
        "seq": card.seq,
        "state": card.state,
        "organisation": card.organisation,
        "programme": card.programme,
        "previous_contract_id": card.previous_contract_id,
        "start": card.start.isoformat(),
        "end": card.end.isoformat(),
        "unit": card.division.unit,
        "total": format_hundredths(card.division.total),
        "certificate_part": format_hundredths(card.division.certificate_part),
        "own_part": format_hundredths(card.division.own_part),
        "certificate_version": card.certificate_version,
        "rank": card.rank,
        "respond_by": card.respond_by.isoformat(),
        "silent_answer": card.silent_answer,
    }


def consent_json(card: ConsentCard) -> dict[str, Any]:
    """Return where a consent stands."""
    return {
        "id": card.id,
        "form": card.form,
        "version": card.version,
        "state": card.state,
        "changed": card.changed.isoformat(),
        "channel": card.channel,
        "required_version": card.required_version,
    }
