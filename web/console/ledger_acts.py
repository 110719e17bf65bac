"""What persons do with a book by hand: adjustments by two, a credit taken back, new terms. For admins.

An admin of one company acts for it, an admin of the whole installation does not. Terms bind the agency too: they are
set by who answers for both.
"""

from dataclasses import dataclass
from datetime import date, datetime, time

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core import audit
from core.clock import JST, day_in_japan
from core.errors import NotFound, Permanent
from core.runtime import Tx
from crm import figures
from crm.agency import agencies
from crm.referral import credits as crm_credits
from crm.registry import companies
from ledger import adjustments, book
from ledger.account import Terms
from ledger.adjustments import Adjustment, Decided, OtherSideNeeded, SecondPersonNeeded, Side, Why
from ledger.policy import Reason
from ledger.slots import NotEnoughCredits
from web.console import actors
from web.console.access import actor, scope
from web.console.book_words import reason_words, side_words, why_words
from web.console.ledger import own_programme
from web.context import reading, writing
from web.i18n import gettext

blueprint = Blueprint("ledger_acts", __name__, url_prefix="/console/ledger")

CREDITS_AT_ONCE_MAX = 1000
_RANGES = {"threshold": (1, 1000), "dispute_days": (0, 90), "window_days": (1, 3650)}


@dataclass(frozen=True, slots=True)
class Hands:
    """What the page shows of one book. ``available`` credits as of last midnight, as everywhere on HR's pages;
    ``now`` is the version of the terms in force; ``people``: a name for each actor."""

    programme_id: int
    company: str
    agency: str
    available: int
    waiting: tuple[Adjustment, ...]
    terms: tuple[Terms, ...]
    now: Terms
    people: dict[str, str]


@blueprint.get("/<int:programme_id>/hands")
def show(programme_id: int) -> str:
    with reading() as tx:
        programme = own_programme(tx, programme_id)
        terms, waiting = book.terms(tx, programme.id), adjustments.waiting(tx, programme.id)
        [known] = [one for one in figures.progress(tx, programme.company_id) if one.programme_id == programme.id]
        hands = Hands(
            programme.id,
            companies.get(tx, programme.company_id).name,
            agencies.get(tx, programme.agency_id).name,
            known.counted + known.slots * known.threshold,
            tuple(waiting),
            tuple(reversed(terms)),
            [one for one in terms if one.effective_from <= tx.now or one is terms[0]][-1],
            actors.names(tx, [one.asked_by for one in waiting] + [one.actor for one in terms]),
        )
        today = day_in_japan(tx.now)
    return render_template(
        "console/ledger_hands.html",
        hands=hands,
        me=actor(),
        today=today,
        reasons=[(one.value, why_words(one)) for one in Why],
        taken_back=[(one.value, reason_words(one)) for one in crm_credits.BY_HAND],
        why_words=why_words,
        side_words=side_words,
        may_approve=lambda one: adjustments.may_approve(one, actor(), _side()),
    )


@blueprint.post("/<int:programme_id>/adjust")
def ask(programme_id: int) -> BaseResponse:
    """Ask for an adjustment; it waits for another person."""
    amount = request.form.get("credits", 0, type=int)
    reason = request.form.get("reason", "")
    if not 0 < abs(amount) <= CREDITS_AT_ONCE_MAX or reason not in set(Why):
        return _back(programme_id, gettext("件数(0以外の整数)と理由を選んでください。"), "stop")
    with writing() as tx:
        made = adjustments.ask(tx, own_programme(tx, programme_id).id, amount, Why(reason), actor(), _side())
        audit.record(tx, actor(), "adjustment asked for", f"adjustment:{made.id}", credits=amount)
    waits_for = {
        Side.COMPANY: gettext("調整を申請しました。紹介会社か、全体の管理者が承認すると記帳されます。"),
        Side.OPERATOR: gettext("調整を申請しました。この会社の管理者が承認すると記帳されます。"),
    }
    return _back(programme_id, waits_for[_side()])


@blueprint.post("/<int:programme_id>/adjust/<adjustment_id>/<act>")
def decide(programme_id: int, adjustment_id: str, act: str) -> BaseResponse:
    """The second person says yes or no."""
    if act not in ("approve", "refuse"):
        raise NotFound("no such act")
    try:
        with writing() as tx:
            own_programme(tx, programme_id)
            if adjustments.get(tx, adjustment_id).programme_id != programme_id:
                raise NotFound("no such adjustment of this book")
            if act == "approve":
                done = adjustments.approve(tx, adjustment_id, actor(), _side())
            else:
                done = adjustments.refuse(tx, adjustment_id, actor())
            audit.record(tx, actor(), f"adjustment {done.state}", f"adjustment:{done.id}", credits=done.credits)
    except SecondPersonNeeded:
        return _back(programme_id, gettext("申請した本人は承認できません。"), "stop")
    except OtherSideNeeded:
        words = gettext("承認できません。調整は、導入企業の管理者と、紹介会社または全体の管理者の、2人で行います。")
        return _back(programme_id, words, "stop")
    except Decided:
        return _back(programme_id, gettext("この申請の処理は済んでいます。"), "stop")
    except NotEnoughCredits:
        return _back(programme_id, gettext("残りの件数が足りないため、減らせません。"), "stop")
    booked = gettext("調整を記帳しました。") if act == "approve" else gettext("申請を取り下げました。")
    return _back(programme_id, booked)


@blueprint.post("/<int:programme_id>/reverse")
def take_back(programme_id: int) -> BaseResponse:
    """Take back a credit that should never have counted."""
    referral_id, reason = request.form.get("referral", "").strip(), request.form.get("reason", "")
    if not referral_id.isalnum() or reason not in crm_credits.BY_HAND:
        return _back(programme_id, gettext("紹介番号と理由を入力してください。"), "stop")
    try:
        with writing() as tx:
            own_programme(tx, programme_id)
            crm_credits.take_back(tx, programme_id, referral_id, Reason(reason), actor())
    except NotFound:
        return _back(programme_id, gettext("この台帳に、その番号の紹介カウントはありません。"), "stop")
    return _back(programme_id, gettext("紹介カウントを1件取り消しました。"))


@blueprint.post("/<int:programme_id>/terms")
def change_terms(programme_id: int) -> BaseResponse:
    """New terms, from now on or from a later day."""
    given = {name: request.form.get(name, -1, type=int) for name in _RANGES}
    if any(not low <= given[name] <= high for name, (low, high) in _RANGES.items()):
        return _back(programme_id, gettext("条件を数字で入力してください。"), "stop")
    try:
        day = request.form.get("from", "")
        starts = datetime.combine(date.fromisoformat(day), time(), JST) if day else None
        with writing() as tx:
            _change(tx, own_programme(tx, programme_id).id, given, starts)
    except ValueError:
        return _back(programme_id, gettext("適用開始日を日付で入力してください。"), "stop")
    except NotFound:
        raise
    except Permanent:
        words = gettext(
            "この条件には変更できません。使える枠がある間や先の日付では、1枠に必要な件数を増やせません。"
            "また、適用開始日は今日から3年以内で、前回の変更より後の日にしてください。"
        )
        return _back(programme_id, words, "stop")
    return _back(programme_id, gettext("契約条件の新しい版を登録しました。"))


def _side() -> Side:
    """For whom the person at the screen acts."""
    return Side.OPERATOR if scope() is None else Side.COMPANY


def _change(tx: Tx, programme_id: int, given: dict[str, int], starts: datetime | None) -> None:
    today = starts is not None and starts.date() <= day_in_japan(tx.now)
    new = book.change_policy(tx, programme_id, actor=actor(), effective_from=None if today else starts, **given)
    audit.record(tx, actor(), "terms changed", f"programme:{programme_id}", version=new.version)


def _back(programme_id: int, words: str, style: str = "good") -> BaseResponse:
    flash(words, style)
    return redirect(url_for("ledger_acts.show", programme_id=programme_id), 303)
