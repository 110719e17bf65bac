"""The candidate's way in: what is offered, a short profile, its exact preview with unticked boxes, one button.

GET and HEAD show and write nothing, whatever opens the link (domain 3.3 invariant 17); nothing typed is stored before
the last POST. Nobody's name stands on these pages: who holds the link may not be who it was written to.
"""

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from core import metrics
from core.runtime import Tx
from crm.arrival.codes import CodeNeeded
from crm.candidate import code_page, registrations
from crm.candidate.registrations import AlreadyRegistered, InvitationPage
from crm.errors import FormRefused, LinkGone, Refused, WrongCode, WrongState
from crm.invitation import invitations
from crm.profile import forms, profiles
from web import candidate_form, form_words, i18n, resumes
from web.context import CONFIRMED_HERE, reading, writing
from web.i18n import gettext
from web.problems import Problem
from web.resumes import ReadResume

blueprint = Blueprint("public", __name__)

Page = str | tuple[str, int] | BaseResponse


@blueprint.get("/r/<token>")
def invitation(token: str) -> Page:
    """What is offered, by whom, on which terms; and where the address is typed."""
    with reading() as tx:
        page = _page(tx, token)
    metrics.PAGES_OPENED.labels(str(page.company_id)).inc()  # a count, never a row: scanners open links too
    return _invitation(page)


@blueprint.get("/r/<token>/<any(profile, resume, preview, confirm):_step>")
def back(token: str, _step: str) -> BaseResponse:
    """A later page asked for again has no answers to show: start from the first one."""
    return redirect(url_for("public.invitation", token=token), 303)


@blueprint.post("/r/<token>/profile")
def profile(token: str) -> Page:
    """The address was typed (or the profile is to be changed): show the form."""
    state = candidate_form.opened(token, request.form.get("state", ""))
    with reading() as tx:
        page = _page(tx, token)
    if state is None:
        mail = request.form.get("mail", "").strip()
        sure = request.form.get("mail_sure") == "1"
        known = page.address_known and not mail  # confirmed on the way here: it is not asked for again
        problems = [] if known else form_words.of_problems(forms.mail_problems(mail, sure=sure))
        if problems:
            return _invitation(page, mail=mail, problems=problems), 422
        state = candidate_form.state_of(mail, sure=sure)
    return _profile(token, page, state, [])


@blueprint.post("/r/<token>/resume")
def resume(token: str) -> Page:
    """Read a résumé in memory; it is shown beside its de-identified form and fills the profile. Nothing is kept."""
    state = candidate_form.opened(token, request.form.get("state", ""))
    if state is None:
        return back(token, "resume")
    with reading() as tx:
        page = _page(tx, token)
    read = resumes.read_request(str(state["mail"]), i18n.lang())
    if isinstance(read, Problem):
        return _profile(token, page, state, [read]), 422
    return _profile(token, page, state, [], read)


@blueprint.post("/r/<token>/preview")
def preview(token: str) -> Page:
    """Exactly what an agency would get, and the boxes: none is ticked."""
    state = candidate_form.opened(token, request.form.get("state", ""))
    if state is None:
        return back(token, "preview")
    typed = candidate_form.profile() if "profile" not in state else candidate_form.registration(state).profile
    with reading() as tx:
        page = _page(tx, token)
        problems = form_words.of_problems(forms.profile_problems(typed))
        if problems:
            return _profile(token, page, state, problems), 422
        state = candidate_form.state_of(str(state["mail"]), sure=state.get("mail_sure") is True, typed=typed)
        return _preview(tx, token, page, state, [])


@blueprint.post("/r/<token>/confirm")
def confirm(token: str) -> Page:
    """The one button that stores something."""
    state = candidate_form.opened(token, request.form.get("state", ""))
    if state is None or "profile" not in state:
        return back(token, "confirm")
    filled = candidate_form.registration(state)
    state = candidate_form.state_of(filled.mail, sure=filled.mail_sure, typed=filled.profile)
    try:
        with writing() as tx:
            done = registrations.submit(tx, token, filled)
    except FormRefused as error:
        return _again(token, state, form_words.of_refusal(error)), 422
    match done:
        case CodeNeeded(confirm_token=code_token):
            return redirect(url_for("public.code", token=code_token), 303)
        case AlreadyRegistered():
            return render_template("public/already.html")
        case _:
            return redirect(url_for("manage.index", token=done.manage_token), 303)


@blueprint.get("/r/<token>/no")
def no_thanks(token: str) -> Page:
    """Declining: nothing needs to be done, and one button stops further offers."""
    with reading() as tx:
        page = _page(tx, token)
    return render_template("public/no.html", page=page, token=token)


@blueprint.post("/r/<token>/no")
def never_again(token: str) -> Page:
    """The same as the opt-out link of the mail."""
    with writing() as tx:
        if not invitations.decline(tx, token):
            raise LinkGone
    return render_template("public/opted_out.html", unknown=False)


@blueprint.get("/r/code/<token>")
def code(token: str) -> Page:
    """Where the six digits are typed that went to the other address."""
    return _code(token, [])


@blueprint.post("/r/code/<token>/again")
def send_again(token: str) -> Page:
    """A new code, to the same address or to the one that was corrected."""
    form = request.form
    try:
        with writing() as tx:
            done = code_page.send_again(tx, token, form.get("mail", ""), sure=form.get("mail_sure") == "1")
    except FormRefused as error:
        return _code(token, form_words.of_refusal(error)), 422
    except LinkGone:
        raise
    except Refused as error:
        return _code(token, [Problem("", form_words.of_code(error.code))]), 429
    if isinstance(done, CodeNeeded):
        flash(gettext("新しい6桁の数字をお送りしました。いちばん新しいメールの数字を入力してください。"), "good")
        return redirect(url_for("public.code", token=done.confirm_token), 303)
    return redirect(url_for("manage.index", token=done.manage_token), 303)


@blueprint.post("/r/code/<token>")
def check_code(token: str) -> Page:
    try:
        with writing() as tx:
            # A wrong code comes back as a value: the try has to be counted, so this transaction commits.
            done = registrations.confirm(tx, token, request.form.get("code", "").strip())
    except WrongState:
        return render_template("public/already.html")
    if isinstance(done, WrongCode):
        return _code(token, [Problem("code", form_words.of_code(done.code))]), 422
    return redirect(url_for("manage.index", token=done.manage_token), 303)


def _code(token: str, problems: list[Problem]) -> str:
    with reading() as tx:
        beside = code_page.page(tx, token)
    if beside is None:
        raise LinkGone
    return render_template("public/code.html", beside=beside, problems=problems)


def _page(tx: Tx, token: str) -> InvitationPage:
    """The page model in the visitor's language: the chosen one, else the company's."""
    page = registrations.page(tx, token, i18n.lang())
    if page is not None and i18n.prefer(page.locale):
        page = registrations.page(tx, token, i18n.lang())
    if page is None:
        raise LinkGone
    # Only for the browser in which it was confirmed: who has the link alone types the address, or would learn it.
    return replace(page, address_known=page.address_known and session.get(CONFIRMED_HERE) == token)


def _invitation(page: InvitationPage, mail: str = "", problems: list[Problem] | None = None) -> str:
    return render_template("public/invitation.html", page=page, mail=mail, problems=problems or [])


def _profile(
    token: str,
    page: InvitationPage,
    state: dict[str, object],
    problems: list[Problem],
    read: ReadResume | None = None,
) -> str:
    known = "profile" in state and "wanted_job" not in request.form
    typed = candidate_form.registration(state).profile if known else candidate_form.profile()
    typed = typed if read is None else read.profile
    without = candidate_form.state_of(str(state["mail"]), sure=state.get("mail_sure") is True)
    signed = candidate_form.sign(token, without)
    return render_template(
        "public/profile.html",
        page=page,
        typed=typed,
        spoken=dict(pair.split(":", 1) for pair in typed.languages),
        lists=form_words.lists(),
        problems=problems,
        read=read,
        state=signed,
        resend={"state": signed},
    )


def _preview(tx: Tx, token: str, page: InvitationPage, state: dict[str, object], problems: list[Problem]) -> str:
    typed, lang, mail = candidate_form.registration(state).profile, i18n.lang(), str(state["mail"])
    signed = candidate_form.sign(token, state)
    made = registrations.preview(tx, token, typed, lang, mail=mail)
    return render_template(
        "public/preview.html",
        page=page,
        lines=profiles.items(made, lang),
        strikable=forms.STRIKABLE,
        summary_typed=typed.summary,
        summary_sha256=forms.summary_sha256(typed, lang, mail) if typed.summary else "",
        problems=problems,
        state=signed,
        resend={"state": signed},
        ticked={name for name in request.form if name.startswith("box.") or name == "summary_ok"},
    )


def _again(token: str, state: dict[str, object], problems: list[Problem]) -> str:
    """Back to the page that holds the first problem, with everything typed still there."""
    with reading() as tx:
        page = _page(tx, token)
        if form_words.has_field(problems, "mail"):
            return _invitation(page, mail=str(state["mail"]), problems=problems)
        if form_words.has_field(problems, *forms.PROFILE_ITEMS):
            return _profile(token, page, state, problems)
        return _preview(tx, token, page, state, problems)
