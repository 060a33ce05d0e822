"""The live read of one child's objects for a page, where the portal keeps no copy (query mode).

Source: portal message dictionary, 7 (AccountQueryRequest) and 7.1, rule 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from socert.contracts.errors import ContractError
from socert.contracts.portal import account
from socert.contracts.portal.account import Include
from socert.contracts.portal.errors import ValueRefused
from socert.host.log import get_logger
from socert.simulator.errors import QueryFailed
from socert.simulator.portal import cards
from socert.simulator.portal.card_json import certificate_json, consent_json, contract_json, offer_json
from socert.simulator.portal.recipient import persons, recipient, same_child

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date, datetime, timedelta

    from socert.contracts.smev.data import SenderData
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.portal.cards import Certificate, ConsentCard, Contract, Offer
    from socert.simulator.portal.consumer import Consumer
    from socert.simulator.portal.people import People

_NO_ANSWER = "Ответ не пришёл вовремя. Так бывает, когда система региона занята. Попробуйте ещё раз через минуту."
_BAD_ANSWER = "Регион ответил, но ответ нельзя прочитать или он о другом ребёнке. Показать его нельзя."
_NOT_TAKEN = "Обмен не принял запрос. Попробуйте ещё раз позже."

log = get_logger("live")


class LiveOutcome(StrEnum):
    """What came of a live read."""

    OK = "ok"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    NO_ANSWER = "no_answer"
    FAILED = "failed"


_SAID = {
    LiveOutcome.OK: "",
    LiveOutcome.NOT_FOUND: "У региона нет сведений об этом ребёнке.",
    LiveOutcome.REFUSED: "Регион отказал в выдаче сведений об этом ребёнке.",
    LiveOutcome.UNAVAILABLE: "Система региона сейчас недоступна. Попробуйте ещё раз позже.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveAnswer:
    """What a live read told; nothing of it is kept.

    `live` is False when the region answered from a stored copy, true at `as_of`: no order may rest on it. `text` is for
    the parent where there are no data.
    """

    outcome: LiveOutcome
    text: str = ""
    reason_code: str = ""
    as_of: datetime | None = None
    live: bool | None = None
    certificates: tuple[Certificate, ...] = ()
    contracts: tuple[Contract, ...] = ()
    offers: tuple[Offer, ...] = ()
    consents: tuple[ConsentCard, ...] = ()

    def as_json(self, today: date) -> dict[str, Any]:
        """Return the answer for testers; the balance shown is that of `today`'s period."""
        return {
            "outcome": self.outcome.value,
            "text": self.text,
            "reason_code": self.reason_code,
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "live": self.live,
            "certificates": [certificate_json(card, today) for card in self.certificates],
            "contracts": [contract_json(card) for card in self.contracts],
            "offers": [offer_json(card) for card in self.offers],
            "consents": [consent_json(card) for card in self.consents],
        }


class Live:
    """Asks the region what it holds of a child now; `deadline` is how long a page waits."""

    def __init__(
        self,
        *,
        consumer: Consumer,
        people: People,
        clock: SimulatorClock,
        guids: Callable[[], str],
        deadline: timedelta,
    ) -> None:
        self._consumer = consumer
        self._people = people
        self._clock = clock
        self._guids = guids
        self._deadline = deadline

    async def read(self, owner: int, child: int, include: Collection[Include] = tuple(Include)) -> LiveAnswer:
        """Ask and wait up to the query deadline. Raises `OrderRefused` for a child that the owner may not see."""
        request = account.QueryRequest(
            query_id=self._guids(),
            sent_at=self._clock(),
            recipient=recipient(*persons(self._people, owner, child)),
            include=tuple(kind for kind in Include if kind in include),
        )
        try:
            delivery = await self._consumer.ask(request, self._deadline)
        except QueryFailed as error:
            log.warning("the exchange did not take a live read", reason=str(error))
            return LiveAnswer(outcome=LiveOutcome.FAILED, text=_NOT_TAKEN)
        if delivery is None:
            return LiveAnswer(outcome=LiveOutcome.NO_ANSWER, text=_NO_ANSWER)
        if delivery.rejections:
            text = " ".join(rejection.description for rejection in delivery.rejections)
            return LiveAnswer(outcome=LiveOutcome.REFUSED, text=text)
        try:
            return _read(delivery, request)
        except ContractError as error:
            log.warning("the answer to a live read cannot be used", reason=str(error))
            return LiveAnswer(outcome=LiveOutcome.FAILED, text=_BAD_ANSWER)


def _read(delivery: SenderData, request: account.QueryRequest) -> LiveAnswer:
    """Turn an answer into what the page shows. Raises ValueRefused for one that does not fit the question."""
    if delivery.content is None:
        raise ValueRefused("the answer has no content")
    answer = account.read_query_response(delivery.content)
    if answer.query_id != request.query_id:
        raise ValueRefused("the answer is to another question", field="queryId")
    problems = account.check_query_response(answer)
    if problems:
        raise ValueRefused("; ".join(map(str, problems)))
    asked = request.recipient.child
    if not all(same_child(one.recipient.child, asked) for one in answer.objects):
        raise ValueRefused("an object is about another child", field="object/recipient")
    outcome = LiveOutcome[answer.result.name]
    bodies = [(one.body, one) for one in answer.objects if one.operation is not account.Operation.CLOSE]
    return LiveAnswer(
        outcome=outcome,
        text=_SAID[outcome],
        reason_code=answer.reason_code or "",
        as_of=answer.as_of,
        live=answer.live,
        certificates=tuple(
            cards.certificate(body, one.as_of) for body, one in bodies if isinstance(body, account.CertificateCard)
        ),
        contracts=tuple(
            cards.contract(body, one.as_of) for body, one in bodies if isinstance(body, account.ContractCard)
        ),
        offers=tuple(
            cards.offer(body, one.seq, one.as_of) for body, one in bodies if isinstance(body, account.RenewalOffer)
        ),
        consents=tuple(
            cards.consent(body, one.as_of) for body, one in bodies if isinstance(body, account.ConsentState)
        ),
    )
