"""Bringing a database up to date: every room that owns tables hands in a folder of migrations.

The gateway's own migrations are one branch, each adapter's another; they are upgraded together, and doing it again
changes nothing.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import DatabaseError

from socert.gateway.errors import StoreError
from socert.gateway.store.turns import Turn, take_turn
from socert.host.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

log = get_logger("store")
OWN = str(files("socert.gateway.store") / "migrations" / "versions")


def upgrade(engine: Engine, folders: Sequence[str]) -> bool:
    """Apply all migrations of the gateway and of `folders` that are missing; True when there were any.

    `StoreError` when the database cannot be reached, is none, or was made by a newer version of the program.
    """
    try:
        return _upgrade(engine, folders)
    except DatabaseError as error:
        engine.dispose()
        raise StoreError(f"The database cannot be used: {error.orig}") from error
    except CommandError as error:
        engine.dispose()
        raise StoreError(f"The database was made by a newer version of this program: {error}") from error


def _upgrade(engine: Engine, folders: Sequence[str]) -> bool:
    config = _config(folders)
    wanted = set(ScriptDirectory.from_config(config).get_heads())
    with engine.begin() as connection:
        take_turn(connection, Turn.MIGRATION)
        found = set(MigrationContext.configure(connection).get_current_heads())
        if found == wanted:
            return False
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")
    log.info("database migrated", backend=engine.dialect.name, revisions=sorted(wanted))
    return True


def _config(folders: Sequence[str]) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("socert.gateway.store") / "migrations"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join([OWN, *folders]))
    return config
