"""Control calls that play a parent, so that a test needs no browser.

A parent and a child are named by SNILS (a text of 11 digits) or by the portal's own number (an integer).

GET  /_sim/orders                 ?owner=SNILS; POST {"owner", "child", "group", "start"?, "municipality"?, "source"?,
                                  "offer"?}: begin an order
GET  /_sim/orders/{id}            ?after=N&wait=SECONDS: once it has changed more than N times
POST /_sim/orders/{id}/certificate, /cost
POST /_sim/orders/{id}/submit     {"own_part_accepted"?, "forms"?, "calculation"?, "unchecked"?}
POST /_sim/orders/{id}/cancel     {"reason"?, "unchecked"?}
POST /_sim/orders/{id}/text       {"text", "message_id"?, "unchecked"?}
POST /_sim/offers/{id}/answer     {"owner", "answer", "seq"?, "own_part_accepted"?, "forms"?, "comment"?, "unchecked"?}
POST /_sim/consents               {"owner", "child", "action", "forms", "reason"?, "version"?}
GET  /_sim/actions/{id}, POST /_sim/actions/{id}/repeat
POST /_sim/live                   {"owner", "child", "include"?}
POST /_sim/snapshot               {"objects"?}: compare with the region
GET  /_sim/elk                    ?owner=SNILS: text cards
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from socert.contracts.portal.account import Answer, ConsentDeed, Include
from socert.contracts.portal.blocks import FinancialSource, FormCode
from socert.simulator.control.answers import (
    body_of,
    day_of,
    flag_of,
    maybe_text_of,
    member_of,
    members_of,
    snils_of,
    text_of,
    to_json,
)
from socert.simulator.errors import ControlRefused
from socert.simulator.portal.enrolment import Agreement
from socert.simulator.portal.people import Identity

if TYPE_CHECKING:
    from socert.simulator.portal.order import Order
    from socert.simulator.portal.portal import Portal

#: The longest that a call waits for a change.
_LONGEST_WAIT = 60.0
_MOST_OBJECTS = 1000


class Parent:
    """The calls of a parent, over the portal's services."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, relative to the control's prefix."""
        order = r"/orders/{order:\d{1,18}}"
        return [
            web.get("/orders", self._orders),
            web.post("/orders", self._start),
            web.get(order, self._order),
            web.post(order + "/certificate", self._certificate),
            web.post(order + "/cost", self._cost),
            web.post(order + "/submit", self._submit),
            web.post(order + "/cancel", self._cancel),
            web.post(order + "/text", self._text),
            web.post("/offers/{offer}/answer", self._answer_offer),
            web.post("/consents", self._consent),
            web.get("/actions/{action}", self._action),
            web.post("/actions/{action}/repeat", self._repeat),
            web.post("/live", self._live),
            web.post("/snapshot", self._snapshot),
            web.get("/elk", self._elk),
        ]

    # Orders

    async def _orders(self, request: web.Request) -> web.Response:
        owner = request.query.get("owner")
        found = self._portal.orders.of(None if owner is None else self._owner(owner))
        return to_json({"orders": [order.as_json() for order in found]})

    async def _start(self, request: web.Request) -> web.Response:
        wish = await body_of(request)
        order = self._portal.enrolment.start(
            owner=self._owner(wish.get("owner")),
            child=self._child(wish.get("child")),
            group=text_of(wish, "group"),
            start_date=day_of(wish, "start"),
            municipality=maybe_text_of(wish, "municipality"),
            source=member_of(FinancialSource, wish.get("source", FinancialSource.CERTIFICATE), "source"),
            offer=maybe_text_of(wish, "offer"),
        )
        return to_json(order.as_json(), 201)

    async def _order(self, request: web.Request) -> web.Response:
        order = self._portal.orders.get(_number(request))
        if order is None:
            return to_json({"error": "There is no such order."}, 404)
        after, seconds = request.query.get("after"), request.query.get("wait", "5")
        if after is not None:
            if not after.isdecimal() or not seconds.isdecimal() or int(seconds) > _LONGEST_WAIT:
                raise ControlRefused(f"after and wait are whole numbers, wait {_LONGEST_WAIT:.0f} at most.")
            order = await self._portal.orders.wait(order.id, int(after), timedelta(seconds=int(seconds)))
        return to_json(order.as_json())

    async def _certificate(self, request: web.Request) -> web.Response:
        return _shown(await self._portal.enrolment.find_certificate(_number(request)))

    async def _cost(self, request: web.Request) -> web.Response:
        return _shown(await self._portal.enrolment.ask_cost(_number(request)))

    async def _submit(self, request: web.Request) -> web.Response:
        """What the call does not say is said as a parent would who agrees to what is shown."""
        wish, order = await body_of(request), self._portal.orders.need(_number(request))
        forms = members_of(FormCode, wish, "forms") if "forms" in wish else self._portal.enrolment.forms_for(order)
        agreement = Agreement(
            calculation=text_of(wish, "calculation", "" if order.cost is None else order.cost.calculation),
            own_part_accepted=flag_of(wish, "own_part_accepted"),
            forms=frozenset(forms),
        )
        checked = not flag_of(wish, "unchecked")
        return _shown(await self._portal.enrolment.submit(order.id, agreement, checked=checked))

    async def _cancel(self, request: web.Request) -> web.Response:
        wish = await body_of(request)
        checked = not flag_of(wish, "unchecked")
        reason = text_of(wish, "reason", "")
        return _shown(await self._portal.enrolment.cancel(_number(request), reason, checked=checked))

    async def _text(self, request: web.Request) -> web.Response:
        wish = await body_of(request)
        order = await self._portal.enrolment.write(
            _number(request),
            text_of(wish, "text", ""),
            message_id=maybe_text_of(wish, "message_id"),
            checked=not flag_of(wish, "unchecked"),
        )
        return _shown(order)

    # The account

    async def _answer_offer(self, request: web.Request) -> web.Response:
        wish, offer = await body_of(request), request.match_info["offer"]
        owner = self._owner(wish.get("owner"))
        seen = self._portal.accounts.offer(offer, owner)
        seq = wish.get("seq", 0 if seen is None else seen[0].seq)
        if not isinstance(seq, int) or isinstance(seq, bool):
            raise ControlRefused("seq is a whole number.")
        decision = await self._portal.actions.answer_offer(
            owner=owner,
            offer=offer,
            seq=seq,
            answer=member_of(Answer, wish.get("answer"), "answer"),
            own_part_accepted=flag_of(wish, "own_part_accepted"),
            forms=members_of(FormCode, wish, "forms"),
            comment=text_of(wish, "comment", ""),
            checked=not flag_of(wish, "unchecked"),
        )
        return to_json(decision.as_json())

    async def _consent(self, request: web.Request) -> web.Response:
        wish = await body_of(request)
        decision = await self._portal.actions.consent(
            owner=self._owner(wish.get("owner")),
            child=self._child(wish.get("child")),
            deed=member_of(ConsentDeed, wish.get("action"), "action"),
            forms=members_of(FormCode, wish, "forms"),
            reason=text_of(wish, "reason", ""),
            version=maybe_text_of(wish, "version"),
        )
        return to_json(decision.as_json())

    async def _action(self, request: web.Request) -> web.Response:
        decision = self._portal.actions.get(request.match_info["action"])
        if decision is None:
            return to_json({"error": "There is no such action."}, 404)
        return to_json(decision.as_json())

    async def _repeat(self, request: web.Request) -> web.Response:
        return to_json((await self._portal.actions.repeat(request.match_info["action"])).as_json())

    async def _live(self, request: web.Request) -> web.Response:
        wish = await body_of(request)
        include = members_of(Include, wish, "include") or tuple(Include)
        answer = await self._portal.live.read(self._owner(wish.get("owner")), self._child(wish.get("child")), include)
        return to_json(answer.as_json(self._portal.time.today()))

    async def _snapshot(self, request: web.Request) -> web.Response:
        objects = (await body_of(request)).get("objects", [])
        texts = isinstance(objects, list) and all(isinstance(one, str) and 0 < len(one) <= 50 for one in objects)
        if not texts or len(objects) > _MOST_OBJECTS:
            raise ControlRefused(f"objects is a list of object ids, {_MOST_OBJECTS} at most.")
        return to_json((await self._portal.snapshots.compare(self._portal.consumer, objects)).as_json())

    async def _elk(self, request: web.Request) -> web.Response:
        found = self._portal.elk.of(self._owner(request.query.get("owner")))
        return to_json({"orders": [order.as_json() for order in found]})

    # Who

    def _owner(self, value: object) -> int:
        """Return a parent by SNILS or number; 404 where there is none."""
        if isinstance(value, int) and not isinstance(value, bool):
            found = self._portal.people.owner(value)
        else:
            found = self._portal.people.owner_by(Identity.snils(snils_of(value)))
        if found is None:
            raise web.HTTPNotFound(reason="There is no such parent.")
        return found.id

    def _child(self, value: object) -> int:
        """Return a child by SNILS, or its number as it is; 404 for a SNILS nobody has."""
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        found = self._portal.people.child_by_snils(snils_of(value))
        if found is None:
            raise web.HTTPNotFound(reason="There is no such child.")
        return found.id


def _number(request: web.Request) -> int:
    return int(request.match_info["order"])


def _shown(order: Order) -> web.Response:
    shown: dict[str, Any] = order.as_json()
    return to_json(shown)
