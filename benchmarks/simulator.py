"""How many SendRequests the simulator takes, with all its checks on: envelope, schema, signature, sender, repetition.

The messages, of about 4 KB of content, are built beforehand; sixteen are on their way at once. The simulator is a
process of its own with its state in memory; the portal behind the exchange takes nothing meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from benchmarks import region
from benchmarks.bench import Benchmark, Measure, Round, Sides
from benchmarks.machine import line_of, process
from socert.contracts.smev import call
from socert.contracts.smev.ids import MessageIds
from socert.host.clock import system_clock
from socert.host.keys import ensure_key, load_signer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.bench import Bench

AT_ONCE = 16
_HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:SendRequest"'}


@contextmanager
def sides(bench: Bench) -> Iterator[Sides]:
    """Start the simulator and make what is sent to it."""
    keys = Path(bench.folder) / "simulator" / "keys"
    region_files = ensure_key(keys, "region", common_name="REGION", organisation="Region", clock=system_clock)
    signer, ids = load_signer(region_files), MessageIds(system_clock)
    requests = region.requests(region.families(0, bench.scale.calls))
    arguments = ["-m", "socert", "simulate", "--port", "0", "--keys", str(keys), "--exchange-only"]
    with process(arguments, core=bench.server_core) as started:
        address = line_of(started, "Exchange").split()[1]

        def ours() -> Round:
            envelopes = [call.send_request(message_id=ids(), content=request, signer=signer) for request in requests]
            return (len(envelopes) / asyncio.run(_send(address, envelopes)),)

        ours()
        yield Sides(ours=ours)


async def _send(address: str, envelopes: Sequence[bytes]) -> float:
    """Send all and return the seconds; `RuntimeError` when one was refused."""
    waiting = iter(envelopes)
    async with aiohttp.ClientSession() as session:

        async def one_after_another() -> None:
            for envelope in waiting:
                async with session.post(address, data=envelope, headers=_HEADERS) as answer:
                    if answer.status != 200:
                        raise RuntimeError(f"the simulator refused a message: {await answer.text()}")
                    await answer.read()

        started = time.perf_counter()
        await asyncio.gather(*[one_after_another() for _ in range(AT_ONCE)])
        return time.perf_counter() - started


SIMULATOR = Benchmark(
    measures=(Measure(name="simulator: SendRequest with all checks", unit="messages/s", goal=500.0),),
    open=sides,
)
