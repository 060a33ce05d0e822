"""Errors of the demonstration."""

from __future__ import annotations


class DemoError(Exception):
    """The demonstration cannot go on; the message says what happened and where to look."""

    code = "demo"
