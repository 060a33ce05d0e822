"""The built-in registry: the default place where certificates and contracts live.

It implements `socert.gateway.ports.Registry` and `socert.gateway.ports.life.LifeRegistry` on tables of its own, inside
the transaction that it is given. Each part has a module: `reading` shows, `importing` takes exports, `lives` and
`keeping` serve the rules, `renewing` and `turning` the turn of the year, `checking` says whether all is well.
"""

from __future__ import annotations

from importlib.resources import files

from socert.adapters.registry.builtin.checking import Checking
from socert.adapters.registry.builtin.erasing import Erasing
from socert.adapters.registry.builtin.importing import Importing
from socert.adapters.registry.builtin.keeping import Keeping
from socert.adapters.registry.builtin.renewing import Renewing
from socert.adapters.registry.builtin.turning import Turning

MIGRATIONS = str(files("socert.adapters.registry.builtin") / "migrations")
"""Folder of the migrations that make this registry's tables."""


class BuiltinRegistry(Importing, Keeping, Renewing, Turning, Checking, Erasing):
    """Certificates, contracts and their ledger in SQL tables."""
