"""What a benchmark is: what it measures, and its sides, each of which does one round when it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

Round = tuple[float | None, ...]
"""What one round of one side came to: a value for each measure of the benchmark, None where it has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """One line of the result.

    `peer` names what the other side is, None where there is none. `goal` is what must be reached: by the ratio to the
    peer where there is one, else by the value; None where nothing is demanded. `better` says which way is good, for
    value and ratio alike.
    """

    name: str
    unit: str
    peer: str | None = None
    better: Literal["higher", "lower"] = "higher"
    goal: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """How much work one round does, and how many rounds count."""

    rounds: int = 7
    messages: int = 400
    calls: int = 600
    certificates: int = 59_000
    imports: int = 3
    turned: int = 20_000
    parents: int = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """A place to measure in: how much to do, a folder on a real disk, and the processor that servers shall stay on.

    `server_core` is None where processes are not bound to processors.
    """

    scale: Scale
    folder: str
    server_core: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """What is measured side by side. Each call is a round; both do the same amount of work. `rounds` None: as usual."""

    ours: Callable[[], Round]
    peer: Callable[[], Round] | None = None
    rounds: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Benchmark:
    """Measures and how to open their sides."""

    measures: Sequence[Measure]
    open: Callable[[Bench], AbstractContextManager[Sides]]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of its measures."""
        return tuple(measure.name for measure in self.measures)
