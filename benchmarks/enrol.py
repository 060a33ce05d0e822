"""A crowd of parents enrols at once: how long they wait, and how many enrolments get through.

Gateway and simulator are processes of their own with SQLite on disk; they meet over HTTP as they always do. Each parent
of a round goes the whole way by the simulator's control calls: asks for the certificate, which is issued (M02), asks
the price (M05), files the application (M06) and waits for its statuses. What is timed is what the parent waits, so the
simulator's own share is in it. Each round's children are new.

Source of the goals: portal message dictionary, 12 (questions answered within three seconds at the 99th percentile).
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import aiohttp

from benchmarks.bench import Benchmark, Measure, Round, Sides
from benchmarks.machine import line_of, process
from socert.demo.processes import free_port
from socert.host.clock import system_clock
from socert.sample import Settings, write_export, write_world
from socert.sample.numbers import snils

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.bench import Bench

UNDER_REVIEW = 6
PATIENCE = 120
"""Seconds after which a wait is given up; a call of the control interface waits half of it at most."""
_FAR = 80_000_000  # an index of invented numbers that no sample reaches
_WIDE_OPEN = {"nominals": {"RUB": 100_000}}


class Crowd:
    """Parents at a portal, so many in each round."""

    def __init__(self, portal: str, world: Path, parents: int) -> None:
        """Take the portal's address, the folder of its people and catalogue, and the number of parents."""
        self._portal = portal
        self._parents = parents
        self._used = 0
        catalogue = json.loads((world / "catalogue.json").read_text(encoding="utf-8"))
        payable = [one for one in catalogue["programmes"] if one["certificate_accepted"] and one["price"]]
        self._group, self._town = payable[0]["group_guid"], catalogue["municipalities"][0]["code"]
        self._start = (system_clock() + timedelta(days=1)).date()

    def enrol(self) -> Round:
        """Let a round's parents enrol at once; return the values of all measures."""
        numbers = range(self._used, self._used + self._parents)
        self._used += self._parents
        return asyncio.run(self._round(numbers))

    async def _round(self, numbers: Sequence[int]) -> Round:
        timeout, line = aiohttp.ClientTimeout(total=PATIENCE), aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=line) as http:
            began = time.perf_counter()
            waits = await asyncio.gather(*(self._one(http, number) for number in numbers))
            seconds = time.perf_counter() - began
        columns = [[1000 * wait for wait in column] for column in zip(*waits, strict=True)]
        told = [value for column in columns for value in (median(column), _percentile_99(column))]
        return (*told, len(numbers) / seconds)

    async def _one(self, http: aiohttp.ClientSession, number: int) -> tuple[float, float, float]:
        """Go the whole way; return the seconds waited for the certificate, the price and the first status."""
        wish = {"owner": snils(_FAR + 2 * number), "child": snils(_FAR + 2 * number + 1), "group": self._group}
        order = await self._post(http, "orders", {**wish, "start": self._start.isoformat(), "municipality": self._town})
        own = f"orders/{order['id']}"
        marks = [time.perf_counter()]
        order = await self._post(http, f"{own}/certificate", {})
        _expect(order["certificate"]["outcome"] == "found", order)
        marks.append(time.perf_counter())
        order = await self._post(http, f"{own}/cost", {})
        _expect(order["agreeable"], order)
        marks.append(time.perf_counter())
        order = await self._post(http, f"{own}/submit", {"own_part_accepted": True})
        while not order["seq"]:
            order = await self._changed(http, own, order)
        marks.append(time.perf_counter())
        while order["status"] != UNDER_REVIEW:
            order = await self._changed(http, own, order)
        asked, told, filed, heard = marks
        return told - asked, filed - told, heard - filed

    async def _post(self, http: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> Any:
        async with http.post(f"{self._portal}/_sim/{path}", json=body) as answer:
            if answer.status >= 300:
                raise RuntimeError(f"the portal answered {path} with {answer.status}: {await answer.text()}")
            return await answer.json()

    async def _changed(self, http: aiohttp.ClientSession, own: str, order: Any) -> Any:
        _expect(not order["closed"], order)
        address = f"{self._portal}/_sim/{own}?after={order['changes']}&wait={PATIENCE // 2}"
        async with http.get(address) as answer:
            return await answer.json()


def _percentile_99(waits: Sequence[float]) -> float:
    return quantiles(waits, n=100, method="inclusive")[98]


def _expect(good: bool, order: Any) -> None:
    if not good:
        told = {name: order[name] for name in ("status", "said", "certificate", "cost", "failure")}
        raise RuntimeError(f"an enrolment failed: {told}")


@contextmanager
def sides(bench: Bench) -> Iterator[Sides]:
    """Start portal and gateway with a small region, and with families enough for all rounds."""
    place = Path(bench.folder) / "enrol"
    place.mkdir()
    keys, world, export = place / "keys", place / "world", place / "export"
    write_export(export, Settings(certificates=50, year=system_clock().year))
    world.mkdir()
    write_world(export, world)
    _add_families(world, bench.scale.parents * (bench.scale.rounds + 1))
    port = free_port(0)
    portal = ["-m", "socert", "simulate", "--port", "0", "--keys", str(keys), "--query-deadline", str(PATIENCE)]
    portal += ["--people", str(world / "people.json"), "--catalogue", str(world / "catalogue.json")]
    portal += ["--region-url", f"http://127.0.0.1:{port}"]
    with process(portal, core=None) as simulator:
        exchange = line_of(simulator, "Exchange").split()[1]
        settings = {
            "SOCERT_DATA_DIR": str(place / "data"),
            "SOCERT_KEYS_DIR": str(keys),
            "SOCERT_EXCHANGE_URL": exchange,
            "SOCERT_PORT": str(port),
            "SOCERT_LOG_LEVEL": "ERROR",
            "SOCERT_POLICY": json.dumps(_WIDE_OPEN),
        }
        with process(["-m", "socert", "import", str(export)], core=None, settings=settings) as taken:
            taken.wait()
        with process(["-m", "socert", "serve"], core=bench.server_core, settings=settings):
            crowd = Crowd(exchange.removesuffix("/smev/1.2"), world, bench.scale.parents)
            asyncio.run(_ready(f"http://127.0.0.1:{port}"))
            crowd.enrol()
            yield Sides(ours=crowd.enrol)


async def _ready(gateway: str) -> None:
    """Wait until the gateway has delivered what was imported."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(PATIENCE):
        idle = False
        while not idle:
            await asyncio.sleep(0.2)
            try:
                async with http.get(f"{gateway}/api/v1/status") as answer:
                    idle = (await answer.json())["idle"]
            except aiohttp.ClientConnectionError:
                idle = False


def _add_families(world: Path, count: int) -> None:
    """Add families without a certificate to the portal's people."""
    file = world / "people.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    born = date(datetime.now(UTC).year - 9, 5, 20)
    for number in range(count):
        child = {
            "snils": snils(_FAR + 2 * number + 1),
            "last_name": "Новосёлов",
            "first_name": "Егор",
            "birth_date": born.isoformat(),
            "gender": "Male",
            "birth_certificate": f"IV-АБ {100_000 + number}",
        }
        parent = {"snils": snils(_FAR + 2 * number), "last_name": "Новосёлова", "first_name": "Анна"}
        document["people"].append({**parent, "children": [child]})
    file.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


ENROL = Benchmark(
    measures=(
        Measure(name="enrolment: certificate issued, median", unit="ms", better="lower"),
        Measure(name="enrolment: certificate issued, 99th percentile", unit="ms", better="lower", goal=3000.0),
        Measure(name="enrolment: price told, median", unit="ms", better="lower"),
        Measure(name="enrolment: price told, 99th percentile", unit="ms", better="lower", goal=3000.0),
        Measure(name="enrolment: first status, median", unit="ms", better="lower"),
        Measure(name="enrolment: first status, 99th percentile", unit="ms", better="lower"),
        Measure(name="enrolments", unit="enrolments/s"),
    ),
    open=sides,
)
