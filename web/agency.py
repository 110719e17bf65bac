"""The agency's page behind the link in its mail, for agencies without developers: look, answer, ask to talk.

GET shows the de-identified profile and writes nothing; every answer is a POST.
"""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import NotFound
from core.runtime import Tx
from crm import agencies, profiles, referrals
from crm.errors import LinkGone, WrongState
from crm.referral_states import Answer, ReferralView
from web import i18n
from web.context import reading, writing
from web.i18n import gettext

blueprint = Blueprint("agency", __name__, url_prefix="/agency")

Page = str | tuple[str, int] | BaseResponse


@blueprint.get("/l/<token>")
def show(token: str) -> Page:
    with reading() as tx:
        referral = _referral(tx, token)
        agency = agencies.get(tx, referral.agency_id)
    i18n.prefer(agency.locale)
    lines = profiles.lines(referral.profile, "en" if i18n.lang() == "en" else "ja") if referral.profile else []
    return render_template("agency/referral.html", referral=referral, agency=agency, lines=lines, Answer=Answer)


@blueprint.post("/l/<token>/answer")
def answer(token: str) -> Page:
    """accepted, duplicate or ineligible."""
    try:
        chosen = Answer(request.form.get("answer", ""))
    except ValueError:
        raise NotFound("no such answer") from None
    return _act(
        token,
        lambda tx, view: referrals.answer(tx, view.agency_id, view.id, chosen),
        gettext("回答を受け付けました。ありがとうございます。"),
    )


@blueprint.post("/l/<token>/talk")
def talk(token: str) -> Page:
    """The agency would like to talk; the candidate decides."""
    words = gettext("ご希望を候補者に伝えました。候補者が応じると、連絡先をお送りします。")
    return _act(token, lambda tx, view: referrals.ask_to_talk(tx, view.agency_id, view.id), words)


@blueprint.post("/l/<token>/contact")
def contact(token: str) -> Page:
    """The contact data, once the candidate released them; each look is audited."""
    with writing() as tx:
        referral = _referral(tx, token)
        found = referrals.contact(tx, referral.agency_id, referral.id)
    return render_template("agency/contact.html", referral=referral, contact=found, token=token)


@blueprint.post("/l/<token>/deleted")
def deleted(token: str) -> Page:
    """The agency says that it deleted what was recalled."""
    words = gettext("削除のご連絡を受け付けました。ありがとうございました。")
    return _act(token, lambda tx, view: referrals.acknowledge_recall(tx, view.agency_id, view.id), words)


def _referral(tx: Tx, token: str) -> ReferralView:
    found = referrals.by_link(tx, token)
    if found is None:
        raise LinkGone
    return found


def _act(token: str, act: Callable[[Tx, ReferralView], object], words: str) -> Page:
    try:
        with writing() as tx:
            act(tx, _referral(tx, token))
    except WrongState:
        flash(gettext("すでに処理が済んでいるため、この操作はできません。今の状態をご確認ください。"), "stop")
    else:
        flash(words, "good")
    return redirect(url_for("agency.show", token=token), 303)
