"""What a notice says of a change: a code and a text without sums, for parents who are told only that something changed.

Sources: portal message dictionary, 3 (infoEvent), 7.2 (carriers, the text rule) and 12 (mode notify: no sums).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.contracts.portal import order_event
from socert.contracts.portal.account import Cause, Operation
from socert.contracts.portal.values import cut

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from socert.contracts.portal import account

LONGEST = 2048
"""Characters of a comment that the portal shows."""
_WHERE = "Подробности можно узнать при записи на программу или в образовательной организации"
CLOSED = "Сведения больше не показываются"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """What is said: `code` of at most 20 characters for an event on an order, None where none is sent; a text."""

    code: str | None
    text: str


_CERTIFICATE: Mapping[Cause, tuple[str | None, str]] = {
    Cause.ISSUED: (None, "Оформлен сертификат на дополнительное образование ребёнка"),
    Cause.SUSPENDED: ("CERT_SUSPENDED", "Действие сертификата приостановлено"),
    Cause.RESUMED: ("CERT_RESUMED", "Действие сертификата возобновлено"),
    Cause.EXHAUSTED: ("CERT_EXHAUSTED", "Остаток сертификата исчерпан"),
    Cause.ANNULLED: ("CERT_ANNULLED", "Сертификат аннулирован"),
    Cause.EXPIRED: ("CERT_EXPIRED", "Срок действия сертификата истёк"),
}
_BALANCE = ("BALANCE_CHANGED", "Остаток сертификата изменился")
_OTHERS: Mapping[Cause, tuple[str | None, str]] = {
    Cause.CONTRACT_CONCLUDED: ("CONTRACT_CONCLUDED", "Заключён договор об обучении"),
    Cause.CONTRACT_CHANGED: ("CONTRACT_CHANGED", "Договор об обучении изменён"),
    Cause.CONTRACT_TERMINATED: ("CONTRACT_ENDED", "Договор об обучении расторгнут"),
    Cause.CONTRACT_COMPLETED: ("CONTRACT_ENDED", "Обучение по договору завершено"),
    Cause.OFFER_MADE: ("RENEWAL_OFFER", "Предложено продолжить обучение в следующем году"),
    Cause.OFFER_ANSWERED: ("RENEWAL_ANSWERED", "Ответ на предложение продолжить обучение принят"),
    Cause.OFFER_EXPIRED: ("RENEWAL_EXPIRED", "Предложение продолжить обучение больше не действует"),
    Cause.FORM_UPDATED: ("FORM_UPDATED", "Нужно подписать новую форму согласия на обработку персональных данных"),
}


def notice_of(update: account.Update, zone: tzinfo) -> Notice | None:
    """Return what is said of a change; None where nothing is.

    Nothing is said of a consent that the parent has just given, of a contract before it is concluded (its order says
    that by its status), nor by an event on an order that something is closed. `zone` is the region's.
    """
    if update.operation is Operation.CLOSE:
        return Notice(code=None, text=_text(CLOSED, update.as_of, zone, where=False))
    if update.cause in _OTHERS:
        if update.cause is Cause.CONTRACT_CHANGED and _waits(update):
            return None
        code, fact = _OTHERS[update.cause]
    elif update.cause in {Cause.CONSENT_GIVEN, Cause.CONSENT_WITHDRAWN, Cause.RECONCILE}:
        return None
    else:
        code, fact = _CERTIFICATE.get(update.cause, _BALANCE)
    return Notice(code=code, text=_text(fact, update.as_of, zone))


def _waits(update: account.Update) -> bool:
    state = getattr(update.body, "contract_state", None)
    return state is not None and state.value in {"REQUESTED", "ACCEPTED", "REFUSED"}


def _text(fact: str, as_of: datetime, zone: tzinfo, *, where: bool = True) -> str:
    """One line: the fact, and on which day and hour it was so."""
    at = f"на {as_of.astimezone(zone):%d.%m.%Y %H:%M}"
    tail = f" {_WHERE}." if where else ""
    return cut(f"{fact} {at}.{tail}", LONGEST)


def event_of(
    update: account.Update, notice: Notice, order_id: int, environment: order_event.Environment
) -> order_event.Request | None:
    """Return the event on an order that carries a notice; None for what only an order of ours can say."""
    if notice.code is None:
        return None
    return order_event.Request(
        environment=environment,
        order_id=order_id,
        event_date=update.as_of,
        comment=notice.text,
        event=order_event.InfoEvent(code=notice.code),
    )
