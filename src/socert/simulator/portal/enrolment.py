"""Enrolling a child as the parent does it: find or make a certificate, ask the price, agree, file, cancel, write.

Every step works on an order of `Orders` and returns it as it is afterwards. What a parent cannot do is refused with
`OrderRefused`, whose text is for the parent. Answers of the region to an application come later and many times: they
go into the order by themselves, `Orders.wait` waits for the next change.
Source: portal message dictionary, 1, 2, 6, 13.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from socert.contracts.errors import ContractError
from socert.contracts.portal import enrolment as messages
from socert.contracts.portal.blocks import FinancialSource, FormCode
from socert.contracts.portal.reasons import ReasonCode
from socert.contracts.portal.rules import LONGEST_TEXT
from socert.contracts.portal.statuses import PortalStatus
from socert.host.log import get_logger
from socert.simulator.errors import OrderRefused
from socert.simulator.portal import application
from socert.simulator.portal.order import ChosenCertificate, HistoryEntry, Message, Order
from socert.simulator.portal.orders import APPLICATION, CANCELLATION, KINDS, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from socert.simulator.clock import SimulatorClock
    from socert.simulator.portal.accounts import Accounts
    from socert.simulator.portal.catalogue import Catalogue, Municipality, Programme
    from socert.simulator.portal.consumer import Consumer
    from socert.simulator.portal.cost import Costs
    from socert.simulator.portal.local_time import LocalTime
    from socert.simulator.portal.orders import Orders
    from socert.simulator.portal.people import KnownChild, Owner, People
    from socert.simulator.portal.query import Queries
    from socert.simulator.state import State

_TOO_LONG = f"Текст длиннее {LONGEST_TEXT} знаков. Сократите его."
_WRONG = "В заявлении есть ошибка: проверьте данные ребёнка и представителя, дату начала и сведения об организации."
_OTHER_CHILD = "Такого ребёнка в вашем личном кабинете нет."
#: What the portal's own form says where it stops a parent.
_STOPPED = {
    ReasonCode.AGE_OUT_OF_RANGE: "На день начала обучения ребёнку должно быть от 5 до 17 лет.",
    ReasonCode.NO_CONSENT: "Без согласия на обработку данных и заявления подать его нельзя.",
}

log = get_logger("enrolment")


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """What the parent says yes to when filing.

    `calculation` is that of the cost shown on the screen (`order.cost.calculation`): if it was calculated anew since,
    nothing is sent. `own_part_accepted` is the explicit yes to paying the family's part; `forms` are the forms of
    consent ticked (`forms.FORMS` has their texts; `Enrolment.forms_for` says which are needed).
    """

    calculation: str
    own_part_accepted: bool
    forms: frozenset[FormCode]


class Enrolment:
    """The parent's side of enrolment. `version` is that of the forms of consent shown."""

    def __init__(
        self,
        *,
        orders: Orders,
        people: People,
        catalogue: Catalogue,
        accounts: Accounts,
        queries: Queries,
        costs: Costs,
        consumer: Consumer,
        state: State,
        clock: SimulatorClock,
        time: LocalTime,
        guids: Callable[[], str],
        version: str,
    ) -> None:
        self._orders = orders
        self._people = people
        self._catalogue = catalogue
        self._accounts = accounts
        self._queries = queries
        self._costs = costs
        self._consumer = consumer
        self._state = state
        self._clock = clock
        self._time = time
        self._guids = guids
        self._version = version
        for kind in KINDS:
            consumer.listen(kind, partial(orders.heard, kind))

    def start(
        self,
        *,
        owner: int,
        child: int,
        group: str,
        start_date: date | None = None,
        municipality: str | None = None,
        source: FinancialSource = FinancialSource.CERTIFICATE,
        offer: str | None = None,
    ) -> Order:
        """Begin an order: a draft, nothing is sent yet.

        `group` is the group's GUID in the catalogue; `start_date` is tomorrow unless told; `municipality` is the
        code of the one that pays, needed where the programme does not say and there are several; `offer` is the
        renewal offer that this application answers. Raises `OrderRefused`.
        """
        if self._people.child_of(owner, child) is None:
            raise OrderRefused(_OTHER_CHILD)
        programme = self._catalogue.group(group)
        if programme is None:
            raise OrderRefused("Такой программы в каталоге нет.")
        application.check_programme(programme)
        if source is FinancialSource.CERTIFICATE and not programme.certificate_accepted:
            raise OrderRefused("Эту программу нельзя оплатить сертификатом.")
        order = Order(
            id=0,
            owner=owner,
            child=child,
            programme=programme,
            municipality=self._municipality(programme, municipality),
            source=source,
            start_date=start_date or self._time.today() + timedelta(days=1),
            created=self._clock(),
        )
        if offer is not None:
            order = self._answering(order, offer)
        with self._state.transaction():
            return self._orders.put(replace(order, id=self._orders.new_number()))

    def forms_for(self, order: Order) -> tuple[FormCode, ...]:
        """Return the forms of consent that filing this order needs, in the order they are shown."""
        division = None if order.cost is None else order.cost.division
        split = (FormCode.SPLIT_PAYMENT,) if division is not None and division.own_part > 0 else ()
        return (FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION, *split)

    async def find_certificate(self, order_id: int) -> Order:
        """Ask the region for the child's certificate, which it issues if there is none (M02).

        The answer is in `order.certificate`. A repeat, the "Back" button, asks again with the same order id.
        Raises `OrderRefused` for a child without SNILS and an order that is over.
        """
        order = self._orders.need(order_id)
        owner, child = self._persons(order)
        if child.snils is None:
            raise OrderRefused("У ребёнка не указан СНИЛС: без него запросить сертификат нельзя.")
        query = application.certificate_query(order, owner, child)
        answer = await self._queries.find_or_create(child, query, order.id)
        chosen = ChosenCertificate(outcome=answer.outcome.value, text=answer.text)
        if answer.certificates:
            found = next((one for one in answer.certificates if one.with_funds), answer.certificates[0])
            chosen = replace(
                chosen,
                guid=found.guid,
                number=found.number,
                with_funds=found.with_funds,
                issued_now=found.issued_now,
                unit=found.unit,
                available=None if found.available is None else max(found.available, 0),
                booked=found.booked,
                as_of=found.as_of,
            )
        with self._state.transaction():
            return self._orders.put(replace(self._orders.need(order_id), certificate=chosen))

    async def ask_cost(self, order_id: int) -> Order:
        """Ask what the group costs (M05); the answer is in `order.cost`. Raises `OrderRefused`."""
        with self._state.transaction():
            order = self._orders.need(order_id)
            if order.source is FinancialSource.CERTIFICATE and (
                order.certificate is None or not order.certificate.guid
            ):
                raise OrderRefused("Сначала найдите или получите сертификат ребёнка.")
            order = self._orders.put(replace(order, questions=order.questions + 1))
        cost = await self._costs.ask(application.cost_question(order))
        with self._state.transaction():
            return self._orders.put(replace(self._orders.need(order_id), cost=cost))

    async def submit(self, order_id: int, agreement: Agreement, *, checked: bool = True) -> Order:
        """File the application (M06), or file it again with the same order id.

        `checked` False sends also what the portal's own form would stop (bad input for the region, for testers).
        Returns as soon as the exchange has it; an exchange that does not take it is told in `order.failure`.
        Raises `OrderRefused`.
        """
        order, now = self._orders.need(order_id), self._clock()
        owner, child = self._persons(order)
        if checked:
            self._check_agreement(order, agreement)
        request = application.application(
            order,
            owner,
            child,
            own_part_accepted=agreement.own_part_accepted,
            ticked=agreement.forms,
            version=self._version,
            now=now,
        )
        problems = messages.check_request(request) if checked else []
        if problems:
            texts = [_STOPPED[ReasonCode(one.code)] for one in problems if one.code in _STOPPED]
            log.info("an application was not sent", order_id=order.id, problems="; ".join(map(str, problems)))
            raise OrderRefused(" ".join(dict.fromkeys(texts)) or _WRONG)

        def remember(order: Order) -> None:
            sent = replace(order, filed=order.filed or now, failure="")
            if order.seq:  # the region has taken it before: its last status stays
                self._orders.put(sent)
            else:
                self._orders.move(sent, PortalStatus.SENT)

        await self._send(APPLICATION, order, request, remember)
        return self._orders.need(order_id, unfinished=False)

    async def cancel(self, order_id: int, reason: str = "", *, checked: bool = True) -> Order:
        """Cancel (M08): `reason` in the parent's words, up to 2048 characters. Raises `OrderRefused`."""
        order, now = self._orders.need(order_id, unfinished=checked), self._clock()
        if order.draft:
            raise OrderRefused("Заявление ещё не подано: отменять нечего.")
        if checked and not order.cancel_allowed:
            raise OrderRefused("Отменить заявление сейчас нельзя.")
        if checked and len(reason) > LONGEST_TEXT:
            raise OrderRefused(_TOO_LONG)
        request = self._about(order, messages.Cancellation(order_id=order.id, reason=reason or None, requested_at=now))

        def remember(order: Order) -> None:
            if order.closed:
                return
            # Not `move`: a status of the region that comes meanwhile counts as it comes.
            entry = HistoryEntry(at=now, status=int(PortalStatus.CANCELLING), source="portal", comment=reason)
            self._orders.note(order.id, entry)
            self._orders.put(replace(order, status=int(PortalStatus.CANCELLING), failure=""))

        await self._send(CANCELLATION, order, request, remember)
        return self._orders.need(order_id, unfinished=False)

    async def write(self, order_id: int, text: str, *, message_id: str | None = None, checked: bool = True) -> Order:
        """Write to the organisation (M09), 1-2048 characters; a `message_id` (GUID) given before repeats that message.

        Raises `OrderRefused`.
        """
        order = self._orders.need(order_id, unfinished=checked)
        before = next((one for one in order.messages if one.outgoing and one.id == message_id), None)
        if order.draft:
            raise OrderRefused("Заявление ещё не подано: писать некому.")
        if checked and not order.send_message_allowed:
            raise OrderRefused("Написать по этому заявлению сейчас нельзя.")
        if checked and not text.strip() and before is None:
            raise OrderRefused("Напишите текст сообщения.")
        if checked and len(text) > LONGEST_TEXT:
            raise OrderRefused(_TOO_LONG)
        owner, _ = self._persons(order)
        message = before or Message(
            id=message_id or self._guids(), outgoing=True, author=owner.full_name, text=text, at=self._clock()
        )
        body = messages.TextMessage(
            order_id=order.id, message_id=message.id, written_at=message.at, author=message.author, text=message.text
        )

        def remember(order: Order) -> None:
            self._orders.add_message(order.id, message)

        await self._send(TEXT, order, self._about(order, body), remember)
        return self._orders.need(order_id, unfinished=False)

    # Parts of the steps

    async def _send(
        self, kind: str, order: Order, request: messages.Request, remember: Callable[[Order], None]
    ) -> None:
        """Send a message of an order; `remember` gets the order as it is when the message is kept."""

        def keep(_message_id: str) -> None:
            remember(self._orders.need(order.id, unfinished=False))

        try:
            await self._consumer.send(request, kind=kind, ref=str(order.id), remember=keep)
        except ContractError as error:
            raise OrderRefused("Такой текст передать нельзя: в нём есть недопустимые знаки.") from error

    def _about(self, order: Order, body: messages.Body) -> messages.Request:
        return messages.Request(oktmo=order.municipality.oktmo or "", body=body)

    def _check_agreement(self, order: Order, agreement: Agreement) -> None:
        cost = order.cost
        if cost is None or not cost.order_allowed:
            raise OrderRefused("Сначала рассчитайте стоимость: без расчёта, который это разрешает, подать нельзя.")
        if not order.agreeable:
            raise OrderRefused(cost.obstacle or "Согласиться с этим расчётом нельзя: рассчитайте стоимость ещё раз.")
        if agreement.calculation != cost.calculation:
            raise OrderRefused("Расчёт изменился, пока вы заполняли заявление. Посмотрите его и подтвердите ещё раз.")
        if cost.division is not None and cost.division.own_part > 0 and not agreement.own_part_accepted:
            raise OrderRefused("Подтвердите, что согласны оплатить часть стоимости за счёт семьи.")
        missing = [code for code in self.forms_for(order) if code not in agreement.forms]
        if missing:
            raise OrderRefused("Отметьте все согласия: без них подать заявление нельзя.")

    def _answering(self, order: Order, offer: str) -> Order:
        """Return the order as an answer to a renewal offer; its dates are the offer's."""
        found = self._accounts.offer(offer, order.owner)
        if found is None or found[1] != order.child:
            raise OrderRefused("Такого предложения в вашем личном кабинете нет.")
        card = found[0]
        return replace(
            order,
            renewal_offer_id=card.id,
            previous_contract_id=card.previous_contract_id,
            start_date=card.start,
            end_date=card.end,
        )

    def _municipality(self, programme: Programme, code: str | None) -> Municipality:
        """Return the municipality that pays: the one chosen, the programme's, or the only one there is."""
        known = self._catalogue.municipalities
        place = self._catalogue.place(code or programme.municipality_code)
        if place is None and code is None and programme.municipality_code is None and len(known) == 1:
            place = known[0]
        if place is None:
            raise OrderRefused("Выберите муниципалитет, который выдаёт сертификат.")
        if not place.oktmo or not place.region_code:
            raise OrderRefused(f"Для муниципалитета «{place.name}» в каталоге не указаны ОКТМО или код региона.")
        return place

    def _persons(self, order: Order) -> tuple[Owner, KnownChild]:
        owner, child = self._people.owner(order.owner), self._people.child_of(order.owner, order.child)
        if owner is None or child is None:
            raise OrderRefused(_OTHER_CHILD)
        return owner, child
