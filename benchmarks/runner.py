"""Runs benchmarks: sides alternate round by round, and the first to go changes, so that a slow minute hits both."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.bench import Bench, Benchmark, Measure, Round, Sides


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """A measure with the values of all its rounds; `theirs` is empty where there is no peer."""

    measure: Measure
    ours: tuple[float, ...]
    theirs: tuple[float, ...] = ()

    @property
    def value(self) -> float:
        """Our median."""
        return median(self.ours)

    @property
    def peer_value(self) -> float | None:
        """The peer's median."""
        return median(self.theirs) if self.theirs else None

    @property
    def ratio(self) -> float | None:
        """Our median by the peer's."""
        return self.value / median(self.theirs) if self.theirs else None

    @property
    def ratios(self) -> tuple[float, ...]:
        """The ratio of each round."""
        return tuple(mine / other for mine, other in zip(self.ours, self.theirs, strict=True)) if self.theirs else ()

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        goal = self.measure.goal
        if goal is None:
            return None
        held = self.value if self.ratio is None else self.ratio
        return held >= goal if self.measure.better == "higher" else held <= goal


def run(benchmarks: Iterable[Benchmark], bench: Bench, say: Callable[[str], None]) -> list[Result]:
    """Run benchmarks one after another and return all results, in order."""
    results: list[Result] = []
    for benchmark in benchmarks:
        say(", ".join(benchmark.names))
        with benchmark.open(bench) as sides:
            ours, theirs = _rounds(sides, bench.scale.rounds if sides.rounds is None else sides.rounds)
        for place, measure in enumerate(benchmark.measures):
            results.append(Result(measure=measure, ours=_column(ours, place), theirs=_column(theirs, place)))
    return results


def _rounds(sides: Sides, rounds: int) -> tuple[Sequence[Round], Sequence[Round]]:
    ours: list[Round] = []
    theirs: list[Round] = []
    for number in range(rounds):
        turns = [(sides.ours, ours)] if sides.peer is None else [(sides.ours, ours), (sides.peer, theirs)]
        for side, kept in reversed(turns) if number % 2 else turns:
            kept.append(side())
    return ours, theirs


def _column(rounds: Sequence[Round], place: int) -> tuple[float, ...]:
    return tuple(value for values in rounds if (value := values[place]) is not None)
