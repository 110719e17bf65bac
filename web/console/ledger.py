"""The book: the way to the next slot, and the entries. HR sees months, an auditor every line (decisions 25)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, time

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.clock import JST
from core.errors import NotFound
from core.runtime import Tx
from crm import figures, programmes
from crm.companies import CompanyView
from crm.figures import Progress
from ledger import book
from ledger.check import BookReport, check_book
from ledger.entries import Entry
from ledger.reservations import (
    REQUISITION_CHARS_MAX,
    Slot,
    SlotSettled,
    TooYoung,
    redeem,
    release,
    reserve,
    slot,
    slots,
)
from ledger.slots import Balance, Kind, NotEnoughCredits
from web.console.access import SEES_WHOLE_BOOK, actor, own_companies, roles
from web.context import reading, writing
from web.i18n import gettext

blueprint = Blueprint("ledger", __name__, url_prefix="/console/ledger")

ENTRIES_A_PAGE = 100
MONTHS_MAX = 24


@dataclass(frozen=True, slots=True)
class Month:
    """What was booked in one month of Japan's calendar, as bare numbers."""

    month: str
    earned: int
    reversed: int
    used: int


@dataclass(frozen=True, slots=True)
class Book:
    """One programme as the page shows it; what stands in ``lines`` only for those who may see every entry."""

    company: CompanyView
    progress: Progress
    months: tuple[Month, ...]
    slots: tuple[Slot, ...]
    lines: "Lines | None"


@dataclass(frozen=True, slots=True)
class Lines:
    """The whole book: its balance, its proof, and one page of entries. ``next_seq`` is 0 on the last page."""

    balance: Balance
    report: BookReport
    entries: tuple[Entry, ...]
    next_seq: int


@blueprint.get("/")
def index() -> str:
    whole = bool(SEES_WHOLE_BOOK & roles())
    after = max(request.args.get("after", 0, type=int), 0)
    with reading() as tx:
        books = [one for company in own_companies(tx) for one in _books(tx, company, whole=whole, after=after)]
    return render_template("console/ledger.html", books=books, whole=whole, after=after)


@blueprint.post("/<int:programme_id>/reserve")
def reserve_slot(programme_id: int) -> BaseResponse:
    """Hold a free slot for one need, in the company's own words."""
    need = request.form.get("requisition", "").strip()
    if not 0 < len(need) <= REQUISITION_CHARS_MAX:
        return _done(gettext("枠の使いみちを200字以内で入力してください。"), "stop")
    with writing() as tx:
        _own(tx, programme_id)
        try:
            reserve(tx, programme_id, need, actor())
        except NotEnoughCredits:
            return _done(gettext("今は使える枠がありません。"), "stop")
    return _done(gettext("枠を1つ確保しました。"))


@blueprint.post("/slots/<slot_id>/<act>")
def settle_slot(slot_id: str, act: str) -> BaseResponse:
    """The interview was held (redeem), or nobody was introduced (release)."""
    settle = {"redeem": redeem, "release": release}.get(act)
    if settle is None:
        raise NotFound("no such act")
    with writing() as tx:
        _own(tx, slot(tx, slot_id).programme_id)
        try:
            settle(tx, slot_id, actor())
        except TooYoung:
            return _done(
                gettext(
                    "登録から日が浅く、まだ使用を確定できません。異議申立ての期間が過ぎてからもう一度お試しください。"
                ),
                "stop",
            )
        except SlotSettled:
            return _done(gettext("この枠の処理は済んでいます。"), "stop")
    return _done(gettext("枠の使用を確定しました。") if act == "redeem" else gettext("枠を戻しました。"))


def by_month(entries: Iterable[Entry], before: datetime) -> tuple[Month, ...]:
    """Entries of finished days, newest month first: today's would tell HR who just registered."""
    counts: dict[str, Counter[Kind]] = {}
    for entry in entries:
        if entry.at < before:
            counts.setdefault(f"{entry.at.astimezone(JST):%Y-%m}", Counter())[entry.kind] += entry.credits
    return tuple(
        Month(month, kinds[Kind.EARN], kinds[Kind.REVERSE], kinds[Kind.REDEEM])
        for month, kinds in sorted(counts.items(), reverse=True)[:MONTHS_MAX]
    )


def _books(tx: Tx, company: CompanyView, *, whole: bool, after: int) -> list[Book]:
    midnight = datetime.combine(tx.now.astimezone(JST).date(), time(), JST)
    return [
        Book(
            company,
            progress,
            by_month(_every_entry(tx, progress.programme_id), midnight),
            tuple(slots(tx, progress.programme_id)),
            _lines(tx, progress.programme_id, after) if whole else None,
        )
        for progress in figures.of_company(tx, company.id).progress
    ]


def _every_entry(tx: Tx, programme_id: int) -> Iterator[Entry]:
    after = 0
    while page := book.entries(tx, programme_id, after_seq=after):
        yield from page
        after = page[-1].seq


def _lines(tx: Tx, programme_id: int, after: int) -> Lines:
    found = book.entries(tx, programme_id, after_seq=after, limit=ENTRIES_A_PAGE + 1)
    page = tuple(found[:ENTRIES_A_PAGE])
    return Lines(
        book.balance(tx, programme_id),
        check_book(tx, programme_id),
        page,
        page[-1].seq if len(found) > len(page) else 0,
    )


def _own(tx: Tx, programme_id: int) -> None:
    if not any(
        programme.id == programme_id
        for company in own_companies(tx)
        for programme in programmes.of_company(tx, company.id)
    ):
        raise NotFound("no such programme for this person")


def _done(words: str, style: str = "good") -> BaseResponse:
    flash(words, style)
    return redirect(url_for("ledger.index"), 303)
