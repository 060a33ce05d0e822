"""The benchmarks run, with tiny numbers, and say what they measured in the agreed shape."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from benchmarks.bench import Bench, Benchmark, Measure, Scale, Sides
from benchmarks.catalogue import BENCHMARKS
from benchmarks.enrol import ENROL
from benchmarks.intake import INTAKE
from benchmarks.turn import TURN
from lxml import etree

from benchmarks import delivery, message, peer, region, report, runner, simulator, turn, years
from socert.adapters.registry.builtin.registry import BuiltinRegistry
from socert.contracts import xml
from socert.contracts.portal import account
from socert.contracts.signature.suites import Suite
from socert.contracts.signature.transform import normalize
from socert.contracts.smev import call
from socert.contracts.smev.ids import MessageIds
from socert.host.clock import system_clock
from socert.host.keys import KeyFiles, ensure_key, load_signer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TINY = Scale(rounds=1, messages=4, calls=6, certificates=30, imports=1, turned=60, parents=4)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(scale=TINY, folder=str(tmp_path))


@pytest.fixture
def keys(tmp_path: Path) -> KeyFiles:
    return ensure_key(tmp_path, "region", common_name="REGION", organisation="Region", clock=system_clock)


# --- both sides do the same work --------------------------------------------------------------------------------------


def test_the_messages_are_good_and_of_the_size_that_is_told() -> None:
    requests = region.requests(region.families(0, 2 * region.UNIT))
    assert [problem for request in requests for problem in account.check_request(request)] == []
    sizes = [len(request.render().encode()) for request in requests]
    assert 3_900 < sum(sizes) / len(sizes) < 4_200
    assert {len(request.updates) for request in requests} == {region.OBJECTS}


@pytest.mark.parametrize("place", [0, -1], ids=["certificates", "contracts"])
def test_the_peer_says_what_the_gateway_says(place: int) -> None:
    request = region.requests(region.families(0, 4))[place]
    assert normalize(peer.content_of(request)) == request.render().encode()


def test_the_peer_makes_a_valid_envelope(keys: KeyFiles) -> None:
    request = region.requests(region.families(0, 2))[0]
    opened = call.open_call(peer.PeerBuilder(keys).build(MessageIds(system_clock)(), peer.content_of(request)))
    call.check_schema(opened)
    assert opened.message_type == account.UPDATE_REQUEST


def test_our_message_is_valid_and_signed(keys: KeyFiles) -> None:
    built = message.build(region.families(0, 2), True, MessageIds(system_clock)(), load_signer(keys))
    opened = call.open_call(built)
    call.check_schema(opened)
    call.verify(opened, frozenset({Suite.ECDSA_P256}))
    assert opened.content is not None
    account.schema().check(xml.parse(etree.tostring(opened.content)))


def test_the_year_that_is_turned_adds_up(tmp_path: Path) -> None:
    store = turn.open_store(tmp_path / "region.db")
    try:
        contracts = years.fill(store, 60)
        registry = BuiltinRegistry(clock=system_clock)
        assert store.look(registry.unbalanced) == []
        assert store.look(lambda connection: len(registry.oktmos(connection))) == years.MUNICIPALITIES
    finally:
        store.close()
    assert contracts == 84
    done = {step: turn.step(step, tmp_path / "region.db") for step in turn.STEPS}
    assert (done["preview"]["pupils"], done["offers"]["offers"], done["lapse"]["lapsed"]) == (84, 84, 84)
    assert (done["run"]["changed"], done["run"]["contracts"], done["run"]["failed"]) == (60, 84, 0)


# --- they run ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "benchmark_",
    [message.MESSAGE, delivery.END_TO_END, delivery.FULL_BATCHES, simulator.SIMULATOR, INTAKE, TURN, ENROL],
    ids=lambda one: str(one.names[0]),
)
def test_it_runs(benchmark_: Benchmark, bench: Bench) -> None:
    results = runner.run([benchmark_], bench, lambda _text: None)
    assert [result.measure for result in results] == list(benchmark_.measures)
    for result in results:
        assert result.value > 0
        assert (result.peer_value is None) == (result.measure.peer is None)


def test_every_measure_has_a_name_of_its_own() -> None:
    names = [name for benchmark in BENCHMARKS for name in benchmark.names]
    assert len(set(names)) == len(names)


# --- what they say ----------------------------------------------------------------------------------------------------


def made_up(calls: list[str]) -> Benchmark:
    ours, theirs = iter([30.0, 10.0, 20.0]), iter([5.0, 4.0, 10.0])

    @contextmanager
    def sides(_bench: Bench) -> Iterator[Sides]:
        def mine() -> tuple[float | None, ...]:
            calls.append("ours")
            return next(ours), 7.0

        def other() -> tuple[float | None, ...]:
            calls.append("theirs")
            return next(theirs), None

        yield Sides(ours=mine, peer=other, rounds=3)

    return Benchmark(
        measures=(
            Measure(name="speed", unit="messages/s", peer="somebody", goal=3.0),
            Measure(name="size", unit="MiB", better="lower", goal=6.0),
        ),
        open=sides,
    )


def test_sides_take_turns_and_medians_count(bench: Bench) -> None:
    calls: list[str] = []
    speed, size = runner.run([made_up(calls)], bench, lambda _text: None)
    assert calls == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert (speed.value, speed.peer_value, speed.ratio, speed.reached) == (20.0, 5.0, 4.0, True)
    assert speed.ratios == (6.0, 2.5, 2.0)
    assert (size.value, size.peer_value, size.ratio, size.reached) == (7.0, None, None, False)


def test_the_json_and_the_table(bench: Bench) -> None:
    results = runner.run([made_up([])], bench, lambda _text: None)
    assert json.loads(report.as_json(results)) == [
        {
            "name": "speed",
            "value": 20.0,
            "unit": "messages/s",
            "peer": "somebody",
            "peer_value": 5.0,
            "ratio": 4.0,
            "goal": 3.0,
            "better": "higher",
        },
        {
            "name": "size",
            "value": 7.0,
            "unit": "MiB",
            "peer": None,
            "peer_value": None,
            "ratio": None,
            "goal": 6.0,
            "better": "lower",
        },
    ]
    _, _, speed, size = report.as_table(results).splitlines()
    assert "4.0 (2.0..6.0)" in speed
    assert "reached" in speed
    assert "MISSED" in size
