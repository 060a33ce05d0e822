"""A region's export as files: CSV in a folder or an XLSX workbook, read by a mapping file (profile)."""

from __future__ import annotations

from socert.adapters.registry.files.detect import open_export
from socert.adapters.registry.files.profile import shipped_profiles

__all__ = ["open_export", "shipped_profiles"]
