"""The day's work of a running gateway: contracts and certificates, offers nobody answered, data to be erased.

Each part is idempotent and resumable, so that a day that is begun twice, or by two processes, is done once.
Source: portal message dictionary, 6.3 (timers), 10 (erasure), 11 (charges), 15 (invariant 14).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from socert.gateway.life.renewals import Lapsed
from socert.host.log import get_logger

if TYPE_CHECKING:
    from datetime import date

    from socert.gateway.exchange.wake import Wake
    from socert.gateway.life.days import DayDone, Days
    from socert.gateway.life.erasure import Erasure
    from socert.gateway.life.renewals import Renewals
    from socert.gateway.life.today import Today
    from socert.gateway.life.turn_plan import Offering
    from socert.gateway.ports import Units

log = get_logger("daily")
BATCH = 100
"""Offers that lapse in one transaction."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What a day came to: of contracts and certificates, of offers, and how many acts of erasure were made.

    `offers` nobody answered, `offered` were made out of what came back.
    """

    day: DayDone
    offers: Lapsed
    offered: int
    acts: int


class Daily:
    """Does a day's work, and every day's."""

    def __init__(
        self,
        *,
        units: Units,
        days: Days,
        renewals: Renewals,
        offering: Offering,
        erasure: Erasure,
        today: Today,
    ) -> None:
        """Take the parts of a day, and what tells which day it is."""
        self._units = units
        self._days = days
        self._renewals = renewals
        self._offering = offering
        self._erasure = erasure
        self._today = today

    def run(self) -> Done:
        """Do what is due today, on this thread."""
        day = self._days.run(self._units)
        offers = Lapsed()
        while (some := self._units.run(partial(self._renewals.lapse, limit=BATCH))).count:
            offers += some
        offered = self._offering.go_on().offers
        acts = self._erasure.run(self._units, self._today())
        return Done(day=day, offers=offers, offered=offered, acts=acts)

    async def keep(self, changed: Wake, watch: float) -> None:
        """Work for ever: at the start and whenever a new day has begun; call `changed` when it is done."""
        done: date | None = None
        while True:
            today = self._today()
            if today != done:
                result = await _to_its_end(asyncio.ensure_future(asyncio.to_thread(self.run)))
                log.info(
                    "the day's work is done",
                    day=today.isoformat(),
                    charged=result.day.charged,
                    failed=result.day.failed,
                    offers=result.offers.count,
                    offered=result.offered,
                    acts=result.acts,
                )
                changed.call()
                done = today
            await asyncio.sleep(watch)


async def _to_its_end(work: asyncio.Future[Done]) -> Done:
    """Wait for work on another thread; who is cancelled meanwhile still waits, for the database must outlive it."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
