"""`careerrelay demo`: see it work, with nothing set up."""

from pathlib import Path

import click


@click.command()
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), default=Path("var/demo"), show_default=True,
              help="Directory of the demo's data; emptied at every start.")  # fmt: skip
@click.option("--once", is_flag=True, help="Play the story and stop, instead of waiting for Ctrl-C.")
def demo(home: Path, once: bool) -> None:
    """Start everything on this machine with a sample company, send mails through, and say what happened to each.

    Needs no settings. Prints the console's address with a one-time sign-in link and an inbox of all delivered mails.
    """
    from careerrelay.demo import world

    world.run(home, click.echo, stay=not once)
