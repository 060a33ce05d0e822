"""What every page of the account is made with: who is signed in, templates, forms that take effect once.

The session is a random cookie that other sites' forms do not carry (SameSite=Strict), kept in memory.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import aiohttp_jinja2
from aiohttp import web
from jinja2 import PackageLoader

from socert.simulator.portal import words
from socert.simulator.portal.forms import FORMS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from socert.simulator.clock import SimulatorClock
    from socert.simulator.portal.cards import Certificate
    from socert.simulator.portal.order import Order
    from socert.simulator.portal.people import KnownChild, Owner
    from socert.simulator.portal.portal import Portal

K = TypeVar("K")
V = TypeVar("V")

COOKIE = "sim_session"
CHILD = r"/account/child/{child:\d{1,18}}"
"""The beginning of addresses of pages about one child."""
ORDER = r"/account/order/{order:\d{1,18}}"
"""The beginning of addresses of pages about one order."""
WRONG = "/account/form/{form}"
"""The address of a form that came back with problems."""

#: Pages load nothing but their own style sheet and icon, and post only to themselves.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
#: How many sessions, answers and forms are remembered; the oldest goes first.
_REMEMBERED = 500
#: Where a parent may be led after signing in.
_WELCOME = ("/enrol?", "/account/")


@dataclass(kw_only=True, slots=True)
class _Returned:
    """A form that came back with problems; `place` is where it led once it was right."""

    owner: int
    path: str
    template: str
    context: dict[str, Any]
    place: str = ""


class Desk:
    """Renders pages for who is signed in, and remembers what a page must not do twice.

    `version` is that of the forms of consent shown.
    """

    def __init__(self, portal: Portal, *, clock: SimulatorClock, version: str) -> None:
        self.portal = portal
        self.clock = clock
        self.version = version
        self._sessions: dict[str, int] = {}
        self._answers: dict[str, tuple[int, Any]] = {}
        self._wrong: dict[str, _Returned] = {}
        self._balances: dict[int, Certificate] = {}
        self._done: dict[tuple[int, str, str], str] = {}
        self._locks: dict[tuple[int, str, str], asyncio.Lock] = {}

    def setup(self, app: web.Application) -> None:
        """Add the templates to an application."""
        aiohttp_jinja2.setup(
            app,
            loader=PackageLoader("socert.simulator", "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        aiohttp_jinja2.get_env(app).globals.update(
            amount=words.amount, day=words.day, moment=self.portal.time.moment, words=words, forms=FORMS
        )

    def forget(self) -> None:
        """Sign everybody out, forget answers and forms."""
        for kept in (self._sessions, self._answers, self._wrong, self._done, self._balances):
            kept.clear()

    # Who is signed in

    def sign_in(self, owner: Owner, place: str) -> web.HTTPSeeOther:
        """Begin a session and lead to `place`, or to the account where that is no page to begin with."""
        session = secrets.token_urlsafe(24)
        _remember(self._sessions, session, owner.id)
        response = web.HTTPSeeOther(place if place.startswith(_WELCOME) else "/account")
        response.set_cookie(COOKIE, session, httponly=True, samesite="Strict", path="/")
        return response

    def sign_out(self, request: web.Request) -> web.HTTPSeeOther:
        """End the session."""
        self._sessions.pop(request.cookies.get(COOKIE, ""), None)
        response = web.HTTPSeeOther("/")
        response.del_cookie(COOKIE, path="/")
        return response

    def signed_in(self, request: web.Request) -> Owner | None:
        """Return who is signed in."""
        number = self._sessions.get(request.cookies.get(COOKIE, ""))
        return None if number is None else self.portal.people.owner(number)

    def owner(self, request: web.Request) -> Owner:
        """Return who is signed in; nobody is led to the front page, and from there back to where he was going."""
        owner = self.signed_in(request)
        if owner is None:
            wanted = request.path_qs if request.method == "GET" and request.path_qs.startswith(_WELCOME) else ""
            raise web.HTTPSeeOther("/?" + urlencode({"next": wanted}) if wanted else "/")
        return owner

    def owner_and_child(self, request: web.Request) -> tuple[Owner, KnownChild]:
        """Return who is signed in and the child of the address, 404 for one whom this owner may not see."""
        owner = self.owner(request)
        child = self.portal.people.child_of(owner.id, int(request.match_info["child"]))
        if child is None:
            raise web.HTTPNotFound
        return owner, child

    def owner_and_order(self, request: web.Request) -> tuple[Owner, Order]:
        """Return who is signed in and the order of the address, 404 for one of somebody else."""
        owner = self.owner(request)
        order = self.portal.orders.get(int(request.match_info["order"]), owner.id)
        if order is None:
            raise web.HTTPNotFound
        return owner, order

    # Pages and forms

    def page(
        self, request: web.Request, template: str, owner: Owner | None, status: int = 200, **context: Any
    ) -> web.Response:
        """Render a page. `token` in a template is for its forms: see `once`.

        What was posted with `problems` is shown at an address of its own, to which the browser is led: going back and
        forth asks nobody whether to send the form again.
        """
        if context.get("problems") and request.method == "POST" and owner is not None:
            key = secrets.token_urlsafe(12)
            returned = _Returned(owner=owner.id, path=request.path, template=template, context=context)
            _remember(self._wrong, key, returned)
            raise web.HTTPSeeOther(WRONG.replace("{form}", key))
        context = {"owner": owner, "token": secrets.token_urlsafe(12), "problems": {}, **context}
        response = aiohttp_jinja2.render_template(template, request, context, status=status)
        response.headers.update(_HEADERS)
        return response

    async def wrong(self, request: web.Request) -> web.Response:
        """Show a form that came back, with everything that was typed; one that is forgotten leads to the account."""
        owner = self.owner(request)
        returned = self._wrong.get(request.match_info["form"])
        if returned is None or returned.owner != owner.id:
            raise web.HTTPSeeOther("/account")
        if returned.place:
            raise web.HTTPSeeOther(returned.place)
        return self.page(request, returned.template, owner, 422, **returned.context)

    async def once(
        self, request: web.Request, owner: Owner, form: Mapping[str, Any], work: Callable[[], Awaitable[str]]
    ) -> web.HTTPSeeOther:
        """Do what a form orders and lead to the page that `work` returns; the same form sent again leads there too.

        A repeat that comes while the first is at work waits for it. What `work` raises lets the form be sent again.
        """
        key = (owner.id, request.path, text(form, "token") or secrets.token_urlsafe(12))
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                if key not in self._done:
                    _remember(self._done, key, await work())
                    for returned in self._wrong.values():
                        if (returned.owner, returned.path) == key[:2]:
                            returned.place = self._done[key]
                return web.HTTPSeeOther(self._done[key])
        finally:
            self._locks.pop(key, None)

    def keep_answer(self, child: KnownChild, answer: object) -> web.HTTPSeeOther:
        """Keep an answer about a child and lead to its page, so that going back repeats no question."""
        key = secrets.token_urlsafe(12)
        _remember(self._answers, key, (child.id, answer))
        return web.HTTPSeeOther(f"/account/child/{child.id}/answer/{key}")

    def answer(self, child: KnownChild, key: str) -> Any:
        """Return an answer about this child, None for one that is not kept or is about another."""
        number, answer = self._answers.get(key, (0, None))
        return answer if number == child.id else None

    def keep_balance(self, order: int, certificate: Certificate) -> None:
        """Keep the certificate of an order as the region told it just now; the account has no copy of it."""
        _remember(self._balances, order, certificate)

    def balance(self, order: int) -> Certificate | None:
        """Return the certificate kept for an order."""
        return self._balances.get(order)


def text(form: Mapping[str, Any], name: str) -> str:
    """Return a field as it was typed, with the line ends that messages have; empty where there is none."""
    value = form.get(name, "")
    return value.replace("\r\n", "\n").replace("\r", "\n").strip() if isinstance(value, str) else ""


def _remember(kept: dict[K, V], key: K, value: V) -> None:
    while len(kept) >= _REMEMBERED:
        del kept[next(iter(kept))]
    kept[key] = value
