"""Mails of recruiting senders: the list, and one mail with its decision, its reasons, and what was changed in it."""

from dataclasses import dataclass, replace
from datetime import datetime

from flask import Blueprint, Response, current_app, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import NotFound, Permanent
from core.runtime import Tx
from crm.registry import companies
from gateway.backlog import queue
from gateway.backlog.queue import DeliveryLine, MailDetail, MailLine
from gateway.judgement import review, wrong
from gateway.ruling.ruleset import rule_set_of, shipped
from gateway.tables import DeliveryState, MailState
from rules.model import Verdict
from web import headers, i18n
from web.console import actors, mail_content, marks, reasons, why
from web.console.access import HANDLES_MAIL, actor, roles, scope
from web.console.mail_content import Content
from web.console.marks import Piece
from web.context import reading, runtime, writing
from web.i18n import gettext

blueprint = Blueprint("mails", __name__, url_prefix="/console/mails")

MAILS_A_PAGE = 30
_FAILED = (MailState.FAILED,)
_OPEN = (MailState.RECEIVED, MailState.READY, MailState.HELD)


@dataclass(frozen=True, slots=True)
class Row:
    """A mail in the list; ``subject`` and ``recipients`` only while its copy is kept, and masked for an auditor."""

    id: int
    received_at: datetime
    verdict: Verdict | None
    state: MailState
    note: str
    sender: str
    recipients: tuple[str, ...]
    subject: str


@dataclass(frozen=True, slots=True)
class Filter:
    label: str
    url: str
    current: bool


@blueprint.get("/")
def index() -> str:
    """Newest first; the address says what is shown, so that a view can be kept as a bookmark."""
    shown, before = request.args.get("show", ""), request.args.get("before", type=int)
    verdict, states = _wanted(shown)
    with reading() as tx:
        lines = queue.list_mails(
            tx,
            company_id=scope(),
            verdict=verdict,
            states=states,
            judged=True,
            before_id=before,
            limit=MAILS_A_PAGE + 1,
        )
        rows = [row(tx, line) for line in lines[:MAILS_A_PAGE]]
    older = url_for("mails.index", show=shown or None, before=rows[-1].id) if len(lines) > MAILS_A_PAGE else ""
    newest = url_for("mails.index", show=shown or None) if before else ""
    return render_template(
        "console/mails.html",
        rows=rows,
        filters=_filters(shown),
        filtered=bool(shown or before),
        older_url=older,
        newest_url=newest,
        now=runtime().clock.now(),
    )


@blueprint.get("/news")
def news() -> Response | tuple[str, int]:
    """How many mails came after the newest on the screen; 204 when none."""
    after = request.args.get("after", 0, type=int)
    with reading() as tx:
        lines = queue.list_mails(tx, company_id=scope(), judged=True, limit=MAILS_A_PAGE)
    count = sum(line.id > after for line in lines)
    return jsonify(count=count) if count else ("", 204)


@blueprint.get("/<int:mail_id>")
def one(mail_id: int) -> str:
    with reading() as tx:
        detail = _detail(tx, mail_id)
        line, decision = detail.line, detail.decision
        company = companies.get(tx, line.company_id).name if line.company_id is not None else ""
        answers = review.told_about(tx, line.company_id, decision)
        people = actors.names(tx, [*(one.by for one in answers), *(one.by for one in detail.reviews)])
        apology = wrong.apology(tx, mail_id)
        rule_set = shipped() if line.company_id is None else rule_set_of(tx, line.company_id)
    before, after = _contents(detail)
    handles = bool(HANDLES_MAIL & roles())
    told = why.told_words(answers, people)
    return render_template(
        "console/mail.html",
        mail=line,
        subject=(before.subject if before and may_read() else ""),
        company=company,
        recipients=[masked(one.recipient) for one in detail.deliveries if one.recipient],
        sender=line.sender,
        decision=decision,
        sentence=decision.sentence if decision and may_read() else "",
        why=why.why(decision, told, line.received_at, rule_set, quotes=may_read()) if decision else None,
        pieces=_pieces(detail) if handles else [],
        deliveries=[_shown(one) for one in detail.deliveries],
        reviews=[(one.at, people[one.by], reasons.answer_words(one.answer)) for one in detail.reviews],
        apology=apology if handles else None,
        original_bytes=len(detail.original or b""),
        has_final=detail.final is not None,
        has_content=handles and before is not None,
        diff=mail_content.difference(before, after) if handles and before and after else [],
        can_retry=any(one.state is DeliveryState.WAITING for one in detail.deliveries),
        now=runtime().clock.now(),
    )


@blueprint.get("/<int:mail_id>/frame/<any(original, final):variant>")
def frame(mail_id: int, variant: str) -> Response:
    """The mail itself, for a sandboxed frame: a stranger's HTML under a policy of its own."""
    with reading() as tx:
        detail = _detail(tx, mail_id)
    raw = detail.original if variant == "original" else detail.final
    if raw is None:
        raise NotFound("this copy is not kept")
    page = mail_content.document(mail_content.read(raw, runtime().settings))
    return headers.mail_frame(current_app.response_class(page, mimetype="text/html"))


@blueprint.post("/<int:mail_id>/retry")
def retry(mail_id: int) -> BaseResponse:
    """Try what waits for its next attempt now."""
    try:
        with writing() as tx:
            queue.retry(tx, mail_id, by=actor(), company_id=scope())
    except NotFound:
        raise
    except Permanent:
        flash(gettext("再送を待っている宛先はありません。"), "stop")
    else:
        flash(gettext("すぐに再送します。"), "good")
    return redirect(url_for("mails.one", mail_id=mail_id), 303)


@blueprint.post("/<int:mail_id>/wrong")
def report_wrong(mail_id: int) -> BaseResponse:
    """The mail should not have carried a link: everything about it ends at once (decisions 20)."""
    try:
        with writing() as tx:
            queue.report_wrong(tx, mail_id, by=actor(), company_id=scope())
    except NotFound:
        raise
    except Permanent:
        flash(gettext("このメールに案内は入っていません。"), "stop")
    else:
        flash(gettext("リンクを無効にし、会社を「見守り」に戻しました。"), "good")
    return redirect(url_for("mails.one", mail_id=mail_id), 303)


def row(tx: Tx, line: MailLine) -> Row:
    """One line of a list, with what its kept copy adds."""
    subject = ""
    recipients: tuple[str, ...] = ()
    if line.verdict in (Verdict.INJECT, Verdict.REVIEW):
        detail = queue.show_mail(tx, line.id, company_id=scope())
        recipients = tuple(masked(one.recipient) for one in detail.deliveries if one.recipient)
        if detail.original is not None and may_read():
            subject = mail_content.read(detail.original, runtime().settings).subject
    return Row(line.id, line.received_at, line.verdict, line.state, line.note, line.sender, recipients, subject)


def may_read() -> bool:
    """Whether the person at the screen may see whom a mail was for and what it was about; an auditor may not."""
    return bool(roles() - {"auditor"})


def masked(address: str) -> str:
    """An address as this person may see it: an auditor sees that there is one (domain 3.4)."""
    if may_read() or not address:
        return address
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


def _detail(tx: Tx, mail_id: int) -> MailDetail:
    detail = queue.show_mail(tx, mail_id, company_id=scope())
    if not detail.line.judged:
        raise NotFound("mail of other senders is not shown")
    return detail


def _contents(detail: MailDetail) -> tuple[Content | None, Content | None]:
    settings = runtime().settings
    before = mail_content.read(detail.original, settings) if detail.original is not None else None
    return before, mail_content.read(detail.final, settings) if detail.final is not None else None


def _pieces(detail: MailDetail) -> list[Piece]:
    """The words as the rules read them; the token of a link that came with the mail stays hidden."""
    if detail.decision is None or detail.original is None:
        return []
    text = mail_content.judged_text(detail.original, runtime().settings)
    found = marks.pieces(text, detail.decision, i18n.lang())
    return [replace(piece, text=mail_content.without_tokens(piece.text)) for piece in found]


def _shown(line: DeliveryLine) -> DeliveryLine:
    return line if may_read() else replace(line, recipient=masked(line.recipient), reply=None)


def _wanted(shown: str) -> tuple[Verdict | None, tuple[MailState, ...]]:
    if shown in ("open", "failed"):
        return None, _OPEN if shown == "open" else _FAILED
    try:
        return Verdict(shown) if shown else None, ()
    except ValueError:
        return None, ()


def _filters(shown: str) -> list[Filter]:
    words = {
        "": gettext("すべて"),
        Verdict.INJECT.value: gettext("不採用通知"),
        Verdict.REVIEW.value: gettext("要確認"),
        Verdict.PASS.value: gettext("その他"),
        "open": gettext("まだ送っていない"),
        "failed": gettext("配送できず"),
    }
    return [Filter(word, url_for("mails.index", show=name or None), name == shown) for name, word in words.items()]
