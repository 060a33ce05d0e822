"""The machine's clock, injected wherever time matters so that tests and the simulator can turn it."""

from __future__ import annotations

from datetime import UTC, datetime


def system_clock() -> datetime:
    """Return now as an aware UTC datetime."""
    return datetime.now(UTC)
