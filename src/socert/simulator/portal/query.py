"""The portal's questions to the region about a certificate, and what their answers mean.

`search` looks for a child's certificate, `inform` renews the balance of a known one (the widget's mode). Both travel
as real requests through the exchange. Source: portal message dictionary, 1 and 12.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from socert.contracts.portal import pf_certificate as pf
from socert.contracts.portal.errors import ValueRefused
from socert.contracts.portal.values import format_hundredths
from socert.host.log import get_logger
from socert.simulator.errors import QueryFailed
from socert.simulator.portal.people import full_name

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from typing import Any

    from socert.contracts.smev.data import SenderData
    from socert.simulator.clock import SimulatorClock
    from socert.simulator.portal.accounts import Accounts
    from socert.simulator.portal.consumer import Consumer
    from socert.simulator.portal.local_time import LocalTime
    from socert.simulator.portal.people import KnownChild
    from socert.simulator.state import State

#: The first number an order of the portal gets.
FIRST_ORDER = 1000000001

log = get_logger("query")


class Outcome(StrEnum):
    """What came of a question."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A certificate an answer told of.

    `available` and `booked` are hundredths of `unit`, None where the answer has no register of funds: so it is for
    accounting certificates, and for hours unless the peers agreed otherwise. `issued_now`: made because of this
    question.
    """

    guid: str
    number: str
    with_funds: bool
    unit: str
    available: int | None
    booked: int | None
    owner: str
    category: str
    municipality_code: str
    as_of: datetime
    issued_now: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the page says: outcome, a text in Russian (may be empty), certificates; `guid` of the one renewed."""

    outcome: Outcome
    order_id: int
    text: str = ""
    certificates: tuple[Found, ...] = ()
    guid: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the answer for testers; amounts are texts with two digits."""
        return {
            "outcome": self.outcome.value,
            "order_id": self.order_id,
            "text": self.text,
            "certificates": [
                {
                    "guid": found.guid,
                    "number": found.number,
                    "with_funds": found.with_funds,
                    "unit": found.unit,
                    "available": _written(found.available),
                    "booked": _written(found.booked),
                    "category": found.category,
                    "as_of": found.as_of.isoformat(),
                }
                for found in self.certificates
            ],
        }


_NO_ANSWER = "Ответ не пришёл вовремя. Так бывает, когда система региона занята. Попробуйте ещё раз через минуту."
_BAD_ANSWER = "Регион ответил, но ответ нельзя прочитать или он о другом ребёнке. Показать его нельзя."
_NOT_TAKEN = "Обмен не принял запрос. Попробуйте ещё раз позже."


class Queries:
    """Asks the region through the exchange. `balance_includes_booked` and `unit` say how balances are read."""

    def __init__(
        self,
        *,
        consumer: Consumer,
        accounts: Accounts,
        state: State,
        clock: SimulatorClock,
        time: LocalTime,
        deadline: timedelta,
        balance_includes_booked: bool,
        unit: str,
    ) -> None:
        self._consumer = consumer
        self._accounts = accounts
        self._state = state
        self._clock = clock
        self._time = time
        self._deadline = deadline
        self._includes_booked = balance_includes_booked
        self._unit = unit

    async def search(self, child: KnownChild) -> Answer:
        """Look for a child's certificate; the child must have a SNILS."""
        paper = child.birth_certificate
        searched = pf.SearchedChild(
            last_name=child.last_name,
            first_name=child.first_name,
            patronymic=child.middle_name,
            document=pf.BirthCertificate(
                series=paper.series, number=paper.number, agency=paper.agency, issue_date=paper.issue_date
            ),
            snils=child.snils or "",
            birth_date=child.birth_date.isoformat(),
        )
        return await self._ask(child, pf.SearchQuery(children=(searched,)))

    async def inform(self, child: KnownChild, guid: str) -> Answer:
        """Ask for the balance of a known certificate of a child."""
        item = pf.InformerItem(certificate_guid=guid, snils=child.snils)
        return await self._ask(child, pf.InformerQuery(items=(item,)), guid)

    async def find_or_create(self, child: KnownChild, query: pf.StatusQuery, order: int) -> Answer:
        """Ask for the child's certificate, which the region issues if there is none, under the order's own number."""
        return await self._ask(child, query, order=order)

    async def _ask(self, child: KnownChild, query: pf.Query, guid: str = "", order: int | None = None) -> Answer:
        if order is None:
            order = self._state.next_number("order", FIRST_ORDER)
        request = pf.Request(order_id=order, order_timestamp=self._clock(), query=query)
        try:
            delivery = await self._consumer.ask(request, self._deadline)
        except QueryFailed as error:
            log.warning("the exchange did not take a query", reason=str(error))
            return Answer(outcome=Outcome.FAILED, order_id=order, text=_NOT_TAKEN, guid=guid)
        if delivery is None:
            return Answer(outcome=Outcome.NO_ANSWER, order_id=order, text=_NO_ANSWER, guid=guid)
        if delivery.rejections:
            text = " ".join(rejection.description for rejection in delivery.rejections)
            return Answer(outcome=Outcome.REFUSED, order_id=order, text=text, guid=guid)
        if delivery.async_status is not None:
            return Answer(outcome=Outcome.FAILED, order_id=order, text=_NOT_TAKEN, guid=guid)
        return self._read(child, delivery, order, guid)

    def _read(self, child: KnownChild, delivery: SenderData, order: int, guid: str) -> Answer:
        """Turn the content of an answer into what the page says; what does not fit the question is not shown."""
        unreadable = Answer(outcome=Outcome.FAILED, order_id=order, text=_BAD_ANSWER, guid=guid)
        try:
            assert delivery.content is not None
            response = pf.read_response(delivery.content)
        except ValueRefused as error:
            log.warning("the answer to a query cannot be read", reason=str(error))
            return unreadable
        if response.order_id == 0:  # the portal's way of saying that nothing came in time
            return Answer(outcome=Outcome.NO_ANSWER, order_id=order, text=_NO_ANSWER, guid=guid)
        found = [answer for answer in response.answers if isinstance(answer, pf.CertificateFound)]
        if response.order_id != order or any(child.snils not in {None, one.owner.snils} for one in found):
            log.warning("the answer to a query is about something else", order_id=order)
            return unreadable
        if found:
            shown = tuple(self._found(child, one, response.response_timestamp) for one in found)
            return Answer(outcome=Outcome.FOUND, order_id=order, certificates=shown, guid=guid)
        refused = [one.description for one in response.answers if isinstance(one, pf.IssueRefused)]
        if refused:
            return Answer(outcome=Outcome.REFUSED, order_id=order, text=" ".join(refused), guid=guid)
        nothing = [one.reason for one in response.answers if isinstance(one, pf.NothingFound)]
        return Answer(outcome=Outcome.NOT_FOUND, order_id=order, text=" ".join(nothing), guid=guid)

    def _found(self, child: KnownChild, found: pf.CertificateFound, as_of: datetime) -> Found:
        certificate, funds = found.certificate, found.certificate.funds
        return Found(
            guid=certificate.guid,
            number=certificate.number,
            with_funds=certificate.certificate_type is pf.CertificateType.FUNDED,
            unit=self._unit_of(child, certificate.guid),
            available=None if funds is None else funds.balance - (funds.booked if self._includes_booked else 0),
            booked=None if funds is None else funds.booked,
            owner=full_name(found.owner.last_name, found.owner.first_name, found.owner.patronymic),
            category=certificate.category_name,
            municipality_code=certificate.municipality_code,
            as_of=as_of,
            issued_now=certificate.released_on_request,
        )

    def _unit_of(self, child: KnownChild, guid: str) -> str:
        """Return the unit of a certificate: the message has none, so it is the pushed card's, else the setting's."""
        for card in self._accounts.certificates(child.id):
            if card.guid == guid:
                return card.balance_on(self._time.today()).unit
        return self._unit


def _written(amount: int | None) -> str | None:
    """Return an amount as a text with two digits; what is booked beyond the balance is shown as nothing left."""
    return None if amount is None else format_hundredths(max(amount, 0))
