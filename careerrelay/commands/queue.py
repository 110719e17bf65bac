"""`careerrelay queue` and `careerrelay bypass`: mails that wait, and the switch that lets everything through unread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from careerrelay.front import ACTOR, ID, LONG_ID, Front, emit, json_option, lang_option, pass_front, table
from core.lang import Lang

if TYPE_CHECKING:
    from core.runtime import Tx
    from gateway.backlog.queue import MailDetail, MailLine
    from gateway.judgement.review import SentenceLine

# Words of `gateway.tables.MailState`, written out so that --help loads no database; a test compares them.
OPEN_STATES = ("received", "ready", "held")
STATES = (*OPEN_STATES, "done", "failed", "cancelled")
_OPEN_STATE, _STATE = click.Choice(OPEN_STATES), click.Choice(STATES)


@click.group()
def queue() -> None:
    """Mails on their way: what waits and why; hold, release, try again, delete."""


@queue.command("list")
@click.option("--company", "company_id", type=ID, metavar="ID", help="Only this company's.")
@click.option("--all", "everything", is_flag=True, help="Also mails that have left.")
@click.option("--state", "states", type=_STATE, multiple=True, help="Only in this state.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@json_option
@pass_front
def list_(
    front: Front, company_id: int | None, everything: bool, states: tuple[str, ...], limit: int, as_json: bool
) -> None:
    """List mails, newest first. Senders are shown of recruiting mail only; nobody else's mail is looked at."""
    from gateway.backlog import queue as mails
    from gateway.tables import UNFINISHED_MAIL, MailState

    chosen = [MailState(state) for state in states] or ([] if everything else UNFINISHED_MAIL)
    with front.runtime() as runtime, runtime.read() as tx:
        found = mails.list_mails(tx, company_id=company_id, states=chosen, limit=limit)
    headings = ("id", "received", "state", "verdict", "sent", "tries", "next try", "sender", "note")
    emit(as_json, [asdict(line) for line in found], *table(headings, [_row(line) for line in found]))


@queue.command()
@click.argument("mail_id", type=LONG_ID, metavar="ID")
@lang_option
@json_option
@pass_front
def show(front: Front, mail_id: int, lang: Lang | None, as_json: bool) -> None:
    """Show one mail: its deliveries with the next hop's last words, and the decision with its reasons."""
    from gateway.backlog import queue as mails
    from gateway.judgement import review

    with front.runtime() as runtime, runtime.read() as tx:
        detail = mails.show_mail(tx, mail_id)
        told = review.told_about(tx, detail.line.company_id, detail.decision)
    value = {
        "mail": asdict(detail.line),
        "deliveries": [asdict(line) for line in detail.deliveries],
        "decision": None if detail.decision is None else detail.decision.to_json(),
        "sentence_answers": [asdict(line) for line in told],
        "reviews": [asdict(line) for line in detail.reviews],
    }
    emit(as_json, value, *_detail_lines(detail, told, front.lang(lang)))


@queue.command()
@click.argument("mail_id", type=LONG_ID, metavar="ID")
@json_option
@pass_front
def approve(front: Front, mail_id: int, as_json: bool) -> None:
    """A held mail is a rejection: let it leave with the link."""
    from gateway.backlog import queue as mails

    result = _act(front, lambda tx: mails.approve(tx, mail_id, by=ACTOR))
    words = "it leaves with the link" if result == "edited" else f"it leaves unchanged: {result}"
    emit(as_json, {"id": mail_id, "result": result}, f"mail {mail_id}: {words}")


def _simple(name: str, action: str, done: str, help_text: str) -> click.Command:
    """A command that does one thing to one mail (`gateway.backlog.queue.ACTION`)."""

    @queue.command(name, help=help_text)
    @click.argument("mail_id", type=LONG_ID, metavar="ID")
    @json_option
    @pass_front
    def command(front: Front, mail_id: int, as_json: bool) -> None:
        from gateway.backlog import queue as mails

        _act(front, lambda tx: getattr(mails, action)(tx, mail_id, by=ACTOR))
        emit(as_json, {"id": mail_id, "result": done}, f"mail {mail_id}: {done}")

    return command


def _for_many(name: str, done: str, help_text: str) -> click.Command:
    """A command for mails by number, or for all that `--all`, `--company` and `--state` name."""

    @queue.command(name, help=help_text)
    @click.argument("mail_ids", type=LONG_ID, nargs=-1, metavar="[ID]...")
    @click.option("--all", "everything", is_flag=True, help="Every mail that has not left and that this is for.")
    @click.option("--company", "company_id", type=ID, metavar="ID", help="All of this company.")
    @click.option("--state", "states", type=_OPEN_STATE, multiple=True, help="All in this state.")
    @click.option("--yes", is_flag=True, help="Do not ask back.")
    @json_option
    @pass_front
    def command(
        front: Front,
        mail_ids: tuple[int, ...],
        everything: bool,
        company_id: int | None,
        states: tuple[str, ...],
        yes: bool,
        as_json: bool,
    ) -> None:
        named = everything or company_id is not None or bool(states)
        if bool(mail_ids) is named:
            raise click.UsageError("give mail numbers, or --all, --company, --state")
        if mail_ids:
            _each(front, name, done, mail_ids, as_json)
            return
        from gateway.backlog import queue_many
        from gateway.tables import MailState

        act = queue_many.Act(name)
        choice = queue_many.Choice(company_id, tuple(MailState(state) for state in states))
        with front.runtime() as runtime:
            found = queue_many.count(runtime, act, choice)
            if name == "delete" and found and not yes:
                click.confirm(f"throw {found} mails away? nobody is told", abort=True, err=True)
            count = queue_many.do(runtime, act, choice, by=ACTOR) if found else 0
        emit(as_json, {"count": count, "result": done}, f"{count} mails: {done}")

    return command


def _each(front: Front, name: str, done: str, mail_ids: tuple[int, ...], as_json: bool) -> None:
    """One after the other; the first that cannot be done ends it, and says which."""
    from gateway.backlog import queue as mails

    with front.runtime() as runtime:
        for mail_id in mail_ids:
            with runtime.begin() as tx:
                getattr(mails, name)(tx, mail_id, by=ACTOR)
            emit(as_json, {"id": mail_id, "result": done}, f"mail {mail_id}: {done}")


_for_many("release", "released", "Let held mails leave unchanged, or stopped ones go on.")
_for_many("hold", "stopped", "Stop what waits for its next attempt, until it is released.")
_for_many("retry", "due now", "Try what waits for its next attempt now; after an outage: --all.")
_for_many("delete", "deleted", "Throw away what has not left; nobody is told.")
_simple(
    "report-wrong",
    "report_wrong",
    "link revoked, and its company is back in observe mode until you set another",
    "This mail should not have got a link: end it at once, and let its company only observe from now on.",
)


@queue.command()
@click.argument("mail_id", type=LONG_ID, metavar="ID")
@click.argument("answer", type=click.Choice(["rejection", "not-rejection"]))
@json_option
@pass_front
def answer(front: Front, mail_id: int, answer: str, as_json: bool) -> None:
    """Say whether a mail under review was a rejection. It has left already; the answer teaches its sentence."""
    from gateway.judgement import review

    _act(front, lambda tx: review.answer_review(tx, mail_id, rejection=answer == "rejection", by=ACTOR))
    emit(as_json, {"id": mail_id, "result": answer}, f"mail {mail_id}: noted as {answer}")


@click.command()
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--company", "company_id", type=ID, metavar="ID", help="Only this company; without it everybody.")
@json_option
@pass_front
def bypass(front: Front, state: str, company_id: int | None, as_json: bool) -> None:
    """Relay bytes with no look inside, at once and until it is switched off."""
    from crm.registry import companies

    _act(front, lambda tx: companies.set_bypass(tx, company_id, state == "on", actor=ACTOR))
    whom = "every company" if company_id is None else f"company {company_id}"
    emit(as_json, {"bypass": state == "on", "company": company_id}, f"bypass is {state} for {whom}")


def _act(front: Front, action: Callable[[Tx], Any]) -> Any:
    with front.runtime() as runtime, runtime.begin() as tx:
        return action(tx)


def _row(line: MailLine) -> tuple[Any, ...]:
    received = line.received_at.strftime("%Y-%m-%d %H:%M:%SZ")
    next_try = line.hold_until or line.next_try_at
    return (line.id, received, line.state.value, line.verdict and line.verdict.value, f"{line.sent}/{line.recipients}",
            line.tries, next_try and next_try.strftime("%H:%M:%SZ"), line.sender, _note(line, "en"))  # fmt: skip


def _note(line: MailLine, lang: Lang) -> str:
    """The word for what was done to a mail; one that nobody decides about says why there is nothing to say."""
    from gateway.tables import MailState, Origin

    if line.note or line.judged or (line.may_judge and line.state is MailState.RECEIVED):
        return line.note
    return _WORDS[lang]["own" if line.origin is Origin.OWN else "unseen"]


_WORDS = {
    "en": {
        "mail": "mail {line.id} ({line.queue_id}), {line.size} bytes, {line.state.value} {note}",
        "own": "own mail",
        "unseen": "not looked at",
        "delivery": "{recipient}: {each.state.value}, tries: {each.tries}, {reply}",
        "unknown": "(recipient not kept)",
        "silent": "no answer yet",
        "told": "Sentence {one.id} of {one.sender}: {one.answer} by {one.by}, {one.at:%Y-%m-%d %H:%MZ}{undone}",
        "undone": ", taken back {one.undone_at:%Y-%m-%d %H:%MZ}",
    },
    "ja": {
        "mail": "メール {line.id}({line.queue_id})、{line.size}バイト、{line.state.value} {note}",
        "own": "ゲートウェイ自身のメール",
        "unseen": "中を見ていないメール",
        "delivery": "{recipient}: {each.state.value}、試行 {each.tries}回、{reply}",
        "unknown": "(宛先は保存していません)",
        "silent": "返答はまだありません",
        "told": "文 {one.id}({one.sender}): {one.answer}、{one.by}、{one.at:%Y-%m-%d %H:%MZ}{undone}",
        "undone": "、{one.undone_at:%Y-%m-%d %H:%MZ}に取り消し",
    },
}


def _detail_lines(detail: MailDetail, told: Sequence[SentenceLine], lang: Lang) -> list[str]:
    from rules.explain import lines

    words = _WORDS[lang]
    shown = [words["mail"].format(line=detail.line, note=_note(detail.line, lang)).rstrip()]
    for each in detail.deliveries:
        reply = " ".join(str(word) for word in (each.code, each.status, each.reply) if word) or words["silent"]
        recipient = each.recipient or words["unknown"]
        shown.append("  " + words["delivery"].format(recipient=recipient, each=each, reply=reply))
    if detail.decision is not None:
        shown += [f"  {text}" for text in lines(detail.decision, lang)]
    for one in told:
        undone = words["undone"].format(one=one) if one.undone_at else ""
        shown.append("  " + words["told"].format(one=one, undone=undone))
    return shown + [f"  {review.at:%Y-%m-%d %H:%MZ} {review.by}: {review.answer}" for review in detail.reviews]
