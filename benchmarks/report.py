"""Results as a table for people and as JSON for whatever compares runs."""

from __future__ import annotations

import json
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.runner import Result

HEAD = ("measure", "unit", "value (min..max)", "peer", "peer value (min..max)", "ratio (min..max)", "goal", "")


def as_json(results: Sequence[Result]) -> str:
    """Return the results as a JSON list; each entry stands by itself, in the order of running."""
    return json.dumps([_entry(result) for result in results], indent=1, ensure_ascii=False) + "\n"


def as_table(results: Sequence[Result]) -> str:
    """Return the results as a Markdown table: medians with the least and the greatest of the rounds."""
    rows = [_row(result) for result in results]
    widths = [max(len(row[place]) for row in (HEAD, *rows)) for place in range(len(HEAD))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    return "\n".join([line(HEAD), line(["-" * width for width in widths]), *map(line, rows)])


def _entry(result: Result) -> dict[str, Any]:
    ratio, peer_value, measure = result.ratio, result.peer_value, result.measure
    return {
        "name": measure.name,
        "value": round(result.value, 3),
        "unit": measure.unit,
        "peer": measure.peer,
        "peer_value": None if peer_value is None else round(peer_value, 3),
        "ratio": None if ratio is None else round(ratio, 3),
        "goal": measure.goal,
        "better": measure.better,
    }


def _row(result: Result) -> tuple[str, ...]:
    measure = result.measure
    sign = "≥" if measure.better == "higher" else "≤"
    verdict = {None: "", True: "reached", False: "MISSED"}[result.reached]
    return (
        measure.name,
        measure.unit,
        _spread(result.ours),
        measure.peer or "",
        _spread(result.theirs),
        _spread(result.ratios, middle=result.ratio),
        "" if measure.goal is None else f"{sign} {measure.goal:g}",
        verdict,
    )


def _spread(values: Sequence[float], middle: float | None = None) -> str:
    if not values:
        return ""
    middle = median(values) if middle is None else middle
    return f"{_short(middle)} ({_short(min(values))}..{_short(max(values))})"


def _short(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 100 else f"{value:.1f}"
