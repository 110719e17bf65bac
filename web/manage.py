"""The candidate's own page: where things stand, who got what and when, and every way back. Each act is a POST."""

from dataclasses import asdict
from datetime import date, datetime

from flask import Blueprint, Response, current_app, flash, json, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import NotFound
from core.lang import Lang
from core.runtime import Tx
from crm.candidate import holds, registrations
from crm.candidate.invitation_page import PREVIEW_PSEUDONYM
from crm.candidate.manage import ManageView, undo_page
from crm.consents.consent_texts import OF_COMPANY, Purpose
from crm.delivery import referrals
from crm.errors import FormRefused, LinkGone, WrongState
from crm.profile import profiles
from crm.profile.forms import ContactForm
from web import form_words, i18n
from web.context import reading, writing
from web.i18n import gettext
from web.problems import Problem

blueprint = Blueprint("manage", __name__, url_prefix="/m")

Page = str | tuple[str, int] | BaseResponse


@blueprint.get("/<token>")
def index(token: str) -> Page:
    with reading() as tx:
        return _show(tx, token)


@blueprint.get("/undo/<token>")
def ask_undo(token: str) -> Page:
    """Behind the button of the receipt mail: one more press, since mail scanners open every link."""
    with reading() as tx:
        can_undo = undo_page(tx, token)
    if can_undo is None:
        raise LinkGone
    return render_template("public/undo.html", can_undo=can_undo)


@blueprint.post("/undo/<token>")
def undo_by_link(token: str) -> Page:
    with writing() as tx:
        done = registrations.undo(tx, token)
    return render_template("public/undone.html", done=done)


@blueprint.post("/<token>/undo")
def undo(token: str) -> Page:
    """Take the whole registration back while nothing was handed over."""
    with writing() as tx:
        done = registrations.undo(tx, token)
    return render_template("public/undone.html", done=done, manage_token=token)


@blueprint.post("/<token>/go-on")
def go_on(token: str) -> Page:
    """The person has looked at everything after somebody else had the address: what was held goes on."""
    with writing() as tx:
        holds.go_on(tx, token)
    flash(gettext("確認を受け付けました。手続きを再開します。"), "good")
    return redirect(url_for("manage.index", token=token), 303)


@blueprint.post("/<token>/withdraw")
def withdraw(token: str) -> Page:
    """End the consents for one agency, or for all."""
    agency_id = request.form.get("agency", type=int)
    with writing() as tx:
        registrations.withdraw(tx, token, agency_id)
    flash(gettext("同意を撤回しました。新たな提供は止まり、渡した先には削除を依頼します。"), "good")
    return redirect(url_for("manage.index", token=token), 303)


@blueprint.post("/<token>/withdraw/<purpose>")
def withdraw_from_company(token: str, purpose: str) -> Page:
    """End one consent that the company itself holds."""
    if purpose not in {one.value for one in OF_COMPANY}:
        raise NotFound("there is no such consent")
    with writing() as tx:
        registrations.withdraw_from_company(tx, token, Purpose(purpose))
    flash(gettext("同意を撤回しました。"), "good")
    return redirect(url_for("manage.index", token=token), 303)


@blueprint.post("/<token>/erase")
def erase(token: str) -> Page:
    """Delete everything, here and (by request) at the agencies."""
    if request.form.get("sure") != "1":
        flash(gettext("削除するときは、確認のチェックを入れてください。"), "stop")
        return redirect(url_for("manage.index", token=token), 303)
    with writing() as tx:
        registrations.erase(tx, token)
    return render_template("public/erased.html")


@blueprint.post("/<token>/talk/<referral_id>/agree")
def agree(token: str, referral_id: str) -> Page:
    """Give the contact data to the agency that asked to talk."""
    form = request.form
    contact = ContactForm(form.get("name", ""), form.get("phone", ""))
    try:
        with writing() as tx:
            referrals.agree_to_talk(tx, token, referral_id, contact, form.get("text_sha256", ""), i18n.lang())
    except FormRefused as error:
        with reading() as tx:
            return _show(tx, token, form_words.of_refusal(error)), 422
    except WrongState as error:
        if error.code != "talk_answered":
            raise  # nothing was answered and nothing left: the error page says that it cannot be done now
        return _too_late(token)
    flash(gettext("連絡先を渡しました。紹介会社からの連絡をお待ちください。"), "good")
    return redirect(url_for("manage.index", token=token), 303)


@blueprint.post("/<token>/talk/<referral_id>/decline")
def decline(token: str, referral_id: str) -> Page:
    try:
        with writing() as tx:
            referrals.decline_talk(tx, token, referral_id)
    except WrongState:
        return _too_late(token)
    flash(gettext("お断りする旨を伝えました。連絡先は渡っていません。"), "good")
    return redirect(url_for("manage.index", token=token), 303)


@blueprint.post("/<token>/download")
def download(token: str) -> Page:
    """Everything of this registration as JSON. A POST, so that no scanner of links carries it away."""
    with reading() as tx:
        view = _view(tx, token)
    body = json.dumps(_plain(asdict(view)), ensure_ascii=False, indent=2)
    response: Response = current_app.response_class(body, mimetype="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="careerrelay.json"'
    return response


def _show(tx: Tx, token: str, problems: list[Problem] | None = None) -> str:
    view = _view(tx, token)
    i18n.prefer(view.lang)
    lang = i18n.lang()
    return render_template(
        "public/manage.html",
        view=view,
        lines=_lines(view, lang),
        questions={step.referral.id: referrals.talk_box(tx, token, step.referral.id, lang) for step in view.steps},
        problems=problems or [],
    )


def _lines(view: ManageView, lang: Lang) -> list[tuple[str, str]]:
    """The profile as an agency reads it; nothing once it was deleted."""
    if view.profile is None:
        return []
    return profiles.lines(profiles.payload(view.profile, lang, PREVIEW_PSEUDONYM, "", date.max), lang)


def _view(tx: Tx, token: str) -> ManageView:
    view = registrations.manage(tx, token)
    if view is None:
        raise LinkGone
    return view


def _too_late(token: str) -> BaseResponse:
    flash(gettext("この問い合わせには、すでに返事が済んでいます。"), "stop")
    return redirect(url_for("manage.index", token=token), 303)


def _plain(value: object) -> object:
    match value:
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case datetime() | date():
            return value.isoformat()
        case _:
            return value
