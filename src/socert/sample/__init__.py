"""An invented region: its export, its people and its catalogue, made from nothing but a seed.

Everybody here is made up. SNILS begin with 9, a range that has not been issued; INN begin with 00, a tax office that
does not exist; check digits are right. The same settings always make the same files.
"""

from __future__ import annotations

from socert.sample.export import Settings, write_export
from socert.sample.plain import PlainExport, read_export
from socert.sample.world import write_world

__all__ = ["PlainExport", "Settings", "read_export", "write_export", "write_world"]
