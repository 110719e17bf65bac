"""The books that concern an agency, at its desk: the statements of each contract, and adjustments that wait for it."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from core import audit
from core.errors import NotFound
from core.runtime import Tx
from crm.registry import companies, programmes
from crm.slots import statements
from ledger import adjustments
from ledger.adjustments import Adjustment, Decided, OtherSideNeeded, Side
from ledger.slots import NotEnoughCredits
from web.agency_acts import Page
from web.agency_desk import seated, who
from web.console.book_words import side_words, why_words
from web.console.ledger import statement_file
from web.context import reading, writing
from web.i18n import gettext

blueprint = Blueprint("agency_ledger", __name__, url_prefix="/agency/ledger")
blueprint.before_request(who)

MONTHS_MAX = 24


@dataclass(frozen=True, slots=True)
class Contract:
    """One programme as its agency sees it; ``months`` names the statements there are, the newest first."""

    programme_id: int
    company: str
    months: tuple[str, ...]
    waiting: tuple[Adjustment, ...]


@blueprint.get("/")
def index() -> Page:
    """Every contract with its statements and what waits for a word."""
    with reading() as tx:
        found = [
            Contract(
                one.id,
                companies.get(tx, one.company_id).name,
                tuple(statements.available_months(tx, one.id, MONTHS_MAX)),
                tuple(adjustments.waiting(tx, one.id)),
            )
            for one in programmes.of_agency(tx, seated(tx).id)
        ]
    return render_template("agency/ledger.html", contracts=found, Side=Side, why_words=why_words, side_words=side_words)


@blueprint.get("/<int:programme_id>/<month>.<any(pdf, csv):kind>")
def statement(programme_id: int, month: str, kind: str) -> BaseResponse:
    """The statement of a month that is over, in the language of the page."""
    with reading() as tx:
        return statement_file(tx, _own(tx, programme_id), month, kind)


@blueprint.post("/<int:programme_id>/adjust/<adjustment_id>/<act>")
def decide(programme_id: int, adjustment_id: str, act: str) -> BaseResponse:
    """The agency says yes or no to what the company asked for."""
    if act not in ("approve", "refuse"):
        raise NotFound("no such act")
    try:
        with writing() as tx:
            _own(tx, programme_id)
            actor = f"agency:{seated(tx).id}"
            if adjustments.get(tx, adjustment_id).programme_id != programme_id:
                raise NotFound("no such adjustment of this book")
            if act == "approve":
                done = adjustments.approve(tx, adjustment_id, actor, Side.AGENCY)
            else:
                done = adjustments.refuse(tx, adjustment_id, actor)
            audit.record(tx, actor, f"adjustment {done.state}", f"adjustment:{done.id}", credits=done.credits)
    except OtherSideNeeded:
        return _back(gettext("この申請は、導入企業の管理者が承認します。"), "stop")
    except Decided:
        return _back(gettext("この申請の処理は済んでいます。"), "stop")
    except NotEnoughCredits:
        return _back(gettext("残りの件数が足りないため、減らせません。"), "stop")
    return _back(gettext("調整を記帳しました。") if act == "approve" else gettext("申請を却下しました。"))


def _own(tx: Tx, programme_id: int) -> int:
    """The id, for the agency of that contract.

    Raises:
        NotFound: there is none, or it is another agency's.
    """
    if programme_id not in {one.id for one in programmes.of_agency(tx, seated(tx).id)}:
        raise NotFound("no such programme of this agency")
    return programme_id


def _back(words: str, style: str = "good") -> BaseResponse:
    flash(words, style)
    return redirect(url_for("agency_ledger.index"), 303)
