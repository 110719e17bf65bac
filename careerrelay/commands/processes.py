"""`careerrelay serve` and the single roles that it consists of."""

import sys

import click

from careerrelay.front import Front, pass_front
from careerrelay.lifeline import die_with_parent


def _tie(_ctx: click.Context, _param: click.Parameter, parent_pid: int | None) -> int | None:
    if parent_pid is not None:
        die_with_parent(parent_pid)
    return parent_pid


@click.command()
@click.option("--parent", type=int, hidden=True, callback=_tie, expose_value=False)
@pass_front
def serve(front: Front) -> None:
    """Run everything on this machine: mail, jobs, console and candidate pages.

    Upgrades the database first. Prints `ready smtp=HOST:PORT web=URL` when mail and web answer, logs to standard
    error as JSON lines, and ends within 10 seconds on SIGTERM.
    """
    from careerrelay.serve import serve as run

    sys.exit(run(front.settings))


@click.command()
@pass_front
def gateway(front: Front) -> None:
    """Run only the mail role, with GATEWAY__PROCESSES processes, on a database that `migrate` made."""
    from careerrelay.serve import serve as run

    sys.exit(run(front.settings, only_gateway=True))


@click.command()
@click.option("--with-scheduler", is_flag=True, help="Also do what `careerrelay scheduler` does.")
@pass_front
def worker(front: Front, with_scheduler: bool) -> None:
    """Run only jobs: hand-overs, reminders, clean-up. As many workers as you like."""
    from careerrelay import roles

    roles.worker(front.settings, supervised=False, with_scheduler=with_scheduler)


@click.command()
@pass_front
def web(front: Front) -> None:
    """Run only the console, the candidate's pages and the agency's page and API."""
    from careerrelay import roles

    roles.web(front.settings)


@click.command()
@pass_front
def scheduler(front: Front) -> None:
    """Run only the clock that writes down what is due regularly. One is enough; a second one does no harm."""
    from careerrelay import roles

    roles.scheduler(front.settings)
