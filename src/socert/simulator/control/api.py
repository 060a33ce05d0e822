"""The control calls under /_sim: JSON in, JSON out, for testers and their scripts.

GET  /_sim/health                 {"status": "ready", ...}
GET  /_sim/accounts/{snils}       what the portal shows of a child; 404 where nothing was pushed
POST /_sim/query                  {"snils"}: ask the region as the portal would, wait, return the answer;
                                  for a child nobody knows also {"last_name", "first_name", "birth_date"}
GET  /_sim/catalogue              programmes and municipalities, in the form of the file
POST /_sim/reset                  forget everything
GET  /_sim/clock, POST            {"advance": seconds} or {"set": "2026-09-01T09:00:00+03:00"} or {"reset": true}
GET  /_sim/journal                ?last=N exchanges, oldest first
GET  /_sim/statistics             ?object=ID or ?summary what was applied, how often
GET  /_sim/faults, POST, DELETE   {"operation", "kind", "times", "seconds"}: order faults; {"style"}: how faults look
and the calls of the exchange (`exchange`) and those that play a parent (`parent`).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from socert.simulator.control.answers import body_of, errors, snils_of, to_json
from socert.simulator.control.parent import Parent
from socert.simulator.errors import ControlRefused
from socert.simulator.portal.catalogue_file import catalogue_json
from socert.simulator.portal.people import BirthCertificate, KnownChild

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.simulator.clock import SimulatorClock
    from socert.simulator.control.exchange import Exchange
    from socert.simulator.control.faults import Faults
    from socert.simulator.control.journal import Journal
    from socert.simulator.portal.portal import Portal
    from socert.simulator.smev.participants import Participants

PREFIX = "/_sim"
_LONGEST_MOVE = timedelta(days=36500)


class Control:
    """The control calls. `reset` is what POST /_sim/reset does."""

    def __init__(
        self,
        *,
        clock: SimulatorClock,
        journal: Journal,
        faults: Faults,
        exchange: Exchange,
        participants: Participants,
        portal: Portal,
        reset: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._faults = faults
        self._exchange = exchange
        self._participants = participants
        self._portal = portal
        self._reset_all = reset

    def application(self) -> web.Application:
        """Return the application to be mounted at `PREFIX`."""
        app = web.Application(middlewares=[errors])
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get("/accounts/{snils}", self._account),
                web.post("/query", self._query),
                web.get("/catalogue", self._read_catalogue),
                web.post("/reset", self._reset),
                web.get("/clock", self._read_clock),
                web.post("/clock", self._move_clock),
                web.get("/journal", self._read_journal),
                web.get("/statistics", self._statistics),
                web.get("/faults", self._read_faults),
                web.post("/faults", self._order_fault),
                web.delete("/faults", self._clear_faults),
                *self._exchange.routes(),
                *Parent(self._portal).routes(),
            ]
        )
        return app

    async def _health(self, _request: web.Request) -> web.Response:
        return to_json({"status": "ready", "time": self._now(), "participants": self._participants.mnemonics()})

    async def _account(self, request: web.Request) -> web.Response:
        snils = snils_of(request.match_info["snils"])
        found, child = self._portal.accounts.summary(snils), self._portal.people.child_by_snils(snils)
        orders = [] if child is None else [order.as_json() for order in self._portal.orders.of(child=child.id)]
        if child is None or (found is None and not orders):
            return to_json({"error": "Nothing was pushed about this child, and nothing was applied for."}, 404)
        shown = found or {"certificates": [], "contracts": []}
        return to_json(shown | self._portal.accounts.details(child.id) | {"orders": orders})

    async def _query(self, request: web.Request) -> web.Response:
        wish = await body_of(request)
        snils = snils_of(wish.get("snils"))
        child = self._portal.people.child_by_snils(snils) or _stranger(snils, wish)
        if child is None:
            return to_json({"error": "No such child is known: say last_name, first_name and birth_date too."}, 404)
        answer = await self._portal.queries.search(child)
        return to_json(answer.as_json())

    async def _read_catalogue(self, _request: web.Request) -> web.Response:
        return to_json(catalogue_json(self._portal.catalogue))

    async def _reset(self, _request: web.Request) -> web.Response:
        self._reset_all()
        return to_json({"status": "reset"})

    async def _read_clock(self, _request: web.Request) -> web.Response:
        return to_json(
            {"now": self._now(), "mode": self._clock.mode.value, "offset": self._clock.offset.total_seconds()}
        )

    async def _move_clock(self, request: web.Request) -> web.Response:
        wish = await body_of(request)
        match wish:
            case {"advance": int() | float() as seconds} if not isinstance(seconds, bool):
                if not abs(seconds) <= _LONGEST_MOVE.total_seconds():
                    raise ControlRefused("advance is a number of seconds, a hundred years at most.")
                self._clock.advance(timedelta(seconds=seconds))
            case {"set": str() as text}:
                self._clock.set(_moment(text))
            case {"reset": True}:
                self._clock.reset()
            case _:
                raise ControlRefused('Say {"advance": seconds}, {"set": moment with an offset} or {"reset": true}.')
        return await self._read_clock(request)

    async def _read_journal(self, request: web.Request) -> web.Response:
        last = request.query.get("last", "1000")
        if not last.isdecimal() or len(last) > 9:
            raise ControlRefused("last is a whole number.")
        return to_json({"exchanges": self._journal.last(int(last))})

    async def _statistics(self, request: web.Request) -> web.Response:
        return to_json(
            self._portal.accounts.statistics(request.query.get("object"), summary="summary" in request.query)
        )

    async def _read_faults(self, _request: web.Request) -> web.Response:
        return to_json({"faults": self._faults.listing(), "style": self._faults.style.value})

    async def _order_fault(self, request: web.Request) -> web.Response:
        self._faults.order(await body_of(request))
        return await self._read_faults(request)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._faults.clear()
        return await self._read_faults(request)

    def _now(self) -> str:
        return self._clock().isoformat()


def _stranger(snils: str, wish: dict[str, Any]) -> KnownChild | None:
    """Return a child made of what the call says; None when it does not say enough."""
    names = [wish.get(name) for name in ("last_name", "first_name")]
    born = wish.get("birth_date")
    if not isinstance(born, str) or not all(isinstance(name, str) and name for name in names):
        return None
    try:
        birth_date = date.fromisoformat(born)
    except ValueError as error:
        raise ControlRefused("birth_date is written 2016-02-20.") from error
    return KnownChild(
        id=0,
        snils=snils,
        last_name=str(names[0]),
        first_name=str(names[1]),
        middle_name=None,
        birth_date=birth_date,
        birth_certificate=BirthCertificate(),
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ControlRefused("A moment is written 2026-09-01T09:00:00+03:00.") from error
    if moment.tzinfo is None:
        raise ControlRefused("A moment carries its offset from UTC: 2026-09-01T09:00:00+03:00.")
    return moment
