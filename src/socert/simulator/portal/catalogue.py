"""Names for codes that messages carry without a name: municipalities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from socert.simulator.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


class Catalogue:
    """Knows municipalities by their FIAS code, compared without case."""

    def __init__(self, municipalities: dict[str, str] | None = None) -> None:
        self._municipalities = {code.casefold(): name for code, name in (municipalities or {}).items()}

    @classmethod
    def load(cls, place: Path | None) -> Catalogue:
        """Read {"municipalities": [{"code": GUID, "name": text}]}; an empty catalogue for None.

        `SettingsError` when the file is not that; other keys are left for later uses.
        """
        if place is None:
            return cls()
        try:
            document: Any = json.loads(place.read_text("utf-8"))
            return cls({str(entry["code"]): str(entry["name"]) for entry in document.get("municipalities", [])})
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsError(f"The catalogue {place} cannot be used: {error!r}.") from error

    def municipality(self, code: str) -> str:
        """Return a municipality's name, empty where nobody told."""
        return self._municipalities.get(code.casefold(), "")
