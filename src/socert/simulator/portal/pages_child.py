"""The account and a child's page: offers, certificates, contracts, notices, applications, and asking the region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from socert.contracts.portal.account import Cause
from socert.simulator.errors import OrderRefused
from socert.simulator.portal import pages_views as views
from socert.simulator.portal.live import LiveAnswer, LiveOutcome
from socert.simulator.portal.pages_base import CHILD, text
from socert.simulator.portal.pages_offer import answered
from socert.simulator.portal.query import Outcome

if TYPE_CHECKING:
    from socert.simulator.portal.cards import Certificate
    from socert.simulator.portal.order import Order
    from socert.simulator.portal.pages_base import Desk
    from socert.simulator.portal.people import KnownChild, Owner

_VERDICT = {
    Outcome.FOUND: ("Сертификат найден", "good"),
    Outcome.NOT_FOUND: ("Сертификат не найден", "warn"),
    Outcome.REFUSED: ("Регион отказал в сведениях", "warn"),
    Outcome.NO_ANSWER: ("Регион пока не ответил", "warn"),
    Outcome.FAILED: ("Запрос не удалось отправить", "bad"),
}
_WORTH_RETRY = frozenset({Outcome.NO_ANSWER, Outcome.FAILED})
_LIVE_VERDICT = {
    LiveOutcome.OK: ("Сведения региона сейчас", "good"),
    LiveOutcome.NOT_FOUND: ("Сведений нет", "warn"),
    LiveOutcome.REFUSED: ("Регион отказал в сведениях", "warn"),
    LiveOutcome.UNAVAILABLE: ("Регион сейчас недоступен", "warn"),
    LiveOutcome.NO_ANSWER: ("Регион пока не ответил", "warn"),
    LiveOutcome.FAILED: ("Запрос не удался", "bad"),
}
_LIVE_RETRY = frozenset({LiveOutcome.UNAVAILABLE, LiveOutcome.NO_ANSWER, LiveOutcome.FAILED})


class ChildPages:
    """The pages of the account and of a child in it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._portal = desk.portal

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/account", self._account),
            web.get(CHILD, self._child),
            web.get(CHILD + "/find", self._find_form),
            web.post(CHILD + "/find", self._find),
            web.post(CHILD + "/refresh", self._refresh),
            web.post(CHILD + "/live", self._live),
            web.get(CHILD + "/answer/{answer}", self._answer),
        ]

    async def _account(self, request: web.Request) -> web.Response:
        owner = self._desk.owner(request)
        accounts = self._portal.accounts
        known = self._portal.people.children_of(owner.id)
        children = [
            (child, [self._certificate(card) for card in accounts.certificates(child.id, owner.id)]) for child in known
        ]
        offers = [(child, offer) for child in known for offer in self._offers(owner, child) if offer["open"]]
        return self._desk.page(
            request,
            "account.html",
            owner,
            section="account",
            children=children,
            offers=offers,
            orders=shown_orders(self._portal.orders.of(owner.id)),
            names={child.id: child.full_name for child in known},
            letters=self._portal.elk.of(owner.id),
        )

    async def _child(self, request: web.Request) -> web.Response:
        owner, child = self._desk.owner_and_child(request)
        accounts = self._portal.accounts
        consents, closed = accounts.consents(child.id, owner.id), accounts.closed(child.id, owner.id)
        return self._desk.page(
            request,
            "child.html",
            owner,
            section="child",
            child=child,
            certificates=[self._certificate(card) for card in accounts.certificates(child.id, owner.id)],
            contracts=[views.contract(card) for card in accounts.contracts(child.id, owner.id)],
            offers=self._offers(owner, child),
            consents=[views.consent(card, self._desk.version) for card in consents],
            notices=accounts.notices(child.id, owner.id),
            closed=[one for one in closed if one.text],
            withdrawn=any(one.cause == Cause.CONSENT_WITHDRAWN for one in closed),
            orders=shown_orders(self._portal.orders.of(owner.id, child.id)),
            names={child.id: child.full_name},
        )

    # Asking the region

    async def _find_form(self, request: web.Request) -> web.Response:
        owner, child = self._desk.owner_and_child(request)
        hidden = f"•••-•••-•{child.snils[7:9]} {child.snils[9:]}" if child.snils else ""
        return self._desk.page(request, "find.html", owner, child=child, snils=hidden)

    async def _find(self, request: web.Request) -> web.Response:
        _, child = self._desk.owner_and_child(request)
        if child.snils is None:
            raise web.HTTPSeeOther(request.path)  # the form says why there is nothing to send
        raise self._desk.keep_answer(child, await self._portal.queries.search(child))

    async def _refresh(self, request: web.Request) -> web.Response:
        owner, child = self._desk.owner_and_child(request)
        guid = text(await request.post(), "certificate")
        if guid not in {card.guid for card in self._portal.accounts.certificates(child.id, owner.id)}:
            raise web.HTTPNotFound
        raise self._desk.keep_answer(child, await self._portal.queries.inform(child, guid))

    async def _live(self, request: web.Request) -> web.Response:
        owner, child = self._desk.owner_and_child(request)
        try:
            answer = await self._portal.live.read(owner.id, child.id)
        except OrderRefused as error:
            answer = LiveAnswer(outcome=LiveOutcome.REFUSED, text=str(error))
        raise self._desk.keep_answer(child, answer)

    async def _answer(self, request: web.Request) -> web.Response:
        owner, child = self._desk.owner_and_child(request)
        answer = self._desk.answer(child, request.match_info["answer"])
        if answer is None:
            raise web.HTTPSeeOther(f"/account/child/{child.id}")
        if isinstance(answer, LiveAnswer):
            return self._live_answer(request, owner, child, answer)
        again = "refresh" if answer.guid else "find"
        title, tone = _VERDICT[answer.outcome]
        if answer.guid and any(found.available is not None for found in answer.certificates):
            title = "Остаток обновлён"
        return self._desk.page(
            request,
            "result.html",
            owner,
            child=child,
            title=title,
            tone=tone,
            text=answer.text,
            certificates=[views.found(found, self._portal.catalogue) for found in answer.certificates],
            retry=f"/account/child/{child.id}/{again}" if answer.outcome in _WORTH_RETRY else "",
            guid=answer.guid,
        )

    def _live_answer(self, request: web.Request, owner: Owner, child: KnownChild, answer: LiveAnswer) -> web.Response:
        title, tone = _LIVE_VERDICT[answer.outcome]
        return self._desk.page(
            request,
            "live.html",
            owner,
            child=child,
            title=title,
            tone=tone,
            answer=answer,
            certificates=[self._certificate(card) for card in answer.certificates],
            contracts=[views.contract(card) for card in answer.contracts],
            offers=[views.offer(card, self._desk.clock()) for card in answer.offers],
            consents=[views.consent(card, self._desk.version) for card in answer.consents],
            retry=answer.outcome in _LIVE_RETRY,
        )

    def _offers(self, owner: Owner, child: KnownChild) -> list[dict[str, Any]]:
        decisions, now = self._portal.actions.of(owner.id, child.id), self._desk.clock()
        return [
            views.offer(card, now, answered=answered(card, decisions))
            for card in self._portal.accounts.offers(child.id, owner.id)
        ]

    def _certificate(self, card: Certificate) -> dict[str, Any]:
        return views.certificate(card, self._portal.catalogue, self._portal.time.today())


def shown_orders(orders: list[Order]) -> list[Order]:
    """Return applications for a list, unfinished ones first; a draft only while nothing newer is for the same place."""
    places: set[tuple[int, str | None]] = set()
    shown = []
    for order in orders:  # the latest first
        place = (order.child, order.programme.group_guid)
        if not order.draft or place not in places:
            shown.append(order)
        places.add(place)
    return sorted(shown, key=lambda one: one.closed)
