"""What slots are used for: needs, the people whom agencies introduce, and where each introduction stands."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.clock import JST
from core.db import new_id
from core.errors import NotFound
from core.runtime import Tx
from crm import figures
from crm.agency import agencies
from crm.errors import FormRefused, Refused, WrongState
from crm.registry import companies
from crm.slots import introductions
from crm.slots.introduction_states import Act
from crm.slots.introductions import By, Fee, IntroductionView, Need
from ledger import book
from ledger.reservations import SlotState
from ledger.slots import NotEnoughCredits
from web.console import introduction_words
from web.console.access import actor, own_companies
from web.console.introduction_words import introduction_chip
from web.console.ledger import own_programme
from web.context import reading, writing
from web.i18n import gettext
from web.problems import Problem

blueprint = Blueprint("introductions", __name__, url_prefix="/console/introductions")

_BLANK = {"job": "", "place": "", "pay_from": "", "pay_to": "", "wishes": ""}
#: Pay is typed in units of ten thousand yen, as Japanese job offers write it.
MAN_YEN = 10_000
PERCENT_BP = 100


@blueprint.get("/")
def index() -> str:
    with reading() as tx:
        known = own_companies(tx)
        rows = [one for company in known for one in introductions.for_company(tx, company.id)]
        free = [one for company in known for one in figures.progress(tx, company.id) if one.slots]
    return render_template("console/introductions.html", rows=rows, free=free, chip_of=introduction_chip)


@blueprint.get("/new")
def new() -> str | BaseResponse:
    """The form of a need. ``again`` fills it with the words of an earlier one."""
    programme_id = request.args.get("programme", 0, type=int)
    if not programme_id and not request.args.get("again"):
        flash(gettext("どの紹介会社の枠を使うかを、ここから選んでください。"), "wait")
        return redirect(url_for("introductions.index"), 303)
    given = dict(_BLANK)
    with reading() as tx:
        if earlier := request.args.get("again", ""):
            need = _own(tx, earlier)
            programme_id, given = need.programme_id, _typed(need.need)
    return _form(programme_id, given | {"form_id": new_id()}, [])


@blueprint.post("/new")
def add() -> str | tuple[str, int] | BaseResponse:
    form = {name: request.form.get(name, "").strip() for name in (*_BLANK, "form_id")}
    programme_id = request.form.get("programme", 0, type=int)
    try:
        need = Need(form["job"], form["place"], _man(form, "pay_from"), _man(form, "pay_to"), form["wishes"])
        with writing() as tx:
            by = By("company", own_programme(tx, programme_id).company_id, actor())
            made = introductions.open_need(tx, programme_id, need, by, introduction_id=_form_id(form["form_id"]))
    except FormRefused as error:
        return _form(programme_id, form, introduction_words.problems(error)), 422
    except NotEnoughCredits:
        return _form(programme_id, form, [Problem("", gettext("今は使える枠がありません。"))]), 422
    except Refused:
        words = gettext("この紹介会社の許可か契約が有効でないため、依頼できません。")
        return _form(programme_id, form, [Problem("", words)]), 422
    flash(gettext("枠を1つ確保し、%(name)sに紹介を依頼しました。", name=made.agency), "good")
    return redirect(url_for("introductions.one", introduction_id=made.id), 303)


@blueprint.get("/<introduction_id>")
def one(introduction_id: str) -> str:
    with reading() as tx:
        found = _own(tx, introduction_id)
        slot = book.slot(tx, introduction_id).state
    return render_template(
        "console/introduction.html",
        one=found,
        chip_of=introduction_chip(found.state),
        slot=slot,
        steps=introduction_words.steps(found),
        waits_for_credits=found.held_at is not None and slot is SlotState.RESERVED,
        Act=Act,
    )


@blueprint.post("/<introduction_id>/<act>")
def move(introduction_id: str, act: str) -> BaseResponse:
    """One step of the company: accept, schedule, held, decline, hire …"""
    try:
        wanted = Act(act)
        step = _ACTS[wanted]
    except (ValueError, KeyError):
        raise NotFound("no such act") from None
    try:
        with writing() as tx:
            found = _own(tx, introduction_id)
            step(tx, introduction_id, By("company", found.company_id, actor()))
    except WrongState as error:
        return _back(introduction_id, introduction_words.refused(error.code), "stop")
    except (FormRefused, ValueError):
        return _back(introduction_id, gettext("入力内容を確かめて、もう一度お試しください。"), "stop")
    return _back(introduction_id, introduction_words.done(wanted))


def _schedule(tx: Tx, introduction_id: str, by: By) -> object:
    at = datetime.fromisoformat(request.form.get("interview_at", "")).replace(tzinfo=JST)
    return introductions.schedule(tx, introduction_id, at, by)


def _hire(tx: Tx, introduction_id: str, by: By) -> object:
    """Yearly pay in yen with a rate in percent, or a sum in yen."""
    form = request.form
    amount = form.get("amount_yen", "").strip()
    if amount:
        return introductions.hired(tx, introduction_id, Fee(amount_yen=int(amount)), by)
    percent = form.get("rate_percent", "").strip()
    whole, _, fraction = percent.partition(".")
    rate_bp = int(whole) * PERCENT_BP + int(fraction.ljust(2, "0")[:2] or "0")
    return introductions.hired(tx, introduction_id, Fee(int(form.get("basis_yen", "")), rate_bp), by)


_ACTS: dict[Act, Callable[[Tx, str, By], object]] = {
    Act.ACCEPT: introductions.accept,
    Act.SCHEDULE: _schedule,
    Act.HELD: introductions.held,
    Act.NO_SHOW: introductions.no_show,
    Act.DECLINE_BY_CANDIDATE: lambda tx, one, by: introductions.decline(tx, one, by, by_candidate=True),
    Act.DECLINE_BY_COMPANY: lambda tx, one, by: introductions.decline(tx, one, by, by_candidate=False),
    Act.OFFER: introductions.offered,
    Act.HIRE: _hire,
    Act.RETAIN: introductions.retained,
    Act.CLOSE: introductions.close,
}


def _form(programme_id: int, given: dict[str, str], problems: list[Problem]) -> str:
    with reading() as tx:
        programme = own_programme(tx, programme_id)
        agency = agencies.get(tx, programme.agency_id)
        company = companies.get(tx, programme.company_id)
        slots = next(
            one.slots for one in figures.progress(tx, programme.company_id) if one.programme_id == programme_id
        )
    return render_template(
        "console/introduction_new.html",
        programme_id=programme_id,
        agency=agency,
        company=company,
        slots=slots,
        given=given,
        problems=problems,
    )


def _typed(need: Need) -> dict[str, str]:
    def man(amount: int | None) -> str:
        return "" if amount is None else str(amount // MAN_YEN)

    return {
        "job": need.job,
        "place": need.place,
        "pay_from": man(need.pay_from_yen),
        "pay_to": man(need.pay_to_yen),
        "wishes": need.wishes,
    }


def _man(form: dict[str, str], name: str) -> int | None:
    """Ten thousands of yen as typed; -1, which the floor below refuses, for what is no number."""
    text = form[name]
    if not text:
        return None
    return int(text) * MAN_YEN if text.isdecimal() and len(text) <= 6 else -1


def _form_id(text: str) -> str:
    """The number that the form was shown with makes a second press harmless; anything else gets a new one."""
    return text if len(text) == 16 and text.isalnum() and text.isascii() else new_id()


def _own(tx: Tx, introduction_id: str) -> IntroductionView:
    for company in own_companies(tx):
        try:
            return introductions.get(tx, "company", company.id, introduction_id)
        except NotFound:
            continue
    raise NotFound("no such introduction for this person")


def _back(introduction_id: str, words: str, style: str = "good") -> BaseResponse:
    flash(words, style)
    return redirect(url_for("introductions.one", introduction_id=introduction_id), 303)
