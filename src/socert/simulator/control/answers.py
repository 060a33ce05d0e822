"""JSON in and out of the control calls, and how their fields are read."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from socert.simulator.errors import ControlRefused, OrderRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from enum import StrEnum

    E = TypeVar("E", bound=StrEnum)


def to_json(value: dict[str, Any], status: int = 200) -> web.Response:
    """Return a JSON answer."""
    return web.Response(
        text=json.dumps(value, ensure_ascii=False, indent=2) + "\n", status=status, content_type="application/json"
    )


async def body_of(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a request; an empty body is an empty object. Raises `ControlRefused`."""
    data = await request.read()
    if not data:
        return {}
    try:
        value = json.loads(data)
    except ValueError as error:
        raise ControlRefused("The body is not JSON.") from error
    if not isinstance(value, dict):
        raise ControlRefused("The body is not a JSON object.")
    return value


def snils_of(value: object) -> str:
    """Return a SNILS of 11 digits. Raises `ControlRefused`."""
    if not isinstance(value, str) or len(value) != 11 or not value.isascii() or not value.isdigit():
        raise ControlRefused("A SNILS is 11 digits.")
    return value


def text_of(wish: dict[str, Any], name: str, default: str | None = None) -> str:
    """Return a text field, or the default where it is not there. Raises `ControlRefused`."""
    value = wish.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise ControlRefused(f"{name} is a text.")
    return value


def maybe_text_of(wish: dict[str, Any], name: str) -> str | None:
    """Return a text field, None where it is not there. Raises `ControlRefused`."""
    return None if wish.get(name) is None else text_of(wish, name)


def flag_of(wish: dict[str, Any], name: str) -> bool:
    """Return a field that is true or false, false where it is not there. Raises `ControlRefused`."""
    value = wish.get(name, False)
    if not isinstance(value, bool):
        raise ControlRefused(f"{name} is true or false.")
    return value


def day_of(wish: dict[str, Any], name: str) -> date | None:
    """Return a day, None where it is not there. Raises `ControlRefused`."""
    if wish.get(name) is None:
        return None
    try:
        return date.fromisoformat(text_of(wish, name))
    except ValueError as error:
        raise ControlRefused(f"{name} is written 2016-02-20.") from error


def member_of(kind: type[E], value: object, name: str) -> E:
    """Return one of a closed list. Raises `ControlRefused`."""
    try:
        return kind(str(value))
    except ValueError as error:
        raise ControlRefused(f"{name} is one of {', '.join(kind)}.") from error


def members_of(kind: type[E], wish: dict[str, Any], name: str) -> tuple[E, ...]:
    """Return a list of such. Raises `ControlRefused`."""
    values = wish.get(name, [])
    if not isinstance(values, list):
        raise ControlRefused(f"{name} is a list of texts.")
    return tuple(member_of(kind, value, name) for value in values)


@web.middleware
async def errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer every refusal as JSON: 400 makes no sense, 409 is what the portal would not let a parent do."""
    try:
        return await handler(request)
    except ControlRefused as error:
        return to_json({"error": str(error)}, 400)
    except OrderRefused as error:
        return to_json({"error": str(error), "refused": True}, 409)
    except web.HTTPException as error:
        return to_json({"error": error.reason}, error.status)
