"""`careerrelay rewrite`: the edit alone, on a mail file, to look at. Runs on a bare machine and stores nothing."""

import base64
import hashlib
import sys
from datetime import date, timedelta
from pathlib import Path

import click

from careerrelay.front import Front, pass_front
from core.clock import SystemClock, day_in_japan
from core.lang import lang_of

EXAMPLE_AGENCY, EXAMPLE_LICENCE, EXAMPLE_DAYS = "みらいキャリア株式会社", "13-ユ-300001", 90


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE.eml")
@click.option("--recipient", required=True, metavar="ADDRESS", help="Whose example link is put in.")
@click.option("--lang", type=click.Choice(["ja", "en"]), help="Language of the block; default: that of the mail.")
@click.option("--tone", default="neutral", show_default=True, help="Wording of the block, see gateway/blocks.")
@pass_front
def rewrite(front: Front, file: Path, recipient: str, lang: str | None, tone: str) -> None:
    """Write FILE with a CareerRelay block to standard output, whatever the rules would say about it.

    A mail that must not be edited comes out as it is; the reason stands on standard error.
    """
    from careerrelay import mail_files
    from gateway.letter.blocks import block
    from gateway.letter.limits import Limits
    from gateway.letter.rewrite import Untouched
    from gateway.letter.rewrite import rewrite as edit
    from gateway.ruling.ruleset import shipped
    from rules.decide import decide
    from rules.model import Signals

    with mail_files.naming(file):
        stored, raw = mail_files.read_file(file)
    limits = Limits()
    if lang is None:
        lang = decide(mail_files.mail_of(raw, limits), shipped(), Signals()).lang
    token, base_url = example_token(recipient), front.settings.web.base_url
    made = edit(
        raw,
        block(
            lang_of(lang),
            tone,
            agency=EXAMPLE_AGENCY,
            licence_no=EXAMPLE_LICENCE,
            relay_url=f"{base_url}/r/{token}",
            optout_url=f"{base_url}/u/{token}",
            expires_on=example_expiry(),
        ),
        limits,
    )
    if isinstance(made, Untouched):
        click.echo(f"careerrelay: not edited: {made.reason}", err=True)
        sys.stdout.buffer.write(stored)
    else:
        sys.stdout.buffer.write(made.apply(raw) if stored is raw else made.apply(raw).replace(b"\r\n", b"\n"))
    sys.stdout.buffer.flush()


def example_token(recipient: str) -> str:
    """As long as a real one, always the same for a recipient, and known to no installation."""
    return base64.urlsafe_b64encode(hashlib.sha256(recipient.lower().encode()).digest()[:16]).rstrip(b"=").decode()


def example_expiry() -> date:
    return day_in_japan(SystemClock().now()) + timedelta(days=EXAMPLE_DAYS)
