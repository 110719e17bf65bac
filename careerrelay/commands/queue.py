"""`careerrelay queue` and `careerrelay bypass`: mails that wait, and the switch that lets everything through unread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from careerrelay.front import Front, emit, json_option, pass_front, table

if TYPE_CHECKING:
    from core.runtime import Tx
    from gateway.queue import MailDetail, MailLine

ACTOR = "cli"


@click.group()
def queue() -> None:
    """Mails on their way: what waits and why; hold, release, try again, delete."""


@queue.command("list")
@click.option("--company", "company_id", type=int, metavar="ID", help="Only this company's.")
@click.option("--all", "everything", is_flag=True, help="Also mails that have left.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@json_option
@pass_front
def list_(front: Front, company_id: int | None, everything: bool, limit: int, as_json: bool) -> None:
    """List mails, newest first. Senders are shown of recruiting mail only; nobody else's mail is looked at."""
    from gateway import queue as mails

    with front.runtime() as runtime, runtime.read() as tx:
        listed = mails.list_mails if everything else mails.open_mails
        found = listed(tx, company_id=company_id, limit=limit)
    headings = ("id", "received", "state", "verdict", "sent", "tries", "next try", "sender", "note")
    emit(as_json, [asdict(line) for line in found], *table(headings, [_row(line) for line in found]))


@queue.command()
@click.argument("mail_id", type=int, metavar="ID")
@json_option
@pass_front
def show(front: Front, mail_id: int, as_json: bool) -> None:
    """Show one mail: its deliveries with the next hop's last words, and the decision with its reasons."""
    from gateway import queue as mails

    with front.runtime() as runtime, runtime.read() as tx:
        detail = mails.show_mail(tx, mail_id)
    value = {
        "mail": asdict(detail.line),
        "deliveries": [asdict(line) for line in detail.deliveries],
        "decision": None if detail.decision is None else detail.decision.to_json(),
        "reviews": [asdict(line) for line in detail.reviews],
    }
    emit(as_json, value, *_detail_lines(detail))


@queue.command()
@click.argument("mail_id", type=int, metavar="ID")
@json_option
@pass_front
def approve(front: Front, mail_id: int, as_json: bool) -> None:
    """A held mail is a rejection: let it leave with the link."""
    from gateway import queue as mails

    result = _act(front, lambda tx: mails.approve(tx, mail_id, by=ACTOR))
    words = "it leaves with the link" if result == "edited" else f"it leaves unchanged: {result}"
    emit(as_json, {"id": mail_id, "result": result}, f"mail {mail_id}: {words}")


def _simple(name: str, action: str, done: str, help_text: str) -> click.Command:
    """A command that does one thing to one mail (`gateway.queue.ACTION`)."""

    @queue.command(name, help=help_text)
    @click.argument("mail_id", type=int, metavar="ID")
    @json_option
    @pass_front
    def command(front: Front, mail_id: int, as_json: bool) -> None:
        from gateway import queue as mails

        _act(front, lambda tx: getattr(mails, action)(tx, mail_id, by=ACTOR))
        emit(as_json, {"id": mail_id, "result": done}, f"mail {mail_id}: {done}")

    return command


_simple("release", "release", "released", "Let a held mail leave unchanged, or a stopped one go on.")
_simple("hold", "hold", "stopped", "Stop what waits for its next attempt, until it is released.")
_simple("retry", "retry", "due now", "Try what waits for its next attempt now.")
_simple("delete", "delete", "deleted", "Throw away what has not left; nobody is told.")
_simple("report-wrong", "report_wrong", "link revoked", "This mail should not have got a link: end it at once.")


@queue.command()
@click.argument("mail_id", type=int, metavar="ID")
@click.argument("answer", type=click.Choice(["rejection", "not-rejection"]))
@json_option
@pass_front
def answer(front: Front, mail_id: int, answer: str, as_json: bool) -> None:
    """Say whether a mail under review was a rejection. It has left already; the answer teaches its sentence."""
    from gateway import review

    _act(front, lambda tx: review.answer_review(tx, mail_id, rejection=answer == "rejection", by=ACTOR))
    emit(as_json, {"id": mail_id, "result": answer}, f"mail {mail_id}: noted as {answer}")


@click.command()
@click.argument("state", type=click.Choice(["on", "off"]))
@click.option("--company", "company_id", type=int, metavar="ID", help="Only this company; without it everybody.")
@json_option
@pass_front
def bypass(front: Front, state: str, company_id: int | None, as_json: bool) -> None:
    """Relay bytes with no look inside, at once and until it is switched off."""
    from crm import companies

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
            line.tries, next_try and next_try.strftime("%H:%M:%SZ"), line.sender, line.note)  # fmt: skip


def _detail_lines(detail: MailDetail) -> list[str]:
    from rules.explain import lines

    line = detail.line
    shown = [f"mail {line.id} ({line.queue_id}), {line.size} bytes, {line.state.value} {line.note}".rstrip()]
    for each in detail.deliveries:
        reply = f"{each.code} {each.reply or ''}".rstrip() if each.code else "no answer yet"
        shown.append(f"  {each.recipient or '(recipient not kept)'}: {each.state.value}, {each.tries} tries, {reply}")
    if detail.decision is not None:
        shown += [f"  {text}" for text in lines(detail.decision)]
    return shown + [f"  {review.at:%Y-%m-%d %H:%MZ} {review.by}: {review.answer}" for review in detail.reviews]
