"""`socert validate`: is this message, or this envelope of the exchange, as its schema wants it?"""
from __future__ import annotations

import click


@click.command()
def validate() -> None:
    """Check a message against its schema."""
