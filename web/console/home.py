"""The first page: what waits for a person, what went through today, how far to the next slot."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, render_template, url_for

from core.clock import day_in_japan, midnight_in_japan
from core.runtime import Tx
from crm import figures as people
from crm.agency import agencies
from crm.arrival import arrival_answers
from crm.delivery import recalls
from crm.registry.companies import CompanyView
from crm.rights import subject_requests
from crm.slots import introductions
from gateway import figures
from gateway.figures import Waiting
from web.console import suggestions
from web.console.access import may, own_companies, scope
from web.console.agencies import expires_soon
from web.context import reading
from web.i18n import gettext, show_date, show_time

blueprint = Blueprint("home", __name__, url_prefix="/console")


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing that waits: a chip, a sentence, and where to go."""

    style: str
    word: str
    text: str
    action: str
    url: str


@dataclass(frozen=True, slots=True)
class Tile:
    label: str
    number: int
    url: str = ""


@blueprint.get("/")
def index() -> str:
    with reading() as tx:
        known = own_companies(tx)
        midnight = midnight_in_japan(tx.now)
        may_name = may("company_links.index")  # names are for those who answer candidates anyway
        page = {
            "companies": known,
            "todo": [
                *_queues(figures.waiting(tx, scope())),
                *_people(tx),
                *_rights(tx),
                *_settings(tx, known),
                *_suggestions(tx, known),
            ],
            "tiles": _tiles(figures.since(tx, midnight, scope())),
            "progress": [(company, one) for company in known for one in people.progress(tx, company.id)],
            "told": [(company, one) for company in known if may_name for one in people.told(tx, company.id)],
            "now": tx.now,
        }
    return render_template("console/home.html", **page)


def _queues(waiting: Waiting) -> Iterator[Todo]:
    if waiting.held and waiting.held_until is not None:
        text = gettext(
            "%(n)d通が答えを待っています。最初の1通は%(at)sにそのまま送ります。",
            n=waiting.held,
            at=show_time(waiting.held_until),
        )
        yield Todo("wait", gettext("保留中"), text, gettext("確認する"), url_for("queues.held"))
    if waiting.unanswered:
        text = gettext("判定に迷ったメールが%(n)d通あります。答えは次からの判定に使います。", n=waiting.unanswered)
        yield Todo("info", gettext("見直し"), text, gettext("見直す"), url_for("queues.review_queue"))


def _people(tx: Tx) -> Iterator[Todo]:
    """Who waits for this company's word: people whom an agency proposed, and people who came by its link."""
    if may("introductions.index") and (proposed := introductions.count_proposed(tx, scope())):
        text = gettext("紹介会社から、候補者の紹介が%(n)d件届いています。会うかどうかをお返事ください。", n=proposed)
        yield Todo("wait", gettext("お返事待ち"), text, gettext("紹介を見る"), url_for("introductions.index"))
    if may("company_links.index") and (arrived := arrival_answers.count_waiting(tx, scope())):
        text = gettext("会社のリンクから来た方が%(n)d人、お知らせを送った相手かどうかの確認を待っています。", n=arrived)
        yield Todo("wait", gettext("確認待ち"), text, gettext("確認する"), url_for("company_links.index"))


def _rights(tx: Tx) -> Iterator[Todo]:
    """What people asked and what agencies owe them, once its day has passed."""
    if not may("requests.index"):
        return
    here, late = url_for("requests.index"), gettext("期限超過")
    if overdue := subject_requests.count_open(tx, scope(), overdue=True):
        text = gettext("本人からの請求が%(n)d件、期限を過ぎています。", n=overdue)
        yield Todo("stop", late, text, gettext("請求を見る"), here)
    if waiting := subject_requests.count_open(tx, scope()) - overdue:
        text = gettext("本人からの請求が%(n)d件あります。期限までにお答えください。", n=waiting)
        yield Todo("info", gettext("請求"), text, gettext("請求を見る"), here)
    if silent := sum(one.overdue for one in recalls.open_recalls(tx, scope())):
        text = gettext("紹介会社からの削除の報告が%(n)d件届いていません。", n=silent)
        yield Todo("wait", late, text, gettext("依頼を見る"), here)


def _settings(tx: Tx, known: list[CompanyView]) -> Iterator[Todo]:
    today = day_in_japan(tx.now)
    for company in known:
        here = url_for("companies.one", company_id=company.id)
        if not company.recruiting_senders:
            text = gettext("%(name)sの採用の差出人が未設定です。どのメールも判定しません。", name=company.name)
            yield Todo("stop", gettext("未設定"), text, gettext("設定する"), here)
        if not agencies.licensed(tx, company.id):
            text = gettext("%(name)sに、許可が有効な紹介会社がありません。案内は入りません。", name=company.name)
            yield Todo("stop", gettext("案内が停止"), text, gettext("紹介会社を見る"), url_for("agencies.index"))
    for agency in agencies.all_agencies(tx, scope()):
        if not agency.licence_valid and not agency.suspended:
            text = gettext(
                "%(name)sの許可は%(date)sに期限が切れました。新しい案内と提供は止まっています。",
                name=agency.name,
                date=show_date(agency.licence_expires_on),
            )
            yield Todo("stop", gettext("許可の期限切れ"), text, gettext("紹介会社を見る"), url_for("agencies.index"))
        if expires_soon(agency, today):
            text = gettext(
                "%(name)sの許可は%(date)sまでです。", name=agency.name, date=show_date(agency.licence_expires_on)
            )
            yield Todo("wait", gettext("まもなく期限"), text, gettext("紹介会社を見る"), url_for("agencies.index"))


def _suggestions(tx: Tx, known: list[CompanyView]) -> Iterator[Todo]:
    """The next mode, for those who may choose it; nothing switches by itself."""
    for company in known if may("companies.change") else []:
        if text := suggestions.next_mode(tx, company):
            here = url_for("companies.one", company_id=company.id)
            yield Todo("info", gettext("提案"), text, gettext("モードを見る"), here)


def _tiles(flow: figures.Flow) -> list[Tile]:
    mails = url_for("mails.index")
    return [
        Tile(gettext("受信"), flow.received),
        Tile(gettext("判定した"), flow.judged, mails),
        Tile(gettext("不採用通知"), flow.rejections, url_for("mails.index", show="inject")),
        Tile(gettext("案内を入れた"), flow.edited, url_for("mails.index", show="inject")),
        Tile(gettext("保留中"), flow.held, url_for("queues.held")),
        Tile(gettext("配送済み"), flow.delivered),
        Tile(gettext("再送待ち"), flow.deferred, url_for("mails.index", show="open")),
        Tile(gettext("配送できず"), flow.failed, url_for("mails.index", show="failed")),
    ]
