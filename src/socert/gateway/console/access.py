"""Who may see the operator's pages: they show personal data.

Without a password only this machine itself may, and only under a loopback name: a page of another site that was made to
resolve to 127.0.0.1 sends its own name as Host. With a password everybody may who knows it; too many wrong ones from
one address close the door to that address for a while.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from ipaddress import ip_address
from typing import TYPE_CHECKING

from socert.gateway.console.errors import Denied

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aiohttp import web
    from pydantic import SecretStr

USER = "operator"
LOCAL = "local"
"""Who a step is logged as where no password is asked."""
FAILURES = 5
PAUSE = timedelta(minutes=1)
_REMEMBERED = 1000
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")

_ONLY_HERE = (
    "Рабочее место оператора открывается без пароля только на самом сервере, по адресу http://127.0.0.1."
    " Чтобы работать с других компьютеров, задайте пароль: SOCERT_CONSOLE_PASSWORD."
)
_WHO_ARE_YOU = f"Войдите: имя {USER} и пароль из настройки SOCERT_CONSOLE_PASSWORD."
_LATER = "Слишком много неверных паролей с этого адреса. Подождите минуту."


@dataclass(slots=True)
class _Failures:
    """Wrong passwords from one address, and until when they count."""

    number: int
    until: datetime


class Access:
    """Decides about each request. Failures are counted in memory, for the latest thousand addresses."""

    def __init__(self, password: SecretStr | None, *, clock: Callable[[], datetime]) -> None:
        """Take the password, None for none."""
        self._password = password
        self._clock = clock
        self._failures: dict[str, _Failures] = {}

    def who(self, request: web.Request) -> str:
        """Return who asks, for the log; `Denied` with 401, 403 or 429."""
        if self._password is None:
            forwarded = any(name in request.headers for name in _FORWARDED)
            if forwarded or not (_is_loopback(request.remote or "") and _is_loopback(_name(request.host))):
                raise Denied(403, _ONLY_HERE)
            return LOCAL
        remote = request.remote or ""
        self._check_failures(remote)
        given = request.headers.get("Authorization")
        if given is None or not self._fits(given):
            if given is not None:
                self._failed(remote)
            raise Denied(401, _WHO_ARE_YOU, WWW_Authenticate='Basic realm="socert", charset="UTF-8"')
        self._failures.pop(remote, None)
        return USER

    def _fits(self, given: str) -> bool:
        assert self._password is not None
        scheme, _, coded = given.partition(" ")
        try:
            said = base64.b64decode(coded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        wanted = f"{USER}:{self._password.get_secret_value()}".encode()
        return scheme.lower() == "basic" and compare_digest(said, wanted)

    def _check_failures(self, remote: str) -> None:
        found = self._failures.get(remote)
        if found is None:
            return
        now = self._clock()
        if now >= found.until:
            del self._failures[remote]
        elif found.number >= FAILURES:
            raise Denied(429, _LATER, Retry_After=str(int((found.until - now).total_seconds()) + 1))

    def _failed(self, remote: str) -> None:
        found = self._failures.pop(remote, None)
        number = 1 if found is None else found.number + 1
        while len(self._failures) >= _REMEMBERED:
            del self._failures[next(iter(self._failures))]
        self._failures[remote] = _Failures(number=number, until=self._clock() + PAUSE)


def _name(host: str) -> str:
    """Return the name or address in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_loopback(name: str) -> bool:
    if name.lower() == "localhost":
        return True
    try:
        found = ip_address(name)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback
