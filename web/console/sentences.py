"""The decision sentences that people have approved or refused: what is remembered, by whom, and how to take it back."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from gateway.judgement import review
from gateway.judgement.review import APPROVE
from web.console import actors
from web.console.access import actor, own_companies, scope
from web.context import reading, writing
from web.i18n import gettext

blueprint = Blueprint("sentences", __name__, url_prefix="/console/sentences")

ROWS_MAX = 500


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    masked: str
    sender: str
    company: str
    approved: bool
    by: str
    at: datetime


@blueprint.get("/")
def index() -> str:
    """What is in force, newest first."""
    with reading() as tx:
        company = {view.id: view.name for view in own_companies(tx)}
        found = [line for line in review.sentences(tx, scope()) if line.undone_at is None][:ROWS_MAX]
        people = actors.names(tx, (line.by for line in found))
    rows = [
        Row(
            id=line.id,
            masked=line.masked,
            sender=line.sender,
            company=company.get(line.company_id, ""),
            approved=line.answer == APPROVE,
            by=people[line.by],
            at=line.at,
        )
        for line in found
    ]
    return render_template("console/sentences.html", rows=rows, companies=len(company))


@blueprint.post("/<int:sentence_id>/forget")
def forget(sentence_id: int) -> BaseResponse:
    """Take an answer back: from now on it is as if nobody had said anything."""
    with writing() as tx:
        review.undo_sentence(tx, sentence_id, by=actor(), company_id=scope())
    flash(gettext("この文の答えを取り消しました。1秒以内に反映されます。"), "good")
    back = request.form.get("mail", type=int)
    return redirect(url_for("mails.one", mail_id=back) if back else url_for("sentences.index"), 303)
