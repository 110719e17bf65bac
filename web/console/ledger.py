"""The book: the way to the next slot, what the months brought, its statements, and whether it is right.

HR sees months, an auditor every line (decisions 25).
"""

from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, Response, render_template, request

from core.bundle import fingerprint
from core.clock import day_in_japan, midnight_in_japan
from core.errors import ConfigError, NotFound
from core.runtime import Tx
from crm import figures
from crm.figures import Progress
from crm.registry import programmes
from crm.registry.companies import CompanyView
from crm.slots import introductions, statement_files, statements
from crm.slots.introduction_states import BEFORE_INTERVIEW
from crm.slots.introductions import IntroductionView
from ledger import book, months, rows
from ledger.check import BookReport, check_book
from ledger.entries import Entry
from ledger.heads import last_signed
from ledger.months import Month
from ledger.slots import Balance
from web import i18n
from web.console import actors
from web.console.access import SEES_WHOLE_BOOK, own_companies, roles
from web.console.book_words import cause_words
from web.context import reading

blueprint = Blueprint("ledger", __name__, url_prefix="/console/ledger")

ENTRIES_A_PAGE = 100
MONTHS_MAX = 24
#: A longer book is proved by the auditor's button and every night, not each time somebody looks at the page.
ENTRIES_PROVED_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the book was proved just now, and the last head that was signed. ``report`` None: too long for a page."""

    report: BookReport | None
    signed_on: date | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Book:
    """One programme as the page shows it. ``statements`` are the names of months; what stands in ``lines`` is only for
    those who may see every entry."""

    company: CompanyView
    progress: Progress
    months: tuple[Month, ...]
    month_most: int
    statements: frozenset[str]
    reserved: int
    used: int
    waiting: tuple[IntroductionView, ...]
    proof: Proof
    lines: "Lines | None"


@dataclass(frozen=True, slots=True)
class Lines:
    """The whole book: its balance and one page of entries. ``next_seq`` is 0 on the last page."""

    balance: Balance
    entries: tuple[Entry, ...]
    next_seq: int


@blueprint.get("/")
def index() -> str:
    whole = bool(SEES_WHOLE_BOOK & roles())
    after = max(request.args.get("after", 0, type=int), 0)
    with reading() as tx:
        books = [one for company in own_companies(tx) for one in _books(tx, company, whole=whole, after=after)]
        lines = [line for one in books if one.lines for line in one.lines.entries]
        people = actors.names(tx, (who for line in lines for who in (line.actor, line.approver) if who))
    return render_template(
        "console/ledger.html", books=books, whole=whole, after=after, people=people, cause_words=cause_words
    )


@blueprint.get("/<int:programme_id>/proof")
def proof(programme_id: int) -> str:
    """Prove the whole book, however long it is. Its last hash changes with each registration: auditors only."""
    with reading() as tx:
        programme = own_programme(tx, programme_id)
        report = check_book(tx, programme.id)
        name = next(
            one.agency for one in figures.progress(tx, programme.company_id) if one.programme_id == programme.id
        )
    return render_template("console/ledger_proof.html", report=report, name=name, whole=bool(SEES_WHOLE_BOOK & roles()))


@blueprint.get("/<int:programme_id>/<month>.<any(pdf, csv):kind>")
def statement(programme_id: int, month: str, kind: str) -> Response:
    """The statement of a month that is over, in the language of the page."""
    with reading() as tx:
        return statement_file(tx, own_programme(tx, programme_id).id, month, kind)


def statement_file(tx: Tx, programme_id: int, month: str, kind: str) -> Response:
    """A statement to keep, for who may see this book.

    Raises:
        NotFound: no such month, or it is not over.
    """
    try:
        made = statements.statement(tx, programme_id, month)
    except ConfigError:
        raise NotFound("there is no such statement") from None
    files = statement_files.attachments(made, i18n.lang())
    [file] = [one for one in files if one.name.endswith(kind)]
    response = Response(file.content, mimetype=file.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=file.name)
    return response


def own_programme(tx: Tx, programme_id: int) -> programmes.Programme:
    """Return the programme when the person at the screen may see it.

    Raises:
        NotFound: there is none, or it is another company's.
    """
    for company in own_companies(tx):
        for programme in programmes.of_company(tx, company.id):
            if programme.id == programme_id:
                return programme
    raise NotFound("no such programme for this person")


def _books(tx: Tx, company: CompanyView, *, whole: bool, after: int) -> list[Book]:
    midnight = midnight_in_japan(tx.now)
    waiting = [one for one in introductions.for_company(tx, company.id) if one.state in BEFORE_INTERVIEW]
    return [
        _book(tx, company, progress, waiting, midnight, whole, after) for progress in figures.progress(tx, company.id)
    ]


def _book(
    tx: Tx,
    company: CompanyView,
    progress: Progress,
    waiting: list[IntroductionView],
    midnight: datetime,
    whole: bool,
    after: int,
) -> Book:
    """Months of finished days only: today's entries would tell HR who just registered. Of a book that is broken only
    the entries before the break are shown: nothing behind it can be trusted."""
    programme_id = progress.programme_id
    balance, proved = book.balance(tx, programme_id), _proof(tx, programme_id)
    broken = proved.report is not None and not proved.report.ok
    entries = [] if broken else months.months(rows.read(tx, programme_id, before=midnight))
    shown = tuple(reversed(entries))[:MONTHS_MAX]
    return Book(
        company=company,
        progress=progress,
        months=shown,
        month_most=max((month.earned for month in shown), default=0),
        statements=frozenset(() if broken else statements.available_months(tx, programme_id, MONTHS_MAX)),
        reserved=balance.slots_reserved,
        used=balance.slots_used,
        waiting=tuple(one for one in waiting if one.programme_id == programme_id),
        proof=proved,
        lines=_lines(tx, programme_id, balance, proved, after) if whole else None,
    )


def _proof(tx: Tx, programme_id: int) -> Proof:
    signed = last_signed(tx, programme_id)
    short = rows.last_seq(tx, programme_id) <= ENTRIES_PROVED_MAX
    return Proof(
        report=check_book(tx, programme_id) if short else None,
        signed_on=day_in_japan(datetime.fromisoformat(signed.at)) if signed else None,
        fingerprint=fingerprint(bytes.fromhex(signed.public_key)) if signed else "",
    )


def _lines(tx: Tx, programme_id: int, balance: Balance, proved: Proof, after: int) -> Lines:
    good = ENTRIES_A_PAGE + 1 if proved.report is None else max(proved.report.entries - after, 0)
    found = book.entries(tx, programme_id, after_seq=after, limit=min(good, ENTRIES_A_PAGE + 1))
    page = tuple(found[:ENTRIES_A_PAGE])
    return Lines(balance, page, page[-1].seq if len(found) > len(page) else 0)
