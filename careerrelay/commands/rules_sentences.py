"""`careerrelay rules approve|approvals|forget`: the decision sentences that a company has approved or refused."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from careerrelay.front import ACTOR, ID, LONG_ID, Front, emit, json_option, lang_option, pass_front, table
from core.errors import ConfigError
from core.lang import Lang

if TYPE_CHECKING:
    from careerrelay.judging import Proposal


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=False), metavar="FILE")
@click.option("--company", "company_id", type=ID, required=True, metavar="ID")
@click.option("--sender", metavar="ADDRESS", help="FILE is a template's plain text, sent later from ADDRESS.")
@click.option("--yes", is_flag=True, help="Do not ask back.")
@lang_option
@json_option
@pass_front
def approve(
    front: Front, file: Path, company_id: int, sender: str | None, yes: bool, lang: Lang | None, as_json: bool
) -> None:
    """Approve the sentence by which FILE decides: from now on it counts as the second signal for its sender.

    FILE is a mail (.eml), or with --sender the text of a template, which may hold marks such as {{氏名}}. What will be
    remembered is shown first; on a terminal you are asked. A sentence that somebody has called wrong needs --yes.
    """
    from careerrelay.judging import propose
    from gateway.judgement.review import APPROVE, refusal, store_sentence
    from rules.sentence import open_marks

    with front.runtime() as runtime:
        with runtime.read() as tx:
            found = propose(front, tx, company_id, file, sender)
            refused = refusal(tx, company_id, found.sender, found.sha256)
        if not as_json:
            _show(found, open_marks(found.masked), front.lang(lang))
        if refused is not None:
            told = f"{refused.by} said on {refused.at:%Y-%m-%d %H:%MZ} that this sentence is no rejection"
            if not yes and not sys.stdin.isatty():
                raise ConfigError(f"{file}: {told}; --yes approves it all the same")
            click.echo(f"warning   {told}", err=True)
        if sys.stdin.isatty() and not yes:
            click.confirm("approve this sentence?", abort=True, err=True)
        with runtime.begin() as tx:
            stored = store_sentence(
                tx,
                company_id=company_id,
                sender=found.sender,
                sha256=found.sha256,
                masked=found.masked,
                answer=APPROVE,
                by=ACTOR,
            )
    value = {"id": stored.id, "sentence": stored.masked, "sender": stored.sender}
    value["unfilled_marks"] = list(open_marks(found.masked))
    emit(
        as_json, value, f"approved as {stored.id} for {stored.sender}; `careerrelay rules forget {stored.id}` undoes it"
    )


def _show(found: "Proposal", marks: tuple[str, ...], lang: Lang) -> None:
    """What would be remembered, and what the rules say today: a text that speaks of an offer should not be approved."""
    from rules.explain import reason_line

    click.echo(f"sender    {found.sender}")
    click.echo(f"sentence  {found.masked}")
    for mark in marks:
        click.echo(f"warning   {mark} says nothing about what will stand there: such a mail has another sentence")
    for reason in found.decision.because:
        if reason.kind in ("gate", "veto"):
            click.echo(f"warning   {reason_line(reason, lang)}")


@click.command()
@click.option("--company", "company_id", type=ID, metavar="ID", help="Only this company's.")
@click.option("--all", "everything", is_flag=True, help="Also those that were taken back.")
@json_option
@pass_front
def approvals(front: Front, company_id: int | None, everything: bool, as_json: bool) -> None:
    """List the sentences that people have approved or refused: for which sender, by whom, when."""
    from gateway.judgement import review

    with front.runtime() as runtime, runtime.read() as tx:
        found = [line for line in review.sentences(tx, company_id) if everything or line.undone_at is None]
    rows = [
        (line.id, line.company_id, line.sender, "undone" if line.undone_at else line.answer, line.by,
         f"{line.at:%Y-%m-%d %H:%MZ}", line.masked)
        for line in found
    ]  # fmt: skip
    headings = ("id", "company", "sender", "answer", "by", "at", "sentence")
    emit(as_json, [asdict(line) for line in found], *table(headings, rows))


@click.command()
@click.argument("sentence_id", type=LONG_ID, metavar="ID")
@json_option
@pass_front
def forget(front: Front, sentence_id: int, as_json: bool) -> None:
    """Take the answer about a sentence back: mails that carry it are decided as if nobody had said anything."""
    from gateway.judgement import review

    with front.runtime() as runtime, runtime.begin() as tx:
        review.undo_sentence(tx, sentence_id, by=ACTOR)
    emit(as_json, {"id": sentence_id, "result": "forgotten"}, f"sentence {sentence_id}: forgotten")
