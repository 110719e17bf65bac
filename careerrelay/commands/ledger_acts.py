"""`careerrelay ledger adjust | reverse | terms | statement`: what persons do with the book, by hand.

Who is at this keyboard acts for the whole installation, and is told apart by the name on this machine: who works as
another user with sudo is still the same person.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import asdict
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from careerrelay.front import ID, Front, emit, json_option, pass_front, table
from core.clock import JST
from core.errors import ConfigError
from core.lang import lang_of

if TYPE_CHECKING:
    from crm.slots.statements import Statement

REASONS = ("correction", "contract", "goodwill", "migration")
TAKEN_BACK = ("wrong_person", "bounced", "fraud", "merged")
_PROGRAMME = click.option("--programme", "programme_id", type=ID, required=True, metavar="ID", help="Which book.")


def actor() -> str:
    """How the person at the keyboard stands in the book: cli:NAME.

    Raises:
        ConfigError: a name that the book does not take.
    """
    from ledger.entries import is_actor

    name = f"cli:{os.environ.get('SUDO_USER') or pwd.getpwuid(os.getuid()).pw_name}"
    if not is_actor(name):
        raise ConfigError("your user name cannot stand in the book; do this in the console")
    return name


@click.group()
def adjust() -> None:
    """Add or take away credits by hand: one person asks, a second one approves, and one of the two is the company's.

    Who uses this command acts for the whole installation; the company's person does it in the console.
    """


@adjust.command()
@_PROGRAMME
@click.option("--credits", "credits_delta", type=int, required=True, help="Below 0 takes credits away.")
@click.option("--reason", type=click.Choice(REASONS), required=True)
@json_option
@pass_front
def ask(front: Front, programme_id: int, credits_delta: int, reason: str, as_json: bool) -> None:
    """Ask for an adjustment; nothing is booked until a second person approves it."""
    from core import audit
    from ledger import adjustments

    with front.runtime() as runtime, runtime.begin() as tx:
        why, side = adjustments.Why(reason), adjustments.Side.OPERATOR
        made = adjustments.ask(tx, programme_id, credits_delta, why, actor(), side)
        audit.record(tx, made.asked_by, "adjustment asked for", f"adjustment:{made.id}", credits=credits_delta)
    emit(as_json, asdict(made), f"{made.id}: waits for an administrator of the company (console: ledger)")


@adjust.command("list")
@_PROGRAMME
@json_option
@pass_front
def list_(front: Front, programme_id: int, as_json: bool) -> None:
    """What waits for a second person."""
    from ledger import adjustments

    with front.runtime() as runtime, runtime.read() as tx:
        found = adjustments.waiting(tx, programme_id)
    rows = [
        (one.id, f"{one.credits:+}", one.reason, one.asked_by, one.asked_side, f"{one.asked_at:%Y-%m-%d %H:%M}")
        for one in found
    ]
    headings = ("adjustment", "credits", "reason", "asked by", "for", "at (UTC)")
    emit(as_json, [asdict(one) for one in found], *table(headings, rows))


@adjust.command()
@click.argument("adjustment_id", metavar="ADJUSTMENT")
@json_option
@pass_front
def approve(front: Front, adjustment_id: str, as_json: bool) -> None:
    """Book what the company's person asked for."""
    _decide(front, adjustment_id, as_json, approved=True)


@adjust.command()
@click.argument("adjustment_id", metavar="ADJUSTMENT")
@json_option
@pass_front
def refuse(front: Front, adjustment_id: str, as_json: bool) -> None:
    """Say no; who asked may take it back."""
    _decide(front, adjustment_id, as_json, approved=False)


def _decide(front: Front, adjustment_id: str, as_json: bool, *, approved: bool) -> None:
    from core import audit
    from ledger import adjustments

    with front.runtime() as runtime, runtime.begin() as tx:
        if approved:
            done = adjustments.approve(tx, adjustment_id, actor(), adjustments.Side.OPERATOR)
        else:
            done = adjustments.refuse(tx, adjustment_id, actor())
        audit.record(tx, actor(), f"adjustment {done.state}", f"adjustment:{done.id}", credits=done.credits)
    emit(as_json, asdict(done), f"{done.id}: {done.state}")


@click.command()
@_PROGRAMME
@click.option("--referral", "referral_id", required=True, metavar="ID", help="The number that the agency knows it by.")
@click.option("--reason", type=click.Choice(TAKEN_BACK), required=True)
@json_option
@pass_front
def reverse(front: Front, programme_id: int, referral_id: str, reason: str, as_json: bool) -> None:
    """Take back the credit of a referral that should never have counted."""
    from crm.referral import credits as crm_credits
    from ledger.policy import Reason

    with front.runtime() as runtime, runtime.begin() as tx:
        done = crm_credits.take_back(tx, programme_id, referral_id, Reason(reason), actor())
    emit(as_json, asdict(done), f"taken back by entry {done.seq}" + (", before" if done.repeated else ""))


@click.command()
@_PROGRAMME
@click.option("--threshold", type=click.IntRange(1, 1000), help="Credits that make a slot.")
@click.option("--dispute-days", type=click.IntRange(0, 90), help="Days in which the agency may still object.")
@click.option("--window-days", type=click.IntRange(1, 3650), help="Days in which a person counts once.")
@click.option("--from", "first_day", metavar="DATE", help="First day on which they hold (Japan); without it: now.")
@json_option
@pass_front
def terms(
    front: Front,
    programme_id: int,
    threshold: int | None,
    dispute_days: int | None,
    window_days: int | None,
    first_day: str | None,
    as_json: bool,
) -> None:
    """Show the terms of a programme in all their versions, or change them: what is left out stays."""
    from core import audit
    from ledger import book

    changed = {"threshold": threshold, "dispute_days": dispute_days, "window_days": window_days}
    if all(value is None for value in changed.values()):
        if first_day is not None:
            raise ConfigError("--from says when something changes: name what")
    else:
        starts = _midnight(first_day) if first_day else None
        with front.runtime() as runtime, runtime.begin() as tx:
            new = book.change_policy(tx, programme_id, actor=actor(), effective_from=starts, **changed)
            audit.record(tx, actor(), "terms changed", f"programme:{programme_id}", version=new.version)
    with front.runtime() as runtime, runtime.read() as tx:
        found = book.terms(tx, programme_id)
    rows = [
        (one.policy.version, f"{one.effective_from.astimezone(JST):%Y-%m-%d %H:%M}", one.policy.threshold,
         one.policy.dispute_days, one.policy.window_days, one.actor)
        for one in found
    ]  # fmt: skip
    headings = ("version", "holds from (Japan)", "threshold", "dispute days", "window days", "by")
    emit(as_json, [asdict(one) for one in found], *table(headings, rows))


@click.command()
@click.option("--month", "name", required=True, metavar="2026-10", help="A month that is over.")
@click.option("--programme", "programme_id", type=ID, metavar="ID", help="Only this book.")
@click.option("--lang", type=click.Choice(("ja", "en")), default="ja", show_default=True)
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="Where the files go; without it: here.",
)
@click.option("--send", "by_mail", is_flag=True, help="Also mail it to both sides, unless that was done before.")
@json_option
@pass_front
def statement(
    front: Front, name: str, programme_id: int | None, lang: str, directory: Path, by_mail: bool, as_json: bool
) -> None:
    """Write the monthly statement of each programme, as PDF and CSV."""
    from core.errors import NotFound
    from crm.registry import programmes
    from crm.slots import statement_files, statements

    made: list[statements.Statement] = []
    mails = 0
    with front.runtime() as runtime:
        with runtime.read() as tx:
            for one in [programme_id] if programme_id is not None else programmes.all_ids(tx):
                try:
                    made.append(statements.statement(tx, one, name))
                except NotFound:
                    if programme_id is not None:
                        raise  # of many, the books that began later have none
        for each in made if by_mail else ():
            with runtime.begin() as tx:
                mails += statement_files.send(tx, each.programme_id, name)
    written = [str(path) for each in made for path in _write(each, lang, directory)]
    lines = [*written, *([f"{mails} mails written"] if by_mail else [])]
    emit(as_json, {"files": written, "mails": mails}, *(lines or ["no book has an entry up to that month"]))


def _write(one: Statement, lang: str, directory: Path) -> list[Path]:
    from crm.slots import statement_files

    files = statement_files.attachments(one, lang_of(lang))
    for file in files:
        try:
            (directory / file.name).write_bytes(file.content)
        except OSError as error:
            raise ConfigError(f"{directory / file.name} cannot be written: {error.strerror}") from error
    return [directory / file.name for file in files]


def _midnight(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), JST)
    except ValueError:
        raise ConfigError(f"--from: {text!r} is not a date; write it as 2027-04-01") from None
