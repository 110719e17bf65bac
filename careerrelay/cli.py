"""The command `careerrelay`. Here: the list of commands, the settings file option, and how errors become exit statuses.

Exit status: 0 done; 1 refused or failed, with one clear line a problem on standard error; 2 wrong usage.
"""

import importlib
import logging
import os
from pathlib import Path
from typing import Any

import click

from careerrelay.front import Front
from core.errors import CareerRelayError

#: Command name -> (module in careerrelay/commands, attribute). A module is loaded when its command is named,
#: so that `rules explain` on a bare machine never imports a database driver.
COMMANDS = {
    "agency": ("agency", "agency"),
    "anonymize": ("anonymize", "anonymize"),
    "api-key": ("api_key", "api_key"),
    "backup": ("backup", "backup"),
    "block": ("block", "block"),
    "bypass": ("queue", "bypass"),
    "check-config": ("operate", "check_config"),
    "company": ("company", "company"),
    "demo": ("demo", "demo"),
    "dkim": ("dkim", "dkim"),
    "doctor": ("doctor", "doctor"),
    "evidence": ("evidence", "evidence"),
    "gateway": ("processes", "gateway"),
    "health": ("operate", "health"),
    "ledger": ("ledger", "ledger"),
    "migrate": ("operate", "migrate"),
    "person": ("person", "person"),
    "purge": ("purge", "purge"),
    "purposes": ("purposes", "purposes"),
    "queue": ("queue", "queue"),
    "report": ("report", "report"),
    "request": ("request", "request"),
    "restore": ("backup", "restore"),
    "rewrite": ("rewrite", "rewrite"),
    "rules": ("rules", "rules"),
    "scheduler": ("processes", "scheduler"),
    "serve": ("processes", "serve"),
    "signals": ("signals", "signals"),
    "test-next-hop": ("operate", "test_next_hop"),
    "user": ("user", "user"),
    "version": ("operate", "version"),
    "web": ("processes", "web"),
    "worker": ("processes", "worker"),
}


class LazyCommands(click.Group):
    """The top group; also the one place where an expected error ends a command."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name]
        command: click.Command = getattr(importlib.import_module(f"careerrelay.commands.{module}"), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CareerRelayError as error:
            for line in error.message.splitlines():
                click.echo(f"careerrelay: {line}", err=True)
            ctx.exit(1)


@click.group(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings as TOML; the environment (CAREERRELAY_…) is stronger.",
)
@click.pass_context
def main(ctx: click.Context, config_file: Path | None) -> None:
    """CareerRelay Gateway: turns a rejection notice into an introduction.

    Settings come from the environment or a TOML file; `careerrelay check-config` lists every error in them at once.
    """
    # The long-running roles log to standard error (`core.log.configure`); a command speaks for itself.
    logging.getLogger().addHandler(logging.NullHandler())
    ctx.obj = Front(config_file, dict(os.environ))


if __name__ == "__main__":
    main()
