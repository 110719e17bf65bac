"""`careerrelay serve` and the single roles that it consists of."""

import sys
from typing import Any

import click

from careerrelay.front import Front, pass_front
from careerrelay.lifeline import die_with_parent


def _tie(_ctx: click.Context, _param: click.Parameter, parent_pid: int | None) -> int | None:
    if parent_pid is not None:
        die_with_parent(parent_pid)
    return parent_pid


def _supervised(command: Any) -> Any:
    """Options by which a supervisor starts its children, which first of all tie their life to it. Not for people."""
    command = click.option("--fd", "descriptors", type=int, multiple=True, hidden=True)(command)
    return click.option("--parent", "parent_pid", type=int, hidden=True, callback=_tie)(command)


@click.command()
@click.option("--parent", type=int, hidden=True, callback=_tie, expose_value=False)
@pass_front
def serve(front: Front) -> None:
    """Run everything on this machine: mail, jobs, console and candidate pages.

    Upgrades the database first. Prints `ready smtp=HOST:PORT web=URL` when mail and web answer, logs to standard
    error as JSON lines, and ends within 10 seconds on SIGTERM.
    """
    from careerrelay.serve import serve as run

    sys.exit(run(front.settings, front.config_file))


@click.command()
@_supervised
@pass_front
def gateway(front: Front, descriptors: tuple[int, ...], parent_pid: int | None) -> None:
    """Run only the mail role, with GATEWAY__PROCESSES processes, on a database that `migrate` made."""
    if parent_pid is not None:
        from careerrelay import roles

        roles.gateway(front.settings, descriptors)
    else:
        from careerrelay.serve import serve as run

        sys.exit(run(front.settings, front.config_file, only_gateway=True))


@click.command()
@click.option("--with-scheduler", is_flag=True, help="Also do what `careerrelay scheduler` does.")
@_supervised
@pass_front
def worker(front: Front, with_scheduler: bool, descriptors: tuple[int, ...], parent_pid: int | None) -> None:
    """Run only jobs: hand-overs, reminders, clean-up. As many workers as you like."""
    from careerrelay import roles

    roles.worker(front.settings, supervised=parent_pid is not None, with_scheduler=with_scheduler)


@click.command()
@_supervised
@pass_front
def web(front: Front, descriptors: tuple[int, ...], parent_pid: int | None) -> None:
    """Run only the console, the candidate's pages and the agency's page and API."""
    from careerrelay import roles

    roles.web(front.settings, descriptors)


@click.command()
@pass_front
def scheduler(front: Front) -> None:
    """Run only the clock that writes down what is due regularly. One is enough; a second one does no harm."""
    from careerrelay import roles

    roles.scheduler(front.settings)
