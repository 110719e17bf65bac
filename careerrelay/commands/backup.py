"""`careerrelay backup` and `careerrelay restore`."""

from dataclasses import asdict
from pathlib import Path

import click

from careerrelay.front import Front, emit, json_option, pass_front, read_secret


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--with-keys",
    is_flag=True,
    help="Also the key ring, sealed with a passphrase (asked, or read from standard input).",
)
@json_option
@pass_front
def backup(front: Front, file: Path, with_keys: bool, as_json: bool) -> None:
    """Write one FILE with the database and the spooled mails; works beside a running serve. Keys are left out."""
    from careerrelay.backup import backup as write

    contents = write(front.settings, file, read_secret("passphrase", confirm=True) if with_keys else None)
    keys = "with sealed keys" if contents.with_keys else f"without keys: keep {front.settings.keys_file} apart from it"
    emit(as_json, asdict(contents), f"{file} written, {contents.mails} large mails, {keys}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--with-keys", is_flag=True, help="The backup holds keys; the passphrase is asked, or read from standard input."
)
@json_option
@pass_front
def restore(front: Front, file: Path, with_keys: bool, as_json: bool) -> None:
    """Unpack FILE into an empty HOME."""
    from careerrelay.backup import restore as read

    contents = read(front.settings, file, read_secret("passphrase") if with_keys else None)
    ring = front.settings.keys_file
    keys = "keys restored" if contents.with_keys else f"now put the key ring at {ring}"
    emit(as_json, asdict(contents), f"restored from version {contents.version}; {keys}")
