"""An application's page: how it stands, its contract, cancelling, and letters to the organisation and from it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from socert.contracts.portal.reasons import ReasonCode
from socert.contracts.portal.statuses import PortalStatus
from socert.simulator.errors import OrderRefused
from socert.simulator.portal import words
from socert.simulator.portal.pages_base import ORDER, text
from socert.simulator.portal.pages_enrol import may_file, order_path, reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socert.simulator.portal.order import HistoryEntry, Order
    from socert.simulator.portal.pages_base import Desk
    from socert.simulator.portal.pages_enrol import EnrolPages
    from socert.simulator.portal.people import Owner

#: How long the page after a cancellation or a letter waits for the region's word.
_PATIENCE = timedelta(seconds=2)
#: What a status means for the parent, beyond its name.
_MEANS: Mapping[int | str, str] = {
    PortalStatus.SENT: "Заявление передано региону. Ответ обычно приходит за несколько минут, страницу можно закрыть.",
    PortalStatus.REGISTERED: "Регион принял заявление и зарезервировал средства сертификата.",
    PortalStatus.RECEIVED: "Заявление у организации. Она рассмотрит его и ответит здесь.",
    PortalStatus.ACCEPTED: "Организация рассматривает заявление.",
    PortalStatus.CONTRACT_AT_APPLICANT: "Организация согласна. Подпишите договор.",
    PortalStatus.CONTRACT_REWORK: "Организация исправляет договор.",
    PortalStatus.CONTRACT_AT_ORGANISATION: "Организация согласна и готовит договор к подписанию.",
    PortalStatus.RENDERED: "Договор заключён, ребёнок зачислен. Дальше следите за договором на странице ребёнка.",
    PortalStatus.REFUSED: "Средства сертификата, если они были зарезервированы, вернулись на сертификат.",
    PortalStatus.CANCELLING: "Просьба об отмене передана региону.",
    PortalStatus.CANCELLED: "Заявление отменено. Зарезервированные средства вернулись на сертификат.",
    PortalStatus.CANCEL_FAILED: "Отменить заявление не удалось, оно остаётся в силе.",
}
_TONE: Mapping[int | str, str] = {
    PortalStatus.RENDERED: "good",
    PortalStatus.REFUSED: "bad",
    PortalStatus.CANCELLED: "quiet",
    PortalStatus.CANCELLING: "warn",
    PortalStatus.CANCEL_FAILED: "warn",
    PortalStatus.CONTRACT_AT_APPLICANT: "warn",
    PortalStatus.SENDING_ERROR: "bad",
    PortalStatus.RECEIVING_ERROR: "bad",
}
_LETTER = {"ACCEPTED": "Получено", "REJECTED": "Не принято"}


class OrderPages:
    """The pages of an order. `enrol` shows the orders that can still be filed."""

    def __init__(self, desk: Desk, enrol: EnrolPages) -> None:
        self._desk = desk
        self._enrol = enrol
        self._portal = desk.portal

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get(ORDER, self._order),
            web.get(ORDER + "/cancel", self._cancel_form),
            web.post(ORDER + "/cancel", self._cancel),
            web.post(ORDER + "/message", self._write),
            # What is only posted leads to the order when its address is opened again.
            web.get(ORDER + "/{step:certificate|cost|submit|again|message}", self._back),
        ]

    async def _order(self, request: web.Request) -> web.Response:
        owner, order = self._desk.owner_and_order(request)
        return self._enrol.draft(request, owner, order) if may_file(order) else self._page(request, owner, order)

    async def _back(self, request: web.Request) -> web.Response:
        _, order = self._desk.owner_and_order(request)
        raise web.HTTPSeeOther(order_path(order.id))

    def _page(
        self, request: web.Request, owner: Owner, order: Order, *, letter: str = "", problem: str = ""
    ) -> web.Response:
        reason = reason_of(order)
        return self._desk.page(
            request,
            "order.html",
            owner,
            order=order,
            child=self._portal.people.child_of(owner.id, order.child),
            tone=tone_of(order),
            means=_MEANS.get(order.status, ""),
            reason=words.REASON.get(reason, ""),
            may_cancel=order.cancel_allowed and order.status != PortalStatus.CANCELLING,
            stale=reason == ReasonCode.STALE_BALANCE,
            exhausted=reason == ReasonCode.EXHAUSTED,
            said=self._said(order),
            history=[_line(entry) for entry in reversed(order.history)],
            letters=order.messages,
            receipts=_LETTER,
            letter=letter,
            problems={"text": problem} if problem else {},
        )

    def _said(self, order: Order) -> str:
        """Return the region's words about the status that the order has now."""
        last = next((one for one in reversed(order.history) if one.source != "info"), None)
        return last.comment if last is not None and last.source != "portal" else ""

    # Cancelling

    async def _cancel_form(self, request: web.Request) -> web.Response:
        owner, order = self._desk.owner_and_order(request)
        if not order.cancel_allowed:
            raise web.HTTPSeeOther(order_path(order.id))
        return self._cancel_page(request, owner, order)

    def _cancel_page(
        self, request: web.Request, owner: Owner, order: Order, *, reason: str = "", problem: str = ""
    ) -> web.Response:
        child = self._portal.people.child_of(owner.id, order.child)
        problems = {"reason": problem} if problem else {}
        return self._desk.page(
            request,
            "cancel.html",
            owner,
            order=order,
            child=child,
            reason=reason,
            problems=problems,
        )

    async def _cancel(self, request: web.Request) -> web.Response:
        owner, order = self._desk.owner_and_order(request)
        form = await request.post()
        reason = text(form, "reason")
        if order.closed or order.status == PortalStatus.CANCELLING:  # sent twice: it is on its way, or done
            raise web.HTTPSeeOther(order_path(order.id))

        async def work() -> str:
            sent = await self._portal.enrolment.cancel(order.id, reason)
            await self._portal.orders.wait(order.id, sent.changes, _PATIENCE)
            return order_path(order.id)

        try:
            raise await self._desk.once(request, owner, form, work)
        except OrderRefused as error:
            return self._cancel_page(request, owner, order, reason=reason, problem=str(error))

    # Letters

    async def _write(self, request: web.Request) -> web.Response:
        owner, order = self._desk.owner_and_order(request)
        form = await request.post()
        letter = text(form, "text")

        async def work() -> str:
            sent = await self._portal.enrolment.write(order.id, letter)
            await self._portal.orders.wait(order.id, sent.changes, _PATIENCE)
            return order_path(order.id) + "#letters"

        try:
            raise await self._desk.once(request, owner, form, work)
        except OrderRefused as error:
            order = self._portal.orders.need(order.id, unfinished=False)
            return self._page(request, owner, order, letter=letter, problem=str(error))


def tone_of(order: Order) -> str:
    """Return the colour of an order's status."""
    return _TONE.get(order.status, "calm")


def _line(entry: HistoryEntry) -> dict[str, Any]:
    """Return a line of the history; another event's code, which stands before its text, is for programs."""
    informs = entry.source == "info"
    comment = entry.comment.partition(": ")[2] if informs else entry.comment
    return {
        "at": entry.at,
        "title": "Сообщение ведомства" if informs else entry.said,
        "comment": comment,
        "reason": words.REASON.get(entry.reason_code, ""),
    }
