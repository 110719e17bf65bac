"""The company's own link for notices that never pass us, and the people who came by it and wait for a yes or no."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from crm.arrival import arrival_answers, company_links
from crm.errors import WrongState
from web.console.access import actor, in_scope, own_companies, scope
from web.context import reading, writing
from web.i18n import gettext

blueprint = Blueprint("company_links", __name__, url_prefix="/console/links")


@blueprint.get("/")
def index() -> str:
    """Each company's link as address, QR code and text; above them who waits."""
    with reading() as tx:
        rows = [(company, company_links.of(tx, company.id)) for company in own_companies(tx)]
        waiting = arrival_answers.waiting(tx, scope())
    return render_template("console/links.html", rows=rows, waiting=waiting, qr=_qr)


@blueprint.post("/<int:company_id>/make")
def make(company_id: int) -> BaseResponse:
    """Make the link; one that was printed before ends."""
    in_scope(company_id)
    with writing() as tx:
        again = company_links.of(tx, company_id) is not None
        company_links.make(tx, company_id, actor=actor())
    made = gettext("会社のリンクを作りました。")
    flash(gettext("会社のリンクを作り直しました。前のリンクは使えなくなりました。") if again else made, "good")
    return redirect(url_for("company_links.index"), 303)


@blueprint.post("/arrivals/<arrival_id>")
def answer(arrival_id: str) -> BaseResponse:
    """Yes: the result was told to this address. The candidate hears by mail."""
    known = request.form.get("known") == "1"
    try:
        with writing() as tx:
            in_scope(arrival_answers.company_of(tx, arrival_id))
            arrival_answers.answer(tx, arrival_id, known=known, actor=actor())
    except WrongState:
        flash(gettext("この確認は、すでに済んでいます。"), "wait")
    else:
        flash(gettext("回答しました。ご本人にはメールでお知らせします。アドレスは一覧から消えました。"), "good")
    return redirect(url_for("company_links.index"), 303)


def _qr(url: str) -> Markup:
    # Made by a library of ours from our own address: nothing in it comes from outside.
    return Markup(company_links.qr_svg(url))  # noqa: S704 - as above
