"""Enrolment, page by page: choose child and group, find or get the certificate, see the split, agree, file.

Every step is a form that leads to the order's own page, which shows the step that comes next: going back, reloading and
sending twice end at the same order. Source: portal message dictionary, 1, 2, 6.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from socert.contracts.portal.account import Include
from socert.contracts.portal.blocks import FinancialSource
from socert.contracts.portal.reasons import ReasonCode
from socert.contracts.portal.statuses import PortalStatus
from socert.simulator.errors import OrderRefused
from socert.simulator.portal import pages_views as views
from socert.simulator.portal.enrolment import Agreement
from socert.simulator.portal.pages_base import ORDER, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.simulator.portal.catalogue import Programme
    from socert.simulator.portal.division import Division
    from socert.simulator.portal.order import ChosenCertificate, Cost, Order
    from socert.simulator.portal.pages_base import Desk
    from socert.simulator.portal.people import KnownChild, Owner

PATH = "/enrol"
#: How long the page after filing waits for the region's first word, so that a refusal is seen at once.
_PATIENCE = timedelta(seconds=2)
_CHANGED = (
    "Остаток сертификата или цена изменились, пока вы читали. Ниже новый расчёт: посмотрите его и подтвердите ещё раз."
)
_NOT_SENT = frozenset({PortalStatus.SENDING_ERROR, PortalStatus.RECEIVING_ERROR})


class EnrolPages:
    """The pages from the choice of a group to the application filed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._portal = desk.portal

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(PATH, self._form),
            web.post(PATH, self._start),
            web.post(ORDER + "/certificate", self._certificate),
            web.post(ORDER + "/cost", self._cost),
            web.post(ORDER + "/submit", self._submit),
            web.post(ORDER + "/again", self._again),
        ]

    # Who is enrolled, and where

    async def _form(self, request: web.Request) -> web.Response:
        owner = self._desk.owner(request)
        programme = self._programme(request.query.get("group", ""))
        tomorrow = self._portal.time.today() + timedelta(days=1)
        wish = {
            "child": request.query.get("child", ""),
            "start": tomorrow.isoformat(),
            "source": FinancialSource.CERTIFICATE.value,
            "municipality": self._known_place(owner),
        }
        return self._choice(request, owner, programme, wish, {})

    def _choice(
        self,
        request: web.Request,
        owner: Owner,
        programme: Programme,
        wish: Mapping[str, str],
        problems: Mapping[str, str],
    ) -> web.Response:
        children = self._portal.people.children_of(owner.id)
        if len(children) == 1 and not wish["child"]:
            wish = {**wish, "child": str(children[0].id)}
        return self._desk.page(
            request,
            "enrol.html",
            owner,
            programme=programme,
            municipality=self._portal.catalogue.municipality(programme.municipality_code),
            places=self._places(programme),
            children=children,
            live={child.id: order for child in children if (order := self._live(owner, child.id, programme))},
            wish=wish,
            problems=problems,
        )

    async def _start(self, request: web.Request) -> web.Response:
        owner, form = self._desk.owner(request), await request.post()
        programme = self._programme(text(form, "group"))
        wish = {name: text(form, name) for name in ("child", "start", "source", "municipality")}
        child = self._child(owner, wish["child"])
        paid = not programme.certificate_accepted or wish["source"] == FinancialSource.PAID
        source = FinancialSource.PAID if paid else FinancialSource.CERTIFICATE
        problems = self._problems(owner, programme, wish, child, source)
        if child is None or problems:
            return self._choice(request, owner, programme, wish, problems)

        async def work() -> str:
            order = self._draft(
                owner=owner.id,
                child=child.id,
                group=programme.group_guid or "",
                start_date=date.fromisoformat(wish["start"]),
                municipality=wish["municipality"] or None,
                source=source,
            )
            return await self._prepare(order)

        try:
            raise await self._desk.once(request, owner, form, work)
        except OrderRefused as error:
            return self._choice(request, owner, programme, wish, {"": str(error)})

    def _problems(
        self,
        owner: Owner,
        programme: Programme,
        wish: Mapping[str, str],
        child: KnownChild | None,
        source: FinancialSource,
    ) -> dict[str, str]:
        """Return what is wrong with the choice, by field."""
        problems = {}
        if child is None:
            problems["child"] = "Выберите ребёнка."
        elif child.snils is None and source is FinancialSource.CERTIFICATE:
            problems["child"] = "У этого ребёнка не указан СНИЛС: без него сертификат не найти."
        elif self._live(owner, child.id, programme):
            problems["child"] = "Заявление на эту группу для этого ребёнка уже подано."
        if self._places(programme) and self._portal.catalogue.place(wish["municipality"]) is None:
            problems["municipality"] = "Выберите муниципалитет, который выдаёт сертификат."
        try:
            if date.fromisoformat(wish["start"]) < self._portal.time.today():
                problems["start"] = "День начала уже прошёл. Укажите сегодняшний или более поздний."
        except ValueError:
            problems["start"] = "Укажите день начала обучения, например 01.09.2026."
        return problems

    def _draft(self, **wish: Any) -> Order:
        """Return a draft of exactly this wish: the one that is there, else a new one. Raises `OrderRefused`."""
        for order in self._portal.orders.of(wish["owner"], wish["child"]):
            same = (order.programme.group_guid, order.start_date, order.source) == (
                wish["group"],
                wish["start_date"],
                wish["source"],
            )
            if order.draft and same and wish["municipality"] in {None, order.municipality.code}:
                return order
        return self._portal.enrolment.start(**wish)

    async def _prepare(self, order: Order) -> str:
        """Ask the region what comes first: for the certificate, or for the price where the family pays all."""
        if order.source is FinancialSource.CERTIFICATE:
            await self._find(order)
        else:
            await self._portal.enrolment.ask_cost(order.id)
        return order_path(order.id)

    async def _find(self, order: Order) -> None:
        """Find or get the certificate; where its answer cannot tell what is left, ask for that too."""
        order = await self._portal.enrolment.find_certificate(order.id)
        chosen = order.certificate
        if chosen is None or not chosen.with_funds or self._balance(order) is not None:
            return
        with suppress(OrderRefused):  # of an account without SNILS the region cannot be asked so: the price tells it
            answer = await self._portal.live.read(order.owner, order.child, (Include.CERTIFICATE,))
            for card in answer.certificates:
                if card.guid == chosen.guid:
                    self._desk.keep_balance(order.id, card)

    def _balance(self, order: Order) -> ChosenCertificate | None:
        """Return the certificate found with what is left on it, None where nobody told.

        The answer to the question for a certificate has roubles only: of hours tell the account, or the live read.
        """
        chosen = order.certificate
        if chosen is None or chosen.available is not None:
            return chosen
        known = [*self._portal.accounts.certificates(order.child, order.owner), self._desk.balance(order.id)]
        card = next((one for one in known if one is not None and one.guid == chosen.guid), None)
        if card is None:
            return None
        told = card.balance_on(self._portal.time.today())
        return replace(chosen, unit=told.unit, available=told.available, booked=told.reserved, as_of=card.as_of)

    # The draft

    def draft(
        self,
        request: web.Request,
        owner: Owner,
        order: Order,
        *,
        ticked: frozenset[str] = frozenset(),
        problems: Mapping[str, str] | None = None,
    ) -> web.Response:
        """Return the page of an order that can be filed: certificate, price, agreements, whichever is next."""
        forms = self._portal.enrolment.forms_for(order)
        certificate = self._balance(order) or order.certificate
        return self._desk.page(
            request,
            "draft.html",
            owner,
            order=order,
            child=self._portal.people.child_of(owner.id, order.child),
            place=order.municipality.name,
            step=step_of(order),
            certificate=certificate,
            left=left_of(order.cost, certificate),
            before=self._before(order),
            forms=[views.form(code, ticked=code.value in ticked) for code in forms],
            own_ticked="own" in ticked,
            version=self._desk.version,
            may_pay=order.source is FinancialSource.CERTIFICATE,
            problems=problems or {},
        )

    async def _certificate(self, request: web.Request) -> web.Response:
        return await self._step(request, self._find)

    async def _cost(self, request: web.Request) -> web.Response:
        return await self._step(request, lambda order: self._portal.enrolment.ask_cost(order.id))

    async def _step(self, request: web.Request, ask: Any) -> web.Response:
        """Ask the region about a draft, then show the draft again."""
        owner, order = self._desk.owner_and_order(request)
        form = await request.post()
        if not may_file(order):
            raise web.HTTPSeeOther(order_path(order.id))

        async def work() -> str:
            await ask(order)
            return order_path(order.id)

        try:
            raise await self._desk.once(request, owner, form, work)
        except OrderRefused as error:
            return self.draft(request, owner, order, problems={"": str(error)})

    async def _submit(self, request: web.Request) -> web.Response:
        owner, order = self._desk.owner_and_order(request)
        form = await request.post()
        if not may_file(order):  # sent twice, or an old page: the order says how it stands
            raise web.HTTPSeeOther(order_path(order.id))
        needed = self._portal.enrolment.forms_for(order)
        given = frozenset(code for code in needed if form.get(f"form-{code.value}"))
        own = bool(form.get("own"))
        calculation = text(form, "calculation")
        if order.cost is not None and calculation != order.cost.calculation:
            return self.draft(request, owner, order, problems={"": _CHANGED})
        problems = views.unticked(_division(order), needed, given, own=own)
        if not problems:
            agreement = Agreement(calculation=calculation, own_part_accepted=own, forms=given)

            async def work() -> str:
                sent = await self._portal.enrolment.submit(order.id, agreement)
                await self._portal.orders.wait(order.id, sent.changes, _PATIENCE)
                return order_path(order.id)

            try:
                raise await self._desk.once(request, owner, form, work)
            except OrderRefused as error:
                problems = {"": str(error)}
                order = self._portal.orders.need(order.id, unfinished=False)
        ticked = frozenset([*(code.value for code in given), *(["own"] if own else [])])
        return self.draft(request, owner, order, ticked=ticked, problems=problems)

    async def _again(self, request: web.Request) -> web.Response:
        """Apply for the same place once more: after a stale calculation, or with the family paying all."""
        owner, order = self._desk.owner_and_order(request)
        form = await request.post()
        source = FinancialSource.PAID if text(form, "source") == FinancialSource.PAID else order.source
        live = self._live(owner, order.child, order.programme)
        if live is not None:
            raise web.HTTPSeeOther(order_path(live.id))

        async def work() -> str:
            draft = self._draft(
                owner=owner.id,
                child=order.child,
                group=order.programme.group_guid or "",
                start_date=max(order.start_date, self._portal.time.today() + timedelta(days=1)),
                municipality=order.municipality.code,
                source=source,
            )
            place = await self._prepare(draft)
            found = self._portal.orders.need(draft.id).certificate
            if found is not None and found.guid:
                await self._portal.enrolment.ask_cost(draft.id)
            return place

        try:
            raise await self._desk.once(request, owner, form, work)
        except OrderRefused as error:
            return self._desk.page(
                request,
                "error.html",
                owner,
                title="Подать заявление не получилось",
                text=str(error),
                problems={"": str(error)},
            )

    # Parts

    def _programme(self, group: str) -> Programme:
        programme = self._portal.catalogue.group(group)
        if programme is None:
            raise web.HTTPNotFound
        return programme

    def _places(self, programme: Programme) -> list[Any]:
        """Return the municipalities to choose from: none where the programme or the catalogue leaves no choice."""
        known = self._portal.catalogue.municipalities
        if programme.municipality_code is not None or len(known) < 2:
            return []
        return sorted(known, key=lambda one: one.name)

    def _known_place(self, owner: Owner) -> str:
        """Return the municipality of the certificates in the account, empty where there is not exactly one."""
        codes = {
            card.municipality_code
            for child in self._portal.people.children_of(owner.id)
            for card in self._portal.accounts.certificates(child.id, owner.id)
        }
        return codes.pop() if len(codes) == 1 else ""

    def _child(self, owner: Owner, number: str) -> KnownChild | None:
        known = number.isascii() and number.isdigit() and len(number) <= 18
        return self._portal.people.child_of(owner.id, int(number)) if known else None

    def _live(self, owner: Owner, child: int, programme: Programme) -> Order | None:
        """Return the application for this place that is filed and not over, if there is one."""
        orders = self._portal.orders.of(owner.id, child)
        return next((one for one in orders if not one.closed and not one.draft and _same_place(one, programme)), None)

    def _before(self, order: Order) -> Order | None:
        """Return the last order for the same place that was refused because its calculation was out of date."""
        older = (one for one in self._portal.orders.of(order.owner, order.child) if one.id < order.id)
        last = next((one for one in older if _same_place(one, order.programme) and not one.draft), None)
        return last if last is not None and reason_of(last) == ReasonCode.STALE_BALANCE else None


def order_path(order: int) -> str:
    """Return the address of an order's page."""
    return f"/account/order/{order}"


def may_file(order: Order) -> bool:
    """Say whether an order can be filed: a draft, or one that the region has never taken."""
    return order.draft or (not order.closed and not order.seq and order.status in _NOT_SENT)


def step_of(order: Order) -> str:
    """Return which step of enrolment an order that can be filed is at."""
    if order.source is FinancialSource.CERTIFICATE and (order.certificate is None or not order.certificate.guid):
        return "certificate"
    return "cost" if order.cost is None or not order.agreeable else "agreement"


def left_of(cost: Cost | None, certificate: ChosenCertificate | None) -> int | None:
    """Return what is left on the certificate after an order of this cost, None where the answers do not tell."""
    division = None if cost is None else cost.division
    if division is None or certificate is None or certificate.available is None or division.unit != certificate.unit:
        return None
    return certificate.available - division.certificate_part


def reason_of(order: Order) -> str:
    """Return the code of the reason why an order was closed, empty where none was told."""
    if not order.closed:
        return ""
    return next((one.reason_code for one in reversed(order.history) if one.reason_code), "")


def _division(order: Order) -> Division | None:
    return None if order.cost is None else order.cost.division


def _same_place(order: Order, programme: Programme) -> bool:
    return order.programme.group_guid == programme.group_guid
