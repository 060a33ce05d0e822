"""Taking a region's export into the registry: every good row kept, every wrong one refused with its reason."""

from __future__ import annotations

from socert.gateway.intake.progress import Progress, Silent, terminal_progress
from socert.gateway.intake.run import Intake, run_import
from socert.gateway.intake.summary import KindSummary, Summary, render_summary

__all__ = [
    "Intake",
    "KindSummary",
    "Progress",
    "Silent",
    "Summary",
    "render_summary",
    "run_import",
    "terminal_progress",
]
