"""What every command of the gateway shares: the settings, the opened parts, and errors as one line."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from socert.gateway import config
from socert.gateway.errors import GatewayError
from socert.host import log
from socert.host.errors import HostError

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.gateway.app import Workshop
    from socert.gateway.config import Settings

P = ParamSpec("P")
R = TypeVar("R")


def plain_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the gateway's errors into one line for people and exit code 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (GatewayError, HostError) as error:
            raise click.ClickException(str(error)) from error

    return run


def settings_of(**given: object) -> Settings:
    """Return the settings, what is given before all else, and set the log up by them."""
    settings = config.load(**given)
    log.configure(level=settings.log_level, json=settings.log_json)
    return settings


def open_by(settings: Settings) -> Workshop:
    """Open the parts that commands need by given settings; use it as a context manager."""
    from socert.gateway.app import Workshop  # the web stack is slow to import and `--help` needs none of it

    return Workshop(settings)


def open_workshop() -> Workshop:
    """Open the parts that plain commands need, by the settings; use it as a context manager."""
    return open_by(settings_of())
