"""`python -m socert` is the `socert` command."""

from __future__ import annotations

from socert.cli import main

main()
