"""Structured logs in English that never carry personal data.

Every value that leaves through the log passes `mask`: SNILS numbers in any spelling, birth certificates and passports
lose their digits, and fields named after personal data are replaced whole, wherever they stand.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import MutableMapping

PERSONAL = frozenset(
    {
        "last_name",
        "first_name",
        "middle_name",
        "name",
        "snils",
        "birth_date",
        "birth_certificate",
        "passport",
        "email",
        "phone",
        "address",
    }
)
_SNILS = re.compile(r"(?<![0-9A-Za-z-])\d{3}[- ]?\d{3}[- ]?\d{3}[- ]?\d{2}(?![0-9A-Za-z-])")
_BIRTH = re.compile(r"\b[IVXLC]{1,5}-?[А-ЯЁ]{2}\s*(?:№\s*)?\d{6}\b")


def mask(text: str) -> str:
    """Return the text with numbers that identify a person starred out; everything else stays."""
    return _BIRTH.sub("**-** ******", _SNILS.sub("***-***-*** **", text))


def _mask_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key in PERSONAL:
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = mask(value)
    return event


def configure(*, level: str = "INFO", json: bool = False) -> None:
    """Send logs to standard error, human-readable or one JSON object a line; repeated calls replace the settings."""
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _mask_event,
    ]
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*chain, last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)


def get_logger(name: str) -> Any:
    """Return a logger whose lines carry `component=name`."""
    return structlog.get_logger(component=name)
