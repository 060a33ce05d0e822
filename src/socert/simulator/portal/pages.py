"""The parent's pages: choose who to be, look at programmes, and everything of the account.

Plain forms and links, no script. What is shown and done by subject is in the modules `pages_*`.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from aiohttp import web

from socert.host.log import get_logger
from socert.simulator.portal import programmes
from socert.simulator.portal.pages_base import COOKIE, WRONG, Desk, text
from socert.simulator.portal.pages_child import ChildPages
from socert.simulator.portal.pages_consent import ConsentPages
from socert.simulator.portal.pages_enrol import EnrolPages
from socert.simulator.portal.pages_offer import OfferPages
from socert.simulator.portal.pages_order import OrderPages

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from socert.simulator.clock import SimulatorClock
    from socert.simulator.portal.portal import Portal

__all__ = ["COOKIE", "Pages"]

_STATIC = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
#: Beginnings of addresses that are for programs: their errors are not told in pages.
_NO_PAGES = ("/smev/", "/_sim/")

log = get_logger("pages")


class Pages:
    """All pages. `version` is that of the forms of consent shown."""

    def __init__(self, portal: Portal, *, clock: SimulatorClock, version: str) -> None:
        self._portal = portal
        self._desk = desk = Desk(portal, clock=clock, version=version)
        enrol = EnrolPages(desk)
        self._subjects = (ChildPages(desk), enrol, OrderPages(desk, enrol), OfferPages(desk), ConsentPages(desk))

    def setup(self, app: web.Application) -> None:
        """Add the routes, the templates and the look of errors to an application."""
        self._desk.setup(app)
        app.add_routes(
            [
                web.get("/", self._front),
                web.post("/sign-in", self._sign_in),
                web.post("/sign-out", self._sign_out),
                web.get(programmes.PATH, self._programmes),
                web.get(WRONG, self._desk.wrong),
                web.get("/static/{name}", _static),
            ]
        )
        for subject in self._subjects:
            app.add_routes(subject.routes())
        app.middlewares.append(self._errors)

    def forget(self) -> None:
        """Sign everybody out and forget what was kept of their pages."""
        self._desk.forget()

    @web.middleware
    async def _errors(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Show a page in Russian for whatever goes wrong with a page."""
        if request.path.startswith(_NO_PAGES):
            return await handler(request)
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return self._error(request, 404, "Страница не найдена", "Возможно, ссылка устарела или это не ваш кабинет.")
        except web.HTTPMethodNotAllowed:
            return self._error(request, 405, "Так открыть страницу нельзя", "Вернитесь и попробуйте ещё раз.")
        except web.HTTPException:
            raise
        except Exception:  # the page must say something to the parent; the cause goes to the log
            log.exception("page failed", route=_route(request))
            return self._error(request, 500, "Что-то пошло не так", "Ошибка записана в журнал. Попробуйте ещё раз.")

    def _error(self, request: web.Request, status: int, title: str, text: str) -> web.Response:
        return self._desk.page(request, "error.html", self._desk.signed_in(request), status, title=title, text=text)

    async def _sign_in(self, request: web.Request) -> web.Response:
        form = await request.post()
        chosen = text(form, "person")
        owner = self._portal.people.owner(int(chosen)) if chosen.isdecimal() and len(chosen) <= 18 else None
        raise web.HTTPSeeOther("/") if owner is None else self._desk.sign_in(owner, text(form, "next"))

    async def _sign_out(self, request: web.Request) -> web.Response:
        raise self._desk.sign_out(request)

    async def _front(self, request: web.Request) -> web.Response:
        wanted = request.query.get("q", "")[:200]
        people = self._portal.people
        return self._desk.page(
            request,
            "people.html",
            None,
            people=people.find_owners(wanted),
            total=people.count_owners(),
            wanted=wanted,
            next=request.query.get("next", "")[:500],
        )

    async def _programmes(self, request: web.Request) -> web.Response:
        context = programmes.view(self._portal.catalogue, request.query)
        owner = self._desk.signed_in(request)
        return self._desk.page(request, "programmes.html", owner, section="programmes", **context)


def _route(request: web.Request) -> str:
    """Return the pattern of a page's address: the address itself may name a child."""
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical


async def _static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in _STATIC:
        raise web.HTTPNotFound
    body = files("socert.simulator").joinpath("static", name).read_bytes()
    return web.Response(
        body=body, content_type=_STATIC[name], charset="utf-8", headers={"Cache-Control": "max-age=300"}
    )
