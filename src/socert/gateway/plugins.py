"""Answers that a region adds: to message types of its own, or in place of nobody, never in place of ours.

A distribution names, in the entry point group `socert.answerers`, a function that takes `Services` and returns
answerers:

    [project.entry-points."socert.answerers"]
    some_region = "some_region.answers:answerers"

The types themselves come from the group `socert.message_types` (`contracts.portal.known`). What is exported here is
what such a plug-in needs. Source: portal message dictionary, 6.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from socert.gateway.errors import PluginError
from socert.gateway.exchange.answering import Answerer as Answerer  # noqa: TC001  plug-ins import it from here
from socert.gateway.exchange.answering import Effect as Effect
from socert.gateway.exchange.answering import Look as Look
from socert.gateway.exchange.answering import Received as Received
from socert.gateway.exchange.answering import Reply as Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime, tzinfo
    from importlib.metadata import EntryPoint

    from socert.gateway.exchange.orders import Orders
    from socert.gateway.life.cases import Cases
    from socert.gateway.life.consents import Consents
    from socert.gateway.life.contracts import Contracts
    from socert.gateway.life.enrolment import Enrolments
    from socert.gateway.life.issuing import Issuing
    from socert.gateway.ports import Registry
    from socert.gateway.ports.life import LifeRegistry

GROUP = "socert.answerers"
"""The entry point group that plug-ins use."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """What an answerer may look things up with and act through. Writing goes through an `Effect`'s unit of work."""

    registry: Registry
    life: LifeRegistry
    issuing: Issuing
    enrolments: Enrolments
    contracts: Contracts
    consents: Consents
    cases: Cases
    orders: Orders
    clock: Callable[[], datetime]
    zone: tzinfo


def load(points: Iterable[EntryPoint], services: Services, own: Sequence[Answerer]) -> tuple[Answerer, ...]:
    """Return our own answerers and those of plug-ins. `PluginError` for one that cannot be loaded or answers twice."""
    found = {one.message_type: (one, "socert") for one in own}
    for point in sorted(points, key=lambda point: (point.name, point.value)):
        called = f"the entry point {point.name} = {point.value}"
        try:
            made = tuple(point.load()(services))
        except (ImportError, AttributeError, TypeError) as error:
            raise PluginError(f"Answerers cannot be loaded: {called}: {error}.") from error
        for one in made:
            if one.message_type in found:
                raise PluginError(
                    f"{one.message_type} is answered by {found[one.message_type][1]} and by {called}:"
                    " uninstall one of them, or give the type a namespace of its own."
                )
            found[one.message_type] = (one, called)
    return tuple(one for one, _ in found.values())
