"""A day's work is done once a day, and to its end."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import TYPE_CHECKING, Any

from tests.gateway.line import eventually
from tests.gateway.records import Clock

from socert.gateway.exchange.wake import Wake
from socert.gateway.life.daily import Daily
from socert.gateway.life.days import DayDone
from socert.gateway.life.renewals import Lapsed
from socert.gateway.life.today import Today
from socert.gateway.life.turn_plan import Made

if TYPE_CHECKING:
    from collections.abc import Callable

    from socert.gateway.ports import Units

DAY = 86_400
NOTHING = DayDone(**dict.fromkeys(DayDone.__slots__, 0))


@dataclass
class Parts:
    """Stands for the parts of a day: notes what is called, and has so many batches of offers to end."""

    calls: list[str] = field(default_factory=list)
    batches: int = 2
    gate: threading.Event = field(default_factory=threading.Event)

    def run(self, _units: Units, today: date | None = None) -> Any:
        self.gate.wait(10)
        self.calls.append("days" if today is None else f"erasure {today}")
        return NOTHING if today is None else 3

    def lapse(self, _unit: object, *, limit: int) -> Lapsed:
        self.calls.append(f"lapse {limit}")
        self.batches -= 1
        return Lapsed(expired=5 if self.batches >= 0 else 0)

    def go_on(self) -> Made:
        self.calls.append("offers")
        return Made(offers=4)


class Plain:
    """Runs work without a database."""

    def run(self, work: Callable[[Any], Any]) -> Any:
        return work(None)


def daily(parts: Parts, clock: Clock) -> Daily:
    made: Any = parts
    today = Today(clock=clock, zone=UTC)
    return Daily(units=Plain(), days=made, renewals=made, offering=made, erasure=made, today=today)


def test_a_day_goes_through_everything_until_nothing_is_left() -> None:
    parts = Parts()
    parts.gate.set()
    done = daily(parts, Clock()).run()
    assert parts.calls == ["days", "lapse 100", "lapse 100", "lapse 100", "offers", "erasure 2026-09-07"]
    assert (done.offers.count, done.offered, done.acts) == (10, 4, 3)


async def test_each_day_is_begun_once() -> None:
    parts, clock, changed = Parts(), Clock(), Wake()
    parts.gate.set()
    task = asyncio.create_task(daily(parts, clock).keep(changed, 0.001))
    await changed.wait(10)
    await asyncio.sleep(0.01)
    assert parts.calls.count("days") == 1
    clock.advance(DAY)
    await eventually(lambda: parts.calls.count("days") == 2, "the next day is begun")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_whoever_stops_it_waits_for_the_work_under_way() -> None:
    parts = Parts()
    task = asyncio.create_task(daily(parts, Clock()).keep(Wake(), 0.001))
    await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=0.01)
    assert not done, "the work is not done yet"
    parts.gate.set()
    await asyncio.wait([task], timeout=10)
    assert task.cancelled()
    assert parts.calls[-1] == "erasure 2026-09-07"
