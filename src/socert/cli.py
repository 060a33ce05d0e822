"""The `socert` command. Its subcommands are found by entry points, so that no room imports another for it."""

from __future__ import annotations

from importlib.metadata import entry_points

import click

GROUP = "socert.commands"


class Commands(click.Group):
    """A group whose commands are loaded only when asked for, so that `socert --help` starts at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all installed subcommands, sorted."""
        return sorted(entry.name for entry in entry_points(group=GROUP))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one subcommand; None when nobody provides it."""
        found = entry_points(group=GROUP, name=cmd_name)
        for entry in found:
            command: click.Command = entry.load()
            return command
        return None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="socert")
def main() -> None:
    """Children's social certificates and learning contracts on the state portal, and the portal in a box."""


if __name__ == "__main__":
    main()
