"""What came of checking, to be read: text for a terminal or a file, JSON for programs, HTML in Russian."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment
from rich.table import Table
from rich.text import Text

from socert.conformance.checking import passed
from socert.conformance.requirement import Outcome, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from socert.conformance.requirement import Finding, Result

_SHOWN: Final = 20
"""A requirement that is broken in more places is shown with the first ones in text and HTML; JSON has them all."""

_COLOURS: Final = {Outcome.OK: "green", Outcome.KO: "bold red", Outcome.NOT_APPLICABLE: "dim"}
_SOURCES_RU: Final = (
    ("manual table ", "МР 3.3, таблица "),
    ("manual tables ", "МР 3.3, таблицы "),
    ("manual appendix ", "МР 3.3, приложение "),
    ("manual appendices ", "МР 3.3, приложения "),
    ("manual ", "МР 3.3, п. "),
    ("real messages of ", "настоящие сообщения "),
    ("real messages", "настоящие сообщения"),
    ("real faults of ", "настоящие ошибки "),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What was checked, when, and what came of each requirement."""

    subject: str
    made: datetime
    results: tuple[Result, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing that must hold is broken."""
        return passed(self.results)

    @property
    def broken(self) -> tuple[Result, ...]:
        """What is KO, that which must hold first."""
        found = [result for result in self.results if result.outcome is Outcome.KO]
        return tuple(sorted(found, key=lambda result: result.requirement.severity is not Severity.MUST))

    def count(self, outcome: Outcome, severity: Severity | None = None) -> int:
        """Return how many requirements came out so."""
        return sum(
            result.outcome is outcome and severity in (None, result.requirement.severity) for result in self.results
        )


def text(report: Report) -> Iterator[str]:
    """Yield plain lines: a requirement a line, below it where it is broken and why."""
    for result in report.results:
        requirement = result.requirement
        yield f"{result.outcome.value}  {requirement.id:<13}  {requirement.severity.value:<6}  {requirement.says.en}"
        yield from (f"      {line}" for line in _reasons(result))
    yield _summary(report)


def table(report: Report) -> Table:
    """Return the same for a terminal."""
    made = Table(title=report.subject, caption=_summary(report), title_justify="left", caption_justify="left")
    made.add_column("", no_wrap=True)
    made.add_column("requirement", no_wrap=True)
    made.add_column("level", no_wrap=True)
    made.add_column("what it says, and where it is broken", overflow="fold")
    for result in report.results:
        colour = _COLOURS[result.outcome]
        # Text, not markup: a name out of a message must not command the terminal.
        said = Text(result.requirement.says.en, style="" if result.outcome is not Outcome.NOT_APPLICABLE else "dim")
        for line in _reasons(result):
            said.append(f"\n{line}", style="red" if result.outcome is Outcome.KO else "yellow")
        made.add_row(
            Text(result.outcome.value, style=colour),
            result.requirement.id,
            result.requirement.severity.value,
            said,
        )
    return made


def as_json(report: Report) -> str:
    """Return everything as JSON; reasons in both languages."""
    return json.dumps(
        {
            "subject": report.subject,
            "made": report.made.isoformat(),
            "passed": report.passed,
            "results": [_as_json(result) for result in report.results],
        },
        ensure_ascii=False,
        indent=2,
    )


def html(report: Report) -> str:
    """Return a page in Russian that needs nothing else."""
    source = (resources.files("socert.conformance") / "report.html").read_text(encoding="utf-8")
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
    return page.render(report=report, Outcome=Outcome, Severity=Severity, source_ru=_source_ru, most=_SHOWN)


def _summary(report: Report) -> str:
    broken, doubtful = report.count(Outcome.KO, Severity.MUST), report.count(Outcome.KO, Severity.SHOULD)
    untold = sum(result.doubt is not None for result in report.results)
    more = f"; {untold} cannot be told on this machine" if untold else ""
    return (
        f"{report.count(Outcome.OK)} OK, {broken} KO that must hold, {doubtful} KO that should,"
        f" {report.count(Outcome.NOT_APPLICABLE)} not applicable{more}"
    )


def _reasons(result: Result) -> Iterator[str]:
    for finding in result.findings[:_SHOWN]:
        yield f"{_place(finding)}{finding.reason.en}"
    if len(result.findings) > _SHOWN:
        yield f"and {len(result.findings) - _SHOWN} more"
    if result.doubt is not None:
        yield f"cannot be told: {result.doubt.en}"


def _place(finding: Finding) -> str:
    """Return where a finding is, with a colon where that is known."""
    parts = [finding.message] if finding.message else []
    parts += [f"line {finding.line}"] if finding.line is not None else []
    parts += [finding.path] if finding.path else []
    return f"{', '.join(parts)}: " if parts else ""


def _as_json(result: Result) -> dict[str, Any]:
    requirement = result.requirement
    return {
        "id": requirement.id,
        "says": {"en": requirement.says.en, "ru": requirement.says.ru},
        "source": requirement.source,
        "severity": requirement.severity.value,
        "versions": sorted(requirement.versions),
        "subject": requirement.subject.value,
        "outcome": result.outcome.value,
        "checked": result.checked,
        "doubt": result.doubt and {"en": result.doubt.en, "ru": result.doubt.ru},
        "findings": [
            {
                "message": finding.message,
                "line": finding.line,
                "path": finding.path,
                "reason": {"en": finding.reason.en, "ru": finding.reason.ru},
            }
            for finding in result.findings
        ],
    }


def _source_ru(source: str) -> str:
    for english, russian in _SOURCES_RU:
        source = source.replace(english, russian)
    return source
