"""The two queues: held mails that leave unchanged unless somebody says yes, and left ones whose answer teaches."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import NotFound, Permanent
from core.runtime import Tx
from gateway import figures
from gateway.backlog import queue
from gateway.judgement import review
from gateway.tables import MailState
from rules.model import Verdict
from web.console import mail_content, reasons
from web.console.access import actor, scope
from web.console.mails import masked, may_read
from web.context import reading, runtime, writing
from web.i18n import gettext

blueprint = Blueprint("queues", __name__, url_prefix="/console/queues")

CARDS_MAX = 50


@dataclass(frozen=True, slots=True)
class Card:
    """One mail that waits for an answer."""

    id: int
    received_at: datetime
    hold_until: datetime | None
    sender: str
    recipients: tuple[str, ...]
    subject: str
    sentence: str
    why: str
    sure: bool


@blueprint.get("/held")
def held() -> str:
    """Sure rejections in mode *confirm*, the most urgent first."""
    with reading() as tx:
        lines = queue.list_mails(tx, company_id=scope(), states=(MailState.HELD,), judged=True, limit=CARDS_MAX)
        cards = [_card(tx, line.id) for line in sorted(lines, key=lambda line: line.hold_until or line.received_at)]
    return render_template("console/queue.html", kind="held", cards=cards, now=runtime().clock.now())


@blueprint.get("/review")
def review_queue() -> str:
    """Mails that nobody could be sure about; they have left."""
    with reading() as tx:
        cards = [_card(tx, mail_id) for mail_id in figures.unanswered(tx, scope(), CARDS_MAX)]
    return render_template("console/queue.html", kind="review", cards=cards, now=runtime().clock.now())


@blueprint.post("/<int:mail_id>/approve")
def approve(mail_id: int) -> BaseResponse:
    """Yes, a rejection: it leaves with the link."""
    try:
        with writing() as tx:
            outcome = queue.approve(tx, mail_id, by=actor(), company_id=scope())
    except NotFound:
        raise
    except Permanent:
        return _too_late()
    if outcome == "edited":
        flash(gettext("案内を入れて送ります。"), "good")
    else:
        flash(gettext("案内を入れられなかったため、そのまま送ります: %(why)s", why=reasons.note_words(outcome)), "wait")
    return redirect(url_for("queues.held"), 303)


@blueprint.post("/<int:mail_id>/release")
def release(mail_id: int) -> BaseResponse:
    """Let it leave as it came."""
    try:
        with writing() as tx:
            queue.release(tx, mail_id, by=actor(), company_id=scope())
    except NotFound:
        raise
    except Permanent:
        return _too_late()
    flash(gettext("そのまま送ります。"), "good")
    return redirect(url_for("queues.held"), 303)


@blueprint.post("/<int:mail_id>/sentence")
def judge_sentence(mail_id: int) -> BaseResponse:
    """Was it a rejection? The answer is kept for the same sentence of the same sender."""
    rejection = request.form.get("answer") == "approve"
    back = redirect(
        url_for("queues.review_queue" if request.form.get("from") == "queue" else "mails.one", mail_id=mail_id), 303
    )
    try:
        with writing() as tx:
            review.answer_review(tx, mail_id, rejection=rejection, by=actor(), company_id=scope())
    except NotFound:
        raise
    except Permanent:
        # Without a decision sentence there is nothing to teach; the answer itself still counts.
        with writing() as tx:
            queue.show_mail(tx, mail_id, company_id=scope())
            review.note_answer(tx, mail_id, "rejection" if rejection else "not_rejection", actor())
        flash(gettext("答えを記録しました。このメールには覚えられる文がありません。"), "good")
        return back
    flash(gettext("この文を覚えました。1秒以内に反映されます。"), "good")
    return back


def _card(tx: Tx, mail_id: int) -> Card:
    detail = queue.show_mail(tx, mail_id, company_id=scope())
    line, decision = detail.line, detail.decision
    content = mail_content.read(detail.original, runtime().settings) if detail.original is not None else None
    return Card(
        id=line.id,
        received_at=line.received_at,
        hold_until=line.hold_until,
        sender=line.sender,
        recipients=tuple(masked(one.recipient) for one in detail.deliveries if one.recipient),
        subject=content.subject if content and may_read() else "",
        sentence=decision.sentence if decision else "",
        why=reasons.summary(decision) if decision else "",
        sure=decision is not None and decision.verdict is Verdict.INJECT,
    )


def _too_late() -> BaseResponse:
    flash(gettext("このメールは、もう保留されていません。"), "stop")
    return redirect(url_for("queues.held"), 303)
