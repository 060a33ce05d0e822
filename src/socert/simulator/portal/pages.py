"""The parent's pages: choose who to be, see children, certificates, contracts and programmes, ask the region.

Plain forms and links, no script. The session is a random cookie that other sites' forms do not carry (SameSite=Strict),
kept in memory.
"""

from __future__ import annotations

import secrets
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import aiohttp_jinja2
from aiohttp import web
from jinja2 import PackageLoader

from socert.host.log import get_logger
from socert.simulator.portal import programmes, words
from socert.simulator.portal.query import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from socert.simulator.portal.accounts import Accounts
    from socert.simulator.portal.cards import Certificate, Contract
    from socert.simulator.portal.catalogue import Catalogue
    from socert.simulator.portal.local_time import LocalTime
    from socert.simulator.portal.people import KnownChild, Owner, People
    from socert.simulator.portal.query import Answer, Found, Queries

COOKIE = "sim_session"
#: Pages load nothing but their own style sheet and icon, and post only to themselves.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_STATIC = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
#: How many sessions, and how many answers, are kept; the oldest goes first.
_REMEMBERED = 500
#: Beginnings of addresses that are for programs: their errors are not told in pages.
_NO_PAGES = ("/smev/", "/_sim/")

log = get_logger("pages")


class Pages:
    """All pages of the account. `catalogue` has the programmes and names municipalities."""

    def __init__(
        self, *, people: People, accounts: Accounts, queries: Queries, catalogue: Catalogue, time: LocalTime
    ) -> None:
        self._people = people
        self._accounts = accounts
        self._queries = queries
        self._catalogue = catalogue
        self._time = time
        self._sessions: dict[str, int] = {}
        self._answers: dict[str, tuple[int, Answer]] = {}

    def setup(self, app: web.Application) -> None:
        """Add the routes, the templates and the look of errors to an application."""
        aiohttp_jinja2.setup(
            app,
            loader=PackageLoader("socert.simulator", "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        aiohttp_jinja2.get_env(app).globals.update(amount=words.amount, day=words.day, moment=self._time.moment)
        app.add_routes(
            [
                web.get("/", self._front),
                web.post("/sign-in", self._sign_in),
                web.post("/sign-out", self._sign_out),
                web.get(programmes.PATH, self._programmes),
                web.get("/account", self._account),
                web.get(r"/account/child/{child:\d{1,18}}", self._child),
                web.get(r"/account/child/{child:\d{1,18}}/find", self._find_form),
                web.post(r"/account/child/{child:\d{1,18}}/find", self._find),
                web.post(r"/account/child/{child:\d{1,18}}/refresh", self._refresh),
                web.get(r"/account/child/{child:\d{1,18}}/answer/{answer}", self._answer),
                web.get("/static/{name}", _static),
            ]
        )
        app.middlewares.append(self._errors)

    def forget(self) -> None:
        """Sign everybody out and forget the answers on their pages."""
        self._sessions.clear()
        self._answers.clear()

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
        return self._page(request, "error.html", self._signed_in(request), status, title=title, text=text)

    # Who is signed in

    def _signed_in(self, request: web.Request) -> Owner | None:
        number = self._sessions.get(request.cookies.get(COOKIE, ""))
        return None if number is None else self._people.owner(number)

    def _owner(self, request: web.Request) -> Owner:
        owner = self._signed_in(request)
        if owner is None:
            raise web.HTTPSeeOther("/")
        return owner

    def _owner_and_child(self, request: web.Request) -> tuple[Owner, KnownChild]:
        owner = self._owner(request)
        child = self._people.child_of(owner.id, int(request.match_info["child"]))
        if child is None:
            raise web.HTTPNotFound
        return owner, child

    async def _sign_in(self, request: web.Request) -> web.Response:
        chosen = str((await request.post()).get("person", ""))
        owner = self._people.owner(int(chosen)) if chosen.isdecimal() and len(chosen) <= 18 else None
        if owner is None:
            raise web.HTTPSeeOther("/")
        session = secrets.token_urlsafe(24)
        while len(self._sessions) >= _REMEMBERED:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[session] = owner.id
        response = web.HTTPSeeOther("/account")
        response.set_cookie(COOKIE, session, httponly=True, samesite="Strict", path="/")
        raise response

    async def _sign_out(self, request: web.Request) -> web.Response:
        self._sessions.pop(request.cookies.get(COOKIE, ""), None)
        response = web.HTTPSeeOther("/")
        response.del_cookie(COOKIE, path="/")
        raise response

    # Pages

    async def _front(self, request: web.Request) -> web.Response:
        wanted = request.query.get("q", "")[:200]
        return self._page(
            request,
            "people.html",
            None,
            people=self._people.find_owners(wanted),
            total=self._people.count_owners(),
            words=wanted,
        )

    async def _programmes(self, request: web.Request) -> web.Response:
        context = programmes.view(self._catalogue, request.query)
        return self._page(request, "programmes.html", self._signed_in(request), section="programmes", **context)

    async def _account(self, request: web.Request) -> web.Response:
        owner = self._owner(request)
        children = [
            (child, [self._certificate(card) for card in self._accounts.certificates(child.id, owner.id)])
            for child in self._people.children_of(owner.id)
        ]
        return self._page(request, "account.html", owner, children=children)

    async def _child(self, request: web.Request) -> web.Response:
        owner, child = self._owner_and_child(request)
        return self._page(
            request,
            "child.html",
            owner,
            child=child,
            certificates=[self._certificate(card) for card in self._accounts.certificates(child.id, owner.id)],
            contracts=[_contract(card) for card in self._accounts.contracts(child.id, owner.id)],
        )

    async def _find_form(self, request: web.Request) -> web.Response:
        owner, child = self._owner_and_child(request)
        hidden = f"•••-•••-•{child.snils[7:9]} {child.snils[9:]}" if child.snils else ""
        return self._page(request, "find.html", owner, child=child, snils=hidden)

    async def _find(self, request: web.Request) -> web.Response:
        _, child = self._owner_and_child(request)
        if child.snils is None:
            raise web.HTTPSeeOther(request.path)  # the form says why there is nothing to send
        raise self._remember(child, await self._queries.search(child))

    async def _refresh(self, request: web.Request) -> web.Response:
        owner, child = self._owner_and_child(request)
        guid = str((await request.post()).get("certificate", ""))
        if guid not in {card.guid for card in self._accounts.certificates(child.id, owner.id)}:
            raise web.HTTPNotFound
        raise self._remember(child, await self._queries.inform(child, guid))

    def _remember(self, child: KnownChild, answer: Answer) -> web.HTTPSeeOther:
        """Keep an answer and send the browser to its page, so that going back repeats no question."""
        key = secrets.token_urlsafe(12)
        while len(self._answers) >= _REMEMBERED:
            del self._answers[next(iter(self._answers))]
        self._answers[key] = (child.id, answer)
        return web.HTTPSeeOther(f"/account/child/{child.id}/answer/{key}")

    async def _answer(self, request: web.Request) -> web.Response:
        owner, child = self._owner_and_child(request)
        number, answer = self._answers.get(request.match_info["answer"], (0, None))
        if answer is None or number != child.id:
            raise web.HTTPSeeOther(f"/account/child/{child.id}")
        again = "refresh" if answer.guid else "find"
        title, tone = _VERDICT[answer.outcome]
        if answer.guid and any(found.available is not None for found in answer.certificates):
            title = "Остаток обновлён"
        return self._page(
            request,
            "result.html",
            owner,
            child=child,
            title=title,
            tone=tone,
            text=answer.text,
            certificates=[self._found(found) for found in answer.certificates],
            retry=f"/account/child/{child.id}/{again}" if answer.outcome in _WORTH_RETRY else "",
            guid=answer.guid,
        )

    # What the templates show

    def _page(
        self, request: web.Request, template: str, owner: Owner | None, status: int = 200, **context: Any
    ) -> web.Response:
        response = aiohttp_jinja2.render_template(template, request, {"owner": owner, **context}, status=status)
        response.headers.update(_HEADERS)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _certificate(self, card: Certificate) -> dict[str, Any]:
        balance = card.balance_on(self._time.today())
        until = "до 18 лет" if card.valid_to is None else f"по {words.day(card.valid_to)}"
        return {
            "guid": card.guid,
            "number": card.number,
            "title": words.SCHEME.get(card.scheme, "Сертификат"),
            "with_funds": card.with_funds,
            "status_words": words.CERTIFICATE_STATUS.get(card.status, card.status),
            "tone": words.TONE.get(card.status, "quiet"),
            "status_reason": card.status_reason,
            "unit": balance.unit,
            "unit_words": words.UNIT[balance.unit],
            "nominal": balance.nominal,
            "reserved": balance.reserved,
            "spent": balance.spent,
            "available": balance.available,
            "period": f"{words.day(balance.period_from)} – {words.day(balance.period_to)}",
            "category": card.category,
            "municipality": self._catalogue.municipality(card.municipality_code),
            "valid_words": f"с {words.day(card.valid_from)} {until}",
            "as_of": card.as_of,
        }

    def _found(self, found: Found) -> dict[str, Any]:
        return {
            "number": found.number,
            "with_funds": found.with_funds,
            "unit": found.unit,
            "available": found.available,
            "booked": found.booked,
            "owner": found.owner,
            "category": found.category,
            "municipality": self._catalogue.municipality(found.municipality_code),
            "as_of": found.as_of,
        }


_VERDICT = {
    Outcome.FOUND: ("Сертификат найден", "good"),
    Outcome.NOT_FOUND: ("Сертификат не найден", "warn"),
    Outcome.REFUSED: ("Регион отказал в сведениях", "warn"),
    Outcome.NO_ANSWER: ("Регион пока не ответил", "warn"),
    Outcome.FAILED: ("Запрос не удалось отправить", "bad"),
}
_WORTH_RETRY = frozenset({Outcome.NO_ANSWER, Outcome.FAILED})


def _contract(card: Contract) -> dict[str, Any]:
    number = f"№ {card.number}" if card.number else "без номера"
    return {
        "title": f"{number} от {words.day(card.contract_date)}" if card.contract_date else number,
        "programme": card.programme,
        "organisation": card.organisation,
        "status_words": words.CONTRACT_STATE.get(card.status, card.status),
        "tone": words.TONE.get(card.status, "quiet"),
        "dates": f"{words.day(card.start)} – {words.day(card.end)}",
        "unit": card.unit,
        "certificate_part": card.certificate_part,
        "own_part": card.own_part,
        "ending": f"Обучение закончено {words.day(card.ended)}. {card.ending}".strip() if card.ended else "",
        "as_of": card.as_of,
    }


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
