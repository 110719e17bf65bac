"""The candidate corrects what he gave: a form, the same exact preview as before, and one button."""

from dataclasses import asdict
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crm.candidate import registrations
from crm.candidate.invitation_page import PREVIEW_PSEUDONYM
from crm.candidate.manage import ManageView
from crm.candidate.registrations import Correction
from crm.errors import FormRefused, LinkGone
from crm.profile import forms, profiles
from crm.profile.forms import ContactForm, ProfileForm
from web import candidate_form, form_words, i18n
from web.context import reading, writing
from web.i18n import gettext
from web.problems import Problem

blueprint = Blueprint("corrections", __name__, url_prefix="/m")

Page = str | tuple[str, int] | BaseResponse


@blueprint.get("/<token>/correct")
def form(token: str) -> Page:
    """What was given, to be changed. Name and phone are not shown: who holds the link may be somebody else."""
    view = _view(token)
    return _form(token, view, view.profile or candidate_form.profile(), [])


@blueprint.post("/<token>/correct")
def preview(token: str) -> Page:
    """Exactly what the agencies would get instead."""
    view, typed = _view(token), candidate_form.profile()
    problems = [*forms.profile_problems(typed)]
    contact = _contact(view)
    if contact is not None:
        forms.contact_checked(contact, problems)
    if problems:
        return _form(token, view, typed, form_words.of_problems(problems)), 422
    return _preview(token, view, typed, contact)


@blueprint.get("/<token>/correct/confirm")
def back(token: str) -> BaseResponse:
    return redirect(url_for("corrections.form", token=token), 303)


@blueprint.post("/<token>/correct/confirm")
def confirm(token: str) -> Page:
    state = candidate_form.opened(token, request.form.get("state", ""))
    if state is None:
        return back(token)
    profile = ProfileForm.from_json(candidate_form.mapping(state["profile"]))
    given = candidate_form.mapping(state.get("contact"))
    contact = ContactForm(str(given["name"]), str(given["phone"])) if given else None
    try:
        with writing() as tx:
            told = registrations.correct(tx, token, Correction(profile, contact, request.form.get("summary_ok", "")))
    except FormRefused as error:
        return _form(token, _view(token), profile, form_words.of_refusal(error)), 422
    sent = gettext("訂正しました。渡した%(n)d社にも、訂正後の内容を送りました。", n=told)
    flash(sent if told else gettext("訂正しました。"), "good")
    return redirect(url_for("manage.index", token=token), 303)


def _view(token: str) -> ManageView:
    with reading() as tx:
        view = registrations.manage(tx, token)
    if view is None or view.profile is None or view.state != "submitted":
        raise LinkGone
    i18n.prefer(view.lang)
    return view


def _contact(view: ManageView) -> ContactForm | None:
    """Name and phone as typed; None when they are to stay, or were never given."""
    name, phone = request.form.get("name", "").strip(), request.form.get("phone", "").strip()
    return ContactForm(name, phone) if (name or phone) and "name" in (view.contact or {}) else None


def _form(token: str, view: ManageView, typed: ProfileForm, problems: list[Problem]) -> str:
    return render_template(
        "public/correct.html",
        view=view,
        typed=typed,
        spoken=dict(pair.split(":", 1) for pair in typed.languages),
        lists=form_words.lists(),
        problems=problems,
        with_contact="name" in (view.contact or {}),
    )


def _preview(token: str, view: ManageView, typed: ProfileForm, contact: ContactForm | None) -> str:
    lang, mail = i18n.lang(), (view.contact or {}).get("mail", "")
    made = profiles.payload(forms.cleaned(typed, view.lang, contact, mail), lang, PREVIEW_PSEUDONYM, "", date.max)
    state: dict[str, object] = {"profile": asdict(typed), "contact": asdict(contact) if contact else None}
    return render_template(
        "public/correct_preview.html",
        view=view,
        lines=profiles.items(made, lang),
        summary_typed=typed.summary,
        # The text that is confirmed is named by its hash in the language in which the person registered.
        summary_sha256=forms.summary_sha256(typed, view.lang, mail) if typed.summary else "",
        ticked=set(),
        new_contact=contact,
        receivers=[step.agency for step in view.steps if step.referral.shared_at and not step.referral.withdrawn_at],
        state=candidate_form.sign(token, state),
    )
