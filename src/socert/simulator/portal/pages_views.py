"""What templates show of the account's objects: the same facts, said in Russian."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from socert.simulator.portal import words
from socert.simulator.portal.forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date, datetime

    from socert.contracts.portal.blocks import FormCode
    from socert.simulator.portal.actions import Decision
    from socert.simulator.portal.cards import Amounts, Certificate, ConsentCard, Contract, Offer
    from socert.simulator.portal.catalogue import Catalogue
    from socert.simulator.portal.division import Division
    from socert.simulator.portal.query import Found

#: Which colour the answer to a decision is shown in.
DECISION_TONE = {
    "ACCEPTED": "good",
    "DUPLICATE": "good",
    "IN_PROGRESS": "calm",
    "SENT": "calm",
    "STALE": "warn",
    "REJECTED": "bad",
    "FAILED": "bad",
}
_FORMS = {code.value: form for code, form in FORMS.items()}
_DEED = {
    "ACCEPT": "Согласие с предложением",
    "DECLINE": "Отказ от предложения",
    "GIVE": "Согласие дано",
    "WITHDRAW": "Согласие отозвано",
}


def certificate(card: Certificate, catalogue: Catalogue, today: date) -> dict[str, Any]:
    """Return a certificate with the balance of today's period, and all its balances where there are several."""
    balance = card.balance_on(today)
    until = "до 18 лет" if card.valid_to is None else f"по {words.day(card.valid_to)}"
    return {
        "guid": card.guid,
        "number": card.number,
        "title": words.SCHEME.get(card.scheme, "Сертификат"),
        "with_funds": card.with_funds,
        "status_words": words.CERTIFICATE_STATUS.get(card.status, card.status),
        "tone": words.TONE.get(card.status, "quiet"),
        "status_reason": card.status_reason,
        "unit": balance.unit,
        "unit_words": words.UNIT[balance.unit],
        "nominal": balance.nominal,
        "reserved": balance.reserved,
        "spent": balance.spent,
        "available": balance.available,
        "period": period(balance),
        "category": card.category,
        "municipality": catalogue.municipality(card.municipality_code),
        "valid_words": f"с {words.day(card.valid_from)} {until}",
        "as_of": card.as_of,
        "balances": _balances(card.balances) if len(card.balances) > 1 else [],
    }


def period(balance: Amounts) -> str:
    """Say the period of a balance."""
    return f"{words.day(balance.period_from)} – {words.day(balance.period_to)}"


def _balances(balances: Iterable[Amounts]) -> list[dict[str, Any]]:
    """Return every balance with what it is called, by year, funds before count registers."""
    ordered = sorted(balances, key=lambda one: (one.period_from, one.unit == "count", one.register, one.unit))
    return [
        {
            "title": words.REGISTER.get(one.register, words.UNIT[one.unit]),
            "period": period(one),
            "unit": one.unit,
            "nominal": one.nominal,
            "reserved": one.reserved,
            "spent": one.spent,
            "available": one.available,
        }
        for one in ordered
    ]


def contract(card: Contract) -> dict[str, Any]:
    """Return a contract with how it ended, if it did."""
    number = f"№ {card.number}" if card.number else "без номера"
    return {
        "title": f"{number} от {words.day(card.contract_date)}" if card.contract_date else number,
        "programme": card.programme,
        "organisation": card.organisation,
        "status_words": words.CONTRACT_STATE.get(card.status, card.status),
        "tone": words.TONE.get(card.status, "quiet"),
        "dates": f"{words.day(card.start)} – {words.day(card.end)}",
        "group": card.group,
        "study_year": card.study_year,
        "unit": card.unit,
        "certificate_part": card.certificate_part,
        "own_part": card.own_part,
        "reserved": card.reserved,
        "spent": card.spent,
        "released": card.released,
        "ending": f"Обучение закончено {words.day(card.ended)}. {card.ending}".strip() if card.ended else "",
        "initiator": words.INITIATOR.get(card.initiator, ""),
        "continues": bool(card.previous_contract_id),
        "as_of": card.as_of,
    }


def offer(card: Offer, now: datetime, *, answered: bool = False) -> dict[str, Any]:
    """Return a renewal offer and whether it can be answered now; `answered`: it was, its new state has not come yet."""
    waiting = card.state == "OFFERED" and answered
    return {
        "card": card,
        "open": card.open_at(now) and not answered,
        "late": card.state == "OFFERED" and now >= card.respond_by and not answered,
        "status_words": "Вы ответили" if waiting else words.OFFER_STATE.get(card.state, card.state),
        "tone": "calm" if waiting else {"OFFERED": "warn", "ACCEPTED": "good"}.get(card.state, "quiet"),
        "dates": f"{words.day(card.start)} – {words.day(card.end)}",
        "division": card.division,
    }


def consent(card: ConsentCard, version: str) -> dict[str, Any]:
    """Return where a consent stands; `version` is that of the form shown now."""
    form = _FORMS.get(card.form)
    return {
        "form": card.form,
        "title": card.form if form is None else form.title,
        "text": form.text if form is not None and card.version == version else "",
        "version": card.version,
        "state": card.state,
        "state_words": words.CONSENT_STATE.get(card.state, card.state),
        "tone": {"GIVEN": "good", "NEW_VERSION_NEEDED": "warn"}.get(card.state, "quiet"),
        "changed": card.changed,
        "channel": words.CHANNEL.get(card.channel, card.channel),
        "required_version": card.required_version,
        "as_of": card.as_of,
    }


def decision(one: Decision) -> dict[str, Any]:
    """Return a decision and what became of it. `unanswered`: it may be sent again."""
    return {
        "id": one.id,
        "what": _DEED.get(one.deed, one.deed),
        "about": ", ".join(_title(code) for code in one.subject.split(",")) if one.kind == "consent" else "",
        "sent": one.sent,
        "result": one.result,
        "text": one.text,
        "reason": words.REASON.get(one.reason_code, ""),
        "tone": DECISION_TONE.get(one.result, "calm"),
        "unanswered": one.result in {"SENT", "FAILED"},
    }


def form(code: FormCode, *, ticked: bool = False) -> dict[str, Any]:
    """Return a form of consent to be ticked."""
    return {"code": code.value, "title": FORMS[code].title, "text": FORMS[code].text, "ticked": ticked}


def unticked(
    division: Division | None, needed: Iterable[FormCode], given: Collection[FormCode], *, own: bool
) -> dict[str, str]:
    """Return which agreements are missing, by field: to the family's own part, and to each form of consent."""
    problems = {}
    if division is not None and division.own_part > 0 and not own:
        problems["own"] = "Подтвердите, что согласны оплатить часть стоимости за счёт семьи."
    for code in needed:
        if code not in given:
            problems[f"form-{code.value}"] = f"Поставьте отметку: {FORMS[code].title.lower()}."
    return problems


def _title(code: str) -> str:
    return _FORMS[code].title if code in _FORMS else code


def found(one: Found, catalogue: Catalogue) -> dict[str, Any]:
    """Return a certificate that an answer told of."""
    return {
        "number": one.number,
        "with_funds": one.with_funds,
        "unit": one.unit,
        "available": one.available,
        "booked": one.booked,
        "owner": one.owner,
        "category": one.category,
        "municipality": catalogue.municipality(one.municipality_code),
        "as_of": one.as_of,
    }
