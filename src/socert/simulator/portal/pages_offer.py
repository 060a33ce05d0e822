"""A renewal offer's page: what is offered first to a continuing pupil, until when, and the parent's answer.

Source: portal message dictionary, 7 (A-OFFER, AccountActionRequest).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from socert.contracts.portal.account import ActionResult, Answer
from socert.contracts.portal.blocks import FormCode
from socert.simulator.errors import OrderRefused
from socert.simulator.portal import pages_views as views
from socert.simulator.portal.actions import SENT
from socert.simulator.portal.pages_base import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from socert.simulator.portal.actions import Decision
    from socert.simulator.portal.cards import Offer
    from socert.simulator.portal.pages_base import Desk
    from socert.simulator.portal.people import Owner

#: An answer that is on its way, or taken while the offer's new state has not come yet: no other is asked for.
_ANSWERED = frozenset({SENT, ActionResult.IN_PROGRESS, ActionResult.ACCEPTED, ActionResult.DUPLICATE})


class OfferPages:
    """The pages of renewal offers, and sending a decision again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._portal = desk.portal

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/account/offer/{offer}", self._offer),
            web.post("/account/offer/{offer}", self._answer),
            web.post("/account/decision/{decision}/repeat", self._repeat),
        ]

    async def _offer(self, request: web.Request) -> web.Response:
        owner = self._desk.owner(request)
        card, child = self._found(request, owner)
        return self._page(request, owner, card, child)

    def _page(
        self,
        request: web.Request,
        owner: Owner,
        card: Offer,
        child: int,
        *,
        ticked: frozenset[str] = frozenset(),
        comment: str = "",
        problems: Mapping[str, str] | None = None,
    ) -> web.Response:
        decisions = [one for one in self._portal.actions.of(owner.id, child) if _about(one, card)]
        offer = views.offer(card, self._desk.clock(), answered=answered(card, decisions))
        return self._desk.page(
            request,
            "offer.html",
            owner,
            offer=offer,
            card=card,
            child=self._portal.people.child_of(owner.id, child),
            decisions=[views.decision(one) for one in decisions],
            forms=[views.form(code, ticked=code.value in ticked) for code in self._forms(owner, child, card)],
            own_ticked="own" in ticked,
            version=self._desk.version,
            comment=comment,
            problems=problems or {},
        )

    async def _answer(self, request: web.Request) -> web.Response:
        owner = self._desk.owner(request)
        card, child = self._found(request, owner)
        form = await request.post()
        accepts = text(form, "answer") == Answer.ACCEPT
        needed = self._forms(owner, child, card) if accepts else ()
        given = frozenset(code for code in needed if form.get(f"form-{code.value}"))
        own, comment, seq = accepts and bool(form.get("own")), text(form, "comment"), text(form, "seq")

        async def work() -> str:
            await self._portal.actions.answer_offer(
                owner=owner.id,
                offer=card.id,
                seq=int(seq) if seq.isascii() and seq.isdigit() and len(seq) <= 18 else 0,
                answer=Answer.ACCEPT if accepts else Answer.DECLINE,
                own_part_accepted=own,
                forms=given,
                comment=comment,
            )
            return request.path

        problems: dict[str, str] = {}
        if seq == str(card.seq) and card.open_at(self._desk.clock()):
            problems = views.unticked(card.division, needed, given, own=own) if accepts else {}
        ticked = frozenset([*(code.value for code in given), *(["own"] if own else [])])
        if not problems:
            try:
                raise await self._desk.once(request, owner, form, work)
            except OrderRefused as error:
                problems, ticked = {"": str(error)}, ticked if seq == str(card.seq) else frozenset()
        return self._page(request, owner, card, child, ticked=ticked, comment=comment, problems=problems)

    async def _repeat(self, request: web.Request) -> web.Response:
        """Send a decision again, the very same one."""
        owner = self._desk.owner(request)
        decision = self._portal.actions.get(request.match_info["decision"])
        if decision is None or decision.owner != owner.id:
            raise web.HTTPNotFound
        offers = decision.kind == "offer"
        place = f"/account/offer/{decision.subject}" if offers else f"/account/child/{decision.child}/consents"

        async def work() -> str:
            await self._portal.actions.repeat(decision.id, owner.id)
            return place

        raise await self._desk.once(request, owner, await request.post(), work)

    def _found(self, request: web.Request, owner: Owner) -> tuple[Offer, int]:
        found = self._portal.accounts.offer(request.match_info["offer"], owner.id)
        if found is None:
            raise web.HTTPNotFound
        return found

    def _forms(self, owner: Owner, child: int, card: Offer) -> tuple[FormCode, ...]:
        """Return the forms that a yes needs: of the family's part, and those that have to be signed anew."""
        outdated = {
            FormCode(one.form) for one in self._portal.accounts.consents(child, owner.id) if one.state != "GIVEN"
        }
        split = {FormCode.SPLIT_PAYMENT} if card.division.own_part > 0 else set()
        return tuple(code for code in _SHOWN if code in split or (code in outdated and code != FormCode.SPLIT_PAYMENT))


#: The forms in the order they are shown; the older form is asked of nobody.
_SHOWN = (FormCode.PD_PROCESSING, FormCode.SOCIAL_CERT_APPLICATION, FormCode.SPLIT_PAYMENT)


def answered(card: Offer, decisions: Iterable[Decision]) -> bool:
    """Say whether the last answer to an offer needs no other; `decisions` of its child, the latest first."""
    last = next((one for one in decisions if _about(one, card)), None)
    return last is not None and last.result in _ANSWERED


def _about(decision: Decision, card: Offer) -> bool:
    return decision.kind == "offer" and decision.subject == card.id
