"""What companies with a free slot look for, in the agency's inbox: propose a person, say how it went."""

from datetime import date, datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from pydantic import ValidationError

from core.clock import JST, day_in_japan
from crm.errors import FormRefused, WrongState
from crm.slots import introductions
from crm.slots.introduction_states import Act
from crm.slots.introductions import Proposal
from web import api_introductions, form_words
from web.agency_acts import Page
from web.agency_desk import seated, who
from web.api_models import ActRequest
from web.console import introduction_words
from web.console.introduction_words import introduction_chip
from web.context import reading, writing
from web.i18n import gettext
from web.problems import Problem

blueprint = Blueprint("agency_needs", __name__, url_prefix="/agency/introductions")
blueprint.before_request(who)

_BLANK = {"summary": "", "name": "", "mail": "", "phone": "", "agreed_on": ""}


@blueprint.get("/")
def needs() -> Page:
    """Every need, what moved last first."""
    with reading() as tx:
        rows = introductions.for_agency(tx, seated(tx).id)
    return render_template("agency/introductions.html", rows=rows, chip_of=introduction_chip)


@blueprint.get("/<introduction_id>")
def need(introduction_id: str) -> Page:
    """One need and how far it has come."""
    return _page(introduction_id, _BLANK, [])


@blueprint.post("/<introduction_id>/proposal")
def propose(introduction_id: str) -> Page:
    """Introduce a person."""
    given = {name: request.form.get(name, "").strip() for name in _BLANK}
    try:
        agreed_on = date.fromisoformat(given["agreed_on"]) if given["agreed_on"] else None
    except ValueError:
        agreed_on = None
    proposal = Proposal(given["summary"], given["name"], given["mail"], given["phone"], agreed_on)
    try:
        with writing() as tx:
            introductions.propose(tx, seated(tx).id, introduction_id, proposal)
    except FormRefused as error:
        return _page(
            introduction_id, given, [Problem(one.field, _words(one.field, one.code)) for one in error.problems]
        )
    except WrongState as error:
        flash(introduction_words.refused(error.code), "stop")
    else:
        flash(gettext("紹介文を送りました。会社からのお返事をお待ちください。"), "good")
    return redirect(url_for("agency_needs.need", introduction_id=introduction_id), 303)


@blueprint.post("/<introduction_id>/acts")
def act(introduction_id: str) -> Page:
    """One step of the agency."""
    try:
        wanted = _asked()
        with writing() as tx:
            api_introductions.take(tx, seated(tx).id, introduction_id, wanted)
    except WrongState as error:
        flash(introduction_words.refused(error.code), "stop")
    except (FormRefused, ValidationError, ValueError):
        flash(gettext("入力内容を確かめて、もう一度お試しください。"), "stop")
    else:
        flash(gettext("記録しました。"), "good")
    return redirect(url_for("agency_needs.need", introduction_id=introduction_id), 303)


def _asked() -> ActRequest:
    """The step that was pressed; a time is meant as Japan's, a fee as a sum in yen."""
    at, fee = request.form.get("interview_at", ""), request.form.get("fee_yen", "")
    return ActRequest.model_validate(
        {
            "act": request.form.get("act", ""),
            "interview_at": datetime.fromisoformat(at).replace(tzinfo=JST) if at else None,
            "fee_yen": int(fee) if fee else None,
        }
    )


def _page(introduction_id: str, given: dict[str, str], problems: list[Problem]) -> Page:
    with reading() as tx:
        found = introductions.get(tx, "agency", seated(tx).id, introduction_id)
        today = day_in_japan(tx.now)
    page = render_template(
        "agency/introduction.html",
        one=found,
        chip_of=introduction_chip(found.state),
        steps=introduction_words.steps(found),
        today=today,
        Act=Act,
        given=given,
        problems=problems,
    )
    return (page, 422) if problems else page


def _words(field: str, code: str) -> str:
    """What is wrong with a proposal, and what to do."""
    return {
        "names_person": gettext("紹介文にお名前や連絡先が含まれています。取り除いてください。"),
        "no_agreement": gettext("ご本人がこの紹介に同意した日を、今日までの日付で入力してください。"),
    }.get(code) or form_words.words(field, code)
