"""The way in by a company's own link, for notices that never passed us: an address, six digits, then the personal link.

Every page is the same for known and unknown addresses until the visitor has shown that the address is his.
"""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from core import metrics
from crm.arrival import arrivals
from crm.arrival.arrivals import Arrival
from crm.candidate import invitation_page
from crm.candidate.invitation_page import InvitationPage
from crm.consents.consent_texts import age_words
from crm.errors import FormRefused, LinkGone, Refused, WrongCode, WrongState
from crm.invitation.invitations import NoOffer, Offer
from web import candidate_form, form_words, i18n
from web.context import CONFIRMED_HERE, reading, visitor_address, writing
from web.i18n import gettext
from web.problems import Problem

blueprint = Blueprint("arrivals", __name__, url_prefix="/r/c")

Page = str | tuple[str, int] | BaseResponse


@blueprint.get("/<token>")
def company(token: str) -> Page:
    """What is offered, by whom, on which terms; and where the address is typed."""
    page = _page(token)
    metrics.PAGES_OPENED.labels(str(page.company_id)).inc()  # a count, never a row: scanners open links too
    return _company(page, [])


@blueprint.post("/<token>")
def begin(token: str) -> Page:
    """Send the digits. What comes next does not depend on whether the address is known."""
    form = request.form
    place = candidate_form.ip_prefix(visitor_address())
    try:
        with writing() as tx:
            arrival = arrivals.begin(
                tx,
                token,
                form.get("mail", ""),
                sure=form.get("mail_sure") == "1",
                adult=form.get("adult") == age_words(i18n.lang()).text_sha256,
                lang=i18n.lang(),
                place=place,
            )
    except FormRefused as error:
        return _company(_page(token), form_words.of_refusal(error)), 422
    except LinkGone:
        raise
    except Refused:
        return render_template("error.html", status=429, code="too_many_arrivals"), 429
    return redirect(url_for("arrivals.code", token=arrival), 303)


@blueprint.get("/code/<token>")
def code(token: str) -> Page:
    """Where the digits are typed, or what became of them."""
    return _where(_arrival(token), [])


@blueprint.post("/code/<token>")
def check(token: str) -> Page:
    try:
        with writing() as tx:
            # A wrong code comes back as a value: the try has to be counted, so this transaction commits.
            done = arrivals.check(tx, token, request.form.get("code", ""))
    except WrongState:
        return redirect(url_for("arrivals.code", token=token), 303)
    match done:
        case WrongCode():
            return _where(_arrival(token), [Problem("code", form_words.of_code(done.code))]), 422
        case Offer():
            relay_token = done.relay_url.rpartition("/")[2]
            session[CONFIRMED_HERE] = relay_token
            return redirect(url_for("public.invitation", token=relay_token), 303)
        case NoOffer():
            return render_template("public/arrival_closed.html", reason=done.reason)
        case _:
            return redirect(url_for("arrivals.code", token=token), 303)


@blueprint.post("/code/<token>/again")
def send_again(token: str) -> Page:
    """A new code to the same address."""
    try:
        with writing() as tx:
            arrivals.send_again(tx, token)
    except LinkGone:
        raise
    except WrongState:
        return redirect(url_for("arrivals.code", token=token), 303)
    except Refused as error:
        return _where(_arrival(token), [Problem("", form_words.of_code(error.code))]), 429
    flash(gettext("新しい6桁の数字をお送りしました。いちばん新しいメールの数字を入力してください。"), "good")
    return redirect(url_for("arrivals.code", token=token), 303)


@blueprint.post("/code/<token>/ask")
def ask(token: str) -> Page:
    """Let the company look for the notice: it sees the address, and nothing else."""
    with writing() as tx:
        arrivals.ask_company(tx, token)
    return redirect(url_for("arrivals.code", token=token), 303)


def _page(token: str) -> InvitationPage:
    with reading() as tx:
        page = invitation_page.company_page(tx, token, i18n.lang())
        if page is not None and i18n.prefer(page.locale):
            page = invitation_page.company_page(tx, token, i18n.lang())
    if page is None:
        raise LinkGone
    return page


def _company(page: InvitationPage, problems: list[Problem]) -> str:
    return render_template("public/company.html", page=page, mail=request.form.get("mail", ""), problems=problems)


def _arrival(token: str) -> Arrival:
    with reading() as tx:
        found = arrivals.page(tx, token)
    if found is None:
        raise LinkGone
    i18n.prefer(found.lang)
    return found


def _where(arrival: Arrival, problems: list[Problem]) -> str:
    pages = {arrivals.UNMATCHED: "public/arrival_unmatched.html", arrivals.WAITING: "public/arrival_waiting.html"}
    return render_template(pages.get(arrival.state, "public/arrival_code.html"), arrival=arrival, problems=problems)
