"""Around every page: who may see it, how it looks, what it says when something goes wrong, and how a form is taken."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import aiohttp_jinja2
from aiohttp import web
from jinja2 import PackageLoader

from socert.gateway.console import words
from socert.gateway.console.errors import Denied, FieldsWrong, Moved, OldPage
from socert.gateway.console.forms import Typed
from socert.gateway.domain.rules_errors import RuleBroken
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from datetime import tzinfo

    from socert.gateway.console.access import Access
    from socert.gateway.console.forms import Form
    from socert.gateway.console.tokens import Tokens

PREFIX = "/console"
#: Pages load nothing but their own style sheet and icon, and post only to themselves.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_STATIC = {"style.css": "text/css", "icon.svg": "image/svg+xml"}
_FORM_TYPE = "application/x-www-form-urlencoded"
_WHO = web.RequestKey("who", str)

_OLD_PAGE = "Страница открыта до перезапуска программы или не отсюда. Ничего не сделано: проверьте и отправьте ещё раз."
_MOVED = (
    "Пока страница была открыта, здесь произошли изменения. Ничего не сделано: посмотрите, как обстоит дело сейчас,"
    " и, если нужно, отправьте ещё раз."
)
_FIELDS = "Ничего не сделано: исправьте отмеченные поля."

log = get_logger("console")


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Why a form was not done, and what was typed into it: the page is shown again with both."""

    step: str
    posted: Mapping[str, str]
    refusal: str
    wrong: Mapping[str, str] = field(default_factory=dict)


class Shell:
    """What all pages share."""

    def __init__(self, *, access: Access, tokens: Tokens, zone: tzinfo) -> None:
        """Take who decides about access, the forms' tokens and the zone in which moments are told."""
        self._access = access
        self._tokens = tokens
        self._zone = zone

    def setup(self, app: web.Application, routes: Iterable[web.AbstractRouteDef]) -> None:
        """Add routes, templates, access and the look of errors to the console's application."""
        aiohttp_jinja2.setup(
            app,
            loader=PackageLoader("socert.gateway.console", "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        aiohttp_jinja2.get_env(app).globals.update(
            amount=words.amount,
            day=words.day,
            month=words.month,
            moment=words.moment_in(self._zone),
            plural=words.plural,
            words=words,
            prefix=PREFIX,
            part=part,
        )
        app.add_routes(routes)
        app.router.add_get("/static/{name}", _static)
        app.middlewares.append(self._around)

    @web.middleware
    async def _around(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Let in who may come in; tell in a page whatever goes wrong; put the headers on everything."""
        try:
            request[_WHO] = self._access.who(request)
            response = await handler(request)
        except Denied as denied:
            log.warning("console access refused", status=denied.status)
            response = web.Response(status=denied.status, text=denied.people_text, headers=denied.headers)
        except web.HTTPNotFound:
            response = self._error(request, 404, "Страница не найдена", "Возможно, ссылка устарела.")
        except web.HTTPException as found:
            if found.status >= 400:
                response = self._error(request, found.status, "Так страницу открыть нельзя", "Вернитесь к обзору.")
            else:
                found.headers.update(_HEADERS)
                raise
        except Exception as error:  # noqa: BLE001  the page must say something; the cause goes to the log
            # Not its text: an error of the database may quote what was to be written.
            log.error("console page failed", route=_route(request), error=type(error).__name__)
            response = self._error(
                request, 500, "Что-то пошло не так", "Ничего не сделано. Ошибка записана в журнал. Попробуйте ещё раз."
            )
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def _error(self, request: web.Request, status: int, title: str, text: str) -> web.Response:
        return self.page(request, "error.html", {"title": title, "text": text}, status=status)

    def page(
        self, request: web.Request, template: str, context: Mapping[str, Any], *, status: int = 200
    ) -> web.Response:
        """Return a page; `?done=` in the address says above it what was done."""
        done = words.DONE.get(request.query.get("done", ""), "") if request.method == "GET" else ""
        return aiohttp_jinja2.render_template(template, request, {"done": done, **context}, status=status)

    def shown(self, form: Form, problem: Problem | None) -> Form:
        """Return a form with a token of its own; the one that was not done, with what was typed and why."""
        if problem is not None and problem.step == form.name:
            form = form.filled(problem.posted, refusal=problem.refusal, wrong=problem.wrong)
        # What a request's path is read as: an id may hold letters that an address writes otherwise.
        return replace(form, token=self._tokens.make(unquote(form.path)))

    async def take(
        self,
        request: web.Request,
        *,
        step: str,
        about: str,
        work: Callable[[Typed], Awaitable[str]],
        again: Callable[[Problem], Awaitable[web.Response]],
    ) -> web.Response:
        """Do what a form asks for, once, and go to the page that `work` returns; or show the page `again`.

        `about` is the id of what the step is about, for the log. `work` raises `FieldsWrong`, `Moved` or `RuleBroken`
        where it did nothing.
        """
        posted = await _posted(request)
        wrong: Mapping[str, str] = {}
        try:
            place = await self._tokens.once(posted.get("token", ""), request.path, lambda: work(Typed(posted=posted)))
        except OldPage as error:
            code, refusal = error.code, _OLD_PAGE
        except Moved as error:
            code, refusal = error.code, _MOVED
        except FieldsWrong as error:
            code, refusal, wrong = error.code, _FIELDS, error.wrong
        except RuleBroken as broken:
            code, refusal = broken.code, broken.people_text
        else:
            log.info("console step", step=step, about=about, who=request[_WHO])
            raise web.HTTPSeeOther(place)
        log.info("console step refused", step=step, about=about, who=request[_WHO], code=code)
        return await again(Problem(step=step, posted=posted, refusal=refusal, wrong=wrong))


def part(text: str) -> str:
    """Return an id as one part of an address."""
    return quote(text, safe="")


def matched(request: web.Request, name: str) -> str:
    """Return an id out of an address; `HTTPNotFound` for what no id is."""
    found = request.match_info[name]
    if not found.isprintable() or len(found) > 50:
        raise web.HTTPNotFound
    return found


async def _posted(request: web.Request) -> dict[str, str]:
    if request.content_type != _FORM_TYPE:
        raise web.HTTPUnsupportedMediaType
    try:
        found = await request.post()
    except (LookupError, ValueError):  # a charset that does not exist, bytes that are none of it
        raise web.HTTPBadRequest from None
    return {name: value.replace("\0", "") for name, value in found.items() if isinstance(value, str)}


def _route(request: web.Request) -> str:
    """Return the pattern of a page's address."""
    resource = request.match_info.route.resource
    return "" if resource is None else resource.canonical


async def _static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in _STATIC:
        raise web.HTTPNotFound
    body = files("socert.gateway.console").joinpath("static", name).read_bytes()
    return web.Response(
        body=body, content_type=_STATIC[name], charset="utf-8", headers={"Cache-Control": "private, max-age=300"}
    )
