"""All benchmarks, in the order in which they run. A new one is a module of its own and a line here."""

from __future__ import annotations

from benchmarks.delivery import END_TO_END, FULL_BATCHES
from benchmarks.enrol import ENROL
from benchmarks.intake import INTAKE
from benchmarks.message import MESSAGE
from benchmarks.mocks import MOCKS, NODE
from benchmarks.simulator import SIMULATOR
from benchmarks.turn import TURN

BENCHMARKS = (MESSAGE, END_TO_END, FULL_BATCHES, SIMULATOR, NODE, *MOCKS, INTAKE, TURN, ENROL)
