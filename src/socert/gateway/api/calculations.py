"""The exact figures of cost answers, kept for a while under their reference. Steps of a transaction each.

They are kept, and not calculated anew when they are asked for: the parent agrees to what was on the screen, and the
balance may have moved since. Their reference could not carry the question either: a certificate's GUID alone may be as
long as a reference (portal message dictionary, 6, E-AGREED).
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from socert.gateway.store.tables import micros
from socert.gateway.store.tables_life import calculation

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


def keep(connection: Connection, ref: str, figures: dict[str, Any], *, now: datetime, seconds: float) -> None:
    """Keep figures for so many seconds, and forget those whose time is over."""
    connection.execute(delete(calculation).where(calculation.c.expires_at <= micros(now)))
    until = micros(now + timedelta(seconds=seconds))
    connection.execute(insert(calculation).values(ref=ref, content=json.dumps(figures), expires_at=until))


def find(connection: Connection, ref: str, *, now: datetime) -> dict[str, Any] | None:
    """Return the figures of a reference; None when there are none, or their time is over."""
    chosen = select(calculation.c.content).where(calculation.c.ref == ref, calculation.c.expires_at > micros(now))
    found = connection.scalar(chosen)
    if found is None:
        return None
    figures: dict[str, Any] = json.loads(found)
    return figures
